// Look-ups by key, through the functions that glibc calls.
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string_view>

#include "module.h"

namespace sqlmap {
namespace {

class LookupTest : public NssTest {
 protected:
  nss_status ByName(const char* name) {
    return nss.getpwnam_r(name, &user, buffer.data(), buffer.size(), &error);
  }
  nss_status ById(uid_t uid) {
    return nss.getpwuid_r(uid, &user, buffer.data(), buffer.size(), &error);
  }
  nss_status GroupByName(const char* name) {
    return nss.getgrnam_r(name, &group, buffer.data(), buffer.size(), &error);
  }
  nss_status GroupById(gid_t gid) {
    return nss.getgrgid_r(gid, &group, buffer.data(), buffer.size(), &error);
  }
  nss_status Shadow(const char* name) {
    return nss.getspnam_r(name, &shadow, buffer.data(), buffer.size(), &error);
  }
  nss_status Groups(const char* name) {
    long start = 1, size = static_cast<long>(gids.size());
    gid_t* array = static_cast<gid_t*>(std::malloc(sizeof gids));
    const nss_status status = nss.initgroups_dyn(name, 1, &start, &size, &array, -1, &error);
    std::free(array);
    return status;
  }

  bool InBuffer(const void* at) const {
    return at >= buffer.data() && at < buffer.data() + buffer.size();
  }

  passwd user{};
  ::group group{};
  spwd shadow{};
  std::array<gid_t, 64> gids{};
  std::array<char, 4096> buffer{};
  int error = 12345;
};

TEST_F(LookupTest, UserByNameHasEveryField) {
  ASSERT_EQ(ByName("alice"), NSS_STATUS_SUCCESS);
  EXPECT_STREQ(user.pw_name, "alice");
  EXPECT_STREQ(user.pw_passwd, "x");
  EXPECT_EQ(user.pw_uid, 10001U);
  EXPECT_EQ(user.pw_gid, 10001U);
  EXPECT_STREQ(user.pw_gecos, "Alice,,,");
  EXPECT_STREQ(user.pw_dir, "/home/alice");
  EXPECT_STREQ(user.pw_shell, "/bin/bash");
  for (const char* field :
       {user.pw_name, user.pw_passwd, user.pw_gecos, user.pw_dir, user.pw_shell})
    EXPECT_TRUE(InBuffer(field));
  EXPECT_EQ(error, 12345);
}

TEST_F(LookupTest, UserByIdIsTheSameUser) {
  ASSERT_EQ(ById(10002), NSS_STATUS_SUCCESS);
  EXPECT_STREQ(user.pw_name, "shop.acme.example");
  EXPECT_STREQ(user.pw_gecos, "");
  EXPECT_STREQ(user.pw_shell, "/usr/sbin/nologin");
}

TEST_F(LookupTest, GroupByNameAndByIdHasItsMembers) {
  const auto check = [&] {
    EXPECT_STREQ(group.gr_name, "web");
    EXPECT_STREQ(group.gr_passwd, "x");
    EXPECT_EQ(group.gr_gid, 10000U);
    ASSERT_STREQ(group.gr_mem[0], "alice");
    ASSERT_STREQ(group.gr_mem[1], "shop.acme.example");
    EXPECT_EQ(group.gr_mem[2], nullptr);
    EXPECT_TRUE(InBuffer(group.gr_mem));
    EXPECT_TRUE(InBuffer(group.gr_mem[1]));
  };
  ASSERT_EQ(GroupByName("web"), NSS_STATUS_SUCCESS);
  check();
  ASSERT_EQ(GroupById(10000), NSS_STATUS_SUCCESS);
  check();
  ASSERT_EQ(GroupByName("empty"), NSS_STATUS_SUCCESS);
  EXPECT_EQ(group.gr_mem[0], nullptr);
}

TEST_F(LookupTest, GroupOfFiftyThousandMembersIsWhole) {
  table.groups[0].members.clear();
  for (int i = 0; i < 50000; ++i) table.groups[0].members += "member" + std::to_string(i) + '\0';
  std::vector<char> large(1024);
  nss_status status;
  while ((status = nss.getgrnam_r("web", &group, large.data(), large.size(), &error)) ==
         NSS_STATUS_TRYAGAIN) {
    ASSERT_EQ(error, ERANGE);
    large.resize(large.size() * 2);
  }
  ASSERT_EQ(status, NSS_STATUS_SUCCESS);
  for (int i = 0; i < 50000; ++i) ASSERT_EQ(group.gr_mem[i], "member" + std::to_string(i));
  EXPECT_EQ(group.gr_mem[50000], nullptr);
}

TEST_F(LookupTest, MemberListThatIsCutOffIsNotReadPastItsEnd) {
  table.groups[0].members = std::string("alice\0bo", 8);
  EXPECT_EQ(GroupByName("web"), NSS_STATUS_NOTFOUND);
  EXPECT_EQ(group.gr_name, nullptr);
}

TEST_F(LookupTest, ShadowHasEveryField) {
  ASSERT_EQ(Shadow("alice"), NSS_STATUS_SUCCESS);
  EXPECT_STREQ(shadow.sp_namp, "alice");
  EXPECT_STREQ(shadow.sp_pwdp, "$y$j9T$salt$hash");
  EXPECT_EQ(shadow.sp_lstchg, 19000);
  for (const long field :
       {shadow.sp_min, shadow.sp_max, shadow.sp_warn, shadow.sp_inact, shadow.sp_expire})
    EXPECT_EQ(field, -1);
  EXPECT_EQ(shadow.sp_flag, ~0UL);
}

TEST_F(LookupTest, NobodyLogsInWithoutAPasswordBecauseAFieldIsEmpty) {
  table.users[0].password = table.groups[0].password = table.shadows[0].hash = "";
  ASSERT_EQ(ByName("alice"), NSS_STATUS_SUCCESS);
  EXPECT_STREQ(user.pw_passwd, "x");
  ASSERT_EQ(GroupByName("web"), NSS_STATUS_SUCCESS);
  EXPECT_STREQ(group.gr_passwd, "x");
  ASSERT_EQ(Shadow("alice"), NSS_STATUS_SUCCESS);
  EXPECT_STREQ(shadow.sp_pwdp, "*");
}

TEST_F(LookupTest, UnknownIsNotFound) {
  for (const auto& [status, what] : {std::pair{ByName("nobody-here"), "getpwnam"},
                                     {ById(20000), "getpwuid"},
                                     {GroupByName("nobody-here"), "getgrnam"},
                                     {GroupById(20000), "getgrgid"},
                                     {Shadow("nobody-here"), "getspnam"},
                                     {Groups("nobody-here"), "initgroups"}}) {
    EXPECT_EQ(status, NSS_STATUS_NOTFOUND) << what;
    EXPECT_EQ(error, ENOENT) << what;
  }
}

TEST_F(LookupTest, ImpossibleNamesReachNobody) {
  const std::string too_long(256, 'a'), far_too_long(4096, 'a');
  for (const char* name : {"",
                           ".",
                           "..",
                           "-",
                           "-alice",
                           "0",
                           "123",
                           "root",
                           "a:b",
                           "a/b",
                           "/",
                           "a,b",
                           "*",
                           "alice*",
                           " alice",
                           "alice ",
                           "al\tice",
                           "alice\n",
                           "alice\x01",
                           "alice\x7f",
                           "\xc3\xbcser",
                           "alice\xff",
                           too_long.c_str(),
                           far_too_long.c_str()}) {
    EXPECT_EQ(ByName(name), NSS_STATUS_NOTFOUND) << name;
    EXPECT_EQ(GroupByName(name), NSS_STATUS_NOTFOUND) << name;
    EXPECT_EQ(Shadow(name), NSS_STATUS_NOTFOUND) << name;
    EXPECT_EQ(Groups(name), NSS_STATUS_NOTFOUND) << name;
    EXPECT_EQ(error, ENOENT) << name;
  }
  EXPECT_EQ(table.questions, 0);
}

TEST_F(LookupTest, LongestNameIsAskedAndFound) {
  table.users[0].name = std::string(255, 'a');
  EXPECT_EQ(ByName(table.users[0].name.c_str()), NSS_STATUS_SUCCESS);
}

TEST_F(LookupTest, ReservedIdsReachNobody) {
  for (const std::uint32_t id : {0U, 65534U, 65535U, 4294967294U, 4294967295U}) {
    EXPECT_EQ(ById(id), NSS_STATUS_NOTFOUND) << id;
    EXPECT_EQ(GroupById(id), NSS_STATUS_NOTFOUND) << id;
    EXPECT_EQ(error, ENOENT);
  }
  EXPECT_EQ(table.questions, 0);
}

TEST_F(LookupTest, NoRowBecomesRootOrNobody) {
  for (const std::uint32_t id : {0U, 65534U, 65535U, 4294967294U, 4294967295U}) {
    FillWithAccounts(table);
    table.users[0].uid = table.groups[0].gid = id;
    EXPECT_EQ(ByName("alice"), NSS_STATUS_NOTFOUND) << id;
    EXPECT_EQ(GroupByName("web"), NSS_STATUS_NOTFOUND) << id;
    FillWithAccounts(table);
    table.users[0].gid = id;
    EXPECT_EQ(ByName("alice"), NSS_STATUS_NOTFOUND) << "primary group " << id;
    EXPECT_EQ(ById(10001), NSS_STATUS_NOTFOUND) << "primary group " << id;
  }
  EXPECT_EQ(user.pw_name, nullptr);
}

TEST_F(LookupTest, AnswerForAnotherNameIsNeverServed) {
  table.impostor = true;
  for (const char* name : {"bob", "Alice", "alic", "alice1", "ALICE"}) {
    EXPECT_EQ(ByName(name), NSS_STATUS_NOTFOUND) << name;
    EXPECT_EQ(Shadow(name), NSS_STATUS_NOTFOUND) << name;
    EXPECT_EQ(GroupByName(name), NSS_STATUS_NOTFOUND) << name;
  }
  EXPECT_EQ(ById(10009), NSS_STATUS_NOTFOUND);
  EXPECT_EQ(GroupById(10009), NSS_STATUS_NOTFOUND);
  EXPECT_EQ(user.pw_name, nullptr);
  EXPECT_EQ(group.gr_name, nullptr);
  EXPECT_EQ(shadow.sp_namp, nullptr);
}

TEST_F(LookupTest, NameWithAHiddenTailIsNotTheNameBeforeIt) {
  table.users[0].name = std::string("alice\0tail", 10);
  EXPECT_EQ(ByName("alice"), NSS_STATUS_NOTFOUND);
  EXPECT_EQ(ById(10001), NSS_STATUS_NOTFOUND);
}

TEST_F(LookupTest, SourceThatIsDownIsNeverNotFound) {
  const std::pair<Reason, int> reasons[] = {{Reason::kNotConfigured, ENOTSUP},
                                            {Reason::kNotAllowed, EACCES},
                                            {Reason::kUnreachable, EAGAIN},
                                            {Reason::kTimeout, EAGAIN},
                                            {Reason::kServerError, EAGAIN}};
  for (const auto& [reason, expected] : reasons) {
    table.answer = Answer::Unavailable(reason);
    const auto check = [&](nss_status status, const char* what) {
      EXPECT_EQ(status, NSS_STATUS_UNAVAIL) << what;
      EXPECT_EQ(error, expected) << what;
      error = 0;
    };
    check(ByName("alice"), "getpwnam");
    check(ById(10001), "getpwuid");
    check(GroupByName("web"), "getgrnam");
    check(GroupById(10000), "getgrgid");
    check(Shadow("alice"), "getspnam");
    check(Groups("alice"), "initgroups");
  }
}

TEST_F(LookupTest, FoundWithoutARecordLeavesTheCallerNoGarbage) {
  table.silent = true;
  EXPECT_EQ(ByName("alice"), NSS_STATUS_UNAVAIL);
  EXPECT_EQ(error, EIO);
  EXPECT_EQ(user.pw_name, nullptr);
}

TEST_F(LookupTest, ErrnoOfTheCallerSurvives) {
  errno = 4711;
  EXPECT_EQ(ByName("alice"), NSS_STATUS_SUCCESS);
  EXPECT_EQ(errno, 4711);
  EXPECT_EQ(ByName("nobody-here"), NSS_STATUS_NOTFOUND);
  EXPECT_EQ(errno, 4711);  // what is wrong stands in *errnop alone
  EXPECT_EQ(error, ENOENT);
  nss.setpwent(0);
  nss.endpwent();
  EXPECT_EQ(errno, 4711);
}

TEST_F(LookupTest, ErrnoAsGlibcPassesItTellsTheReason) {
  errno = 0;
  EXPECT_EQ(nss.getpwnam_r("alice", &user, buffer.data(), 3, &errno), NSS_STATUS_TRYAGAIN);
  EXPECT_EQ(errno, ERANGE);
}

TEST_F(LookupTest, NoDescriptorStaysOpen) {
  const auto descriptors = [] {
    const std::filesystem::directory_iterator open("/proc/self/fd");
    return std::distance(begin(open), end(open));
  };
  EXPECT_EQ(ByName("alice"), NSS_STATUS_SUCCESS);
  const auto before = descriptors();
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(ByName("alice"), NSS_STATUS_SUCCESS);
    EXPECT_EQ(GroupById(10000), NSS_STATUS_SUCCESS);
    EXPECT_EQ(nss.getpwent_r(&user, buffer.data(), buffer.size(), &error), NSS_STATUS_SUCCESS);
    nss.endpwent();
  }
  EXPECT_EQ(descriptors(), before);
}

}  // namespace
}  // namespace sqlmap
