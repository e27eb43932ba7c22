// Every entry point with every buffer size from 0 to enough, at every alignment. Also run under
// valgrind.
#include <cerrno>
#include <cstring>
#include <functional>
#include <memory>

#include "module.h"

namespace sqlmap {
namespace {

constexpr unsigned char kFill = 0xa5;

bool IsUntouched(const void* at, std::size_t size) {
  const auto* const bytes = static_cast<const unsigned char*>(at);
  return std::all_of(bytes, bytes + size, [](unsigned char byte) { return byte == kFill; });
}

class BufferTest : public NssTest {
 protected:
  // Calls with 0, 1, 2 ... bytes until it succeeds. The heap block ends with the last byte of the
  // buffer, so that the memory checkers see a write beyond it. `exact`: the strings and pointers of
  // the entry, without padding.
  template <class Entry>
  void Sweep(std::size_t exact,
             const std::function<nss_status(Entry&, char*, std::size_t, int&)>& call,
             const std::function<void(const Entry&)>& check) {
    for (std::size_t shift = 0; shift < alignof(void*); ++shift) {
      for (std::size_t size = 0;; ++size) {
        ASSERT_LT(size, exact + alignof(void*)) << "asks for more than it needs, shift " << shift;
        const auto block = std::make_unique_for_overwrite<char[]>(shift + size);
        std::memset(block.get(), kFill, shift + size);
        Entry entry;
        std::memset(&entry, kFill, sizeof entry);
        int error = 0;
        const nss_status status = call(entry, block.get() + shift, size, error);
        ASSERT_TRUE(IsUntouched(block.get(), shift));
        if (status == NSS_STATUS_SUCCESS) {
          ASSERT_GE(size, exact);
          check(entry);
          break;
        }
        ASSERT_EQ(status, NSS_STATUS_TRYAGAIN);
        ASSERT_EQ(error, ERANGE);
        ASSERT_TRUE(IsUntouched(&entry, sizeof entry)) << "half filled at " << size;
        ASSERT_TRUE(IsUntouched(block.get(), shift + size)) << "half filled at " << size;
      }
    }
  }

  static void IsAlice(const passwd& user) {
    EXPECT_STREQ(user.pw_name, "alice");
    EXPECT_STREQ(user.pw_passwd, "x");
    EXPECT_STREQ(user.pw_gecos, "Alice,,,");
    EXPECT_STREQ(user.pw_dir, "/home/alice");
    EXPECT_STREQ(user.pw_shell, "/bin/bash");
  }
  static void IsWeb(const group& group) {
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(group.gr_mem) % alignof(char*), 0U);
    EXPECT_STREQ(group.gr_name, "web");
    EXPECT_STREQ(group.gr_passwd, "x");
    ASSERT_STREQ(group.gr_mem[0], "alice");
    ASSERT_STREQ(group.gr_mem[1], "shop.acme.example");
    EXPECT_EQ(group.gr_mem[2], nullptr);
  }
  static void IsAliceShadow(const spwd& shadow) {
    EXPECT_STREQ(shadow.sp_namp, "alice");
    EXPECT_STREQ(shadow.sp_pwdp, "$y$j9T$salt$hash");
  }

  static constexpr std::size_t kUserSize =
      sizeof "alice" + sizeof "x" + sizeof "Alice,,," + sizeof "/home/alice" + sizeof "/bin/bash";
  static constexpr std::size_t kGroupSize =
      3 * sizeof(char*) + sizeof "alice" + sizeof "shop.acme.example" + sizeof "web" + sizeof "x";
  static constexpr std::size_t kShadowSize = sizeof "alice" + sizeof "$y$j9T$salt$hash";
};

TEST_F(BufferTest, Getpwnam) {
  Sweep<passwd>(
      kUserSize,
      [&](passwd& user, char* at, std::size_t size, int& error) {
        return nss.getpwnam_r("alice", &user, at, size, &error);
      },
      IsAlice);
}

TEST_F(BufferTest, Getpwuid) {
  Sweep<passwd>(
      kUserSize,
      [&](passwd& user, char* at, std::size_t size, int& error) {
        return nss.getpwuid_r(10001, &user, at, size, &error);
      },
      IsAlice);
}

TEST_F(BufferTest, Getpwent) {
  Sweep<passwd>(
      kUserSize,
      [&](passwd& user, char* at, std::size_t size, int& error) {
        const nss_status status = nss.getpwent_r(&user, at, size, &error);
        if (status == NSS_STATUS_SUCCESS) nss.setpwent(1);
        return status;
      },
      IsAlice);
}

TEST_F(BufferTest, Getgrnam) {
  Sweep<group>(
      kGroupSize,
      [&](group& group, char* at, std::size_t size, int& error) {
        return nss.getgrnam_r("web", &group, at, size, &error);
      },
      IsWeb);
}

TEST_F(BufferTest, Getgrgid) {
  Sweep<group>(
      kGroupSize,
      [&](group& group, char* at, std::size_t size, int& error) {
        return nss.getgrgid_r(10000, &group, at, size, &error);
      },
      IsWeb);
}

TEST_F(BufferTest, Getgrent) {
  Sweep<group>(
      kGroupSize,
      [&](group& group, char* at, std::size_t size, int& error) {
        const nss_status status = nss.getgrent_r(&group, at, size, &error);
        if (status == NSS_STATUS_SUCCESS) nss.setgrent(1);
        return status;
      },
      IsWeb);
}

TEST_F(BufferTest, GroupWithoutMembers) {
  Sweep<group>(
      sizeof(char*) + sizeof "empty" + sizeof "x",
      [&](group& group, char* at, std::size_t size, int& error) {
        return nss.getgrnam_r("empty", &group, at, size, &error);
      },
      [](const group& group) { EXPECT_EQ(group.gr_mem[0], nullptr); });
}

TEST_F(BufferTest, Getspnam) {
  Sweep<spwd>(
      kShadowSize,
      [&](spwd& shadow, char* at, std::size_t size, int& error) {
        return nss.getspnam_r("alice", &shadow, at, size, &error);
      },
      IsAliceShadow);
}

TEST_F(BufferTest, Getspent) {
  Sweep<spwd>(
      kShadowSize,
      [&](spwd& shadow, char* at, std::size_t size, int& error) {
        const nss_status status = nss.getspent_r(&shadow, at, size, &error);
        if (status == NSS_STATUS_SUCCESS) nss.setspent(1);
        return status;
      },
      IsAliceShadow);
}

}  // namespace
}  // namespace sqlmap
