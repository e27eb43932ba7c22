// A server that says what a test wants it to say, in the words of the protocol or not.
#ifndef SQLMAP_TESTS_UNIT_SQL_FAKE_SERVER_H_
#define SQLMAP_TESTS_UNIT_SQL_FAKE_SERVER_H_

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstring>
#include <functional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace sqlmap::testing {

// Listens on a path, or on a free port of 127.0.0.1, and treats each connection as `talk` says,
// until it goes.
class FakeServer {
 public:
  using Talk = std::function<void(int client, const std::atomic<bool>& stop)>;
  FakeServer(const std::string& path, Talk talk) : talk_(std::move(talk)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
    Listen(address);
  }
  explicit FakeServer(Talk talk) : talk_(std::move(talk)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    Listen(address);
  }
  ~FakeServer() {
    stop_ = true;
    thread_.join();
    for (std::thread& client : clients_) client.join();
    close(listener_);
  }

  // On 127.0.0.1.
  int port() const {
    sockaddr_in address{};
    socklen_t size = sizeof address;
    getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    return ntohs(address.sin_port);
  }

 private:
  template <typename Address>
  void Listen(const Address& address) {
    const auto* const any = reinterpret_cast<const sockaddr*>(&address);
    listener_ = socket(any->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(listener_, any, sizeof address) != 0 || listen(listener_, 64) != 0)
      throw std::runtime_error("listen");
    thread_ = std::thread([this] { Serve(); });
  }
  void Serve() {
    while (!stop_) {
      pollfd descriptor{listener_, POLLIN, 0};
      if (poll(&descriptor, 1, 10) != 1) continue;
      const int client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (client < 0) continue;
      clients_.emplace_back([this, client] {
        talk_(client, stop_);
        close(client);
      });
    }
  }

  Talk talk_;
  int listener_ = -1;
  std::atomic<bool> stop_{false};
  std::thread thread_;
  std::vector<std::thread> clients_;
};

inline std::string PacketOf(unsigned char sequence, const std::string& body) {
  const std::string head = {static_cast<char>(body.size()), static_cast<char>(body.size() >> 8),
                            static_cast<char>(body.size() >> 16), static_cast<char>(sequence)};
  return head + body;
}

inline bool Send(int client, const std::string& bytes) {
  return send(client, bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
         static_cast<ssize_t>(bytes.size());
}

inline bool SendPacket(int client, unsigned char sequence, const std::string& body) {
  return Send(client, PacketOf(sequence, body));
}

inline std::string ErrorPacket(unsigned code, const std::string& text) {
  return std::string{'\xff', static_cast<char>(code), static_cast<char>(code >> 8)} + text;
}

using Packets = std::vector<std::string>;

inline const std::string kEofPacket("\xfe\0\0\2\0", 5);

// What a column's description says; text, if nothing else is said.
struct FakeColumn {
  std::string name;
  unsigned type = 0xfd;
  std::uint32_t length = 255;
  unsigned decimals = 0;
  unsigned flags = 0;

  std::string Packet() const {
    std::string body("\3def\0\0\0", 7);
    body += std::string(1, static_cast<char>(name.size())) + name + std::string("\0\x0c\x2d\0", 4);
    for (int shift = 0; shift < 32; shift += 8) body += static_cast<char>(length >> shift);
    body += static_cast<char>(type);
    body += static_cast<char>(flags);
    body += static_cast<char>(flags >> 8);
    body += static_cast<char>(decimals);
    return body + std::string(2, '\0');
  }
};

inline std::vector<FakeColumn> GetpwnamColumns() {
  std::vector<FakeColumn> columns;
  for (const char* name : {"username", "password", "uid", "gid", "gecos", "homedir", "shell"})
    columns.push_back({.name = name});
  return columns;
}

// To a prepare with one parameter.
inline Packets PrepareAnswer(const std::vector<FakeColumn>& columns) {
  Packets packets = {std::string("\0\1\0\0\0", 5) + static_cast<char>(columns.size()) +
                         std::string("\0\1\0\0\0\0", 6),
                     FakeColumn{.name = "?"}.Packet(), kEofPacket};
  for (const FakeColumn& column : columns) packets.push_back(column.Packet());
  packets.push_back(kEofPacket);
  return packets;
}

// To an execute, up to the rows.
inline Packets ExecuteAnswer(const std::vector<FakeColumn>& columns) {
  Packets packets = {std::string(1, static_cast<char>(columns.size()))};
  for (const FakeColumn& column : columns) packets.push_back(column.Packet());
  packets.push_back(kEofPacket);
  return packets;
}

inline const std::string kOkPacket("\0\0\0\2\0\0\0", 7);

// What the client says next; nothing, if it has gone.
inline std::string Hear(int client) {
  std::string packet(4096, '\0');
  const ssize_t size = read(client, packet.data(), packet.size());
  packet.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
  return packet;
}
inline bool Heard(int client) { return !Hear(client).empty(); }

// A MySQL's first packet, without TLS if it is not said to have it.
inline std::string MySqlGreeting(const std::string& default_method, bool tls = false) {
  return std::string(
             "\x0a"
             "9.7.0\0"
             "\1\0\0\0"
             "12345678\0"
             "\xff",
             1 + 6 + 4 + 9 + 1) +
         (tls ? '\xff' : '\xf7') + std::string("\x21\2\0\xff\x81\x15", 6) + std::string(10, '\0') +
         std::string("123456789012\0", 13) + default_method + '\0';
}

// A server's first packet, but for its version.
inline std::string NoiseLikeAGreeting() {
  std::string greeting = MySqlGreeting("noise");
  greeting[1] = '\xc1';
  return greeting;
}

// Signs anybody in, and gives these answers to the first prepare and the execute behind it. Returns
// the next sequence number, 0 if the client has gone. `extensions`: of MariaDB's protocol.
inline unsigned char Converse(int client, const Packets& prepare, const Packets& execute,
                              char extensions = 0) {
  const auto heard = [client] { return Heard(client); };
  const auto say = [client](const Packets& packets) {
    // At once, so that the library has read all of it when it looks at the first.
    std::string bytes;
    unsigned char sequence = 1;
    for (const std::string& packet : packets) bytes += PacketOf(sequence++, packet);
    Send(client, bytes);
    return sequence;
  };
  const std::string& ok = kOkPacket;
  std::string greeting(
      "\x0a"
      "10.11.0-MariaDB\0"
      "\1\0\0\0"
      "12345678\0"
      "\xff\xf7\x21\2\0\xff\x81\x15",
      1 + 16 + 4 + 9 + 8);
  if (extensions != 0) greeting[1 + 16 + 4 + 9] = '\xfe';  // no CLIENT_MYSQL
  greeting += std::string(6, '\0') + std::string{extensions, '\0', '\0', '\0'} +
              std::string("123456789012\0", 13) + std::string("mysql_native_password\0", 22);
  if (!SendPacket(client, 0, greeting) || !heard() || !SendPacket(client, 2, ok)) return 0;
  if (!heard() || !SendPacket(client, 1, ok)) return 0;  // SET SESSION
  if (!heard()) return 0;
  say(prepare);
  return heard() ? say(execute) : static_cast<unsigned char>(0);
}

// Begins the answer to whatever is asked; `rows`, which starts at the given sequence number, is the
// rest of it.
inline void AnswerWith(int client, const std::function<void(unsigned char sequence)>& rows) {
  const auto columns = GetpwnamColumns();
  const unsigned char sequence = Converse(client, PrepareAnswer(columns), ExecuteAnswer(columns));
  if (sequence != 0) rows(sequence);
}

// A row of getpwnam as it goes over the wire.
inline std::string WireRow(const std::string& name) {
  std::string row("\0\0\0", 3);
  for (const std::string& value : {name, std::string("x"), std::string("5000"), std::string("5000"),
                                   std::string(), std::string("/h"), std::string("/bin/sh")}) {
    row += std::string(1, static_cast<char>(value.size())) + value;
  }
  return row;
}

}  // namespace sqlmap::testing

#endif  // SQLMAP_TESTS_UNIT_SQL_FAKE_SERVER_H_
