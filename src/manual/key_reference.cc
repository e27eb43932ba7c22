#include "manual/key_reference.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include "common/config/settings_keys.h"
#include "common/config/settings_values.h"
#include "common/config/toml_document.h"

namespace sqlmap {
namespace {

// So that scdoc takes it for plain text.
std::string Plain(std::string_view text) {
  std::string plain;
  for (const char c : text) {
    if (c == '\\' || c == '*' || c == '_') plain += '\\';
    plain += c;
  }
  return plain;
}

std::string FullName(const KeyDescription& key) {
  return "[" + std::string(key.section) + "] " + std::string(key.key);
}

std::string_view FileOf(KeyPlace place) {
  switch (place) {
    case KeyPlace::kConfig:
      break;
    case KeyPlace::kSecrets:
      return "secrets.toml";
    case KeyPlace::kEither:
      return "sqlmapd.toml or secrets.toml";
  }
  return "sqlmapd.toml";
}

// One line each; scdoc wants no tab behind a line break. The file is said where it is not the usual
// one.
std::string Facts(const KeyDescription& key, std::string_view example) {
  const std::string by_default = key.DefaultText();
  std::string facts = "\n\tType: " + key.TypeText() +
                      "++\nDefault: " + (by_default.empty() ? "none" : Plain(by_default)) +
                      "++\nRange: " + Plain(key.RangeText()) + "++\n";
  if (key.place != KeyPlace::kConfig) facts += "File: " + Plain(FileOf(key.place)) + "++\n";
  return facts + "Example: *" + Plain(key.key) + " = " + Plain(example) + "*\n";
}

// What is wrong with an example, "" if nothing.
std::string MistakeIn(const KeyDescription& key, std::string_view example) {
  if (example == key.DefaultText()) return "it is the default, and shows nothing";
  const auto document = ParseToml(std::string(key.key) + " = " + std::string(example));
  if (!document) return document.error().what;
  SettingsDraft draft = DefaultDraft();
  return StoreValue(key, document->keys.at(0).value, draft).what;
}

// Goes over the page line by line. Each step returns what is wrong, "" if nothing.
class PageFiller {
 public:
  std::string Run(std::string_view page) {
    while (!page.empty()) {
      const std::size_t end = std::min(page.find('\n'), page.size());
      if (std::string wrong = Line(page.substr(0, end)); !wrong.empty()) return wrong;
      page.remove_prefix(std::min(end + 1, page.size()));
    }
    if (std::string wrong = Finish(); !wrong.empty()) return wrong;
    for (const KeyDescription& key : KeyDescriptions()) {
      if (!seen_.contains(&key)) return FullName(key) + ": the page says nothing of it";
    }
    return {};
  }

  std::string Take() && { return std::move(filled_); }

 private:
  std::string Line(std::string_view line) {
    constexpr std::string_view kExample = "\t@example ";
    if (line.starts_with('@')) return Begin(line.substr(1));
    if (line.starts_with(kExample)) return Example(line.substr(kExample.size()));
    if (line.starts_with('#')) {
      if (std::string wrong = Finish(); !wrong.empty()) return wrong;
      section_ = line.starts_with("## [") && line.ends_with(']') ? line.substr(4, line.size() - 5)
                                                                 : std::string_view();
    }
    filled_ += std::string(line) + "\n";
    return {};
  }

  std::string Begin(std::string_view name) {
    if (std::string wrong = Finish(); !wrong.empty()) return wrong;
    const auto keys = KeyDescriptions();
    const auto key = std::ranges::find_if(keys, [&](const KeyDescription& each) {
      return each.section == section_ && each.key == name;
    });
    if (key == keys.end())
      return "[" + std::string(section_) + "] " + std::string(name) + ": no such key";
    if (!seen_.insert(&*key).second) return FullName(*key) + ": stands there twice";
    open_ = &*key;
    filled_ += "*" + Plain(name) + "*\n\t" + Plain(key->meaning) + "\n";
    return {};
  }

  std::string Example(std::string_view example) {
    if (open_ == nullptr) return "an example of no key: " + std::string(example);
    const KeyDescription& key = *std::exchange(open_, nullptr);
    if (std::string wrong = MistakeIn(key, example); !wrong.empty())
      return FullName(key) + ": the example " + std::string(example) + ": " + wrong;
    filled_ += Facts(key, example);
    return {};
  }

  // Of the key that was begun last.
  std::string Finish() const {
    return open_ == nullptr ? std::string() : FullName(*open_) + ": has no example";
  }

  std::string filled_;
  std::string_view section_;
  const KeyDescription* open_ = nullptr;  // has no example yet
  std::set<const KeyDescription*> seen_;
};

}  // namespace

std::expected<std::string, std::string> WithKeyReference(std::string_view page) {
  PageFiller filler;
  if (std::string wrong = filler.Run(page); !wrong.empty())
    return std::unexpected(std::move(wrong));
  return std::move(filler).Take();
}

}  // namespace sqlmap
