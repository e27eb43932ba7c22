// Where those who may know an account differ, and what that means. Pure.
#ifndef SQLMAP_CTL_LOOKUP_EXPLAIN_H_
#define SQLMAP_CTL_LOOKUP_EXPLAIN_H_

#include <string>
#include <string_view>
#include <vector>

#include "ctl/lookup/sighting.h"

namespace sqlmap::lookup {

// How this host asks.
struct Surroundings {
  std::string database;               // of nsswitch.conf: "passwd", "group"
  std::vector<std::string> services;  // of its line, in order: "files", "sqlmap"
  bool nscd = false;                  // somebody remembers answers in front of it
};

// A field that is not the same everywhere: each value, and who has it.
struct Difference {
  struct Side {
    Value value;
    std::vector<Witness> witnesses;
    friend bool operator==(const Side&, const Side&) = default;
  };
  std::string_view field;
  std::vector<Side> sides;
  friend bool operator==(const Difference&, const Difference&) = default;
};

struct Meaning {
  std::string_view code;  // for programs; stays
  std::string text;       // for people: what it is, and what to do
  friend bool operator==(const Meaning&, const Meaning&) = default;
};

struct Explanation {
  std::string from;  // who gave NSS its answer, as far as that can be told; "" if it has none
  std::vector<Difference> differences;
  std::vector<Meaning> meanings;
};

// `sightings`: one of each Witness, in their order.
Explanation Explain(const Question& question, const std::vector<Sighting>& sightings,
                    const Surroundings& host);

}  // namespace sqlmap::lookup

#endif  // SQLMAP_CTL_LOOKUP_EXPLAIN_H_
