#include "common/config/field_template.h"

#include <gtest/gtest.h>

#include <string_view>

namespace sqlmap {
namespace {

TEST(FieldTemplate, ExpandsWhatTheRowSays) {
  struct Case {
    std::string_view text;
    std::string_view expanded;
  };
  for (const Case& c : {Case{"/home/%n", "/home/alice"},
                        {"/srv/%u/%n", "/srv/4294967293/alice"},
                        {"%h", "/var/www"},
                        {"%h/private", "/var/www/private"},
                        {"/a%%b", "/a%b"},
                        {"/a%%n", "/a%n"},
                        {"/%%%n", "/%alice"},
                        {"/%n%n", "/alicealice"},
                        {"/bin/bash", "/bin/bash"}}) {
    EXPECT_EQ(CheckFieldTemplate(c.text), "") << c.text;
    EXPECT_EQ(ExpandFieldTemplate(c.text, "alice", 4294967293U, "/var/www"), c.expanded) << c.text;
  }
}

TEST(FieldTemplate, WhatTheRowSaysIsNotExpandedAgain) {
  EXPECT_EQ(ExpandFieldTemplate("/%n/%h", "%u", 7, "%n%%"), "/%u/%n%%");
}

TEST(FieldTemplate, RefusesWhatIsNoFieldOfPasswd) {
  using namespace std::string_view_literals;
  for (const std::string_view text :
       {""sv, "home"sv, "%n"sv, "%u/x"sv, "%%h"sv, "~/x"sv, "/home/%"sv, "/%s"sv, "/%N"sv, "/% n"sv,
        "/a%%%"sv, "/a:b"sv, "/a\nb"sv, "/a\0b"sv, "/\x7f"sv}) {
    EXPECT_NE(CheckFieldTemplate(text), "") << text;
  }
}

}  // namespace
}  // namespace sqlmap
