// What sqlmapctl can do: each function adds its commands.
#ifndef SQLMAP_CTL_COMMANDS_H_
#define SQLMAP_CTL_COMMANDS_H_

#include "ctl/command_line.h"

namespace sqlmap {

void AddCheck(CommandLine& line);    // check: check.cc
void AddLookups(CommandLine& line);  // user, group, groups: lookup.cc
void AddAuth(CommandLine& line);     // auth: auth.cc
void AddHash(CommandLine& line);     // hash, verify: hash.cc
void AddStatus(CommandLine& line);   // status: status.cc
void AddRefresh(CommandLine& line);  // refresh, flush: refresh.cc
void AddSshKeys(CommandLine& line);  // ssh-keys: ssh_keys.cc
void AddImport(CommandLine& line);   // import: import.cc
void AddViews(CommandLine& line);    // views: views.cc
void AddSetup(CommandLine& line);    // setup: setup.cc

}  // namespace sqlmap

#endif  // SQLMAP_CTL_COMMANDS_H_
