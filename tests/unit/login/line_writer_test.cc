#include "common/account/line_writer.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <string>

namespace sqlmap {
namespace {

std::string Foreign(std::string_view text) {
  char buffer[256];
  LineWriter line(buffer);
  line.Foreign(text);
  return buffer;
}

TEST(LineWriterTest, NamesNumbersAndAddressesStayReadable) {
  EXPECT_EQ(Foreign("shop.acme.example"), "shop.acme.example");
  EXPECT_EQ(Foreign("info@acme+x_1-2"), "info@acme+x_1-2");
  EXPECT_EQ(Foreign("2001:db8::1%eth0"), "2001:db8::1%eth0");
  EXPECT_EQ(Foreign("/dev/pts/3"), "/dev/pts/3");
}

TEST(LineWriterTest, ForeignTextCannotForgeALineOrEscapeToTheTerminal) {
  EXPECT_EQ(Foreign("a\nb"), "\"a?b\"");
  EXPECT_EQ(Foreign("\x1b[2J"), "\"?[2J\"");
  EXPECT_EQ(Foreign(std::string_view("a\0b", 3)), "\"a?b\"");
  EXPECT_EQ(Foreign("b\xc3\xb6se"), "\"b??se\"");
  EXPECT_EQ(Foreign("\x7f"), "\"?\"");
  EXPECT_EQ(Foreign("%n%s"), "%n%s") << "a line is never a format";
}

TEST(LineWriterTest, ForeignTextCannotBeTakenForOurs) {
  EXPECT_EQ(Foreign("bob mismatch, eve match"), "\"bob mismatch, eve match\"");
  EXPECT_EQ(Foreign("a\" match \""), "\"a? match ?\"");
  EXPECT_EQ(Foreign("a\\"), "\"a?\"");
  EXPECT_EQ(Foreign(""), "\"\"");
}

TEST(LineWriterTest, LongForeignTextCannotPushOursOut) {
  EXPECT_EQ(Foreign(std::string(64, 'a')), std::string(64, 'a'));
  EXPECT_EQ(Foreign(std::string(65, 'a')), std::string(64, 'a') + "...");
  EXPECT_EQ(Foreign(std::string(100000, '\n')), "\"" + std::string(64, '?') + "\"...");
}

TEST(LineWriterTest, NumbersAreWrittenWhole) {
  char buffer[64];
  LineWriter line(buffer);
  line.Number(0).Text(" ").Number(std::numeric_limits<std::int64_t>::min());
  EXPECT_STREQ(buffer, "0 -9223372036854775808");
}

TEST(LineWriterTest, WhatDoesNotFitIsCutWithinTheBufferAndShowsIt) {
  for (std::size_t size = 8; size < 64; ++size) {
    std::string memory(size + 1, '#');
    LineWriter line(std::span<char>(memory.data(), size));
    EXPECT_TRUE(line.empty());
    line.Text("0123456789").Text("0123456789").Number(1234567890).Text("!");
    EXPECT_EQ(memory[size], '#') << "wrote behind a buffer of " << size;
    const std::string text = memory.substr(0, memory.find('\0'));
    EXPECT_EQ(text, line.text());
    const std::string whole = "012345678901234567891234567890!";
    if (whole.size() < size) {
      EXPECT_EQ(text, whole);
    } else {
      EXPECT_EQ(text, whole.substr(0, size - 4) + "...");
    }
  }
}

}  // namespace
}  // namespace sqlmap
