// pam_mysql: arguments in pam.d lines, and a config_file with the same under other names, which
// counts where both say something.
#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "ctl/import/assignments.h"
#include "ctl/import/old_sql.h"
#include "ctl/import/pam_service.h"

namespace sqlmap::importing {
namespace {

using enum ImportRemark::Kind;
using enum PasswordScheme;

constexpr PasswordSchemeSet Only(PasswordScheme scheme) {
  PasswordSchemeSet set;
  set.Add(scheme);
  return set;
}

constexpr PasswordSchemeSet Drupals() {
  PasswordSchemeSet set = Only(kDrupal7);
  set.Add(kPhpass);
  return set;
}

// What its option `crypt` means, by number or word.
struct Crypt {
  std::string_view number;
  std::string_view word;
  PasswordSchemeSet schemes;  // none: those of crypt(3)
  std::optional<PasswordScheme> plain_hash_scheme;
  std::optional<PasswordScheme> column;      // the hash says nothing: `auth` says it for all rows
  std::optional<PasswordScheme> new_scheme;  // nullopt: sqlmap makes none of these

  bool is_crypt() const { return schemes == PasswordSchemeSet(); }
};
constexpr Crypt kCrypts[] = {
    {"0", "plain", Only(kPlain), {}, kPlain, {}},
    {"1", "Y", {}, kDes, {}, kSha512Crypt},
    {"2", "mysql", Only(kMysqlNative), {}, {}, kMysqlNative},
    {"3", "md5", Only(kMd5), kMd5, {}, kMd5},
    {"4", "sha1", Only(kSha1), kSha1, {}, kSha1},
    {"5", "drupal7", Drupals(), {}, {}, kDrupal7},
    {"6", "joomla15", Only(kJoomlaMd5), {}, {}, {}},
    {"7", "ssha", Only(kSsha), {}, kSsha, {}},
    {"8", "sha512", Only(kSha512), kSha512, {}, kSha512},
    {"9", "sha256", Only(kSha256), kSha256, {}, kSha256},
};
constexpr Crypt kCrypt323{"2", "mysql", Only(kMysqlOld), kMysqlOld, {}, {}};

// An option that is there is true, but for these words.
bool IsTrue(const OldValues& values, std::string_view name) {
  const auto at = values.find(name);
  if (at == values.end()) return false;
  const std::string_view text = at->second.text;
  return text != "0" && !SameIgnoringCase(text, "n") && !SameIgnoringCase(text, "false") &&
         !SameIgnoringCase(text, "no");
}

const Crypt* FindCrypt(std::string_view text) {
  if (text.empty()) return &kCrypts[0];
  const auto* const found = std::ranges::find_if(kCrypts, [&](const Crypt& crypt) {
    return text == crypt.number || SameIgnoringCase(text, crypt.word);
  });
  return found == std::end(kCrypts) ? nullptr : found;
}

class Reader {
 public:
  Reader(OldValues values, Place whole) : values_(std::move(values)), whole_(std::move(whole)) {}

  OldConfiguration Read(bool changes_passwords) && {
    TakeServer();
    TakeTls();
    if (TakeAuth() && changes_passwords) TakePasswordUpdate();
    if (IsTrue(values_, "sqllog")) TakeLog();
    return std::move(configuration_);
  }

 private:
  std::string Get(std::string_view name) const { return std::string(ValueOf(values_, name)); }
  Place At(std::string_view name) const { return PlaceOf(values_, name, whole_); }
  void Say(ImportRemark::Kind kind, std::string_view option, std::string what) {
    Remark(configuration_, kind, At(option), option, std::move(what));
  }

  void TakeServer() {
    const std::string host = Get("host");
    const std::size_t colon = host.starts_with('/') ? std::string::npos : host.find(':');
    configuration_.servers = {ServerFor(host.substr(0, colon),
                                        colon == std::string::npos ? "" : host.substr(colon + 1),
                                        "", At("host"), configuration_)};
    configuration_.database = Get("db");
    configuration_.database_place = At("db");
    configuration_.hashes.user = Get("user");
    configuration_.hashes.password.assign(ValueOf(values_, "passwd"));
    configuration_.hashes.place = At("user");
  }

  // Whatever ssl_mode says, pam_mysql never looks at the server's certificate.
  void TakeTls() {
    const std::string mode = Get("ssl_mode");
    if (mode.empty() || SameIgnoringCase(mode, "disabled")) {
      SpeakAsBefore(At("host"), configuration_);
    } else {
      const bool no_authority = Get("ssl_ca").empty();
      const bool name = SameIgnoringCase(mode, "verify_identity") ||
                        (SameIgnoringCase(mode, "verify_ca") && no_authority);
      const bool authority = !name && !no_authority;
      configuration_.tls = name ? "verify" : authority ? "verify-ca" : "required";
      if (name || authority) {
        Say(kChanged, "ssl_mode",
            std::string(
                "pam_mysql checked no certificate, whatever it says here: now it is checked") +
                (name ? ", and whether it is for the server's name" : ""));
      }
    }
    for (const auto& [option, member] : {std::pair{"ssl_ca", &OldConfiguration::tls_ca},
                                         std::pair{"ssl_cert", &OldConfiguration::tls_cert},
                                         std::pair{"ssl_key", &OldConfiguration::tls_key}}) {
      configuration_.*member = Get(option);
    }
  }

  // Whether each of them is there, and may stand in a query.
  bool Usable(std::initializer_list<std::string_view> options, std::string_view effect) {
    for (const std::string_view option : options) {
      const std::string text = Get(option);
      const std::string fault = text.empty() ? "it is not set" : FragmentFault(text);
      if (fault.empty()) continue;
      Say(kLost, option, fault + ", so that " + std::string(effect));
      return false;
    }
    return true;
  }

  std::string FromUser() const {
    const std::string where = Get("where");
    return " FROM " + Get("table") + " WHERE " + Get("usercolumn") + " = :name" +
           (where.empty() ? "" : " AND (" + where + ")");
  }

  bool TakeAuth() {
    if (!Get("select").empty()) {
      Say(kLost, "select",
          "so that nobody can log in: no auth is written, since a pam_mysql that knows this option "
          "asks it in place of table, usercolumn, passwdcolumn and where. Write it into [queries] "
          "auth, with :name in place of '%s' and columns called username and password. Debian's "
          "pam_mysql (0.8) ignores it: if yours is Debian's, take it out and import again");
      configuration_.auth_by_hand = true;
      return false;
    }
    constexpr std::string_view kEffect = "nobody can log in: write [queries] auth by hand";
    if (!Usable({"table", "usercolumn", "passwdcolumn"}, kEffect)) return false;
    if (values_.contains("where") && !Usable({"where"}, kEffect)) return false;
    if (values_.contains("statcolumn") && !Usable({"statcolumn"}, kEffect)) return false;
    crypt_ = FindCrypt(Get("crypt"));
    if (crypt_ == nullptr) {
      Say(kMistake, "crypt",
          "pam_mysql knows 0 to 9, plain, Y, mysql, md5, sha1, drupal7, "
          "joomla15, ssha, sha512 and sha256");
      return false;
    }
    if (crypt_->number == "2" && IsTrue(values_, "use_323_passwd")) crypt_ = &kCrypt323;
    configuration_.schemes = crypt_->is_crypt() ? CryptSchemes() : crypt_->schemes;
    configuration_.plain_hash_scheme = crypt_->plain_hash_scheme;

    std::string select = "SELECT " + Get("usercolumn") + " AS username, ";
    std::string auth = select + Get("passwdcolumn") + " AS password";
    if (crypt_->column) auth += ", '" + std::string(NameOf(*crypt_->column)) + "' AS scheme";
    if (const std::string status = Get("statcolumn"); !status.empty()) {
      // Bit 0, or NULL: the account is closed. Bit 1: the password must be changed.
      auth += ", COALESCE(((" + status + ") & 1) = 0, 0) AS status";
      configuration_.shadow_of_status = select + "'*' AS password, CASE WHEN ((" + status +
                                        ") & 2) = 2 THEN 0 ELSE -1 END AS lstchg" + FromUser();
      configuration_.status_place = At("statcolumn");
    }
    // More than one row is an error of pam_mysql, and lets nobody in.
    configuration_.query(QueryId::kAuth) =
        auth + FromUser() + " AND (SELECT COUNT(*)" + FromUser() + ") = 1";
    return true;
  }

  void TakePasswordUpdate() {
    if (!crypt_->new_scheme) {
      Say(kLost, "crypt",
          "sqlmap stores no new password in this form: passwords are not changed "
          "until [queries] password_update and [password] scheme say how");
      return;
    }
    const std::string where = Get("where");
    configuration_.query(QueryId::kPasswordUpdate) =
        "UPDATE " + Get("table") + " SET " + Get("passwdcolumn") + " = :hash WHERE " +
        Get("usercolumn") + " = :name" + (where.empty() ? "" : " AND (" + where + ")");
    configuration_.new_scheme = crypt_->new_scheme;
    if (crypt_->is_crypt()) {
      Say(kChanged, "crypt",
          "new passwords are stored as sha512crypt, of 106 characters: the "
          "column must be as wide");
    }
  }

  void TakeLog() {
    if (!Usable({"logtable", "logmsgcolumn", "logusercolumn", "loghostcolumn", "logtimecolumn"},
                "no rows are written, as before")) {
      return;
    }
    for (const char* const option : {"logrhostcolumn", "logpidcolumn"}) {
      if (values_.contains(option) && !Usable({option}, "no rows are written")) return;
    }
    std::string columns =
        Get("logmsgcolumn") + ", " + Get("logusercolumn") + ", " + Get("loghostcolumn");
    std::string values = ", :name, :host";
    if (const std::string column = Get("logrhostcolumn"); !column.empty()) {
      columns += ", " + column;
      values += ", :rhost";
    }
    if (const std::string column = Get("logpidcolumn"); !column.empty()) {
      columns += ", " + column;
      values += ", :pid";
    }
    const std::string insert = "INSERT INTO " + Get("logtable") + " (" + columns + ", " +
                               Get("logtimecolumn") + ") VALUES (";
    constexpr std::pair<QueryId, std::string_view> kEvents[] = {
        {QueryId::kAuthSuccess, "'AUTHENTICATION SUCCESS'"},
        {QueryId::kAuthFailure, "'AUTHENTICATION FAILURE'"},
        {QueryId::kSessionOpen, "'OPEN SESSION'"},
        {QueryId::kSessionClose, "'CLOSE SESSION'"}};
    for (const auto& [query, message] : kEvents)
      configuration_.query(query) = std::string(insert).append(message).append(values + ", NOW())");
    Say(kChanged, "sqllog",
        "one row for each login, in place of one or two; the host is its name, in place of its "
        "address; there are none of status queries and password changes");
  }

  const OldValues values_;
  const Place whole_;
  const Crypt* crypt_ = nullptr;
  OldConfiguration configuration_;
};

void ScanConfigFile(const OldFile& file, OldValues& values, ImportRemarks& remarks) {
  OldValues keys;
  ScanAssignments(file, keys, remarks);
  for (const auto& [key, value] : keys) {
    const std::string_view argument = PamMysqlArgument(key);
    const OldOption* const option = FindOldOption(OldDialect::kPamService, argument);
    if (option->becomes.empty()) {
      if (!option->why.empty())
        remarks.push_back({value.place, kLost, key, std::string(option->why)});
      continue;
    }
    values[std::string(argument)] = value;
  }
}

// What says whom a line lets in, each on its own; sqlmap has one query for all of them.
constexpr std::string_view kLetsIn[] = {"config_file",  "crypt",          "db",         "host",
                                        "passwdcolumn", "select",         "statcolumn", "table",
                                        "usercolumn",   "use_323_passwd", "where"};
constexpr char kOneQuery[] =
    ", and who passed one line had to pass the other: sqlmap has one query for both. Make them "
    "alike, or leave one out, and import again";

bool LetsIn(std::string_view option) {
  return std::ranges::find(kLetsIn, option) != std::end(kLetsIn);
}

std::string_view TypeOf(const PamMysqlLine& line) {
  return std::string_view(line.type).substr(line.type.starts_with('-') ? 1 : 0);
}

// What lines are for, in the order in which they count. A session's let nobody in.
enum class Purpose : std::uint8_t { kLogin, kPassword, kSession };

Purpose PurposeOf(const PamMysqlLine& line) {
  if (SameIgnoringCase(TypeOf(line), "session")) return Purpose::kSession;
  return SameIgnoringCase(TypeOf(line), "password") ? Purpose::kPassword : Purpose::kLogin;
}

// Remarks what differs between lines, of which the first counts; `settled` is not read there.
void CompareLines(const std::vector<PamMysqlLine>& lines, const OldValues& settled,
                  ImportRemarks& remarks) {
  struct First {
    const OldValue* value;
    Purpose purpose;
  };
  std::map<std::string_view, First> all;
  for (const PamMysqlLine& line : lines) {
    const Purpose purpose = PurposeOf(line);
    for (const auto& [name, value] : line.arguments) {
      const auto [at, is_new] = all.try_emplace(name, First{&value, purpose});
      const First& first = at->second;
      if (is_new || first.value->text == value.text || settled.contains(name)) continue;
      const std::string other = "line " + std::to_string(first.value->place.line);
      if (LetsIn(name) && purpose == first.purpose && purpose != Purpose::kSession) {
        remarks.push_back({value.place, kMistake, name, other + " has another value" + kOneQuery});
      } else {
        remarks.push_back(
            {value.place, kChanged, name, other + " has another value, which counts for all"});
      }
    }
  }
  for (const PamMysqlLine& line : lines) {
    if (PurposeOf(line) == Purpose::kSession) continue;
    const auto before = std::ranges::find_if(lines, [&](const PamMysqlLine& other) {
      return SameIgnoringCase(TypeOf(other), TypeOf(line));
    });
    for (const std::string_view option : kLetsIn) {
      const bool has = line.arguments.contains(option);
      if (has == before->arguments.contains(option) || settled.contains(option)) continue;
      const PamMysqlLine& with = has ? line : *before;
      const PamMysqlLine& without = has ? *before : line;
      remarks.push_back({PlaceOf(with.arguments, option, {}), kMistake, std::string(option),
                         "line " + std::to_string(without.line) + " is without it" + kOneQuery});
    }
  }
}

}  // namespace

std::string ConfigFileOf(const OldFile& file) {
  ImportRemarks remarks;
  for (const PamMysqlLine& line : ScanPamService(file, remarks)) {
    if (const std::string_view path = ValueOf(line.arguments, "config_file"); !path.empty())
      return std::string(path);
  }
  return {};
}

OldConfiguration ReadPamMysql(const OldFile* service, const OldFile* config_file) {
  ImportRemarks remarks;
  std::vector<PamMysqlLine> lines;
  if (service != nullptr) lines = ScanPamService(*service, remarks);
  OldValues values;
  if (config_file != nullptr) ScanConfigFile(*config_file, values, remarks);
  std::ranges::sort(lines, {},
                    [](const PamMysqlLine& line) { return std::pair(PurposeOf(line), line.line); });
  CompareLines(lines, values, remarks);
  bool changes_passwords = false;
  for (const PamMysqlLine& line : lines) {
    changes_passwords = changes_passwords || PurposeOf(line) == Purpose::kPassword;
    values.insert(line.arguments.begin(), line.arguments.end());
  }

  std::ranges::sort(lines, {}, &PamMysqlLine::line);
  std::vector<std::string> pam_lines;
  for (const PamMysqlLine& line : lines) {
    std::string text = line.type + " " + line.control + " pam_sqlmap.so";
    for (const char* const option : {"use_first_pass", "try_first_pass"})
      if (IsTrue(line.arguments, option)) text += std::string(" ") + option;
    if (IsTrue(values, "verbose") || IsTrue(values, "debug")) text += " debug";
    pam_lines.push_back(std::move(text));
  }
  Place whole;
  if (service != nullptr) whole.file = service->name;
  if (config_file != nullptr) whole.file = config_file->name;
  OldConfiguration configuration = Reader(std::move(values), whole).Read(changes_passwords);
  configuration.pam_lines = std::move(pam_lines);
  std::ranges::move(configuration.remarks, std::back_inserter(remarks));
  configuration.remarks = std::move(remarks);
  return configuration;
}

}  // namespace sqlmap::importing
