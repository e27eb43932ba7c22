// Which openssl.cnf is read: one that forbids everything but FIPS shows that it was.
#include "direct/start_openssl.h"

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <fstream>
#include <thread>

#include "engine_files.h"

namespace sqlmap {
namespace {

constexpr std::string_view kFipsOnly =
    "openssl_conf = start\n[start]\nalg_section = algorithms\n[algorithms]\n"
    "default_properties = fips=yes\n";

class StartOpenSslTest : public testing::Test {
 protected:
  void TearDown() override {
    if (!root_.empty()) std::filesystem::remove_all(root_);
  }

  void MakeRoot(uid_t owner) {
    char name[] = "/tmp/sqlmap-openssl-XXXXXX";
    ASSERT_NE(mkdtemp(name), nullptr);
    root_ = name;
    ASSERT_EQ(chmod(name, 0755), 0);
    const std::filesystem::path area = root_ + X509_get_default_cert_area();
    std::filesystem::create_directories(area);
    std::ofstream(area / "openssl.cnf") << kFipsOnly;
    ASSERT_EQ(chown(name, owner, owner), 0);
  }

  // 0: the file in the new root counted for nothing; 2: it was obeyed.
  int StartInRoot() {
    return InChild([this] {
      if (chroot(root_.c_str()) != 0 || chdir("/") != 0) return 1;
      StartOpenSsl();
      return EVP_MD_fetch(nullptr, "SHA256", nullptr) != nullptr ? 0 : 2;
    });
  }

  std::string root_;
};

TEST_F(StartOpenSslTest, ConfigurationOfAUsersOwnRootIsNotRead) {
  ASSERT_NO_FATAL_FAILURE(MakeRoot(kNobody));
  EXPECT_EQ(StartInRoot(), 0);
}

TEST_F(StartOpenSslTest, ConfigurationThatTheEnvironmentNamesIsNotRead) {
  ASSERT_NO_FATAL_FAILURE(MakeRoot(kNobody));
  const std::string named = root_ + X509_get_default_cert_area() + "/openssl.cnf";
  EXPECT_EQ(InChild([&] {
              setenv("OPENSSL_CONF", named.c_str(), 1);
              StartOpenSsl();
              return EVP_MD_fetch(nullptr, "SHA256", nullptr) != nullptr ? 0 : 2;
            }),
            0);
}

TEST_F(StartOpenSslTest, ConfigurationOfTheAdministratorIsRead) {
  ASSERT_NO_FATAL_FAILURE(MakeRoot(0));
  EXPECT_EQ(StartInRoot(), 2);
}

TEST_F(StartOpenSslTest, ChildThatIsForkedMeanwhileCanUseOpenSsl) {
  int good = 0;
  for (int i = 0; i < 300; ++i) {
    good += InChild([] {
              std::atomic<bool> begins{false};
              std::thread other([&] {
                begins = true;
                StartOpenSsl();
              });
              while (!begins) std::this_thread::yield();
              const int child = InChild([] {
                StartOpenSsl();
                unsigned char digest[EVP_MAX_MD_SIZE];
                return EVP_Digest("", 0, digest, nullptr, EVP_sha256(), nullptr) == 1 ? 0 : 1;
              });
              other.join();
              return child;
            }) == 0;
  }
  EXPECT_EQ(good, 300);
}

}  // namespace
}  // namespace sqlmap
