#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "ctl/setup/rehearsal.h"
#include "ctl/setup/trial_host.h"

namespace sqlmap {
namespace {

struct Row {
  std::string before;
  std::string after;
  const char* stopped_at;  // "" if all is good
  const char* answer;
};

TEST(Rehearsal, OneAnswerThatDiffersOrIsMissingKeepsTheFilesFromBeingReplaced) {
  const std::string end = "the end of all trials\treached\n";
  const Row rows[] = {
      {"mount\tm\nroot\tuid 0\n" + end, "mount\tm\nroot\tuid 0\n" + end, "", ""},
      {"mount\tm\nroot\tuid 0\n" + end, "mount\tm\nmodule\tloaded\nroot\tuid 0\n" + end, "", ""},
      {"mount\tm\nroot\tuid 0\n" + end, "mount\tm\nmodule\tcannot be loaded\nroot\tuid 0\n" + end,
       "module", "cannot be loaded"},
      {"mount\tm\nroot\tuid 0\n" + end, "mount\tm\nroot\tnot found\n" + end, "root", "not found"},
      // It hangs, or dies, in the middle of a step.
      {"mount\tm\nroot\tuid 0\n" + end, "mount\tm\nroot\t", "root", "no answer"},
      {"mount\tm\nroot\tuid 0\n" + end, "mount\tm\n", "root", "no answer"},
      {"mount\tm\n" + end, "", "mount", "no answer"},
      // Or between two of them, when more steps of its own hide how many it lacks.
      {"mount\tm\nroot\tuid 0\nright\tyes\nwrong\tno\n" + end,
       "mount\tm\na\tloaded\nb\tloaded\nc\tloaded\nroot\tuid 0\n", "right", "no answer"},
      {"mount\tm\nroot\tuid 0\nright\tyes\n" + end,
       "mount\tm\nroot\tuid 0\nthe end of all trials\treached\n", "right", "no answer"},
      // With both, the old files and the new ones.
      {"mount\tm\nroot\tuid 0\n", "mount\tm\nroot\tuid 0\n", "the end of all trials", "no answer"},
      {"", "", "the end of all trials", "no answer"},
      // It hangs with the files as they are: nobody can say whether the new ones are as good.
      {"mount\tm\nroot\t", "mount\tm\nroot\t", "root", "no answer"},
      {"mount\tm\nroot\t", "mount\tm\nroot\tuid 0\n" + end, "root", "uid 0"},
      {"mount\tm\n", "mount\tm\nroot\tuid 0\n" + end, "root", "uid 0"},
      {"mount\tm\n", "mount\tm\n" + end, "the end of all trials", "reached"},
      // Nothing could be tried, neither with the old files nor with the new ones.
      {"mount\tcannot be mounted\n", "mount\tcannot be mounted\n", "mount", "cannot be mounted"},
  };
  for (const Row& row : rows) {
    const std::vector<Trial> trials = Compare(row.before, row.after);
    ASSERT_FALSE(trials.empty()) << row.after;
    for (std::size_t i = 0; i + 1 < trials.size(); ++i) EXPECT_TRUE(trials[i].good) << row.after;
    EXPECT_EQ(trials.back().good, row.stopped_at[0] == '\0') << row.after;
    if (trials.back().good) continue;
    EXPECT_EQ(trials.back().what, row.stopped_at) << row.after;
    EXPECT_EQ(trials.back().after, row.answer) << row.after;
  }
}

TEST(Rehearsal, TheTrialsPasswordIsOnePersonsAloneAndAgeingStays) {
  EXPECT_EQ(WithHash("root:!:2:0:9:7:::\nlen:c:1::::::\nlena:b:3::::::\n", "lena", "$6$x"),
            "root:!:2:0:9:7:::\nlen:c:1::::::\nlena:$6$x:3::::::\n");
  EXPECT_EQ(WithHash("rooty:a:1::::::\nroot:!:2:0:9:7:::\nlena:b:3::::::\n", "root", "$6$x"),
            "rooty:a:1::::::\nroot:$6$x:2:0:9:7:::\nlena:b:3::::::\n");
  EXPECT_EQ(WithHash("root::1::::::\nroot:second:1::::::", "root", "H"),
            "root:H:1::::::\nroot:second:1::::::");
  EXPECT_EQ(WithHash("lena:b:3::::::\n", "root", "H"), "");
  EXPECT_EQ(WithHash("", "root", "H"), "");
  EXPECT_EQ(WithHash("root:", "root", "H"), "");
}

}  // namespace
}  // namespace sqlmap
