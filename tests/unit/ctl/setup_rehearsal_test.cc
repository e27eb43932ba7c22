#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "ctl/setup/rehearsal.h"
#include "ctl/setup/trial_host.h"

namespace sqlmap {
namespace {

struct Row {
  const char* before;
  const char* after;
  const char* stopped_at;  // "" if all is good
  const char* answer;
};

TEST(Rehearsal, OneAnswerThatDiffersOrIsMissingKeepsTheFilesFromBeingReplaced) {
  const Row rows[] = {
      {"mount\tm\nroot\tuid 0\n", "mount\tm\nroot\tuid 0\n", "", ""},
      {"mount\tm\nroot\tuid 0\n", "mount\tm\nmodule\tloaded\nroot\tuid 0\n", "", ""},
      {"mount\tm\nroot\tuid 0\n", "mount\tm\nmodule\tcannot be loaded\nroot\tuid 0\n", "module",
       "cannot be loaded"},
      {"mount\tm\nroot\tuid 0\n", "mount\tm\nroot\tnot found\n", "root", "not found"},
      // It hangs, or dies, in the middle of a step.
      {"mount\tm\nroot\tuid 0\n", "mount\tm\nroot\t", "root", "no answer"},
      {"mount\tm\nroot\tuid 0\n", "mount\tm\n", "the rest", "no answer"},
      {"mount\tm\n", "", "the rest", "no answer"},
      {"", "", "the rest", "no answer"},
      // It hangs with the files as they are: nobody can say whether the new ones are as good.
      {"mount\tm\nroot\t", "mount\tm\nroot\t", "root", "no answer"},
      {"mount\tm\nroot\t", "mount\tm\nroot\tuid 0\n", "root", "uid 0"},
      {"mount\tm\n", "mount\tm\nroot\tuid 0\n", "root", "uid 0"},
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

TEST(Rehearsal, TheTrialsPasswordIsRootsAloneAndAgeingStays) {
  EXPECT_EQ(WithHashOfRoot("rooty:a:1::::::\nroot:!:2:0:9:7:::\nlena:b:3::::::\n", "$6$x"),
            "rooty:a:1::::::\nroot:$6$x:2:0:9:7:::\nlena:b:3::::::\n");
  EXPECT_EQ(WithHashOfRoot("root::1::::::\nroot:second:1::::::", "H"),
            "root:H:1::::::\nroot:second:1::::::");
  EXPECT_EQ(WithHashOfRoot("lena:b:3::::::\n", "H"), "");
  EXPECT_EQ(WithHashOfRoot("", "H"), "");
  EXPECT_EQ(WithHashOfRoot("root:", "H"), "");
}

}  // namespace
}  // namespace sqlmap
