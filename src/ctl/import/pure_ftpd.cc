// Pure-FTPd's mysql.conf: key, white space, value; one query for each thing that it wants to know.
#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "ctl/import/old_sql.h"
#include "ctl/import/old_values.h"

namespace sqlmap::importing {
namespace {

using enum ImportRemark::Kind;
using enum PasswordScheme;

void Scan(const OldFile& file, OldValues& values, ImportRemarks& remarks) {
  Lines lines(file.text);
  std::string_view line;
  while (lines.Next(line)) {
    line = Trimmed(line);
    if (line.empty() || line.front() == '#') continue;
    const std::size_t end = line.find_first_of(" \t");
    const std::string_view value =
        end == std::string_view::npos ? std::string_view() : Trimmed(line.substr(end));
    SetOldValue(OldDialect::kPureFtpd, line.substr(0, end), value, {file.name, lines.number()},
                values, remarks);
  }
}

class Reader {
 public:
  explicit Reader(const OldFile& file) : whole_{file.name, 0} {
    Scan(file, values_, configuration_.remarks);
  }

  OldConfiguration Read() && {
    TakeServer();
    TakeAuth();
    TakeUser();
    configuration_.names_come_back = false;
    Remark(
        configuration_, kChanged, whole_, "",
        "names of other characters than a-z0-9._@-, such as capital letters, are nobody's, since "
        "the queries do not return the name: see [accounts] name_first and name_rest");
    return std::move(configuration_);
  }

 private:
  Place At(std::string_view name) const { return PlaceOf(values_, name, whole_); }
  void Say(ImportRemark::Kind kind, std::string_view option, std::string what) {
    Remark(configuration_, kind, At(option), option, std::move(what));
  }

  void TakeServer() {
    configuration_.servers = {
        ServerFor(ValueOf(values_, "MYSQLServer"), ValueOf(values_, "MYSQLPort"),
                  ValueOf(values_, "MYSQLSocket"), At("MYSQLServer"), configuration_)};
    SpeakAsBefore(At("MYSQLServer"), configuration_);
    configuration_.database = ValueOf(values_, "MYSQLDatabase");
    configuration_.database_place = At("MYSQLDatabase");
    configuration_.hashes.user = ValueOf(values_, "MYSQLUser");
    configuration_.hashes.password.assign(ValueOf(values_, "MYSQLPassword"));
    configuration_.hashes.place = At("MYSQLUser");
  }

  // The converted query; nullopt: remarked.
  std::optional<std::string> Query(std::string_view option, QueryId id) {
    const std::string_view old = ValueOf(values_, option);
    if (old.empty()) {
      Say(kLost, option,
          "it is not set, so that [queries] " +
              std::string(QueryDescriptions()[static_cast<std::size_t>(id)].key) +
              " has to be written by hand");
      return std::nullopt;
    }
    auto sql = ConvertQuery(old, Substitution::kBackslash, id);
    if (sql) return *std::move(sql);
    Say(kLost, option,
        sql.error() + "; write [queries] " +
            std::string(QueryDescriptions()[static_cast<std::size_t>(id)].key) + " by hand");
    return std::nullopt;
  }

  void TakeAuth() {
    const auto sql = Query("MYSQLGetPW", QueryId::kAuth);
    if (!sql) return;
    const std::string crypt(ValueOf(values_, "MYSQLCrypt"));
    std::string column;
    const auto is = [&crypt](std::string_view word) { return SameIgnoringCase(crypt, word); };
    PasswordSchemeSet& schemes = configuration_.schemes;
    const auto argon2 = [&schemes] {
      schemes.Add(kArgon2id);
      schemes.Add(kArgon2i);
    };
    if (is("any")) {
      schemes = CryptSchemes();
      argon2();
      for (const PasswordScheme scheme : {kMysqlNative, kMd5, kSha1}) schemes.Add(scheme);
      column =
          ", CASE CHAR_LENGTH(password) WHEN 13 THEN 'des' WHEN 32 THEN 'md5' WHEN 40 THEN 'sha1' "
          "ELSE '' END AS scheme";
    } else if (is("argon2")) {
      argon2();
    } else if (is("scrypt")) {
      schemes.Add(kScrypt);
    } else if (is("crypt")) {
      schemes = CryptSchemes();
      configuration_.plain_hash_scheme = kDes;
    } else if (is("md5")) {
      schemes.Add(kMd5);
      configuration_.plain_hash_scheme = kMd5;
    } else if (is("sha1")) {
      schemes.Add(kSha1);
      configuration_.plain_hash_scheme = kSha1;
    } else if (is("password")) {
      schemes.Add(kMysqlNative);
    } else {
      schemes.Add(kPlain);
      column = ", 'plain' AS scheme";
      if (!is("cleartext")) {
        Say(kChanged, "MYSQLCrypt",
            "Pure-FTPd takes what it does not know for cleartext, and so "
            "does this");
      }
    }
    // Pure-FTPd refuses where there is more than one row, such as the one of a name that is equal
    // only to the collation.
    configuration_.query(QueryId::kAuth) =
        "WITH old (password) AS (" + *sql + ") SELECT :name AS username, password" + column +
        " FROM (SELECT password, COUNT(*) OVER () AS how_many FROM old) counted WHERE how_many = 1";
  }

  // A number that is the same for all accounts, or the query for it, as a row of its own.
  std::optional<std::string> Id(std::string_view fixed, std::string_view query,
                                std::vector<std::uint32_t>& allowed) {
    const std::string_view text = ValueOf(values_, fixed);
    if (text.empty()) return Query(query, QueryId::kGetpwnam);
    std::uint32_t id = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
    if (error != std::errc() || end != text.data() + text.size() || IsReservedId(id)) {
      Say(kLost, fixed,
          "it is no number that an account may have, so that [queries] getpwnam has "
          "to be written by hand");
      return std::nullopt;
    }
    allowed.push_back(id);
    return "SELECT " + std::to_string(id);
  }

  void TakeUser() {
    const auto uid = Id("MYSQLDefaultUID", "MYSQLGetUID", configuration_.allow_uids);
    const auto gid = Id("MYSQLDefaultGID", "MYSQLGetGID", configuration_.allow_gids);
    const auto home = Query("MYSQLGetDir", QueryId::kGetpwnam);
    if (!uid || !gid || !home) return;
    // As above: more than one row is none.
    const std::string one =
        " FROM (SELECT uid, gid, homedir, COUNT(*) OVER () AS how_many FROM u, g, h) counted WHERE "
        "how_many = 1";
    const std::string rows = "WITH u (uid) AS (" + *uid + "), g (gid) AS (" + *gid +
                             "), h (homedir) AS (" + *home + ") ";
    configuration_.query(QueryId::kGetpwnam) =
        rows +
        "SELECT :name AS username, 'x' AS password, uid, gid, '' AS gecos, homedir, "
        "'/usr/sbin/nologin' AS shell" +
        one;
    // Pure-FTPd's PAM file has pam_unix in account, which refuses whoever has no line.
    configuration_.query(QueryId::kGetspnam) =
        rows + "SELECT :name AS username, '*' AS password" + one;
    Say(kChanged, "MYSQLGetDir",
        "accounts are known by name alone: for getent passwd, and for names of uids in ls, write "
        "[queries] getpwuid and getpwent, and set [snapshot] enabled");
  }

  const Place whole_;
  OldValues values_;
  OldConfiguration configuration_;
};

}  // namespace

OldConfiguration ReadPureFtpd(const OldFile& file) { return Reader(file).Read(); }

}  // namespace sqlmap::importing
