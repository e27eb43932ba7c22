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

constinit Enumeration<ShadowRecord> g_shadows;

}  // namespace

nss_status _nss_sqlmap_getspnam_r(const char* name, spwd* result, char* buffer, size_t size,
                                  int* errnop) {
  const std::string_view asked = AskedName(name);
  if (asked.empty()) return Return({Answer::Absent()}, errnop);
  return Return(
      AskSources([=](auto& source, Packed& packed) {
        return source.FindShadow(asked, [&](const ShadowRecord& shadow) {
          packed = shadow.name == asked ? Pack(shadow, *result, {buffer, size}) : Packed::kRefused;
        });
      }),
      errnop);
}

nss_status _nss_sqlmap_setspent(int) {
  g_shadows.Rewind();
  return NSS_STATUS_SUCCESS;
}

nss_status _nss_sqlmap_getspent_r(spwd* result, char* buffer, size_t size, int* errnop) {
  return Return(g_shadows.Next([&](const ShadowRecord& shadow) {
    return Pack(shadow, *result, {buffer, size});
  }),
                errnop);
}

nss_status _nss_sqlmap_endspent() {
  g_shadows.Rewind();
  return NSS_STATUS_SUCCESS;
}
