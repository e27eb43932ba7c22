// sqlmapctl: see, explain, import and set up; doc/sqlmapctl.md shows each command.
#include <cstdio>

#include "ctl/command_line.h"
#include "ctl/commands.h"

int main(int argc, char** argv) {
  using namespace sqlmap;
  Screen screen(stdout, stderr);
  CommandLine line(screen);
  AddCheck(line);
  AddLookups(line);
  AddAuth(line);
  AddHash(line);
  AddStatus(line);
  AddRefresh(line);
  AddSshKeys(line);
  AddImport(line);
  AddViews(line);
  AddSetup(line);
  return line.Run(argc, argv);
}
