// A private plugin without a database: its gate answers by the name that is asked. The test and the
// module load the same file, so the test sees what the module asked.
//
//   verdictN   the verdict with the number N, whatever the password; also a number that is none
//   daysN      accepted, N days left
//   lateN      that verdict for a new password only; everything before it is accepted
//   expired    as shop, but the password must be changed
//   shop       accepted with kShopPassword, else a wrong password
//   vanishing  accepted with any password; after that, nobody can say
//   offline    accepted with any password, by what the host remembers
//   careless   accepted with any password, the empty one too, as no gate should
//   root, nobody   accepted with any password, as if a row of that name existed
//   others     unknown
//
// Its accounts are the ones that the test sets, one at a time.
#ifndef SQLMAP_TESTS_PAM_FAKE_PLUGIN_H_
#define SQLMAP_TESTS_PAM_FAKE_PLUGIN_H_

#include <cstdint>
#include <string>

namespace sqlmap {

inline constexpr char kShopPassword[] = "shop-secret";

struct FakeGateCall {
  int count = 0;  // since the last call of Forget
  std::string question;
  std::string name;
  std::string password;
  std::string service;
  std::string rhost;
  std::string tty;
  bool allow_empty_password = false;
  std::string new_password;
  bool by_root = false;
  std::int32_t pid = 0;
};

struct FakeAccount {
  std::string name;           // "": there is none
  std::string answered_name;  // "": the same
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::string home;
  bool unavailable = false;  // whoever is asked for
};

enum class FakePluginMode : std::uint8_t { kOn, kSwitchedOff, kOtherAbi };

// What the fake plugin exports beside the real entry, under the name kFakePluginControlSymbol.
struct FakePluginControl {
  FakeGateCall (*last)();
  void (*forget)();
  void (*set_mode)(FakePluginMode mode);
  void (*set_account)(const FakeAccount& account);
};
inline constexpr char kFakePluginControlSymbol[] = "sqlmap_fake_plugin_control";

}  // namespace sqlmap

#endif  // SQLMAP_TESTS_PAM_FAKE_PLUGIN_H_
