// Looks alice up through the SQL layer and prints what it saw; environment_test.cc runs it in
// hostile environments.
#include <cstdio>

#include "unit/sql/sql_fixture.h"

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  sqlmap::testing::Layer layer("servers = [\"" + std::string(argv[1]) + "\"]\n");
  std::puts(layer.User("alice").c_str());
  return 0;
}
