// A plugin that is not quite right: of another ABI or size, or with direct mode switched off until
// it is asked again.
#include "common/plugin/direct_plugin.h"

extern "C" [[gnu::visibility("default")]] const sqlmap::DirectPlugin*
sqlmap_direct_plugin() noexcept {
  static const sqlmap::DirectPlugin plugin{
      .abi = sqlmap::kDirectPluginAbi + SQLMAP_TEST_ABI_OFFSET,
      .size = sizeof(sqlmap::DirectPlugin) + SQLMAP_TEST_SIZE_OFFSET};
  static int absences = SQLMAP_TEST_ABSENCES;
  return absences-- > 0 ? nullptr : &plugin;
}
