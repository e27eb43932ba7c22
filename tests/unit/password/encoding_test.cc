#include "common/password/encoding.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>

#include <map>
#include <optional>
#include <string>

namespace sqlmap {
namespace {

std::string Text(const SecretText& text) { return std::string(View(text)); }

std::optional<std::string> Text(const std::optional<SecretText>& text) {
  return text ? std::optional(std::string(View(*text))) : std::nullopt;
}

std::string Bytes(std::size_t count) {
  std::string bytes;
  for (std::size_t i = 0; i < count; ++i) bytes.push_back(static_cast<char>(i * 37 + 200));
  return bytes;
}

TEST(Base64Text, IsWhatOpenSslWritesAndComesBack) {
  for (std::size_t count = 0; count < 100; ++count) {
    const std::string bytes = Bytes(count);
    unsigned char expected[200];
    const int length =
        EVP_EncodeBlock(expected, reinterpret_cast<const unsigned char*>(bytes.data()),
                        static_cast<int>(bytes.size()));
    const std::string text = Text(EncodeBase64(bytes));
    EXPECT_EQ(text, std::string(expected, expected + length));
    EXPECT_EQ(Text(DecodeBase64(text, Base64::kPadded)), bytes);
  }
}

// All texts of two and of three characters: no two of them may stand for the same bytes.
TEST(Base64Text, StandsForItsBytesAlone) {
  const std::string alphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=. \n-_";
  std::map<std::string, std::string> seen;
  for (const char a : alphabet) {
    for (const char b : alphabet) {
      for (const std::string& text : {std::string{a, b, '=', '='}, std::string{'A', a, b, '='}}) {
        const auto bytes = DecodeBase64(text, Base64::kPadded);
        if (!bytes) continue;
        const auto [at, fresh] = seen.emplace(Text(*bytes), text);
        EXPECT_TRUE(fresh || at->second == text) << at->second << " and " << text;
        EXPECT_EQ(Text(EncodeBase64(View(*bytes))), text);
      }
    }
  }
  EXPECT_EQ(seen.size(), 256U + 4 * 256U);
}

TEST(Base64Text, WithAnythingElseIsRefused) {
  for (const char* text :
       {"A", "AA", "AAA", "AAAAA", "AA=", "A===", "====", "=", "AA==AAAA", "AA =", "AAA\n",
        "AAAA\n", " AAA", "AA-_", "AAA.", "AB==", "AAB=", "AAAAAB=="}) {
    EXPECT_FALSE(DecodeBase64(text, Base64::kPadded)) << text;
  }
  for (const char* text : {"A", "AA==", "AAA=", "AB", "AAB", "AAAAA", "AAA.", "AAAA="}) {
    EXPECT_FALSE(DecodeBase64(text, Base64::kUnpadded)) << text;
  }
  EXPECT_TRUE(DecodeBase64("AA.A", Base64::kAdapted));
  EXPECT_FALSE(DecodeBase64("AA+A", Base64::kAdapted));
  EXPECT_FALSE(DecodeBase64("AA==", Base64::kAdapted));
  EXPECT_FALSE(DecodeBase64(std::string_view("AA\0A", 4), Base64::kPadded));
}

TEST(HexText, IsReadInEitherCaseAndRefusedOtherwise) {
  EXPECT_EQ(Text(DecodeHex("00ffFF7a")), std::string("\0\xff\xff\x7a", 4));
  EXPECT_EQ(Text(EncodeHex(std::string_view("\0\xff\x7a", 3))), "00ff7a");
  EXPECT_EQ(Text(DecodeHex("")), "");
  for (const char* text : {"0", "000", "0g", "0x", " 00", "0 ", "-1", "\xc3\xa4"})
    EXPECT_FALSE(DecodeHex(text)) << text;
}

TEST(Itoa64Text, WritesTheLowestBitsFirst) {
  EXPECT_EQ(Text(EncodeItoa64(std::string_view("\x01", 1))), "/.");
  EXPECT_EQ(Text(EncodeItoa64(std::string_view("\xff\xff\xff", 3))), "zzzz");
  EXPECT_EQ(EncodeItoa64(Bytes(16)).size(), 22U);
  EXPECT_EQ(EncodeItoa64(Bytes(64)).size(), 86U);
  EXPECT_EQ(Itoa64Value('.'), 0U);
  EXPECT_EQ(Itoa64Value('z'), 63U);
  EXPECT_EQ(Itoa64Value('+'), 64U);
  EXPECT_EQ(Itoa64Value('\0'), 64U);
}

}  // namespace
}  // namespace sqlmap
