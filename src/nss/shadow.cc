// shadow: getspnam_r, setspent, getspent_r, endspent.
//
// For root only. Who may not read the hashes gets UNAVAIL and EACCES, from the source, as glibc's
// own `files` answers when it cannot open /etc/shadow (getspnam(3)): not NOTFOUND, since nobody has
// said that there is no such account.
#include "nss/entry.h"
#include "nss/enumeration.h"
#include "nss/pack.h"
#include "nss/sources.h"

using namespace sqlmap;

namespace {

constinit Enumeration<ShadowRecord> g_walk;

}  // namespace

nss_status _nss_sqlmap_getspnam_r(const char* name, spwd* result, char* buffer, size_t size,
                                  int* errnop) {
  Entry entry(errnop);
  const std::string_view asked = AskedName(name);
  if (asked.empty()) return entry.Return(Answer::Absent());
  Packed packed = Packed::kNothing;
  const Answer answer = AskSources([&](auto& source) {
    return source.FindShadow(asked, [&](const ShadowRecord& shadow) {
      packed = shadow.name == asked ? Pack(shadow, *result, {buffer, size}) : Packed::kRefused;
    });
  });
  return entry.Return(answer, packed);
}

nss_status _nss_sqlmap_setspent(int) {
  const Entry entry;
  g_walk.Rewind();
  return NSS_STATUS_SUCCESS;
}

nss_status _nss_sqlmap_getspent_r(spwd* result, char* buffer, size_t size, int* errnop) {
  Entry entry(errnop);
  return entry.Return(g_walk.Next([&](const ShadowRecord& shadow) {
    return Pack(shadow, *result, {buffer, size});
  }));
}

nss_status _nss_sqlmap_endspent() {
  const Entry entry;
  g_walk.Rewind();
  return NSS_STATUS_SUCCESS;
}
