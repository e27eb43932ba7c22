// A program that uses the distribution's client library as everybody does. It shows that the
// hostile environments of environment_test.cc are hostile: without that, a test that nothing
// happens proves nothing.
#include <mysql.h>

#include <cstdio>

int main() {
  MYSQL* const mysql = mysql_init(nullptr);
  mysql_options(mysql, MYSQL_READ_DEFAULT_GROUP, "client");
  const bool connected = mysql_real_connect(mysql, nullptr, "reader", "reader-secret", "accounts",
                                            0, nullptr, 0) != nullptr;
  std::puts(connected ? "connected" : mysql_error(mysql));
  mysql_close(mysql);
  return 0;
}
