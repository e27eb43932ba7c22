// sqlmapctl: see, explain, import and set up; doc/sqlmapctl.md shows each command.
#include <sys/prctl.h>

#include <cstdio>

#include "ctl/command_line.h"
#include "ctl/commands.h"

int main(int argc, char** argv) {
  using namespace sqlmap;
  // Passwords are typed here: no core dump, and nobody but root may look in. A program that we
  // execute has its own.
  (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
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
