#include "ctl/check/queries.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <utility>

#include "common/backend/backend.h"
#include "common/sql/rows.h"
#include "ctl/check/explain.h"
#include "ctl/check/servers.h"
#include "ctl/check/stopwatch.h"

namespace sqlmap {
namespace {

// Nobody is called so, and has this id: the last one that an account can have.
constexpr std::string_view kNobody = "no-account.of.sqlmapctl-check";
constexpr std::uint32_t kNoId = 4294967293U;

constexpr char kAddIndex[] = "add an index on what its WHERE compares";

bool Writes(const QueryDescription& query) {
  return query.parameters.Contains(QueryParameter::kDays);
}

// Asked for one account or group, and not for all.
bool ByKey(const QueryDescription& query) {
  using enum QueryParameter;
  return query.required.Contains(kName) || query.required.Contains(kUid) ||
         query.required.Contains(kGid);
}

// Whose row must be there if the lists have it.
bool MustFind(QueryId id) {
  using enum QueryId;
  return id == kGetpwnam || id == kGetpwuid || id == kGetspnam || id == kGetgrnam ||
         id == kGetgrgid;
}

bool OfGroups(QueryId id) {
  return id == QueryId::kGetgrnam || id == QueryId::kGetgrgid || id == QueryId::kMemsbygid;
}

struct NumberField {
  Field field;
  const char* name;
};
constexpr NumberField kNumbers[] = {
    {Field::kUid, "uid"},     {Field::kGid, "gid"},       {Field::kLstchg, "lstchg"},
    {Field::kMin, "min"},     {Field::kMax, "max"},       {Field::kWarn, "warn"},
    {Field::kInact, "inact"}, {Field::kExpire, "expire"}, {Field::kFlag, "flag"},
};

// Cells that say which type their column has, for FieldMap, which knows columns by rows.
const char* NameOf(ColumnType type) {
  switch (type) {
    case ColumnType::kFloat:
      return "FLOAT";
    case ColumnType::kText:
      return "text";
    case ColumnType::kOther:
      return "no number";
    default:
      return "";
  }
}

class Check {
 public:
  Check(const Settings& settings, const Sessions& sessions, const std::optional<Sample>& sample,
        Findings& findings)
      : settings_(settings),
        sessions_(sessions),
        sample_(sample),
        host_(HostName()),
        to_(findings) {}

  void Run(const QueryDescription& query) {
    const AccountRole role = query.privileged ? AccountRole::kPrivileged : AccountRole::kIdentity;
    const Session* const first = FirstFor(sessions_, role, Writes(query));
    if (first == nullptr || hung_) {
      return to_.Warning(std::string(query.key),
                         hung_ ? "not asked: the server hangs" : "not asked: no server lets us in",
                         "mend that first");
    }
    RunOn(query, role, *first);
    for (const Session& other : sessions_) {
      const bool asked = Writes(query) ? other.writes : other.reads;
      if (&other == first || !asked || other.Of(role) == nullptr) continue;
      const auto prepared = other.Of(role)->Prepared(query.id, Text(query), Soon());
      if (!prepared) Refused(query, role, other, prepared.error());
    }
  }

 private:
  struct Found {
    std::size_t rows = 0;
    std::string took;
  };

  Deadline Soon() const { return Deadline::In(settings_.database.query_timeout_ms); }
  const QueryTemplate& Text(const QueryDescription& query) const {
    return settings_.query(query.id);
  }

  void Refused(const QueryDescription& query, AccountRole role, const Session& session,
               const SqlError& error) {
    to_.Error(std::string(query.key), session.address.Describe() + ": " + WordsOf(error),
              RemedyFor(error, settings_, role));
    if (error.kind != SqlError::Kind::kServer && error.kind != SqlError::Kind::kStale) hung_ = true;
  }

  void RunOn(const QueryDescription& query, AccountRole role, const Session& session) {
    Connection& connection = *session.Of(role);
    const Stopwatch watch;
    const auto prepared = connection.Prepared(query.id, Text(query), Soon());
    if (!prepared) return Refused(query, role, session, prepared.error());
    const std::string key(query.key);
    Statement& statement = *(*prepared)->statement;
    if (Writes(query)) {
      return to_.Ok(key, "prepares on " + session.address.Describe() + " within " + watch.Text() +
                             "; it is not run");
    }
    const std::vector<ColumnType> types(statement.types().begin(), statement.types().end());
    bool good = true;
    if (const auto complaint = JudgeTypes((*prepared)->fields, types)) {
      good = false;
      if (complaint->level == Level::kError) {
        to_.Error(key, complaint->what, complaint->remedy);
      } else {
        to_.Warning(key, complaint->what, complaint->remedy);
      }
    }
    if (!ByKey(query)) {
      if (good) to_.Ok(key, Columns(statement));
      return;
    }
    const auto there = Execute(statement, Arguments(query, true), query, role, session);
    if (!there) return;
    const auto missing = Execute(statement, Arguments(query, false), query, role, session);
    if (!missing) return;
    if (there->rows == 0 && MustFind(query.id) && Known(query.id)) {
      good = false;
      to_.Error(key, "does not find " + Asked(query) + ", which the list has",
                "let both read the same view");
    }
    if (missing->rows != 0) {
      good = false;
      to_.Error(key, "gives rows for what does not exist",
                "let its WHERE compare with the parameter");
    }
    const auto plan = Explain(query, there->rows, connection, session);
    std::optional<std::uint64_t> counted;
    if (!plan) counted = RowsRead(query, role, session, statement);
    if (plan && !plan->scans.empty()) {
      good = false;
      to_.Warning(key, "reads all of " + plan->scans + " for each look-up", kAddIndex);
    }
    if (ReadsTooMany(counted.value_or(0), there->rows)) {
      good = false;
      to_.Warning(key, "reads " + std::to_string(*counted) + " rows for each look-up", kAddIndex);
    }
    if (!good) return;
    std::string what = Columns(statement);
    what += ", answers within " + there->took + ", a miss within " + missing->took;
    if (plan && !plan->indices.empty()) what += ", by " + plan->indices;
    if (counted) what += ", reads few rows";
    to_.Ok(key, what);
  }

  static std::string Columns(const Statement& statement) {
    const std::size_t count = statement.columns().size();
    return std::to_string(count) + (count == 1 ? " column" : " columns");
  }

  // Whether a row of its list was seen.
  bool Known(QueryId id) const {
    return sample_ && !(OfGroups(id) ? sample_->group : sample_->user).empty();
  }
  std::string Asked(const QueryDescription& query) const {
    switch (query.id) {
      case QueryId::kGetpwuid:
        return "uid " + std::to_string(sample_->uid);
      case QueryId::kGetgrnam:
        return sample_->group;
      case QueryId::kGetgrgid:
        return "gid " + std::to_string(sample_->gid);
      default:
        return sample_->user;
    }
  }

  // Text in it is the sample's, or constant.
  QueryArguments Arguments(const QueryDescription& query, bool there) const {
    QueryArguments arguments{.name = kNobody, .uid = kNoId, .gid = kNoId, .host = host_};
    if (there && Known(query.id)) {
      arguments.name = OfGroups(query.id) ? sample_->group : sample_->user;
      arguments.uid = sample_->uid;
      arguments.gid = sample_->gid;
    }
    return arguments;
  }

  // The rows are counted and wiped.
  std::optional<Found> Execute(Statement& statement, const QueryArguments& arguments,
                               const QueryDescription& query, AccountRole role,
                               const Session& session) {
    const Deadline deadline = Soon();
    const Stopwatch watch;
    Found found;
    std::optional<SqlError> error;
    if (auto executed = statement.Execute(arguments, deadline); !executed) error = executed.error();
    while (!error) {
      auto row = statement.Fetch(deadline);
      if (!row) {
        error = row.error();
      } else if (!*row) {
        break;
      } else {
        ++found.rows;
      }
    }
    found.took = watch.Text();
    statement.WipeRows();
    if (!error && !statement.Finish(deadline))
      error = SqlError{SqlError::Kind::kTimeout, "its rows did not end in time"};
    if (!error) return found;
    Refused(query, role, session, *error);
    return std::nullopt;
  }

  std::optional<Plan> Explain(const QueryDescription& query, std::uint64_t answered,
                              Connection& connection, const Session& session) {
    if (auto plan = ExplainOn(query, answered, connection)) return plan;
    // Of views it is told only to whoever may see what is behind them: on this host, root.
    if (!session.address.is_socket()) return std::nullopt;
    if (!administrator_ || administrator_of_ != &session) {
      administrator_of_ = &session;
      DatabaseSettings as_root = settings_.database;
      as_root.socket_uid.reset();
      auto signed_in =
          SignIn(session.address, as_root, Credentials("root", ""), Connection::Use::kLookups);
      administrator_ = signed_in ? *std::move(signed_in) : nullptr;
    }
    if (administrator_ == nullptr) return std::nullopt;
    return ExplainOn(query, answered, *administrator_);
  }

  // What the server counts for everybody: rows that it took from tables one after the other.
  static std::optional<std::uint64_t> Counter(Connection& connection, Deadline deadline) {
    const auto rows = Ask(connection,
                          "SHOW SESSION STATUS WHERE Variable_name IN "
                          "('Handler_read_next', 'Handler_read_rnd_next')",
                          deadline);
    if (!rows || rows->size() != 2) return std::nullopt;
    std::uint64_t sum = 0;
    for (const TextRow& row : *rows)
      sum += row.size() == 2 ? ParseUnsigned(row[1].value_or("")).value_or(0) : 0;
    return sum;
  }
  std::optional<std::uint64_t> RowsRead(const QueryDescription& query, AccountRole role,
                                        const Session& session, Statement& statement) {
    Connection& connection = *session.Of(role);
    const auto before = Counter(connection, Soon());
    if (!before || !Execute(statement, Arguments(query, true), query, role, session))
      return std::nullopt;
    const auto after = Counter(connection, Soon());
    return after ? std::optional(*after - *before) : std::nullopt;
  }

  std::optional<Plan> ExplainOn(const QueryDescription& query, std::uint64_t answered,
                                Connection& connection) {
    const Deadline deadline = Soon();
    // Whatever its explain_format: MySQL 9.7 has TREE, which is no table.
    auto statement = connection.Prepare(
        {"EXPLAIN FORMAT=TRADITIONAL " + Text(query).sql, Text(query).parameters}, deadline);
    if (!statement || !(*statement)->Execute(Arguments(query, true), deadline)) return std::nullopt;
    std::vector<TextRow> rows;
    for (;;) {
      const auto row = (*statement)->Fetch(deadline);
      if (!row) return std::nullopt;
      if (!*row) break;
      TextRow text;
      for (const Cell& cell : **row)
        text.push_back(cell ? std::optional<std::string>(*cell) : std::nullopt);
      rows.push_back(std::move(text));
    }
    if (!(*statement)->Finish(deadline)) return std::nullopt;
    return JudgePlan(StepsOf((*statement)->columns(), rows), answered);
  }

  const Settings& settings_;
  const Sessions& sessions_;
  const std::optional<Sample>& sample_;
  const std::string host_;
  Findings& to_;
  bool hung_ = false;
  std::unique_ptr<Connection> administrator_;
  const Session* administrator_of_ = nullptr;
};

}  // namespace

std::optional<TypeComplaint> JudgeTypes(const FieldMap& fields,
                                        const std::vector<ColumnType>& types) {
  std::vector<Cell> names;
  names.reserve(types.size());
  for (const ColumnType type : types) names.emplace_back(NameOf(type));
  std::string floats;
  std::string texts;
  std::string others;
  for (const NumberField& number : kNumbers) {
    const Cell type = fields.In(names, number.field);
    if (!type || type->empty()) continue;
    // Ageing may be text: nothing looks for it.
    const bool id = number.field == Field::kUid || number.field == Field::kGid;
    if (*type == "text" && !id) continue;
    std::string& list = *type == "FLOAT" ? floats : *type == "text" ? texts : others;
    list.append(list.empty() ? "" : ", ").append(number.name);
  }
  if (!floats.empty()) {
    return TypeComplaint{Level::kError, floats + ": FLOAT has six digits, and ids have ten",
                         "make it INT UNSIGNED, or CAST it in the view"};
  }
  if (!others.empty()) {
    return TypeComplaint{Level::kError, others + ": the column holds no numbers",
                         "CAST it in the view: ids are numbers, dates are days since 1970-01-01"};
  }
  if (!texts.empty()) {
    return TypeComplaint{Level::kWarning,
                         texts + ": the column is text, which no index finds by a number",
                         "make it INT UNSIGNED, or CAST it in the view"};
  }
  return std::nullopt;
}

void CheckQueries(const Settings& settings, const Sessions& sessions,
                  const std::optional<Sample>& sample, Screen& screen, Findings& findings) {
  Check check(settings, sessions, sample, findings);
  for (const QueryDescription& query : QueryDescriptions()) {
    if (!settings.query(query.id).configured()) continue;
    screen.Progress("asking " + std::string(query.key));
    check.Run(query);
  }
}

}  // namespace sqlmap
