// What `sqlmapctl check` found out: one line each.
#ifndef SQLMAP_CTL_CHECK_FINDING_H_
#define SQLMAP_CTL_CHECK_FINDING_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sqlmap {

enum class Level : std::uint8_t { kOk, kWarning, kError };

// Its text may be somebody else's, a row's or a server's; it never holds a password or a hash.
struct Finding {
  std::string_view area;
  std::string subject;  // a file, a server, a query, ...
  Level level = Level::kOk;
  std::string what;
  std::string remedy = {};  // "" if nothing is to be done

  friend bool operator==(const Finding&, const Finding&) = default;
};

// The findings of one area, in its order.
class Findings {
 public:
  explicit Findings(std::string_view area) : area_(area) {}

  void Ok(std::string subject, std::string what) {
    list_.push_back({area_, std::move(subject), Level::kOk, std::move(what)});
  }
  void Warning(std::string subject, std::string what, std::string remedy) {
    list_.push_back(
        {area_, std::move(subject), Level::kWarning, std::move(what), std::move(remedy)});
  }
  void Error(std::string subject, std::string what, std::string remedy) {
    list_.push_back({area_, std::move(subject), Level::kError, std::move(what), std::move(remedy)});
  }

  const std::vector<Finding>& list() const { return list_; }

 private:
  std::string_view area_;
  std::vector<Finding> list_;
};

}  // namespace sqlmap

#endif  // SQLMAP_CTL_CHECK_FINDING_H_
