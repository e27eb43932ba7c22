// group: getgrnam_r, getgrgid_r, setgrent, getgrent_r, endgrent.
#include "nss/entry.h"
#include "nss/enumeration.h"
#include "nss/pack.h"
#include "nss/sources.h"

using namespace sqlmap;

namespace {

constinit Enumeration<GroupRecord> g_groups;

}  // namespace

nss_status _nss_sqlmap_getgrnam_r(const char* name, group* result, char* buffer, size_t size,
                                  int* errnop) {
  const std::string_view asked = AskedName(name);
  if (asked.empty()) return Return({Answer::Absent()}, errnop);
  return Return(
      AskAtAGlance([=](auto& source, Packed& packed) {
        return source.FindGroupByName(asked, [&](const GroupRecord& found) {
          packed = Answers(found, asked) ? Pack(found, *result, {buffer, size}) : Packed::kRefused;
        });
      }),
      errnop);
}

nss_status _nss_sqlmap_getgrgid_r(gid_t gid, group* result, char* buffer, size_t size,
                                  int* errnop) {
  if (IsReservedId(gid)) return Return({Answer::Absent()}, errnop);
  return Return(
      AskAtAGlance([=](auto& source, Packed& packed) {
        return source.FindGroupById(gid, [&](const GroupRecord& found) {
          packed = Answers(found, gid) ? Pack(found, *result, {buffer, size}) : Packed::kRefused;
        });
      }),
      errnop);
}

nss_status _nss_sqlmap_setgrent(int) {
  g_groups.Rewind();
  return NSS_STATUS_SUCCESS;
}

nss_status _nss_sqlmap_getgrent_r(group* result, char* buffer, size_t size, int* errnop) {
  return Return(g_groups.Next([&](const GroupRecord& found) {
    return Pack(found, *result, {buffer, size});
  }),
                errnop);
}

nss_status _nss_sqlmap_endgrent() {
  g_groups.Rewind();
  return NSS_STATUS_SUCCESS;
}
