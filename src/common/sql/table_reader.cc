#include "common/sql/table_reader.h"

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

#include "common/account/rules.h"
#include "common/sql/list_rows.h"

namespace sqlmap {
namespace {

Deadline Patience() { return Deadline::In(TableReader::kPatienceMs); }

// What a row of members counts for that has none. Such rows fill no memory, but may have no end.
constexpr std::size_t kIdleRow = 64;

// Of names that are held until another query has ended.
SqlError TooMuch(const char* what) {
  return {SqlError::Kind::kServer,
          std::string("more than 256 MiB of ") + what + "; see whether a view joins without ON"};
}

SqlError Enough() { return {SqlError::Kind::kServer, "the rows could not be taken"}; }

// Whether it is another query than the shipped one.
bool IsOwnQuery(const Settings& settings, QueryId id) {
  const QueryDescription& shipped = QueryDescriptions()[static_cast<std::size_t>(id)];
  const auto parsed = ParseQueryTemplate(shipped.default_text, shipped.parameters);
  return settings.query(id).configured() && (!parsed || settings.query(id).sql != parsed->sql);
}

// Those that are there more than once, each once.
std::vector<Uid> Shared(std::vector<Uid> uids) {
  std::ranges::sort(uids);
  std::vector<Uid> shared;
  for (std::size_t i = 1; i < uids.size(); ++i) {
    if (uids[i] == uids[i - 1] && (shared.empty() || shared.back() != uids[i]))
      shared.push_back(uids[i]);
  }
  return shared;
}

}  // namespace

std::optional<std::string> VersionIn(Row row) {
  if (row.empty() || !row[0]) return std::nullopt;
  return std::string(*row[0]);
}

SqlError NoVersion() {
  return {SqlError::Kind::kServer, "version: no row, or NULL; it must give one value"};
}

class TableReader::Work {
 public:
  Work(QueryRunner& runner, const RowReader& reader, Complaints& complaints, std::string_view host,
       std::shared_ptr<Connection> connection, std::string server)
      : runner_(runner),
        reader_(reader),
        complaints_(complaints),
        host_(host),
        connection_(std::move(connection)),
        server_(std::move(server)),
        asks_owners_(IsOwnQuery(runner.settings(), QueryId::kGetpwuid)) {}

  std::expected<void, SqlError> Begin() {
    // The identity account needs no right for this. Without InnoDB there is no snapshot, and the
    // transaction does no harm. At a server whose usual level is READ COMMITTED there would be none
    // either.
    for (const char* sql : {"SET TRANSACTION ISOLATION LEVEL REPEATABLE READ",
                            "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY"}) {
      auto begun = connection_->Command(sql, Patience());
      if (begun) continue;
      begun.error().text = server_ + ": start transaction: " + begun.error().text;
      return begun;
    }
    return {};
  }

  std::expected<std::string, SqlError> Version() {
    if (!runner_.settings().query(QueryId::kVersion).configured()) return std::string();
    auto stream = Stream(QueryId::kVersion);
    if (!stream) return std::unexpected(std::move(stream.error()));
    const auto row = stream->Next(Patience());
    if (!row) return std::unexpected(row.error());
    auto version = *row ? VersionIn(**row) : std::nullopt;
    if (!version) return std::unexpected(NoVersion());
    if (auto finished = Finish(*stream); !finished) return std::unexpected(finished.error());
    return *std::move(version);
  }

  std::expected<void, SqlError> Users(FunctionRef<bool(const UserRecord&)> visit) {
    auto stream = Stream(QueryId::kGetpwent);
    if (!stream) return std::unexpected(std::move(stream.error()));
    uids_.clear();
    UserRows rows(std::move(*stream), reader_, complaints_);
    for (;;) {
      const auto user = rows.Next(Patience());
      if (!user) return std::unexpected(user.error());
      if (!*user) return Finish(rows.stream());
      if (!visit(**user)) return rows.stream().Broken(Enough());
      if (asks_owners_) uids_.push_back((*user)->uid);
    }
  }

  std::expected<void, SqlError> Owners(FunctionRef<bool(Uid, std::string_view)> visit) {
    for (const Uid uid : Shared(std::exchange(uids_, {}))) {
      std::string name;
      if (auto read = Owner(uid, name); !read) {
        if (read.error().kind != SqlError::Kind::kServer) return read;
        complaints_.OnError(QueryId::kGetpwuid, read.error());
        return {};
      }
      if (!name.empty() && !visit(uid, name)) return std::unexpected(Enough());
    }
    return {};
  }

  std::expected<void, SqlError> Groups(FunctionRef<bool(const GroupRecord&)> visit) {
    auto stream = Stream(QueryId::kGetgrent);
    if (!stream) return std::unexpected(std::move(stream.error()));
    const bool has_members = stream->fields().Has(Field::kMember);
    // The members of one group cannot be asked for while another row waits to be read.
    std::vector<OwnedGroup> bare;
    std::size_t bytes = 0;
    GroupRows rows(
        std::move(*stream), reader_, complaints_,
        [](Gid, Deadline, std::string&, std::size_t&) { return std::expected<void, SqlError>(); });
    for (;;) {
      const auto group = rows.Next(Patience());
      if (!group) return std::unexpected(group.error());
      if (!*group) break;
      if (!has_members) {
        bytes += sizeof(OwnedGroup) + (*group)->name.size() + (*group)->password.size();
        if (bytes > QueryRunner::kMaxBytes) return rows.stream().Broken(TooMuch("groups"));
        bare.push_back(
            {std::string((*group)->name), std::string((*group)->password), (*group)->gid});
      } else if (!visit(**group)) {
        return rows.stream().Broken(Enough());
      }
    }
    if (auto finished = Finish(rows.stream()); !finished) return finished;
    for (const OwnedGroup& group : bare) {
      std::string names;
      std::size_t count = 0;
      if (auto read = Members(group.gid, names, count); !read) return read;
      if (!visit({group.name, group.password, group.gid, {names, count}}))
        return std::unexpected(Enough());
    }
    return {};
  }

 private:
  struct OwnedGroup {
    std::string name;
    std::string password;
    Gid gid;
  };

  std::expected<RowStream, SqlError> Stream(QueryId id) {
    return RowStream::On(connection_, server_, runner_, id, {.host = host_}, Patience());
  }

  std::expected<void, SqlError> Finish(RowStream& stream) {
    if (stream.Finish(Patience())) return {};
    return stream.Broken({SqlError::Kind::kLost, "the connection broke"});
  }

  // The name of the row; "" if there is none that is an account.
  std::expected<void, SqlError> Owner(Uid uid, std::string& name) {
    const auto stored = WithoutOffset(uid, runner_.settings().accounts.uid_offset);
    if (!stored) return {};
    const Deadline deadline = Patience();
    auto stream = RowStream::On(connection_, server_, runner_, QueryId::kGetpwuid,
                                {.uid = *stored, .host = host_}, deadline);
    if (!stream) return std::unexpected(std::move(stream.error()));
    RecordText text;
    for (;;) {
      const auto row = stream->Next(deadline);
      if (!row) return std::unexpected(row.error());
      if (!*row) return Finish(*stream);
      if (deadline.passed())
        return stream->Broken({SqlError::Kind::kTimeout, "the rows did not end in time"});
      const auto user = reader_.User(stream->fields(), **row, text);
      if (!user) {
        complaints_.OnBadRow(QueryId::kGetpwuid, user.error());
      } else if (user->uid == uid && (name.empty() || AnswersForId(user->name, name))) {
        name = user->name;
      }
    }
  }

  std::expected<void, SqlError> Members(Gid gid, std::string& names, std::size_t& count) {
    constexpr QueryId kId = QueryId::kMemsbygid;
    const auto stored = WithoutOffset(gid, runner_.settings().accounts.uid_offset);
    if (!runner_.settings().query(kId).configured() || !stored) return {};
    auto stream = RowStream::On(connection_, server_, runner_, kId, {.gid = *stored, .host = host_},
                                Patience());
    if (!stream) return std::unexpected(std::move(stream.error()));
    const FieldMap& fields = stream->fields();
    const Field column = fields.Has(Field::kMember) ? Field::kMember : Field::kUserName;
    std::size_t idle = 0;
    for (;;) {
      const auto row = stream->Next(Patience());
      if (!row) return std::unexpected(row.error());
      if (!*row) return Finish(*stream);
      const std::size_t before = names.size();
      if ((*row)->empty()) {
        complaints_.OnBadRow(kId, {"gid " + std::to_string(gid), "a field is longer than 1 MiB"});
      } else if (const Cell member = fields.In(**row, column);
                 member && reader_.AppendMembers(*member, names, count) != 0) {
        complaints_.OnBadRow(kId, {"gid " + std::to_string(gid),
                                   "a member's name breaks the name rules of [accounts]"});
      }
      if (names.size() == before) idle += kIdleRow;
      if (names.size() + idle > QueryRunner::kMaxBytes) return stream->Broken(TooMuch("members"));
    }
  }

  QueryRunner& runner_;
  const RowReader& reader_;
  Complaints& complaints_;
  const std::string host_;
  const std::shared_ptr<Connection> connection_;
  const std::string server_;
  const bool asks_owners_;
  std::vector<Uid> uids_;  // of the users that were read
};

std::expected<TableReader, SqlError> TableReader::Begin(QueryRunner& runner,
                                                        const RowReader& reader,
                                                        Complaints& complaints,
                                                        std::string_view host) {
  auto opened = runner.OpenStream(Deadline::In(QueryRunner::kCallBudgetMs));
  if (!opened) return std::unexpected(std::move(opened.error()));
  auto work =
      std::make_unique<Work>(runner, reader, complaints, host, std::move(opened->connection),
                             runner.DescribeServer(opened->server));
  if (auto begun = work->Begin(); !begun) return std::unexpected(std::move(begun.error()));
  return TableReader(std::move(work));
}

TableReader::TableReader(std::unique_ptr<Work> work) : work_(std::move(work)) {}
TableReader::TableReader(TableReader&&) noexcept = default;
TableReader& TableReader::operator=(TableReader&&) noexcept = default;
TableReader::~TableReader() = default;

std::expected<std::string, SqlError> TableReader::Version() { return work_->Version(); }
std::expected<void, SqlError> TableReader::Users(FunctionRef<bool(const UserRecord&)> visit) {
  return work_->Users(visit);
}
std::expected<void, SqlError> TableReader::Owners(FunctionRef<bool(Uid, std::string_view)> visit) {
  return work_->Owners(visit);
}
std::expected<void, SqlError> TableReader::Groups(FunctionRef<bool(const GroupRecord&)> visit) {
  return work_->Groups(visit);
}

}  // namespace sqlmap
