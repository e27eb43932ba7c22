#include "common/sql/connection.h"

#include <errmsg.h>
#include <fcntl.h>
#include <mysql.h>
#include <mysqld_error.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <string>
#include <string_view>

#include "common/account/trusted_path.h"
#include "common/sql/client_error.h"
#include "common/sql/client_library/call_scope.h"
#include "common/sql/row_check.h"

namespace sqlmap {
namespace {

constexpr unsigned long kMaxPacket = 32UL << 20;  // what a server can make us allocate
// The library's buffer, and the longest packet until a server has let us in: a longer one moves the
// buffer, and the library goes on with what it took from the packet before. The answer that lets us
// in may tell the session's variables, some 30 KiB if it is told to tell all.
constexpr std::size_t kBuffer = 64UL << 10;

// The authentication methods that a server may ask for. A rogue one may ask for any. Challenge and
// response never show it the password; caching_sha2_password can, so it is for a server that is
// known: behind the administrator's socket, or verified.
constexpr char kChallenges[] = "mysql_native_password,client_ed25519";
constexpr char kForKnownServers[] = "mysql_native_password,client_ed25519,caching_sha2_password";

// Everybody's connections, or this account's, are taken. Of an account's limits only that one is
// over in a moment; the others are for an hour.
bool IsFull(unsigned code, const char* text) {
  return code == ER_CON_COUNT_ERROR || code == ER_TOO_MANY_USER_CONNECTIONS ||
         (code == ER_USER_LIMIT_REACHED && std::strstr(text, "max_user_connections") != nullptr);
}

// The numbers in between are the library's own.
bool IsServersWord(unsigned code) {
  return (code >= 1000 && code < 2000) || (code >= 3000 && code < 5000);
}

constexpr char kNotAllowed[] =
    "the server asks for a method of authentication that is not allowed.";

struct ConnectFailure {
  unsigned code;
  std::string text;
};

// A server may turn everybody, or this host, away before TLS begins. What it says then the library
// repeats, number and all, in an error of its own, since nobody has verified it. Whoever forges it
// can do no more than who breaks the connection off.
ConnectFailure FailureOf(MYSQL* mysql) {
  constexpr std::string_view kRepeats = "the following error cannot be verified: ";
  constexpr std::string_view kSeparator = " - ";
  const std::string_view text = mysql_error(mysql);
  const std::size_t at = text.find(kRepeats);
  if (mysql_errno(mysql) == CR_CONNECTION_ERROR && at != std::string_view::npos) {
    std::string_view said = text.substr(at + kRepeats.size());
    unsigned code = 0;
    const char* const end = std::from_chars(said.begin(), said.end(), code).ptr;
    said.remove_prefix(static_cast<std::size_t>(end - said.begin()));
    if (said.starts_with(kSeparator)) said.remove_prefix(kSeparator.size());
    if (IsServersWord(code)) return {code, std::string(said) + " (said before TLS, unverified)"};
  }
  // The name that the library quotes is, for a method that was asked for after the greeting, what
  // lies in its buffer.
  if (mysql_errno(mysql) == CR_PLUGIN_NOT_ALLOWED) return {CR_PLUGIN_NOT_ALLOWED, kNotAllowed};
  return {mysql_errno(mysql), std::string(text)};
}

// Whether the server asked for a method that it may not have. One that knows neither names of
// methods nor the protocol of this century has asked for nothing: the library assumed a method
// itself.
bool AsksForAnother(MYSQL* mysql) {
  constexpr unsigned long kNamesMethods = CLIENT_PLUGIN_AUTH | CLIENT_PROTOCOL_41;
  return mysql_errno(mysql) == CR_PLUGIN_NOT_ALLOWED &&
         (mysql->server_capabilities & kNamesMethods) != 0;
}

// Why a sign-in failed. A server that is only full, or that hung up, is worth asking again at once;
// one that refuses is not: it would count us as an attacker and ban the host (max_connect_errors).
SqlError ConnectError(MYSQL* mysql, Deadline deadline) {
  const auto [code, text] = FailureOf(mysql);
  SqlError error = ClassifyError(code, text.c_str(), "sign in", deadline);
  error.full = IsFull(code, text.c_str());
  error.refused = (error.kind == SqlError::Kind::kServer && IsServersWord(code) && !error.full) ||
                  (error.kind != SqlError::Kind::kTimeout &&
                   (code == CR_SSL_CONNECTION_ERROR || AsksForAnother(mysql)));
  if (error.kind == SqlError::Kind::kServer) error.kind = SqlError::Kind::kUnreachable;
  return error;
}

constexpr char kSystemAuthorities[] = "/etc/ssl/certs";

std::expected<void, SqlError> CheckTlsFiles(const DatabaseSettings& settings) {
  if (settings.tls_ca.empty() && TrustOfDirectory(kSystemAuthorities) != PathTrust::kTrusted) {
    return std::unexpected(
        SqlError{SqlError::Kind::kUnreachable,
                 std::string(kSystemAuthorities) +
                     ": missing, or it or a directory above it is not root's alone"});
  }
  for (const std::string* path : {&settings.tls_ca, &settings.tls_cert, &settings.tls_key}) {
    if (!path->empty() && TrustOfFile(path->c_str()) != PathTrust::kTrusted) {
      return std::unexpected(
          SqlError{SqlError::Kind::kUnreachable,
                   *path + ": missing, or it or a directory above it is not root's alone"});
    }
    // The library would call it missing.
    if (!path->empty() && faccessat(AT_FDCWD, path->c_str(), R_OK, AT_EACCESS) != 0) {
      return std::unexpected(SqlError{
          SqlError::Kind::kUnreachable,
          *path + ": uid " + std::to_string(geteuid()) +
              " may not read it; for sqlmapd, let it be of the group _sqlmapd, mode 0640"});
    }
  }
  return {};
}

void SetFlag(MYSQL* mysql, mysql_option option, bool value) {
  const my_bool on = value ? 1 : 0;
  mysql_options(mysql, option, &on);
}

TlsPeer PeerFor(TlsMode tls) {
  if (tls == TlsMode::kVerify) return TlsPeer::kNamed;
  return tls == TlsMode::kVerifyCa ? TlsPeer::kOfAuthority : TlsPeer::kAnybody;
}

void SetTls(MYSQL* mysql, const DatabaseSettings& settings, TlsPeer peer) {
  const auto path = [](const std::string& text) { return text.empty() ? nullptr : text.c_str(); };
  // Without a CA of our own the system's authorities count, so that "verify" never means "no
  // check".
  const char* const ca = path(settings.tls_ca);
  const char* const ca_directory =
      peer != TlsPeer::kAnybody && ca == nullptr ? kSystemAuthorities : nullptr;
  mysql_ssl_set(mysql, path(settings.tls_key), path(settings.tls_cert), ca, ca_directory, nullptr);
  SetFlag(mysql, MYSQL_OPT_SSL_ENFORCE, true);
  SetFlag(mysql, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, peer == TlsPeer::kNamed);
  mysql_options(mysql, MARIADB_OPT_TLS_VERSION, "TLSv1.2,TLSv1.3");
}

bool IsKnown(const ServerAddress& server, TlsMode tls) {
  return server.is_socket() || tls == TlsMode::kVerify || tls == TlsMode::kVerifyCa;
}

const char* AllowedMethods(const ServerAddress& server, TlsMode tls) {
  return IsKnown(server, tls) ? kForKnownServers : kChallenges;
}

void SetOptions(MYSQL* mysql, const ServerAddress& server, TlsMode tls) {
  const unsigned protocol = server.is_socket() ? MYSQL_PROTOCOL_SOCKET : MYSQL_PROTOCOL_TCP;
  const unsigned no = 0;
  mysql_options(mysql, MYSQL_OPT_PROTOCOL, &protocol);
  mysql_options(mysql, MYSQL_OPT_LOCAL_INFILE, &no);
  mysql_options(mysql, MYSQL_OPT_MAX_ALLOWED_PACKET, &kMaxPacket);
  // This copy of the library has one for all connections; it is set to the same each time.
  mysql_options(nullptr, MYSQL_OPT_NET_BUFFER_LENGTH, &kBuffer);
  mysql_options(mysql, MYSQL_SET_CHARSET_NAME, "utf8mb4");
  // Unless SetTls says otherwise; some builds of the library begin TLS by themselves.
  SetFlag(mysql, MYSQL_OPT_SSL_ENFORCE, false);
  SetFlag(mysql, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, false);
  mysql_options(mysql, MARIADB_OPT_RESTRICTED_AUTH, AllowedMethods(server, tls));
  // Otherwise a greeting with another default, as MySQL's, ends the sign-in of every account. What
  // is sent for this one is empty where the greeting's challenge is for another method.
  if (!IsKnown(server, tls)) mysql_options(mysql, MYSQL_DEFAULT_AUTH, "mysql_native_password");
}

// A query whose parameters may be a write's.
bool Writes(QueryId id) {
  return QueryDescriptions()[static_cast<std::size_t>(id)].parameters.Contains(
      QueryParameter::kDays);
}

// An idle connection of a long-lived process is the server's to end, and a query that we gave up is
// not to run on.
std::expected<void, SqlError> SetUpSession(MYSQL* mysql, const DatabaseSettings& settings,
                                           Connection::Use use, Deadline deadline) {
  std::uint32_t limit = settings.query_timeout_ms;
  if (use == Connection::Use::kStream) limit = 0;
  if (use == Connection::Use::kWrites) limit -= limit / 4;
  const bool mariadb = std::strstr(mysql_get_server_info(mysql), "MariaDB") != nullptr;
  // A walk may pause between two rows for longer than the server's usual minute.
  std::string set = use == Connection::Use::kStream ? "SET SESSION net_write_timeout=600, "
                                                    : "SET SESSION wait_timeout=30, ";
  if (use == Connection::Use::kWrites)
    set += "sql_mode=CONCAT_WS(',', NULLIF(@@sql_mode, ''), 'STRICT_ALL_TABLES'), ";
  if (mariadb) {
    const std::string fraction = std::to_string(1000 + limit % 1000).substr(1);
    set += "max_statement_time=" + std::to_string(limit / 1000) + "." + fraction;
  } else {
    set += "max_execution_time=" + std::to_string(limit);
    // Which holds for reading only; what a write waits for is a lock.
    if (use == Connection::Use::kWrites) set += ", innodb_lock_wait_timeout=1";
  }
  if (mysql_real_query(mysql, set.data(), static_cast<unsigned long>(set.size())) == 0) return {};
  return std::unexpected(ConnectError(mysql, deadline));
}

}  // namespace

Credentials::~Credentials() { explicit_bzero(password.data(), password.size()); }

std::expected<std::unique_ptr<Connection>, SqlError> Connection::Open(
    Dial dial, const ServerAddress& server, const DatabaseSettings& settings,
    const Credentials& credentials, Use use, Deadline deadline) {
  if (!CallScope::Available())
    return std::unexpected(SqlError{SqlError::Kind::kNoMemory, "no thread-specific key is free"});
  const bool tls = !server.is_socket() && settings.tls != TlsMode::kOff;
  if (tls) {
    if (auto files = CheckTlsFiles(settings); !files) return std::unexpected(files.error());
  }
  if (!dial.Usable())
    return std::unexpected(SqlError{SqlError::Kind::kUnreachable, "the socket is gone"});
  // The library takes noise for a server that offers no TLS, or asks for a method that it may not
  // have: one that refuses us, and is left alone for a while.
  if (!dial.GreetsAsAServer()) {
    return std::unexpected(
        SqlError{SqlError::Kind::kLost,
                 "sign in: what greets there is no MySQL or MariaDB server; is it the right one?"});
  }
  std::unique_ptr<Connection> connection(new Connection);
  OwnedFd socket = dial.TakeSocket();
  connection->generation_ = ProcessGeneration::Current();
  CallScope scope(deadline.at_ms(), CallScope::Mode::kTalk, socket.get());
  scope.UseOpenSsl();  // also without TLS: authentication hashes the password with it
  connection->mysql_ = mysql_init(nullptr);
  if (connection->mysql_ == nullptr)
    return std::unexpected(SqlError{SqlError::Kind::kNoMemory, "sign in: no memory"});
  MYSQL* const mysql = connection->mysql_;
  connection->row_check_ = std::make_unique<RowCheck>(*mysql);
  SetOptions(mysql, server, settings.tls);
  if (tls) {
    SetTls(mysql, settings, PeerFor(settings.tls));
    scope.DemandTls(PeerFor(settings.tls), server.host.c_str());
  }
  scope.LimitPackets(&mysql->net.max_packet_size, kBuffer);
  const bool signed_in =
      mysql_real_connect(mysql, server.is_socket() ? nullptr : server.host.c_str(),
                         credentials.user.c_str(), credentials.password.c_str(),
                         settings.name.c_str(), server.is_socket() ? 0 : server.port,
                         server.is_socket() ? server.socket.c_str() : nullptr,
                         use == Use::kWrites ? CLIENT_FOUND_ROWS : 0) != nullptr;
  // From the moment that the library has taken the descriptor, the library closes it.
  if (scope.connected_fd_taken()) {
    if (signed_in) connection->descriptor_ = socket.identity();
    socket.Release();
  }
  if (mysql->passwd != nullptr) explicit_bzero(mysql->passwd, std::strlen(mysql->passwd));
  if (tls &&
      (scope.held_back_clear_text() || (signed_in && mysql_get_ssl_cipher(mysql) == nullptr))) {
    SqlError error{SqlError::Kind::kUnreachable, "sign in: the server offers no TLS"};
    error.refused = true;
    return std::unexpected(std::move(error));
  }
  if (!signed_in) {
    SqlError error = ConnectError(mysql, deadline);
    // Some releases of the library say only that there is something.
    if (const char* const why = scope.certificate_fault();
        why != nullptr && !error.text.contains(why))
      error.text += std::string(" (") + why + ")";
    if (error.refused && AsksForAnother(mysql))
      error.text += std::string(" ") + kAllowedHere + AllowedMethods(server, settings.tls);
    return std::unexpected(std::move(error));
  }
  scope.LimitPackets(&mysql->net.max_packet_size, kMaxPacket);
  if (auto session = SetUpSession(mysql, settings, use, deadline); !session)
    return std::unexpected(session.error());
  return connection;
}

Connection::~Connection() {
  if (Inherited()) descriptor_.CloseIfSame();
  // Good-bye and close only in the process that opened it, and only if the number still means our
  // socket. Otherwise memory is freed and nothing else happens. A sign-in that failed has no
  // descriptor left.
  const bool ours = !Inherited() && (descriptor_.fd < 0 || descriptor_.Same());
  CallScope scope(MonotonicMs(), ours ? CallScope::Mode::kTalk : CallScope::Mode::kSilent);
  scope.UseOpenSsl();
  // What was read last may be a hash.
  if (mysql_ != nullptr && mysql_->net.buff != nullptr)
    explicit_bzero(mysql_->net.buff, mysql_->net.max_packet);
  // The connection first: a statement that outlives it is freed without reading its rows away.
  if (mysql_ != nullptr) mysql_close(mysql_);
  for (auto& query : queries_) query.reset();
}

std::expected<std::unique_ptr<Statement>, SqlError> Connection::Prepare(const QueryTemplate& query,
                                                                        Deadline deadline) {
  return Statement::Prepare(mysql_, descriptor_, query, deadline);
}

std::expected<void, SqlError> Connection::Command(std::string_view sql, Deadline deadline) {
  CallScope scope(deadline.at_ms(), CallScope::Mode::kTalk);
  if (mysql_real_query(mysql_, sql.data(), static_cast<unsigned long>(sql.size())) == 0) return {};
  return std::unexpected(ConnectError(mysql_, deadline));
}

std::expected<void, SqlError> Connection::Begin(Deadline deadline) {
  CallScope scope(deadline.at_ms(), CallScope::Mode::kTalk);
  scope.Over(descriptor_);
  // Without READ WRITE a server that is read-only would say so only once it has got the values.
  constexpr std::string_view kSql = "START TRANSACTION READ WRITE";
  if (mysql_real_query(mysql_, kSql.data(), kSql.size()) == 0) return {};
  return std::unexpected(
      ClassifyError(mysql_errno(mysql_), mysql_error(mysql_), "begin", deadline));
}

std::expected<void, SqlError> Connection::Commit(Deadline deadline) {
  CallScope scope(deadline.at_ms(), CallScope::Mode::kTalk);
  scope.Over(descriptor_);
  if (mysql_real_query(mysql_, "COMMIT", 6) == 0) return {};
  const unsigned code = mysql_errno(mysql_);
  SqlError error = ClassifyWriteError(code, mysql_error(mysql_), "commit", deadline);
  // A deadlock is what a Galera node calls a change that another node was faster with.
  const bool rolled_back = error.read_only || code == ER_LOCK_DEADLOCK;
  if (error.kind == SqlError::Kind::kServer && !rolled_back) error.kind = SqlError::Kind::kLost;
  return std::unexpected(std::move(error));
}

std::expected<bool, SqlError> Connection::Rollback(Deadline deadline) {
  CallScope scope(deadline.at_ms(), CallScope::Mode::kTalk);
  scope.Over(descriptor_);
  if (mysql_real_query(mysql_, "ROLLBACK", 8) == 0) return mysql_warning_count(mysql_) == 0;
  return std::unexpected(
      ClassifyWriteError(mysql_errno(mysql_), mysql_error(mysql_), "roll back", deadline));
}

bool Connection::InTransaction() const {
  return (mysql_->server_status & SERVER_STATUS_IN_TRANS) != 0;
}

bool Connection::Usable() const {
  if (Inherited() || !descriptor_.Same()) return false;
  pollfd state{descriptor_.fd, POLLIN, 0};
  return poll(&state, 1, 0) == 0;
}

std::expected<PreparedQuery*, SqlError> Connection::Prepared(QueryId id, const QueryTemplate& query,
                                                             Deadline deadline) {
  std::unique_ptr<PreparedQuery>& slot = queries_[static_cast<std::size_t>(id)];
  if (slot != nullptr) return slot.get();
  auto statement = Prepare(query, deadline);
  if (!statement) return std::unexpected(statement.error());
  if ((*statement)->columns().empty() && !Writes(id)) {
    return std::unexpected(SqlError{SqlError::Kind::kServer, "prepare: the query returns no rows"});
  }
  auto fields = FieldMap::Build(id, (*statement)->columns());
  if (!fields) return std::unexpected(SqlError{SqlError::Kind::kServer, fields.error()});
  slot = std::make_unique<PreparedQuery>(std::move(*statement), *fields);
  return slot.get();
}

}  // namespace sqlmap
