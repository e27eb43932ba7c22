// An explanation for people, and for programs.
#ifndef SQLMAP_CTL_AUTH_SHOW_H_
#define SQLMAP_CTL_AUTH_SHOW_H_

#include <nlohmann/json_fwd.hpp>

#include "ctl/auth/explanation.h"
#include "ctl/screen.h"

namespace sqlmap::auth {

void Show(const Explanation& explanation, Screen& screen);
nlohmann::ordered_json ToJson(const Explanation& explanation);

}  // namespace sqlmap::auth

#endif  // SQLMAP_CTL_AUTH_SHOW_H_
