#include "ctl/lookup/sighting.h"

#include <algorithm>
#include <utility>

namespace sqlmap::lookup {
namespace {

template <class List>
List Sorted(List list) {
  std::ranges::sort(list);
  const auto again = std::ranges::unique(list);
  list.erase(again.begin(), again.end());
  return list;
}

}  // namespace

const Value* FieldOf(const Record& record, std::string_view name) {
  const auto field = std::ranges::find(record, name, &Field::name);
  return field == record.end() ? nullptr : &field->value;
}

Record RecordOf(const UserRecord& user) {
  return {{"name", std::string(user.name)},
          {"uid", user.uid},
          {"gid", user.gid},
          {"gecos", std::string(user.gecos)},
          {"home", std::string(user.home)},
          {"shell", std::string(user.shell)}};
}

Record RecordOf(std::string_view name, Gid gid, Texts members) {
  return {{"name", std::string(name)}, {"gid", gid}, {"members", Sorted(std::move(members))}};
}

Record RecordOf(std::string_view name, std::optional<Gid> primary, Ids gids) {
  Record record{{"name", std::string(name)}};
  if (primary) {
    record.push_back({"gid", *primary});
    gids.push_back(*primary);
  }
  record.push_back({"gids", Sorted(std::move(gids))});
  return record;
}

}  // namespace sqlmap::lookup
