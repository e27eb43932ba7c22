// passwd: getpwnam_r, getpwuid_r, setpwent, getpwent_r, endpwent.
#include "nss/entry.h"
#include "nss/enumeration.h"
#include "nss/pack.h"
#include "nss/sources.h"

using namespace sqlmap;

namespace {

constinit Enumeration<UserRecord> g_users;

}  // namespace

nss_status _nss_sqlmap_getpwnam_r(const char* name, passwd* result, char* buffer, size_t size,
                                  int* errnop) {
  const std::string_view asked = AskedName(name);
  if (asked.empty()) return Return({Answer::Absent()}, errnop);
  return Return(
      AskAtAGlance([=](auto& source, Packed& packed) {
        return source.FindUserByName(asked, [&](const UserRecord& user) {
          packed = Answers(user, asked) ? Pack(user, *result, {buffer, size}) : Packed::kRefused;
        });
      }),
      errnop);
}

nss_status _nss_sqlmap_getpwuid_r(uid_t uid, passwd* result, char* buffer, size_t size,
                                  int* errnop) {
  if (IsReservedId(uid)) return Return({Answer::Absent()}, errnop);
  return Return(
      AskAtAGlance([=](auto& source, Packed& packed) {
        return source.FindUserById(uid, [&](const UserRecord& user) {
          packed = Answers(user, uid) ? Pack(user, *result, {buffer, size}) : Packed::kRefused;
        });
      }),
      errnop);
}

nss_status _nss_sqlmap_setpwent(int) {
  g_users.Rewind();
  return NSS_STATUS_SUCCESS;
}

nss_status _nss_sqlmap_getpwent_r(passwd* result, char* buffer, size_t size, int* errnop) {
  return Return(g_users.Next([&](const UserRecord& user) {
    return Pack(user, *result, {buffer, size});
  }),
                errnop);
}

nss_status _nss_sqlmap_endpwent() {
  g_users.Rewind();
  return NSS_STATUS_SUCCESS;
}
