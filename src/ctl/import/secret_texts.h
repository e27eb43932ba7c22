// Texts and numbers inside queries that only root could read so far, such as the key of
// AES_DECRYPT. Pure.
#ifndef SQLMAP_CTL_IMPORT_SECRET_TEXTS_H_
#define SQLMAP_CTL_IMPORT_SECRET_TEXTS_H_

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/config/wipe.h"
#include "ctl/import/old_readers.h"

namespace sqlmap::importing {

// The texts inside calls of functions, with their quotes, in the order of `sql`; '' is none. So are
// numbers of four characters and more: 0x4b4559.
std::vector<Secret> TextsInCalls(std::string_view sql);

// Fills in `secret_texts`, with a remark for each: what a query of the privileged account has in a
// call of a function, and no file among `files` that everybody may read.
void FindSecretTexts(std::span<const OldFile> files, OldConfiguration& configuration);

// `sql` with '***' in place of each of the texts.
std::string Masked(std::string_view sql, std::span<const Secret> texts);

}  // namespace sqlmap::importing

#endif  // SQLMAP_CTL_IMPORT_SECRET_TEXTS_H_
