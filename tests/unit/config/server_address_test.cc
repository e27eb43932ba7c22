#include "common/config/server_address.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace sqlmap {
namespace {

TEST(ServerAddress, ReadsSocketsNamesAndAddresses) {
  struct Case {
    std::string_view text;
    std::string_view socket;
    std::string_view host;
    unsigned port;
    std::string_view described;
  };
  for (const Case& c :
       {Case{"/run/mysqld/mysqld.sock", "/run/mysqld/mysqld.sock", "", 3306,
             "/run/mysqld/mysqld.sock"},
        {"/odd:path", "/odd:path", "", 3306, "/odd:path"},
        {"db1", "", "db1", 3306, "db1:3306"},
        {"db1:3307", "", "db1", 3307, "db1:3307"},
        {"db-1.Example.net:65535", "", "db-1.Example.net", 65535, "db-1.Example.net:65535"},
        {"db_1:1", "", "db_1", 1, "db_1:1"},
        {"localhost", "", "localhost", 3306, "localhost:3306"},
        {"192.0.2.1", "", "192.0.2.1", 3306, "192.0.2.1:3306"},
        {"192.0.2.1:3307", "", "192.0.2.1", 3307, "192.0.2.1:3307"},
        {"[::1]", "", "::1", 3306, "[::1]:3306"},
        {"[2001:db8::1]:3307", "", "2001:db8::1", 3307, "[2001:db8::1]:3307"},
        {"[::ffff:192.0.2.1]:3307", "", "::ffff:192.0.2.1", 3307, "[::ffff:192.0.2.1]:3307"}}) {
    const auto server = ParseServerAddress(c.text);
    ASSERT_TRUE(server) << c.text << " " << server.error();
    EXPECT_EQ(server->socket, c.socket) << c.text;
    EXPECT_EQ(server->host, c.host) << c.text;
    EXPECT_EQ(server->port, c.port) << c.text;
    EXPECT_EQ(server->is_socket(), !c.socket.empty()) << c.text;
    EXPECT_EQ(server->Describe(), c.described);
    EXPECT_EQ(ParseServerAddress(server->Describe()), server) << "what is described can be written";
  }
}

TEST(ServerAddress, RefusesWhatCouldBeReadInTwoWays) {
  using namespace std::string_view_literals;
  for (const std::string_view text : {""sv,
                                      ":"sv,
                                      ":3306"sv,
                                      "db1:"sv,
                                      "db1:0"sv,
                                      "db1:65536"sv,
                                      "db1:99999999999"sv,
                                      "db1:-1"sv,
                                      "db1:+1"sv,
                                      "db1: 1"sv,
                                      "db1:0x10"sv,
                                      "db1:3306x"sv,
                                      "db1:3306:1"sv,
                                      "::1"sv,
                                      "2001:db8::1"sv,
                                      "[::1"sv,
                                      "[::1]3306"sv,
                                      "[::1]:"sv,
                                      "[::1]:0"sv,
                                      "[]"sv,
                                      "[db1]"sv,
                                      "[192.0.2.1]"sv,
                                      "[::1]]"sv,
                                      "::1]"sv,
                                      "192.0.2.256"sv,
                                      "192.0.2"sv,
                                      "3306"sv,
                                      "1.2.3.4.5"sv,
                                      "db 1"sv,
                                      "db1/x"sv,
                                      "run/mysqld.sock"sv,
                                      "./mysqld.sock"sv,
                                      "@abstract"sv,
                                      "-db1"sv,
                                      ".db1"sv,
                                      "db1,db2"sv,
                                      "mysql://db1"sv,
                                      "user@db1"sv,
                                      "d\xc3\xb6"sv,
                                      "db1\0"sv,
                                      "/run/\0x"sv,
                                      "/run/\nx"sv,
                                      "[::1\0]"sv}) {
    const auto server = ParseServerAddress(text);
    EXPECT_FALSE(server) << text << " became " << server->Describe();
  }
}

TEST(ServerAddress, SocketPathFitsIntoSunPath) {
  EXPECT_TRUE(ParseServerAddress("/" + std::string(106, 'a')));
  EXPECT_FALSE(ParseServerAddress("/" + std::string(107, 'a')));
}

TEST(ServerAddress, HostNameHasAtMost253Bytes) {
  EXPECT_TRUE(ParseServerAddress(std::string(253, 'a') + ":3306"));
  EXPECT_FALSE(ParseServerAddress(std::string(254, 'a') + ":3306"));
}

}  // namespace
}  // namespace sqlmap
