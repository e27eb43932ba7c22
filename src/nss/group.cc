// group: getgrnam_r, getgrgid_r, setgrent, getgrent_r, endgrent.
#include "nss/entry.h"
#include "nss/enumeration.h"
#include "nss/pack.h"
#include "nss/sources.h"

using namespace sqlmap;

namespace {

constinit Enumeration<GroupRecord> g_walk;

}  // namespace

nss_status _nss_sqlmap_getgrnam_r(const char* name, group* result, char* buffer, size_t size,
                                  int* errnop) {
  Entry entry(errnop);
  const std::string_view asked = AskedName(name);
  if (asked.empty()) return entry.Return(Answer::Absent());
  Packed packed = Packed::kNothing;
  const Answer answer = AskSources([&](auto& source) {
    return source.FindGroupByName(asked, [&](const GroupRecord& found) {
      packed = found.name == asked ? Pack(found, *result, {buffer, size}) : Packed::kRefused;
    });
  });
  return entry.Return(answer, packed);
}

nss_status _nss_sqlmap_getgrgid_r(gid_t gid, group* result, char* buffer, size_t size,
                                  int* errnop) {
  Entry entry(errnop);
  if (IsReservedId(gid)) return entry.Return(Answer::Absent());
  Packed packed = Packed::kNothing;
  const Answer answer = AskSources([&](auto& source) {
    return source.FindGroupById(gid, [&](const GroupRecord& found) {
      packed = found.gid == gid ? Pack(found, *result, {buffer, size}) : Packed::kRefused;
    });
  });
  return entry.Return(answer, packed);
}

nss_status _nss_sqlmap_setgrent(int) {
  const Entry entry;
  g_walk.Rewind();
  return NSS_STATUS_SUCCESS;
}

nss_status _nss_sqlmap_getgrent_r(group* result, char* buffer, size_t size, int* errnop) {
  Entry entry(errnop);
  return entry.Return(g_walk.Next([&](const GroupRecord& found) {
    return Pack(found, *result, {buffer, size});
  }));
}

nss_status _nss_sqlmap_endgrent() {
  const Entry entry;
  g_walk.Rewind();
  return NSS_STATUS_SUCCESS;
}
