#include "common/config/toml_document.h"

#include <gtest/gtest.h>
#include <pthread.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sqlmap {
namespace {

using namespace std::string_view_literals;

TEST(ParseToml, GivesKeysInTheOrderOfTheFileWithTheirLines) {
  const auto document =
      ParseToml("top = 1\n# c\n[b]\nz = 'x'\na = [1,\n  true]\n\n[a]\nk = 1.5\nb.c = 2\n");
  ASSERT_TRUE(document) << document.error().what;
  std::string seen;
  for (const TomlSection& section : document->sections)
    seen += section.name + "@" + std::to_string(section.line) + " ";
  for (const TomlKey& key : document->keys) {
    seen += key.section + "/" + key.name + "@" + std::to_string(key.value.line) + "=" +
            std::string(DescribeType(key.value)) + " ";
  }
  EXPECT_EQ(seen,
            "b@3 a@8 /top@1=a whole number b/z@4=text b/a@5=a list a/k@9=a number with a fraction "
            "a/b@10=a section ");
  const auto& list = std::get<std::vector<TomlValue>>(document->keys[2].value.value);
  ASSERT_EQ(list.size(), 2U);
  EXPECT_EQ(list[0].line, 5U);
  EXPECT_EQ(list[1].line, 6U);
  EXPECT_EQ(DescribeType(list[1]), "true or false");
}

TEST(ParseToml, SaysOnWhichLineTheTextStopsBeingToml) {
  struct Case {
    std::string_view text;
    unsigned line;
    std::string_view what;
  };
  const std::string deep = "\n[a" + [] {
    std::string dots;
    for (int i = 0; i < 20; ++i) dots += ".a";
    return dots;
  }() + "]";
  for (const Case& c : {Case{"a = 1\na = 2\n", 2, "this key or section is there already"},
                        {"[a]\n[b]\n[a]\n", 3, "this key or section is there already"},
                        {"a = 1\nb = \n", 2, "expected value"},
                        {"a = 1\nb\n", 2, "expected '='"},
                        {"a = 1\nb = 'x\n", 2, "string"},
                        {"[a]\n\n[b\n", 3, "expected ']'"},
                        {"a = 1\n\n\0"sv, 3, "NUL"},
                        {"a = 1\n# \0\n"sv, 2, "NUL"},
                        {"a = 1\nb = '\0'\n"sv, 2, "NUL"},
                        {"a = 1\nb = '\xff'\n", 2, "utf-8"},
                        {"a = 1\n# \xc3\n", 2, "utf-8"},
                        {"a = 1\n# \x01\n", 2, "control characters"},
                        {"a = 1\n[)\n", 2, "expected bare key"},
                        {"a = 1\n[[)\n", 2, "expected bare key"},
                        {"a = 1\nb = 428o/\u0217/\n", 2, "not ASCII stands outside of quotes"},
                        {"a = [[[[[1]]]]]\n", 1, "nested"},
                        {deep, 2, "more than 16 parts"}}) {
    const auto document = ParseToml(c.text);
    ASSERT_FALSE(document) << c.text;
    EXPECT_EQ(document.error().line, c.line) << c.text << ": " << document.error().what;
    EXPECT_NE(document.error().what.find(c.what), std::string::npos)
        << c.text << ": " << document.error().what;
  }
}

TEST(ParseToml, NeverRepeatsAPieceOfAValue) {
  for (const std::string_view value : {"zqxjkv"sv,
                                       "'zqxjkv"sv,
                                       "\"zqxjkv"sv,
                                       "\"hun\\qter2\""sv,
                                       "\"zqxjkv\\x\""sv,
                                       "\"a\" zqxjkv"sv,
                                       "\"a\"zqxjkv\""sv,
                                       "truzqxjkv"sv,
                                       "true zqxjkv"sv,
                                       "false2"sv,
                                       "1zqxjkv"sv,
                                       "0xzqxjkv"sv,
                                       "0bzqxjkv"sv,
                                       "0ozqxjkv"sv,
                                       "1234567890123456789012"sv,
                                       "0x1234567890abcdef12345678"sv,
                                       "2024-13-45"sv,
                                       "2024-02-31"sv,
                                       "2024-01-01T25:61:61"sv,
                                       "12:34:567"sv,
                                       "2024-01-01Zzqxjkv"sv,
                                       "1.5.6"sv,
                                       "1e5zqxjkv"sv,
                                       "9e99999"sv,
                                       "infzqxjkv"sv,
                                       "nanzqxjkv"sv,
                                       "+zqxjkv"sv,
                                       "-zqxjkv"sv,
                                       "_zqxjkv"sv,
                                       "1__2"sv,
                                       "[zqxjkv]"sv,
                                       "['zqxjkv' 'zqxjkv']"sv,
                                       "{zqxjkv}"sv,
                                       "{a='zqxjkv', a='zqxjkv'}"sv,
                                       "\"\"\"zqxjkv"sv,
                                       "'''zqxjkv"sv,
                                       "\"\\uzqxjkv\""sv,
                                       "\"zqxjkv\x01\""sv,
                                       "\"zqxjkv\xff\""sv,
                                       "0123456"sv,
                                       "1979-05-27T07:32:00.123456789012"sv,
                                       "0x"sv,
                                       "0xg"sv,
                                       "=zqxjkv"sv,
                                       "#zqxjkv"sv,
                                       ",zqxjkv"sv,
                                       "]zqxjkv"sv}) {
    const std::string text = "[privileged]\npassword = " + std::string(value) + "\n";
    const auto document = ParseToml(text);
    if (document) continue;  // a number or a date: the parser of the key refuses it
    const std::string& what = document.error().what;
    for (std::size_t i = 0; i + 3 <= value.size(); ++i) {
      const std::string_view piece = value.substr(i, 3);
      if (std::string_view("true false inf nan").find(piece) != std::string_view::npos)
        continue;  // what was expected
      EXPECT_EQ(what.find(piece), std::string::npos) << value << ": " << what;
    }
  }
}

TEST(ParseToml, NeverRepeatsWhatLooksLikeAKey) {
  for (const std::string_view text :
       {"[a]\nzqxjkv = 1\nzqxjkv = 2\n", "[a]\nzqxjkv = 1\nzqxjkv.b = 2\n",
        "[a]\n\"zqxjkv expected \" = {}\n\"zqxjkv expected \".b = 1\n",
        "[a]\nb = {zqxjkv = 1, zqxjkv = 2}\n", "[zqxjkv]\n[zqxjkv]\n", "zqxjkv = 1\n[zqxjkv.b]\n",
        "[zqxjkv]\n[[zqxjkv]]\n", "[a]\nb = 1\nb.zqxjkv = 2\n", "[a]\nzqxjkv zqxjkv = 1\n",
        "[a]\nzqxjkv\n"}) {
    const auto document = ParseToml(text);
    ASSERT_FALSE(document) << text;
    EXPECT_EQ(document.error().what.find("zqxjkv"), std::string::npos) << document.error().what;
  }
}

// What a sshd or an Apache thread may have left of its stack.
void* ParseHostileText(void* argument) {
  auto* const texts = static_cast<std::vector<std::string>*>(argument);
  for (const std::string& text : *texts) {
    const auto document = ParseToml(text);
    if (document && document->keys.empty()) return nullptr;
  }
  return argument;
}

TEST(ParseToml, NestingDoesNotOverflowASmallStack) {
  constexpr std::size_t kSize = 1024 * 1024;
  const auto repeated = [](std::string_view piece) {
    std::string text;
    while (text.size() < kSize) text += piece;
    return text;
  };
  std::vector<std::string> texts = {"[" + repeated("a."),
                                    "[[" + repeated("a."),
                                    repeated("a.") + "a = 1",
                                    "a = " + repeated("["),
                                    "a = " + repeated("{a="),
                                    "a = " + repeated("{a.a.a.a="),
                                    "a = " + repeated("[\n{a.b="),
                                    repeated("\"\".") + "a = 1",
                                    "a = {" + repeated("a.") + "a=1}",
                                    repeated("[a]\n[[b]]\n"),
                                    "a = \"\"\"" + repeated("a."),
                                    "x.y = 1\n[" + repeated("'a' . ") + "a]"};
  pthread_attr_t attributes;
  ASSERT_EQ(pthread_attr_init(&attributes), 0);
  ASSERT_EQ(pthread_attr_setstacksize(&attributes, 256 * 1024), 0);
  pthread_t thread;
  ASSERT_EQ(pthread_create(&thread, &attributes, ParseHostileText, &texts), 0);
  pthread_attr_destroy(&attributes);
  void* result = nullptr;
  ASSERT_EQ(pthread_join(thread, &result), 0);
  EXPECT_EQ(result, &texts);
}

}  // namespace
}  // namespace sqlmap
