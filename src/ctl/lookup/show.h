// A testimony and what it means, for people and for programs.
#ifndef SQLMAP_CTL_LOOKUP_SHOW_H_
#define SQLMAP_CTL_LOOKUP_SHOW_H_

#include <nlohmann/json_fwd.hpp>

#include "ctl/lookup/explain.h"
#include "ctl/lookup/sighting.h"
#include "ctl/lookup/witnesses.h"
#include "ctl/screen.h"

namespace sqlmap::lookup {

void Show(const Question& question, const Testimony& testimony, const Explanation& explanation,
          Screen& screen);

nlohmann::ordered_json ToJson(const Question& question, const Testimony& testimony,
                              const Explanation& explanation);

}  // namespace sqlmap::lookup

#endif  // SQLMAP_CTL_LOOKUP_SHOW_H_
