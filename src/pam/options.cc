#include "pam/options.h"

#include <algorithm>
#include <charconv>
#include <cstddef>

#include "pam/plain_path.h"
#include "pam/text.h"

namespace sqlmap {
namespace {

struct Flag {
  std::string_view word;
  bool Options::*flag;
};

constexpr Flag kFlags[] = {
    {"use_first_pass", &Options::use_first_pass},
    {"try_first_pass", &Options::try_first_pass},
    {"use_authtok", &Options::use_authtok},
    {"nullok", &Options::nullok},
    {"debug", &Options::debug},
    {"nodelay", &Options::nodelay},
    {"ignore_unknown_user", &Options::ignore_unknown_user},
    {"ignore_authinfo_unavail", &Options::ignore_authinfo_unavail},
};

constexpr mode_t kUmaskAtFault = 0077;

// Octal, as chmod(1) and umask(1) have it.
std::optional<mode_t> ReadMode(std::string_view text) {
  mode_t mode = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), mode, 8);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  return whole && mode <= 0777 ? std::optional(mode) : std::nullopt;
}

bool ReadPath(std::string_view text, std::string_view& path) {
  if (!IsPlainPath(text)) return false;
  path = text;
  return true;
}

bool ReadHomeMode(Options& options, std::string_view text) {
  const std::optional<mode_t> mode = ReadMode(text);
  if (!mode.has_value() || (*mode & 0700) != 0700 || (*mode & 0002) != 0) return false;
  options.home_mode = *mode;
  return true;
}

bool ReadUmask(Options& options, std::string_view text) {
  options.umask = ReadMode(text);
  return options.umask.has_value();
}

bool ReadChroot(Options& options, std::string_view text) {
  options.chroot = text == "home" ? Chroot::kHome : Chroot::kPath;
  return text == "home" || ReadPath(text, options.chroot_path);
}

enum class Effect : std::uint8_t { kNoHome, kStrictestUmask, kNoSession, kPlainPrompts };

constexpr std::string_view Words(Effect effect) {
  switch (effect) {
    case Effect::kNoHome:
      return "no home is made";
    case Effect::kStrictestUmask:
      return "it is taken for 0077";
    case Effect::kPlainPrompts:
      return "the prompts have no such word";
    case Effect::kNoSession:
      break;
  }
  return "a session line with it opens none for accounts of the database";
}

constexpr std::string_view kAPath =
    "an absolute path without \".\", \"..\", \"//\" and a \"/\" at the end, and not \"/\"";

struct Valued {
  std::string_view word;
  bool (*read)(Options& options, std::string_view text);
  std::string_view allowed;
  Effect effect;
};

constexpr Valued kValued[] = {
    // libpam keeps the word.
    {"authtok_type", [](Options&, std::string_view) { return true; }, "a word",
     Effect::kPlainPrompts},
    {"mkhome", [](Options& o, std::string_view text) { return ReadPath(text, o.mkhome); }, kAPath,
     Effect::kNoHome},
    {"skel", [](Options& o, std::string_view text) { return ReadPath(text, o.skel); }, kAPath,
     Effect::kNoHome},
    {"home_mode", ReadHomeMode,
     "octal, at most 0775, with all rights for the owner and no right to write for all",
     Effect::kNoHome},
    {"umask", ReadUmask, "octal, at most 0777", Effect::kStrictestUmask},
    {"chroot", ReadChroot,
     "\"home\" or an absolute path without \".\", \"..\", \"//\" and a \"/\" at the end, and not "
     "\"/\"",
     Effect::kNoSession},
};

// Whether it may have been meant for "chroot": among these are all words that are one letter, or
// two that have changed places, away, in any case of letters.
bool LooksLikeChroot(std::string_view word) {
  constexpr std::string_view kBegin = "ch";
  constexpr std::string_view kEnd = "oot";
  const auto same = [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a + 32 : a) == b; };
  const auto find = [&](std::string_view part) {
    return std::search(word.begin(), word.end(), part.begin(), part.end(), same);
  };
  return find(kBegin) == word.begin() || find(kEnd) != word.end();
}

// The faults that a line has had so far; a good word behind a bad one does not mend it.
struct Faults {
  bool home = false;
  bool umask = false;
  bool chroot = false;

  void Add(Effect effect) {
    home = home || effect == Effect::kNoHome;
    umask = umask || effect == Effect::kStrictestUmask;
    chroot = chroot || effect == Effect::kNoSession;
  }
  void Apply(Options& options) const {
    if (home) options.mkhome = {};
    if (umask) options.umask = kUmaskAtFault;
    if (chroot) options.chroot = Chroot::kUnclear;
  }
};

bool AreApart(std::string_view a, std::string_view b) {
  return a != b && !IsBelow(a, b) && !IsBelow(b, a);
}

}  // namespace

void ForEachOption(FunctionRef<void(std::string_view word, bool valued)> visit) {
  for (const Flag& flag : kFlags) visit(flag.word, false);
  for (const Valued& valued : kValued) visit(valued.word, true);
}

void DescribeFault(LineWriter& line, const OptionFault& fault) {
  line.Text(fault.allowed.empty() ? "unknown option " : "option ").Foreign(fault.word);
  if (!fault.allowed.empty()) line.Text(": the value must be ").Text(fault.allowed);
  if (!fault.effect.empty()) line.Text(": ").Text(fault.effect);
}

Options ReadOptions(std::span<const char* const> words,
                    FunctionRef<void(const OptionFault&)> report) {
  Options options;
  Faults faults;
  for (const std::string_view word : words) {
    const auto flag = std::ranges::find(kFlags, word, &Flag::word);
    if (flag != std::end(kFlags)) {
      options.*flag->flag = true;
      continue;
    }
    const std::size_t equals = word.find('=');
    const std::string_view name = First(word, equals);
    const auto valued = std::ranges::find(kValued, name, &Valued::word);
    if (valued == std::end(kValued)) {
      const bool chroot = LooksLikeChroot(name);
      if (chroot) faults.Add(Effect::kNoSession);
      report({name, {}, chroot ? Words(Effect::kNoSession) : std::string_view()});
      continue;
    }
    if (equals != std::string_view::npos && valued->read(options, After(word, equals + 1)))
      continue;
    faults.Add(valued->effect);
    report({name, valued->allowed, Words(valued->effect)});
  }
  if (!options.mkhome.empty() && !options.skel.empty() && !AreApart(options.mkhome, options.skel)) {
    faults.Add(Effect::kNoHome);
    report({"skel", "neither above nor below mkhome", Words(Effect::kNoHome)});
  }
  faults.Apply(options);
  return options;
}

}  // namespace sqlmap
