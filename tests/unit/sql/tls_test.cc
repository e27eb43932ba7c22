// TLS as configured: a server that cannot show what is demanded gets neither a name nor a password.
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <fstream>
#include <future>
#include <mutex>
#include <stdexcept>
#include <utility>
#include <vector>

#include "common/process/owned_fd.h"
#include "unit/sql/fake_server.h"
#include "unit/sql/sql_fixture.h"

namespace sqlmap::testing {
namespace {

constexpr char kAlice[] = "alice:5000:/home/alice";

// All that demand TLS.
constexpr const char* kModes[] = {"required", "verify-ca", "verify"};

// A socket that is connected to a port of 127.0.0.1.
int ConnectTo(int port) {
  OwnedFd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
    throw std::runtime_error("connect");
  return fd.Release();
}

class TlsTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    files_ = new TemporaryDirectory();
    MakeAuthority("ca");
    MakeAuthority("other-ca");
    MakeCertificate("localhost", "DNS:localhost,IP:127.0.0.1");
    MakeCertificate("elsewhere", "DNS:elsewhere.example");
    secure_ = new MariaDbServer(WithCertificate("localhost"));
    wrong_name_ = new MariaDbServer(WithCertificate("elsewhere"));
    plain_ = new MariaDbServer({"--skip-ssl"});
    for (MariaDbServer* server : {secure_, wrong_name_, plain_}) server->Sql(kTables);
    secure_->Sql("ALTER USER reader@'127.0.0.1' REQUIRE SSL");
  }
  static void TearDownTestSuite() {
    delete secure_;
    delete wrong_name_;
    delete plain_;
    delete files_;
  }

  static std::string File(const std::string& name) { return files_->path() + "/" + name; }
  static void MakeAuthority(const std::string& name) {
    RunCommand({"openssl",
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:P-256",
                "-nodes",
                "-days",
                "30",
                "-subj",
                "/CN=" + name,
                "-keyout",
                File(name + ".key"),
                "-out",
                File(name + ".pem"),
                "-addext",
                "basicConstraints=critical,CA:TRUE",
                "-addext",
                "keyUsage=critical,keyCertSign,cRLSign"});
  }
  static void MakeCertificate(const std::string& name, const std::string& subject_names) {
    RunCommand({"openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                "-subj", "/CN=" + name, "-keyout", File(name + ".key"), "-out",
                File(name + ".csr")});
    std::ofstream(File(name + ".ext"))
        << "subjectAltName=" << subject_names << "\nextendedKeyUsage=serverAuth,clientAuth\n";
    RunCommand({"openssl", "x509", "-req", "-in", File(name + ".csr"), "-CA", File("ca.pem"),
                "-CAkey", File("ca.key"), "-CAcreateserial", "-days", "30", "-out",
                File(name + ".pem"), "-extfile", File(name + ".ext")});
  }
  static std::vector<std::string> WithCertificate(const std::string& name) {
    return {"--ssl-ca=" + File("ca.pem"), "--ssl-cert=" + File(name + ".pem"),
            "--ssl-key=" + File(name + ".key"), "--tls-version=TLSv1.2,TLSv1.3"};
  }

  // What a look-up over TCP gives: "alice:..." or "unavailable N"; `log` receives what was logged.
  static std::string Ask(const MariaDbServer& server, const std::string& tls,
                         std::string* log = nullptr, const std::string& host = "localhost") {
    Layer layer("servers = [\"" + host + ":" + std::to_string(server.port()) + "\"]\n" + kPatient +
                tls);
    const std::string seen = layer.User("alice");
    if (log != nullptr) {
      for (const std::string& line : layer.log().lines()) *log += line + "\n";
    }
    return seen;
  }
  // Why nobody is let in there, over a verified connection.
  static SqlError SignInError(const MariaDbServer& server) {
    const Deadline deadline = Deadline::In(10'000);
    const ServerAddress address{"", "localhost", static_cast<std::uint16_t>(server.port())};
    DatabaseSettings settings;
    settings.name = "accounts";
    settings.tls_ca = File("ca.pem");
    const Credentials credentials("reader", "reader-secret");
    auto dial = Dial::Start(address, Dial::Names::kHostsFileOnly, 0, deadline);
    if (!dial || !dial->AwaitGreeting(deadline).value_or(false))
      throw std::runtime_error("no greeting");
    auto connection = Connection::Open(*std::move(dial), address, settings, credentials,
                                       Connection::Use::kLookups, deadline);
    if (connection) throw std::runtime_error("it lets us in");
    return std::move(connection.error());
  }
  static std::string Ca(const std::string& name) {
    return "tls_ca = \"" + File(name + ".pem") + "\"\n";
  }

  // That, of servers with our authority's certificates.
  static std::string Demanding(const std::string& mode) {
    return "tls = \"" + mode + "\"\n" + (mode == "required" ? "" : Ca("ca"));
  }

  static TemporaryDirectory* files_;
  static MariaDbServer* secure_;
  static MariaDbServer* wrong_name_;
  static MariaDbServer* plain_;
};
TemporaryDirectory* TlsTest::files_ = nullptr;
MariaDbServer* TlsTest::secure_ = nullptr;
MariaDbServer* TlsTest::wrong_name_ = nullptr;
MariaDbServer* TlsTest::plain_ = nullptr;

TEST_F(TlsTest, TheRightServerIsAskedByNameAndByAddress) {
  EXPECT_EQ(Ask(*secure_, "tls = \"verify\"\n" + Ca("ca")), kAlice);
  EXPECT_EQ(Ask(*secure_, "tls = \"verify\"\n" + Ca("ca"), nullptr, "127.0.0.1"), kAlice);
  EXPECT_EQ(Ask(*secure_, Ca("ca")), kAlice) << "verify is the default";
}

TEST_F(TlsTest, AServerWithAnotherNameIsRefused) {
  std::string log;
  EXPECT_EQ(Ask(*wrong_name_, "tls = \"verify\"\n" + Ca("ca"), &log).substr(0, 11), "unavailable");
  EXPECT_NE(log.find("2026"), std::string::npos) << log;
  EXPECT_EQ(Ask(*wrong_name_, "tls = \"verify\"\n" + Ca("ca"), nullptr, "127.0.0.1").substr(0, 11),
            "unavailable")
      << "an address of this host is no better";
  EXPECT_EQ(Ask(*wrong_name_, "tls = \"verify-ca\"\n" + Ca("ca")), kAlice)
      << "verify-ca looks at no name";
}

TEST_F(TlsTest, AServerOfAnotherAuthorityIsRefused) {
  for (const char* mode : {"verify", "verify-ca", "required"}) {
    std::string log;
    EXPECT_EQ(
        Ask(*secure_, std::string("tls = \"") + mode + "\"\n" + Ca("other-ca"), &log).substr(0, 11),
        "unavailable")
        << mode;
    EXPECT_NE(log.find("2026"), std::string::npos) << log;
  }
}

TEST_F(TlsTest, WithoutAnAuthorityTheSystemsCountAndNotNone) {
  EXPECT_EQ(Ask(*secure_, "tls = \"verify\"\n").substr(0, 11), "unavailable");
  EXPECT_EQ(Ask(*secure_, "tls = \"required\"\n"), kAlice)
      << "required alone asks for no authority";
}

TEST_F(TlsTest, AServerWithoutTlsIsRefusedUnlessTlsIsOff) {
  for (const char* mode : kModes)
    EXPECT_EQ(Ask(*plain_, Demanding(mode)).substr(0, 11), "unavailable") << mode;
  EXPECT_EQ(Ask(*plain_, "tls = \"off\"\n"), kAlice);
}

// Whoever is on the way can take TLS out of the greeting, and ask for the password itself.
TEST_F(TlsTest, WhoGreetsWithoutTlsHearsNoNameAndNoPassword) {
  for (const char* tls : kModes) {
    for (const char* method : {"caching_sha2_password", "mysql_native_password"}) {
      std::mutex mutex;
      std::string heard;
      int calls = 0;
      const FakeServer fake([&](int client, const std::atomic<bool>&) {
        SendPacket(client, 0, MySqlGreeting(method));
        std::string all = Hear(client);
        SendPacket(client, 2, "\1\4");  // not known yet: the password, please
        all += Hear(client);
        const std::lock_guard guard(mutex);
        heard += all;
        ++calls;
      });
      Layer layer("servers = [\"127.0.0.1:" + std::to_string(fake.port()) + "\"]\n" +
                  Demanding(tls));
      for (int i = 0; i < 50; ++i) EXPECT_EQ(layer.User("alice").substr(0, 11), "unavailable");
      EXPECT_TRUE(layer.log().Contains("TLS")) << tls;
      const std::lock_guard guard(mutex);
      EXPECT_EQ(heard, "") << tls << " " << method;
      EXPECT_LE(calls, 5) << tls << " " << method;
    }
  }
}

TEST_F(TlsTest, NoiseIsNoServerThatOffersNoTls) {
  const FakeServer fake([](int client, const std::atomic<bool>&) {
    SendPacket(client, 0, NoiseLikeAGreeting());
    Hear(client);
  });
  for (const char* tls : kModes) {
    Layer layer("servers = [\"127.0.0.1:" + std::to_string(fake.port()) + "\"]\n" + Demanding(tls));
    EXPECT_EQ(layer.User("alice").substr(0, 11), "unavailable") << tls;
    EXPECT_TRUE(layer.log().Contains("what greets there is no MySQL or MariaDB server")) << tls;
    EXPECT_FALSE(layer.log().Contains("TLS")) << tls;
  }
}

// Whoever is on the way leaves the server's TLS alone, and only puts answers of his own behind its
// greeting: it must not be as if TLS had brought them.
TEST_F(TlsTest, WhatCameInTheClearIsNoAnswerOfTheServerThatTlsIsThenBegunWith) {
  const auto columns = GetpwnamColumns();
  const std::string greeting = PacketOf(0, MySqlGreeting("mysql_native_password", true));
  std::string answers = PacketOf(2, kOkPacket) + PacketOf(1, kOkPacket);
  for (const Packets& packets : {PrepareAnswer(columns), ExecuteAnswer(columns)}) {
    unsigned char sequence = 1;
    for (const std::string& packet : packets) answers += PacketOf(sequence++, packet);
  }
  answers += PacketOf(9, WireRow("alice")) + PacketOf(10, kEofPacket);
  std::atomic<bool> inject = false;
  const FakeServer between([&](int client, const std::atomic<bool>& stop) {
    const OwnedFd server(ConnectTo(secure_->port()));
    const std::string own = Hear(server.get());
    if (!Send(client, inject ? greeting + answers : own)) return;
    while (!stop) {
      pollfd both[] = {{client, POLLIN, 0}, {server.get(), POLLIN, 0}};
      if (poll(both, 2, 10) < 1) continue;
      const bool from_client = both[0].revents != 0;
      const std::string said = Hear(both[from_client ? 0 : 1].fd);
      if (said.empty() || !Send(both[from_client ? 1 : 0].fd, said)) return;
    }
  });
  for (const char* tls : kModes) {
    const auto asked = [&] {
      Layer layer("servers = [\"localhost:" + std::to_string(between.port()) + "\"]\n" + kPatient +
                  Demanding(tls));
      return layer.User("alice");
    };
    inject = false;
    EXPECT_EQ(asked(), kAlice) << tls;
    inject = true;
    EXPECT_EQ(asked().substr(0, 11), "unavailable") << tls;
  }
}

TEST_F(TlsTest, BeforeTlsBeginsNothingIsSaidButTheWishForIt) {
  std::promise<std::pair<std::string, std::string>> heard;
  std::atomic<bool> first = true;
  const FakeServer fake([&](int client, const std::atomic<bool>&) {
    SendPacket(client, 0, MySqlGreeting("caching_sha2_password", true));
    std::string wish(36, '\0');
    wish.resize(static_cast<std::size_t>(
        std::max<ssize_t>(0, recv(client, wish.data(), wish.size(), MSG_WAITALL))));
    std::string hello = Hear(client);
    Send(client, "no TLS record");
    hello += Hear(client);
    if (first.exchange(false)) heard.set_value({wish, hello});
  });
  Layer layer("servers = [\"127.0.0.1:" + std::to_string(fake.port()) +
              "\"]\ntls = \"verify-ca\"\n" + Ca("ca"));
  EXPECT_EQ(layer.User("alice").substr(0, 11), "unavailable");
  auto future = heard.get_future();
  ASSERT_EQ(future.wait_for(std::chrono::seconds(10)), std::future_status::ready);
  const auto [wish, hello] = future.get();
  EXPECT_EQ(wish.substr(0, 4), std::string("\x20\0\0\1", 4));
  EXPECT_EQ(wish.substr(13), std::string(23, '\0')) << "23 bytes that say nothing";
  EXPECT_EQ(hello.substr(0, 2), "\x16\x03") << "a handshake";
  EXPECT_FALSE((wish + hello).contains("reader"));
}

TEST_F(TlsTest, AnAccountThatRequiresTlsIsNotOpenedWithoutIt) {
  EXPECT_EQ(Ask(*secure_, "tls = \"off\"\n").substr(0, 11), "unavailable");
}

TEST_F(TlsTest, AnAuthorityFileThatOthersCanWriteToIsNotBelieved) {
  const std::string copy = File("writable.pem");
  RunCommand({"cp", File("ca.pem"), copy});
  RunCommand({"chmod", "0666", copy});
  std::string log;
  EXPECT_EQ(Ask(*secure_, "tls = \"verify\"\ntls_ca = \"" + copy + "\"\n", &log).substr(0, 11),
            "unavailable");
  EXPECT_NE(log.find("writable.pem"), std::string::npos) << log;
}

TEST_F(TlsTest, AClientCertificateOpensAnAccountThatRequiresOne) {
  secure_->Sql("ALTER USER reader@'127.0.0.1' REQUIRE X509");
  EXPECT_EQ(Ask(*secure_, Ca("ca")).substr(0, 11), "unavailable");
  EXPECT_EQ(Ask(*secure_, Ca("ca") + "tls_cert = \"" + File("localhost.pem") + "\"\ntls_key = \"" +
                              File("localhost.key") + "\"\n"),
            kAlice);
  secure_->Sql("ALTER USER reader@'127.0.0.1' REQUIRE SSL");
}

// Not under the sanitizers, see descriptors_test.cc.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
TEST_F(TlsTest, ThreadsThatSignInPutNoChildInDanger) {
  Layer layer("servers = [\"localhost:" + std::to_string(secure_->port()) + "\"]\n" + kPatient +
              Ca("ca"));
  EXPECT_EQ(GoodChildrenOfAParentThatSignsIn(layer, 300), 300);
}
#endif

TEST_F(TlsTest, AHungTlsServerCostsOneTimeOut) {
  Layer layer("servers = [\"localhost:" + std::to_string(secure_->port()) + "\"]\n" + Ca("ca"));
  ASSERT_EQ(layer.User("alice"), kAlice);
  secure_->Signal(SIGSTOP);
  EXPECT_LE(Timed([&] { EXPECT_EQ(layer.User("alice").substr(0, 11), "unavailable"); }),
            kOneSecond);
  EXPECT_LE(Timed([&] { EXPECT_EQ(layer.User("alice").substr(0, 11), "unavailable"); }),
            std::chrono::milliseconds(250));
  secure_->Signal(SIGCONT);
  secure_->Sql("SELECT 1");
  while (Ask(*secure_, Ca("ca")) != kAlice) {
  }
  EXPECT_EQ(layer.User("alice"), kAlice);
}

// Clients of one server that have its greeting and say nothing.
class Crowd {
 public:
  Crowd(int port, int count) {
    for (int i = 0; i < count; ++i) {
      sockets_.emplace_back(ConnectTo(port));
      char greeting = 0;
      if (read(sockets_.back().get(), &greeting, 1) != 1) throw std::runtime_error("no greeting");
    }
  }

 private:
  std::vector<OwnedFd> sockets_;
};

TEST_F(TlsTest, AServerThatIsFullBeforeTlsBeginsIsFullAndNotGone) {
  MariaDbServer server(WithCertificate("localhost"));
  server.Sql(kTables);
  server.Sql("SET GLOBAL max_connections = 10");
  const Crowd crowd(server.port(), 11);  // the last has the place that is kept for root
  const SqlError error = SignInError(server);
  EXPECT_TRUE(error.full) << error.text;
  EXPECT_FALSE(error.refused) << "it would not be asked again for seconds";
  EXPECT_EQ(error.kind, SqlError::Kind::kUnreachable);
  EXPECT_EQ(error.code, 1040U);
  EXPECT_EQ(error.text, "sign in: error 1040: Too many connections (said before TLS, unverified)");
}

TEST_F(TlsTest, AServerThatTurnsThisHostAwayBeforeTlsBeginsHasRefusedIt) {
  MariaDbServer server(WithCertificate("localhost"));
  server.Sql(kTables);
  server.Sql("DELETE FROM mysql.global_priv WHERE Host NOT IN ('localhost', ''); FLUSH PRIVILEGES");
  const SqlError error = SignInError(server);
  EXPECT_TRUE(error.refused) << "it would be asked at each call, and ban this host: " << error.text;
  EXPECT_FALSE(error.full);
  EXPECT_EQ(error.code, 1130U) << error.text;
}

}  // namespace
}  // namespace sqlmap::testing
