// Each query of the configuration: whether it prepares, what it returns, how the server finds it,
// how long it takes. What writes is prepared, and never run.
#ifndef SQLMAP_CTL_CHECK_QUERIES_H_
#define SQLMAP_CTL_CHECK_QUERIES_H_

#include <optional>
#include <string>
#include <vector>

#include "common/config/settings.h"
#include "common/sql/fields.h"
#include "common/sql/statement.h"
#include "ctl/check/finding.h"
#include "ctl/check/sessions.h"
#include "ctl/screen.h"

namespace sqlmap {

// An account and a group that are there, with their ids as the database has them; "": none is
// known.
struct Sample {
  std::string user;
  std::uint32_t uid = 0;
  std::string group;
  std::uint32_t gid = 0;
  // Whether lines of shadow have hashes; also where there is no list that tells.
  bool hashes = false;
};

// What is wrong with the types of the columns that hold numbers. Pure.
struct TypeComplaint {
  Level level;
  std::string what;
  std::string remedy;
};
std::optional<TypeComplaint> JudgeTypes(const FieldMap& fields,
                                        const std::vector<ColumnType>& types);

// `sample`: what to ask for; nullopt: the lists could not be read.
void CheckQueries(const Settings& settings, const Sessions& sessions,
                  const std::optional<Sample>& sample, Screen& screen, Findings& findings);

}  // namespace sqlmap

#endif  // SQLMAP_CTL_CHECK_QUERIES_H_
