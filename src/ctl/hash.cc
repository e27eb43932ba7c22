#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "common/account/password_scheme.h"
#include "common/password/make.h"
#include "common/password/recognise.h"
#include "common/process/owned_fd.h"
#include "ctl/commands.h"
#include "ctl/hash/verdict.h"
#include "ctl/host.h"
#include "ctl/password_input.h"

namespace sqlmap {
namespace {

using nlohmann::ordered_json;

struct HashOptions {
  std::string scheme{NameOf(PasswordScheme::kYescrypt)};
  std::uint32_t cost = 0;
  bool from_stdin = false;
  bool list = false;
};

struct VerifyOptions {
  std::string hash;
  std::string file;
  std::string scheme_column;
  std::string plain_hash_scheme;
  bool from_stdin = false;
};

PasswordFrom SourceOf(bool from_stdin) {
  return from_stdin ? PasswordFrom::kStdin : PasswordFrom::kTerminal;
}

std::vector<std::string> SchemeNames(bool (*wanted)(const PasswordSchemeName&)) {
  std::vector<std::string> names;
  for (const PasswordSchemeName& row : kPasswordSchemes) {
    if (wanted(row)) names.emplace_back(row.name);
  }
  return names;
}

const char* WordFor(SchemeStrength strength) {
  return strength == SchemeStrength::kStrong ? "strong" : "weak";
}

ExitStatus ListSchemes(Screen& screen) {
  Table table({"SCHEME", "STRENGTH", "NEW", "COST: LEAST, USUAL, MOST", "MADE BY"});
  ordered_json json = ordered_json::array();
  for (const PasswordSchemeName& row : kPasswordSchemes) {
    const NewHashes& made = row.new_hashes;
    const bool weak = row.strength == SchemeStrength::kWeak;
    std::string range;
    ordered_json cost;
    if (made.most != 0) {
      range = std::to_string(made.least) + ", " + std::to_string(made.usual) + ", " +
              std::to_string(made.most) + "; " + std::string(made.unit);
      cost = {
          {"least", made.least}, {"usual", made.usual}, {"most", made.most}, {"unit", made.unit}};
    }
    table.Add({std::string(row.name),
               {WordFor(row.strength), weak ? Tone::kWarning : Tone::kGood},
               made.made ? "yes" : "",
               range,
               std::string(row.made_by)});
    json.push_back({{"scheme", row.name},
                    {"strength", WordFor(row.strength)},
                    {"new", made.made},
                    {"cost", cost},
                    {"made_by", row.made_by}});
  }
  screen.Lines(table);
  screen.Json(json);
  return ExitStatus::kDone;
}

Secret AskTwice() {
  Secret password = ReadPassword(PasswordFrom::kTerminal, "Password: ");
  if (ReadPassword(PasswordFrom::kTerminal, "The same again: ") != password)
    throw Failure(ExitStatus::kUsage, "the two are not the same: no hash was made");
  return password;
}

[[noreturn]] void ThrowNotMade(MakeError error, PasswordScheme scheme) {
  std::array<char, 512> buffer;
  LineWriter line(buffer);
  Explain(error, scheme, line);
  const bool ours = error == MakeError::kNoRandomness || error == MakeError::kNotComputed ||
                    error == MakeError::kNotVerified;
  throw Failure(ours ? ExitStatus::kNo : ExitStatus::kUsage, std::string(line.text()));
}

ExitStatus MakeHash(const HashOptions& options, Screen& screen) {
  if (options.list) return ListSchemes(screen);
  const PasswordScheme scheme = PasswordSchemeByName(options.scheme).value();
  const NewHashes& range = NewHashesOf(scheme);
  const std::uint32_t cost = options.cost == 0 ? range.usual : options.cost;
  // Before a password is asked for in vain.
  if (cost < range.least || cost > range.most) ThrowNotMade(MakeError::kCostOutOfRange, scheme);
  const Secret password = options.from_stdin ? ReadPassword(PasswordFrom::kStdin, "") : AskTwice();
  const auto hash = MakePasswordHash(password, scheme, cost);
  if (!hash) ThrowNotMade(hash.error(), scheme);
  const bool shows_scheme =
      Recognise(View(*hash), PasswordSchemeSet::All(), std::nullopt).has_value();
  const bool strong = PasswordSchemeSet::Strong().Contains(scheme);
  screen.Line(View(*hash));
  screen.Json({{"hash", View(*hash)},
               {"scheme", NameOf(scheme)},
               {"cost", range.most == 0 ? ordered_json() : ordered_json(cost)},
               {"strength", strong ? "strong" : "weak"},
               {"shows_scheme", shows_scheme}});
  if (!strong) {
    screen.Remark("This scheme is weak: a login takes it only if [auth] schemes names it.");
  }
  if (!shows_scheme) {
    screen.Remark(
        "The hash does not say its scheme: the column `scheme` of its row, or [auth] "
        "plain_hash_scheme, has to.");
  }
  return ExitStatus::kDone;
}

// All of it but one line feed at its end: a hash of MySQL 8 has any bytes.
Secret ReadHash(const std::string& file) {
  const bool standard_input = file == "-";
  const OwnedFd opened(standard_input ? dup(STDIN_FILENO)
                                      : open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
  const std::string name = standard_input ? "standard input" : Printable(file);
  Secret hash;
  hash.resize(kMaxStoredBytes + 2);
  std::size_t size = 0;
  ssize_t got = opened.valid() ? 1 : -1;
  while (got > 0 && size < hash.size()) {
    got = read(opened.get(), hash.data() + size, hash.size() - size);
    if (got > 0) size += static_cast<std::size_t>(got);
  }
  if (got < 0)
    throw Failure(ExitStatus::kUsage, name + ": " + std::system_category().message(errno));
  hash.resize(size);
  if (hash.ends_with('\n')) hash.pop_back();
  if (hash.size() > kMaxStoredBytes) throw Failure(ExitStatus::kUsage, name + ": that is no hash");
  return hash;
}

// Whether this host's logins would look at it; nullopt if its configuration cannot be read.
std::optional<bool> AllowedHere(std::string_view hash, std::string_view scheme_column,
                                std::string& why_not) {
  try {
    const Settings settings = ReadSettings();
    return AllowedBy(
        {.schemes = settings.auth.schemes, .plain_hash_scheme = settings.auth.plain_hash_scheme},
        hash, scheme_column, why_not);
  } catch (const Failure&) {
    return std::nullopt;
  }
}

ExitStatus VerifyHash(const VerifyOptions& options, Screen& screen) {
  if (options.file == "-" && options.from_stdin) {
    throw Failure(ExitStatus::kUsage,
                  "--hash-file - and --stdin would both read standard input: use one of them");
  }
  const Secret hash = options.file.empty() ? Secret(options.hash.begin(), options.hash.end())
                                           : ReadHash(options.file);
  const Secret password = ReadPassword(SourceOf(options.from_stdin), "Password: ");
  const PasswordPolicy policy{.schemes = PasswordSchemeSet::All(),
                              .plain_hash_scheme = PasswordSchemeByName(options.plain_hash_scheme)};
  const PasswordCheck check = VerifyPassword(password, hash, policy, options.scheme_column);
  const HashVerdict verdict =
      VerdictOn(check, !options.scheme_column.empty() || !options.plain_hash_scheme.empty());
  std::string why_not;
  std::optional<bool> here;
  if (verdict.status != ExitStatus::kUsage)
    here = AllowedHere(hash, options.scheme_column, why_not);

  const bool good = verdict.status == ExitStatus::kDone && here != false;
  screen.Line(verdict.text, good ? Tone::kGood : Tone::kBad);
  if (here == false) {
    screen.Line("Logins on this host would refuse it, whatever the password: " + why_not + ".",
                Tone::kWarning);
  }
  screen.Json({{"match", verdict.status == ExitStatus::kDone},
               {"outcome", verdict.code},
               {"scheme", check.scheme ? ordered_json(NameOf(*check.scheme)) : ordered_json()},
               {"allowed_here", here ? ordered_json(*here) : ordered_json()}});
  return here == false ? ExitStatus::kUsage : verdict.status;
}

void AddMake(CommandLine& line) {
  const auto options = std::make_shared<HashOptions>();
  CLI::App& command = line.Add(
      "hash", "make the hash of a password",
      "The password is asked for twice, without echo, or read from standard input.\n\n"
      "Example: sqlmapctl hash --scheme bcrypt\n"
      "Exit status 2: a scheme that is not made here, a cost out of its range, or a password that "
      "it does not take.",
      [options](Screen& screen) { return MakeHash(*options, screen); });
  const auto made = [](const PasswordSchemeName& row) { return row.new_hashes.made; };
  CLI::Option* const scheme =
      command.add_option("--scheme", options->scheme, "how; yescrypt if nothing is said")
          ->type_name("SCHEME")
          ->check(CLI::IsMember(SchemeNames(made)));
  CLI::Option* const cost =
      command
          .add_option("--cost", options->cost,
                      "how much work, in the scheme's own measure; 0 is its usual one")
          ->type_name("N");
  CLI::Option* const from_stdin = command.add_flag(
      "--stdin", options->from_stdin, "read the password, one line, from standard input");
  command.add_flag("--list", options->list, "show all schemes, and who makes such hashes")
      ->excludes(scheme, cost, from_stdin);
}

void AddVerify(CommandLine& line) {
  const auto options = std::make_shared<VerifyOptions>();
  CLI::App& command = line.Add(
      "verify", "test a password against a hash",
      "Every scheme that sqlmap knows is verified here; it is said if [auth] of this host would "
      "refuse the hash,\nwhich nobody can say where there is no sqlmapd.toml, or it has mistakes.\n"
      "What stands on the command line, everybody on this host can read: "
      "--hash-file keeps the hash from them.\n\n"
      "Example: sqlmapctl verify --hash-file /root/hash\n"
      "Exit status: 0 the password matches, 1 it does not, 2 the scheme is unknown, not the one "
      "that "
      "was named,\nor not allowed by [auth] of this host, whatever the password; or the hash is "
      "malformed or too costly.",
      [options](Screen& screen) { return VerifyHash(*options, screen); });
  CLI::Option_group& which = *command.add_option_group("Hash", "one of them");
  which.add_option("--hash", options->hash, "the hash, for all to see")->type_name("HASH");
  which
      .add_option("--hash-file", options->file,
                  "the file that has the hash and nothing else; - is standard input")
      ->type_name("FILE");
  which.require_option(1);
  command
      .add_option("--scheme-column", options->scheme_column,
                  "what the row has in its column `scheme`")
      ->type_name("SCHEME");
  command
      .add_option("--plain-hash-scheme", options->plain_hash_scheme,
                  "what a hash is that does not say its scheme, as in [auth]")
      ->type_name("SCHEME")
      ->check(CLI::IsMember(SchemeNames([](const PasswordSchemeName&) { return true; })));
  command.add_flag("--stdin", options->from_stdin,
                   "read the password, one line, from standard input");
}

}  // namespace

void AddHash(CommandLine& line) {
  AddMake(line);
  AddVerify(line);
}

}  // namespace sqlmap
