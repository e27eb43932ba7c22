// What doc/pam.md promises, row by row, of the built module.
#include <map>
#include <set>
#include <sstream>

#include "captured_sleep.h"
#include "pam_page.h"
#include "pam_test.h"

namespace sqlmap {
namespace {

constexpr int kSilent = static_cast<int>(PAM_SILENT);
constexpr int kExpired = static_cast<int>(PAM_CHANGE_EXPIRED_AUTHTOK);

// What a stage came to, as its application, the log and the gate saw it.
struct Seen {
  int status = 0;
  std::vector<Message> messages;
  std::string all;  // these and the rest, to be compared
};

class PageTest : public PamTest {
 protected:
  // A stage as the page calls it. The old password is somebody's, the new one is set by root.
  Seen Run(const std::string& stage, const std::string& name, const std::string& options = "",
           const std::string& typed = "secret", int flags = 0) {
    Service(
        "auth required MODULE OPTIONS\naccount required MODULE OPTIONS\n"
        "password required MODULE OPTIONS\nsession required MODULE OPTIONS\n",
        {{"OPTIONS", options}});
    plugin().forget();
    PamSession session(folder_, "sshd", name, {Typed(typed), Typed(typed), Typed(typed)});
    Seen seen;
    if (stage == "auth") seen.status = session.Authenticate(flags);
    if (stage == "account") seen.status = session.CheckAccount(flags);
    if (stage == "session") seen.status = pam_open_session(session.handle(), flags);
    if (stage == "new password") seen.status = session.ChangeAuthtok(flags);
    if (stage == "old password") {
      const CalledBySomebody somebody;
      seen.status = session.ChangeAuthtok(flags);
    }
    seen.messages = session.messages();
    const FakeGateCall call = LastCall();
    std::ostringstream all;
    all << stage << " of " << name << ": " << seen.status << (session.delay() > 0 ? " slow" : "")
        << ", " << TakeSleeps().size() << " sleeps, " << call.count << " questions"
        << (call.allow_empty_password ? " with nullok" : "") << "\n";
    for (const Message& message : seen.messages) all << message.text << "\n";
    for (const LogLine& line : OurLines()) all << line.text << "\n";
    seen.all = all.str();
    return seen;
  }

  // All that can happen in a stage of an option's row; the password stage is both of its phases.
  std::string RunAll(const std::string& stage, const std::string& options) {
    if (stage == "password")
      return RunAll("old password", options) + RunAll("new password", options);
    std::string all;
    for (const VerdictCase& c : kVerdictCases) all += Run(stage, NameIn(stage, c), options).all;
    return all + Run(stage, "careless", options, "").all;
  }

  static std::vector<Message> Told(const Seen& seen) {
    std::vector<Message> told = seen.messages;
    std::erase_if(told, [](const Message& each) { return each.style == PAM_PROMPT_ECHO_OFF; });
    return told;
  }

  static std::string NameIn(const std::string& stage, const VerdictCase& c) {
    const std::string number = std::to_string(static_cast<int>(c.verdict));
    return (stage == "new password" ? "late" : "verdict") + number;
  }
};

TEST_F(PageTest, EachVerdictLeavesEachStageWithTheCodeThatIsShown) {
  const std::string stages[] = {"auth", "account", "old password", "new password"};
  std::map<std::string, Cells> rows;
  for (const Cells& row : PageTable("Return codes")) rows[row[0]] = row;
  for (const VerdictCase& c : kVerdictCases) {
    ASSERT_EQ(rows[c.words].size(), 5U) << c.words;
    for (std::size_t i = 0; i < 4; ++i) {
      const std::string& shown = rows[c.words][i + 1];
      const int status = Run(stages[i], NameIn(stages[i], c)).status;
      if (shown != "-") {
        EXPECT_EQ(status, CodeNamed(shown)) << c.words << ", " << stages[i];
      } else {
        EXPECT_NE(status, PAM_SUCCESS) << "what no gate says opens nothing: " << c.words;
      }
    }
    // The account stage's answers, once more.
    const bool goes_on =
        c.verdict == LoginVerdict::kAccepted || c.verdict == LoginVerdict::kPasswordMustChange;
    if (goes_on || rows[c.words][3] == "-") continue;
    const Seen expired = Run("old password", NameFor(c.verdict), "", "secret", kExpired);
    EXPECT_EQ(expired.status, CodeNamed(rows[c.words][3])) << c.words;
    EXPECT_EQ(LastCall().question, "check account") << c.words;
  }
}

TEST_F(PageTest, EachTextIsShownWhenThePageSaysSoAndSilencedByPamSilent) {
  struct When {
    const char* stage;
    const char* name;
    int style;
    const char* typed = "secret";
  };
  const std::multimap<std::string, When> whens = {
      {"warning period of shadow(5)", {"account", "days3", PAM_TEXT_INFO}},
      {"password must be changed", {"account", "verdict6", PAM_ERROR_MSG}},
      {"account expired", {"account", "verdict4", PAM_ERROR_MSG}},
      {"password expired", {"account", "verdict5", PAM_ERROR_MSG}},
      {"undecided", {"account", "verdict12", PAM_ERROR_MSG}},
      {"undecided", {"old password", "verdict12", PAM_ERROR_MSG}},
      {"signed in offline", {"auth", "offline", PAM_TEXT_INFO}},
      {"password changed too recently", {"old password", "verdict10", PAM_ERROR_MSG}},
      {"password not changed", {"new password", "late11", PAM_ERROR_MSG}},
      {"undecided, new password", {"new password", "late12", PAM_ERROR_MSG}},
      {"the new password is empty", {"new password", "shop", PAM_ERROR_MSG, ""}},
      {"no writer answers", {"old password", "verdict13", PAM_ERROR_MSG}},
  };
  std::set<std::string> shown;
  for (const Cells& row : PageTable("What the person is told")) {
    shown.insert(row[0]);
    const auto [begin, end] = whens.equal_range(row[0]);
    ASSERT_NE(begin, end) << "the table of this test lacks: " << row[0];
    for (auto when = begin; when != end; ++when) {
      const auto& [stage, name, style, typed] = when->second;
      const std::vector<Message> expected = {{style, row[1]}};
      EXPECT_EQ(Told(Run(stage, name, "", typed)), expected) << row[0] << ", " << stage;
      EXPECT_TRUE(Told(Run(stage, name, "", typed, kSilent)).empty()) << row[0] << ", " << stage;
    }
  }
  for (const auto& [when, unused] : whens) EXPECT_TRUE(shown.contains(when)) << when;
}

// What is behind the '=' of a session line needs a home, a jail and a process: session_test.cc.
TEST_F(PageTest, EachOptionWorksInTheStagesThatAreShownAndInNoOther) {
  const std::string all_stages[] = {"auth", "account", "password", "session"};
  for (const Cells& row : PageTable("Options")) {
    for (const std::string& option : WordsOf(row[0])) {
      for (const std::string& stage : all_stages) {
        const bool shown =
            row[1] == "all" || (", " + row[1] + ",").find(", " + stage + ",") != std::string::npos;
        const bool elsewhere = stage == "session" && option.find('=') != std::string::npos;
        // The page says so: it is what happens anyway.
        const bool works = shown && option != "try_first_pass";
        if (shown && elsewhere) continue;
        const std::string with = RunAll(stage, option);
        const std::string without = RunAll(stage, "");
        EXPECT_EQ(with != without, works) << option << " in " << stage << ":\n" << with;
      }
    }
  }
}

}  // namespace
}  // namespace sqlmap
