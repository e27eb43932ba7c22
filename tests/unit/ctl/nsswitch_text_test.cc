#include "ctl/setup/nsswitch_text.h"

#include <gtest/gtest.h>

#include <string>

namespace sqlmap {
namespace {

struct Row {
  const char* before;
  const char* after;
};

constexpr char kRest[] = "passwd: files sqlmap\ngroup: files sqlmap\nshadow: files sqlmap\n";

TEST(Nsswitch, LocalAccountsStayInFrontAndAllElseAsItWas) {
  const Row rows[] = {
      // Debian 12, Ubuntu 24.04, older ones with compat.
      {"passwd:         files systemd\n", "passwd:         files sqlmap systemd\n"},
      {"passwd:         files\n", "passwd:         files sqlmap\n"},
      {"passwd: compat\n", "passwd: compat sqlmap\n"},
      {"passwd: compat systemd\n", "passwd: compat sqlmap systemd\n"},
      // Fedora and its kin: sss, altfiles, merged groups.
      {"passwd:     files sss systemd\n", "passwd:     files sqlmap sss systemd\n"},
      {"passwd: sss files systemd\n", "passwd: sss files sqlmap systemd\n"},
      {"passwd: files altfiles systemd\n", "passwd: files altfiles sqlmap systemd\n"},
      {"group: files [SUCCESS=merge] systemd\n", "group: files [SUCCESS=merge] sqlmap systemd\n"},
      {"group: files[ SUCCESS = merge ]systemd\n",
       "group: files[ SUCCESS = merge ] sqlmap systemd\n"},
      {"initgroups: files [SUCCESS=continue] sss\n",
       "initgroups: files [SUCCESS=continue] sqlmap sss\n"},
      {"passwd: files sss [SUCCESS=continue] systemd\n",
       "passwd: files sqlmap sss [SUCCESS=continue] systemd\n"},
      {"passwd: db files\n", "passwd: db files sqlmap\n"},
      // Those that go on where a name is not found.
      {"passwd: files [!NOTFOUND=return] systemd\n",
       "passwd: files [!NOTFOUND=return] sqlmap systemd\n"},
      {"passwd: files [NOTFOUND=return NOTFOUND=continue] systemd\n",
       "passwd: files [NOTFOUND=return NOTFOUND=continue] sqlmap systemd\n"},
      {"passwd: files ldap [NOTFOUND=return] nis\n",
       "passwd: files sqlmap ldap [NOTFOUND=return] nis\n"},
      // Comments, tabs, no space, carriage returns, no line feed at the end.
      {"passwd:\tfiles\tsystemd # files first\n", "passwd:\tfiles sqlmap\tsystemd # files first\n"},
      {"passwd:files#compat\n", "passwd:files sqlmap#compat\n"},
      {"  passwd : files\n", "  passwd : files sqlmap\n"},
      {"passwd: files  \r\n", "passwd: files sqlmap  \r\n"},
      // It is there, wherever an administrator has put it.
      {"passwd: files systemd sqlmap\n", "passwd: files systemd sqlmap\n"},
      {"passwd: sqlmap [NOTFOUND=continue] files\n", "passwd: sqlmap [NOTFOUND=continue] files\n"},
      {"passwd: files sqlmap [SUCCESS=continue]\n", "passwd: files sqlmap [SUCCESS=continue]\n"},
      // Which of two lines counts is glibc's affair.
      {"passwd: files\npasswd: files systemd\n",
       "passwd: files sqlmap\npasswd: files sqlmap systemd\n"},
      // initgroups stands in for group.
      {"passwd: files\ninitgroups: files sss\n",
       "passwd: files sqlmap\ninitgroups: files sqlmap sss\n"},
      {"#passwd: compat\npasswd: files\n", "#passwd: compat\npasswd: files sqlmap\n"},
      {"hosts: files dns\npasswd: files\n", "hosts: files dns\npasswd: files sqlmap\n"},
  };
  for (const Row& row : rows) {
    const auto after = WithSqlmapInNsswitch(std::string(row.before) + kRest);
    ASSERT_TRUE(after) << row.before << after.error();
    EXPECT_EQ(*after, std::string(row.after) + kRest);
    EXPECT_EQ(WithSqlmapInNsswitch(*after).value(), *after) << "the second time";
  }
}

TEST(Nsswitch, ADatabaseWithoutALineGetsTheOneThatGlibcTakesForGranted) {
  EXPECT_EQ(WithSqlmapInNsswitch("passwd: files").value(),
            "passwd: files sqlmap\n"
            "group:          files sqlmap\n"
            "shadow:         files sqlmap\n");
  EXPECT_EQ(WithSqlmapInNsswitch("").value(),
            "passwd:         files sqlmap\n"
            "group:          files sqlmap\n"
            "shadow:         files sqlmap\n");
}

TEST(Nsswitch, ALineInWhichSqlmapWouldNotBeAskedOrComeFirstIsLeftToAPerson) {
  const Row rows[] = {
      {"passwd: systemd\n",
       "passwd: names neither files nor compat: local accounts must come first"},
      {"passwd:\n", "passwd: names neither files nor compat: local accounts must come first"},
      {"passwd: files [NOTFOUND=return] systemd\n",
       "passwd: nothing behind \"files [notfound=return]\" is ever asked for a name that is not "
       "there; take "
       "the return away"},
      {"passwd: sss [!SUCCESS=return] files\n",
       "passwd: nothing behind \"sss [!success=return]\" is ever asked for a name that is not "
       "there; take "
       "the return away"},
      // All words that come to the same, and where sqlmap stands already.
      {"passwd: files [!UNAVAIL=return] systemd\n",
       "passwd: nothing behind \"files [!unavail=return]\" is ever asked for a name that is not "
       "there; take the return away"},
      {"shadow: files [!tryagain=RETURN]\n",
       "shadow: nothing behind \"files [!tryagain=return]\" is ever asked for a name that is not "
       "there; take the return away"},
      {"passwd: files [ NOTFOUND = return ] systemd\n",
       "passwd: nothing behind \"files [notfound=return]\" is ever asked for a name that is not "
       "there; take the return away"},
      {"group: files [SUCCESS=merge NOTFOUND=return] sqlmap\n",
       "group: nothing behind \"files [success=mergenotfound=return]\" is ever asked for a name "
       "that is not there; take the return away"},
      // Whoever is found must not be asked of somebody else, who does not know him.
      {"passwd: files [SUCCESS=continue] systemd\n",
       "passwd: whoever \"files [success=continue]\" finds is asked of those behind it, too, and "
       "unknown if they do not know him; take the action away"},
      {"group: files [!NOTFOUND=continue] sqlmap\n",
       "group: whoever \"files [!notfound=continue]\" finds is asked of those behind it, too, and "
       "unknown if they do not know him; take the action away"},
      {"shadow: files sqlmap [SUCCESS=continue] systemd\n",
       "shadow: whoever \"sqlmap [success=continue]\" finds is asked of those behind it, too, and "
       "unknown if they do not know him; take the action away"},
      {"passwd: files sqlmap [SUCCESS=merge]\n",
       "passwd: whoever \"sqlmap [success=merge]\" finds is asked of those behind it, too, and "
       "unknown if they do not know him; take the action away"},
      // In passwd and shadow glibc can merge nothing.
      {"passwd: files [SUCCESS=merge] systemd\n",
       "passwd: whoever \"files [success=merge]\" finds is asked of those behind it, too, and "
       "unknown if they do not know him; take the action away"},
      {"group: winbind # files\n",
       "group: names neither files nor compat: local accounts must come first"},
  };
  for (const Row& row : rows) {
    const auto after = WithSqlmapInNsswitch(row.before);
    ASSERT_FALSE(after) << *after;
    EXPECT_EQ(after.error(), row.after);
  }
}

TEST(Nsswitch, TakenOutItLeavesWhatWasThere) {
  const Row rows[] = {
      {"passwd:         files sqlmap systemd\n", "passwd:         files systemd\n"},
      {"passwd: files sqlmap\n", "passwd: files\n"},
      {"passwd: files sqlmap [NOTFOUND=continue UNAVAIL=continue] ldap\n", "passwd: files ldap\n"},
      {"passwd:\tfiles sqlmap\tsystemd # sqlmap\n", "passwd:\tfiles\tsystemd # sqlmap\n"},
      {"passwd: files sqlmap  \r\n", "passwd: files  \r\n"},
      {"hosts: files sqlmap\n", "hosts: files sqlmap\n"},
      {"passwd: files sqlmapper\n", "passwd: files sqlmapper\n"},
  };
  for (const Row& row : rows) EXPECT_EQ(WithoutSqlmapInNsswitch(row.before), row.after);
}

}  // namespace
}  // namespace sqlmap
