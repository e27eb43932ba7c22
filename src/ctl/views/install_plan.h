// How a file of views gets into a database that has older ones. Pure.
//
// MariaDB and MySQL end a transaction at each CREATE, so that a file cannot be undone half-way. It
// is therefore tried first, beside what is there: what only adds something (tables that are not
// there, users that are locked and may do nothing) is made, views are made and granted under other
// names, and taken away again; what is granted on tables is selected, no row of it. Only if all of
// that went well are the views replaced; what can still fail then is the connection and the server
// itself, and the file may be run again. A signal, such as that of Ctrl-C, waits for the end of
// either half.
#ifndef SQLMAP_CTL_VIEWS_INSTALL_PLAN_H_
#define SQLMAP_CTL_VIEWS_INSTALL_PLAN_H_

#include <string>
#include <string_view>
#include <vector>

namespace sqlmap {

struct InstallStep {
  std::string words;  // for people: "view nss_getpwnam"
  std::string sql;
};

struct InstallPlan {
  std::vector<InstallStep> trial;    // in this order, until one fails
  std::vector<InstallStep> cleanup;  // then all of these, whatever happened
  std::vector<InstallStep> replace;  // if the trial went well
  std::vector<std::string> views;    // whose names must be free, or a view's, before that
  std::vector<std::string> users;    // 'name'@'host', that the file gives rights to
};

InstallPlan PlanInstall(std::string_view sql);

}  // namespace sqlmap

#endif  // SQLMAP_CTL_VIEWS_INSTALL_PLAN_H_
