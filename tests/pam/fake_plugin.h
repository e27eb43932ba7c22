// A private plugin without a database: its gate answers by the name that is asked. The test and the
// module load the same file, so the test sees what the module asked.
//
//   verdictN   the verdict with the number N, whatever the password; also a number that is none
//   daysN      accepted, N days left
//   shop       accepted with kShopPassword, else a wrong password
//   offline    accepted with any password, by what the host remembers
//   careless   accepted with any password, the empty one too, as no gate should
//   root, nobody   accepted with any password, as if a row of that name existed
//   others     unknown
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
};

enum class FakePluginMode : std::uint8_t { kOn, kSwitchedOff, kOtherAbi };

// What the fake plugin exports beside the real entry, under the name kFakePluginControlSymbol.
struct FakePluginControl {
  FakeGateCall (*last)();
  void (*forget)();
  void (*set_mode)(FakePluginMode mode);
};
inline constexpr char kFakePluginControlSymbol[] = "sqlmap_fake_plugin_control";

}  // namespace sqlmap

#endif  // SQLMAP_TESTS_PAM_FAKE_PLUGIN_H_
