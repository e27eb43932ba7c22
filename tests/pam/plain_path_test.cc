#include "pam/plain_path.h"

#include <gtest/gtest.h>

#include <string>

namespace sqlmap {
namespace {

TEST(PlainPathTest, IsAbsoluteAndWithoutDetours) {
  const std::string longest(255, 'x');
  for (const std::string path :
       {"/a", "/srv/sites", "/srv/a..b", "/srv/...", "/.hidden/.x", "/a b"})
    EXPECT_TRUE(IsPlainPath(path)) << path;
  EXPECT_TRUE(IsPlainPath("/" + longest));
  for (const std::string path : {"", "/", "a", "a/b", "//", "//a", "/a/", "/a//b", "/.", "/..",
                                 "/a/.", "/a/..", "/a/./b", "/a/../b", "./a", "/a:b", "/a\nb"})
    EXPECT_FALSE(IsPlainPath(path)) << path;
  EXPECT_FALSE(IsPlainPath("/" + longest + "x"));
  EXPECT_FALSE(IsPlainPath(std::string("/a\0b", 4)));
  std::string deep;
  while (deep.size() < 4094) deep += "/x";
  EXPECT_TRUE(IsPlainPath(deep));
  EXPECT_FALSE(IsPlainPath(deep + "/x"));
}

TEST(PlainPathTest, BelowIsStrictAndByComponent) {
  EXPECT_TRUE(IsBelow("/srv/sites/a", "/srv/sites"));
  EXPECT_TRUE(IsBelow("/srv/sites/a/b", "/srv/sites"));
  EXPECT_FALSE(IsBelow("/srv/sites", "/srv/sites"));
  EXPECT_FALSE(IsBelow("/srv/sites2", "/srv/sites"));
  EXPECT_FALSE(IsBelow("/srv/sites2/a", "/srv/sites"));
  EXPECT_FALSE(IsBelow("/srv", "/srv/sites"));
  EXPECT_TRUE(HasComponent("/a/b/c", "b"));
  EXPECT_TRUE(HasComponent("/a/b/c", "c"));
  EXPECT_FALSE(HasComponent("/a/bb/c", "b"));
  EXPECT_EQ(LastComponent("/a/b"), "b");
  EXPECT_EQ(ParentOf("/a/b"), "/a");
  EXPECT_EQ(ParentOf("/a"), "");
}

}  // namespace
}  // namespace sqlmap
