// passwd: getpwnam_r, getpwuid_r, setpwent, getpwent_r, endpwent.
#include "nss/entry.h"
#include "nss/enumeration.h"
#include "nss/pack.h"
#include "nss/sources.h"

using namespace sqlmap;

namespace {

constinit Enumeration<UserRecord> g_walk;

}  // namespace

nss_status _nss_sqlmap_getpwnam_r(const char* name, passwd* result, char* buffer, size_t size,
                                  int* errnop) {
  Entry entry(errnop);
  const std::string_view asked = AskedName(name);
  if (asked.empty()) return entry.Return(Answer::Absent());
  Packed packed = Packed::kNothing;
  const Answer answer = AskSources([&](auto& source) {
    return source.FindUserByName(asked, [&](const UserRecord& user) {
      packed = user.name == asked ? Pack(user, *result, {buffer, size}) : Packed::kRefused;
    });
  });
  return entry.Return(answer, packed);
}

nss_status _nss_sqlmap_getpwuid_r(uid_t uid, passwd* result, char* buffer, size_t size,
                                  int* errnop) {
  Entry entry(errnop);
  if (IsReservedId(uid)) return entry.Return(Answer::Absent());
  Packed packed = Packed::kNothing;
  const Answer answer = AskSources([&](auto& source) {
    return source.FindUserById(uid, [&](const UserRecord& user) {
      packed = user.uid == uid ? Pack(user, *result, {buffer, size}) : Packed::kRefused;
    });
  });
  return entry.Return(answer, packed);
}

nss_status _nss_sqlmap_setpwent(int) {
  const Entry entry;
  g_walk.Rewind();
  return NSS_STATUS_SUCCESS;
}

nss_status _nss_sqlmap_getpwent_r(passwd* result, char* buffer, size_t size, int* errnop) {
  Entry entry(errnop);
  return entry.Return(g_walk.Next([&](const UserRecord& user) {
    return Pack(user, *result, {buffer, size});
  }));
}

nss_status _nss_sqlmap_endpwent() {
  const Entry entry;
  g_walk.Rewind();
  return NSS_STATUS_SUCCESS;
}
