#include "ctl/check/servers.h"

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "ctl/check/stopwatch.h"
#include "ctl/views/sql_text.h"

namespace sqlmap {
namespace {

constexpr std::int64_t kSlowAnswerUs = 50'000;
constexpr std::int64_t kAskMs = 800;

const std::string& UserOf(const Settings& settings, AccountRole role) {
  return role == AccountRole::kIdentity ? settings.database.user : settings.privileged.user;
}

bool Writes(const QueryDescription& query) {
  return query.parameters.Contains(QueryParameter::kDays);
}

bool AnyWrites(const Settings& settings) {
  return std::ranges::any_of(QueryDescriptions(), [&](const QueryDescription& query) {
    return Writes(query) && settings.query(query.id).configured();
  });
}

// Those that are there, and those of the example: accounts.sql gives the rights for them at once.
std::vector<std::string> WritingQueries(const Settings& settings) {
  std::vector<std::string> queries = {
      "UPDATE sqlmap_users SET password = ?, lstchg = ? WHERE username = ?",
      "INSERT INTO sqlmap_log (event) VALUES (?)"};
  for (const QueryDescription& query : QueryDescriptions()) {
    if (Writes(query)) queries.push_back(settings.query(query.id).sql);
  }
  return queries;
}

bool IsGrantMissing(unsigned code) {
  return code == 1044 || code == 1142 || code == 1143 || code == 1370;
}

// A name of this host's own, whose traffic does not leave it.
bool IsLoopback(const std::string& host) {
  return host == "localhost" || host == "::1" || host.starts_with("127.");
}

// One server. Its questions end as soon as it hangs.
class Check {
 public:
  Check(const Settings& settings, Session& session, Findings& findings)
      : settings_(settings), session_(session), name_(session.address.Describe()), to_(findings) {}

  void Run() {
    SignInAll();
    Connection* const any = session_.identity ? session_.identity.get() : session_.privileged.get();
    if (any == nullptr) return;
    if (!Answers(*any) || !Tls(*any)) return;
    for (const AccountRole role : {AccountRole::kIdentity, AccountRole::kPrivileged}) {
      if (Connection* const connection = session_.Of(role)) Grants(*connection, role);
    }
  }

 private:
  Deadline Soon() const { return Deadline::In(kAskMs); }

  bool Asked(AccountRole role) const {
    // What writes does so as the privileged account.
    if (role == AccountRole::kIdentity) return session_.reads;
    return settings_.privileged.configured();
  }

  void SignInAll() {
    for (const AccountRole role : {AccountRole::kIdentity, AccountRole::kPrivileged}) {
      if (!Asked(role)) continue;
      const Stopwatch watch;
      auto connection = SignInAs(role, session_.address, settings_, Connection::Use::kLookups);
      const std::string who = UserOf(settings_, role);
      if (!connection) {
        const SqlError& error = connection.error();
        to_.Error(name_, who + " cannot sign in: " + WordsOf(error),
                  RemedyFor(error, settings_, role));
        // A server that is not there is not there for the other one.
        if (!error.refused && !error.full) return;
        continue;
      }
      const bool slow = watch.Microseconds() / 1000 * 2 > settings_.database.connect_timeout_ms;
      if (slow) {
        to_.Warning(name_, who + " signs in within " + watch.Text() + ", half of what it may take",
                    "see why the server is slow, or raise [database] connect_timeout_ms");
      } else {
        to_.Ok(name_, who + " signs in within " + watch.Text());
      }
      (role == AccountRole::kIdentity ? session_.identity : session_.privileged) =
          *std::move(connection);
    }
  }

  // Whether it hangs; then nothing more is asked.
  bool Failed(const SqlError& error, const char* question) {
    const bool hangs =
        error.kind == SqlError::Kind::kTimeout || error.kind == SqlError::Kind::kLost;
    to_.Error(name_, std::string(question) + ": " + WordsOf(error),
              RemedyFor(error, settings_, AccountRole::kIdentity));
    if (hangs) session_.GiveUp();
    return hangs;
  }

  // False, here and below: the server hangs, and the connection is gone.
  bool Answers(Connection& connection) {
    const Stopwatch watch;
    const auto rows = Ask(connection, "SELECT @@version, @@global.read_only", Soon());
    if (!rows) return !Failed(rows.error(), "its version");
    const std::int64_t took = watch.Microseconds();
    if (rows->size() != 1 || rows->front().size() != 2) return true;
    const std::string version = rows->front()[0].value_or("");
    const bool mariadb = version.find("MariaDB") != std::string::npos;
    const std::string what =
        (mariadb ? "MariaDB " : "MySQL ") + version + " answers within " + watch.Text();
    if (took > kSlowAnswerUs) {
      to_.Warning(name_, what + ", and a look-up asks several times",
                  "put a replica nearer to this host, or see why it is slow");
    } else {
      to_.Ok(name_, what);
    }
    if (session_.writes && AnyWrites(settings_)) ReadOnly(rows->front()[1].value_or("0") != "0");
    return true;
  }

  void ReadOnly(bool read_only) {
    if (!read_only) return to_.Ok(name_, "can be written");
    to_.Warning(name_, "is read-only: no password can be changed and no log row written there",
                "name the primary in [database] writers");
  }

  bool Tls(Connection& connection) {
    const auto rows = Ask(connection, "SHOW STATUS LIKE 'Ssl_cipher'", Soon());
    if (!rows) return !Failed(rows.error(), "its TLS");
    std::string cipher;
    if (!rows->empty() && rows->front().size() == 2) cipher = rows->front()[1].value_or("");
    JudgeTls(session_.address, settings_.database.tls, cipher, to_);
    return true;
  }

  void Grants(Connection& connection, AccountRole role) {
    const auto rows = Ask(connection, "SHOW GRANTS", Soon());
    if (!rows) {
      Failed(rows.error(), "SHOW GRANTS");
      return;
    }
    const std::vector<std::string> writing = WritingQueries(settings_);
    std::string wide;
    Unneeded unneeded;
    for (const TextRow& row : *rows) {
      if (row.empty() || !row[0]) continue;
      const auto grant = ParseGrant(*row[0]);
      if (!grant) {
        if (const std::string roles = RolesIn(*row[0]); !roles.empty()) unneeded.Role(roles);
        continue;
      }
      if (!Judge(connection, *grant, role, unneeded)) return;
      const std::string more = TooWide(*grant, role, settings_.database.name, writing);
      if (!more.empty()) wide += (wide.empty() ? "" : "; ") + more;
    }
    bool good = !Report(unneeded, role);
    if (!wide.empty()) {
      good = false;
      to_.Warning(name_, UserOf(settings_, role) + " may do more than it needs: " + wide,
                  "REVOKE that; the SQL of sqlmapctl views ends with the grants that it needs");
    }
    if (!Narrow(connection, role, good)) return;
    if (role == AccountRole::kIdentity && unneeded.secret.empty() && ReadsHashes(connection))
      good = false;
    if (good) to_.Ok(name_, UserOf(settings_, role) + " may do what it needs, and no more");
  }

  // What an account may do, and no query of its own needs.
  struct Unneeded {
    std::string roles;
    std::string objects;
    std::string secret;  // those that say what opens an account

    void Role(const std::string& name) { Add(roles, name); }
    static void Add(std::string& list, const std::string& name) {
      list += (list.empty() ? "" : ", ") + name;
    }
  };

  // Whether a query that the account asks has this object in it, or the default of one.
  bool Needs(AccountRole role, const std::string& object) const {
    const bool both =
        role == AccountRole::kPrivileged || settings_.database.user == settings_.privileged.user;
    return std::ranges::any_of(QueryDescriptions(), [&](const QueryDescription& query) {
      return (both || !query.privileged) &&
             (Names(settings_.query(query.id).sql, object) || Names(query.default_text, object));
    });
  }

  bool Judge(Connection& connection, const Grant& grant, AccountRole role, Unneeded& unneeded) {
    const std::string& database = settings_.database.name;
    const bool columns = SelectsColumns(grant, database);
    if ((!columns && !Selects(grant, database)) || Needs(role, grant.object)) return true;
    if (role == AccountRole::kPrivileged) {
      // Those views are made for it, and a query for one of them may follow. It finds the row that
      // it writes by columns.
      if (!columns && !grant.object.starts_with("nss_"))
        Unneeded::Add(unneeded.objects, grant.object);
      return true;
    }
    bool secret = std::ranges::any_of(QueryDescriptions(), [&](const QueryDescription& query) {
      return query.privileged && !Writes(query) &&
             (Names(settings_.query(query.id).sql, grant.object) ||
              Names(query.default_text, grant.object));
    });
    if (!secret) {
      // It is told of the columns that it may select.
      const auto rows =
          Ask(connection,
              "SELECT COLUMN_NAME FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = "
              "DATABASE() AND TABLE_NAME = " +
                  SqlLiteral(grant.object),
              Soon());
      if (!rows) return !Failed(rows.error(), "the columns of what it may select");
      secret = std::ranges::any_of(*rows, [](const TextRow& row) {
        return !row.empty() && IsLikeAPassword(row[0].value_or(""));
      });
    }
    Unneeded::Add(secret ? unneeded.secret : unneeded.objects, grant.object);
    return true;
  }

  // Whether there was anything.
  bool Report(const Unneeded& unneeded, AccountRole role) {
    const std::string& user = UserOf(settings_, role);
    if (!unneeded.secret.empty()) {
      to_.Error(name_,
                user + " may select from " + unneeded.secret +
                    ", with what opens accounts, which its queries do not name",
                "REVOKE SELECT on that from it");
    }
    if (!unneeded.objects.empty()) {
      to_.Warning(name_,
                  user + " may select from " + unneeded.objects + ", which its queries do not name",
                  "REVOKE SELECT on that from it");
    }
    if (!unneeded.roles.empty()) {
      to_.Warning(name_, user + " may be of the role " + unneeded.roles + ", and do what that may",
                  "REVOKE the role from it, and GRANT what it needs");
    }
    return !(unneeded.secret + unneeded.objects + unneeded.roles).empty();
  }

  // The queries that this account asks this server.
  bool Narrow(Connection& connection, AccountRole role, bool& good) {
    std::string denied;
    for (const QueryDescription& query : QueryDescriptions()) {
      const QueryTemplate& text = settings_.query(query.id);
      const bool its = query.privileged == (role == AccountRole::kPrivileged) &&
                       (Writes(query) ? session_.writes : session_.reads);
      if (!its || !text.configured()) continue;
      const auto prepared = connection.Prepared(query.id, text, Soon());
      if (prepared) continue;
      if (prepared.error().kind != SqlError::Kind::kServer)
        return !Failed(prepared.error(), "prepare");
      if (!IsGrantMissing(prepared.error().code)) continue;
      denied.append(denied.empty() ? "" : ", ").append(query.key);
    }
    if (denied.empty()) return true;
    good = false;
    to_.Error(
        name_, UserOf(settings_, role) + " may not ask " + denied,
        "GRANT it what the SQL of sqlmapctl views does; the queries below say what is denied");
    return true;
  }

  bool ReadsHashes(Connection& connection) {
    const QueryTemplate& auth = settings_.query(QueryId::kAuth);
    if (!auth.configured() || settings_.database.user == settings_.privileged.user) return false;
    if (!connection.Prepare(auth, Soon())) return false;
    to_.Warning(name_, settings_.database.user + " may ask auth: it can read the password hashes",
                "REVOKE SELECT on what auth reads from it");
    return true;
  }

  const Settings& settings_;
  Session& session_;
  const std::string name_;
  Findings& to_;
};

}  // namespace

std::string WordsOf(const SqlError& error) {
  for (const std::string_view step : {"prepare: ", "execute: ", "sign in: ", "fetch: "}) {
    if (error.text.starts_with(step)) return error.text.substr(step.size());
  }
  return error.text;
}

std::string RemedyFor(const SqlError& error, const Settings& settings, AccountRole role) {
  const std::string& user = UserOf(settings, role);
  const unsigned code = error.code;
  if (IsGrantMissing(code) && error.kind == SqlError::Kind::kServer)
    return "GRANT that to " + user + ", as the SQL of sqlmapctl views does";
  if (code == 1146) return "make the view: sqlmapctl views has the SQL, or mend the query";
  if (code == 1356) return "make the view anew: what it reads has changed";
  if (code == 1045) {
    return "ALTER USER the password of " + user + " on the server, or mend it in secrets.toml";
  }
  if (code == 4151 || code == 3118)  // MariaDB's, MySQL's: the account is locked
    return "ALTER USER " + user + " ACCOUNT UNLOCK on the server";
  if (code == 1820 || code == 1862)  // expired: it may do nothing, or not even sign in
    return "ALTER USER the password of " + user + " on the server, and PASSWORD EXPIRE NEVER";
  if (error.text.find(kAllowedHere) != std::string::npos) {
    return "for caching_sha2_password name a socket, or let [database] tls be \"verify\"; or ALTER "
           "USER " +
           user + " to a method that is allowed";
  }
  if (code == 1130) return "CREATE USER " + user + " for this host's address on the server";
  if (code == 1129) return "FLUSH HOSTS on the server, and see what broke off this host's sign-ins";
  if (code == 1044 || code == 1049) return "mend [database] name, or GRANT it";
  if (error.text.ends_with("not root's alone"))
    return "mend the file's owner and mode, or [database] tls_ca, tls_cert and tls_key";
  const bool no_tls = error.text.find("offers no TLS") != std::string::npos ||
                      error.text.find("does not support") != std::string::npos;
  if (!no_tls && code == 0 && error.text.find("TLS") != std::string::npos) {
    return "give the server a certificate that is valid, and for its name, and [database] tls_ca "
           "the file of its authority";
  }
  if (no_tls || (error.refused && error.kind == SqlError::Kind::kUnreachable && code == 0)) {
    return "switch TLS on at the server, with a certificate for its name, or see [database] tls";
  }
  if (error.full || code == 1040) return "raise max_connections on the server";
  if (error.text.starts_with(kNameTimeout))
    return "see resolv.conf(5), or write the server's address into /etc/hosts";
  if (error.text.starts_with(kNameUnknown)) {
    return "see whether memory is short, and which modules the line hosts: of nsswitch.conf names";
  }
  if (error.kind == SqlError::Kind::kTimeout) return "see whether the server hangs";
  if (error.kind == SqlError::Kind::kServer) return "mend the query in [queries]";
  if (code != 0) return "mend that on the server";
  return "start the server, or mend [database] servers and writers";
}

void JudgeTls(const ServerAddress& server, TlsMode mode, const std::string& cipher,
              Findings& findings) {
  const std::string name = server.Describe();
  if (server.is_socket()) return findings.Ok(name, "a socket, which needs no TLS");
  if (cipher.empty() && IsLoopback(server.host))
    return findings.Ok(name, "no TLS, and the connection does not leave this host");
  if (cipher.empty()) {
    return findings.Error(name, "no TLS: whoever is in between reads the hashes along",
                          "write tls = \"verify\" into [database]");
  }
  if (mode == TlsMode::kOff || mode == TlsMode::kRequired) {
    return findings.Warning(name, "TLS with " + cipher + ", to whoever answers there",
                            "write tls = \"verify\" into [database]");
  }
  findings.Ok(name,
              "TLS with " + cipher +
                  (mode == TlsMode::kVerify ? ", the server is verified"
                                            : ", to a server of the authority's, of any name"));
}

Sessions CheckServers(const Settings& settings, Screen& screen, Findings& findings) {
  Sessions sessions = ServersOf(settings.database);
  for (Session& session : sessions) {
    screen.Progress("asking " + session.address.Describe());
    Check(settings, session, findings).Run();
  }
  return sessions;
}

}  // namespace sqlmap
