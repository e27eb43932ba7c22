// sqlmapd.snapshot(5) is doc/snapshot-format.md: its tables and the code's structs are the same
// bytes.
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <iterator>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

#include "common/snapshot/control.h"
#include "common/snapshot/layout.h"
#include "page.h"

namespace sqlmap {
namespace {

using Rows = std::vector<std::vector<std::string>>;

const std::string kPage = [] {
  std::ifstream file(SQLMAP_TEST_SNAPSHOT_PAGE);
  return std::string(std::istreambuf_iterator<char>(file), {});
}();

// The rows of the table whose head begins so, below `heading`.
Rows TableOf(std::string_view heading, std::string_view head) {
  std::istringstream lines(PartOf(kPage, heading));
  Rows rows;
  bool inside = false;
  for (std::string line; std::getline(lines, line);) {
    if (inside && !line.starts_with('|')) break;
    if (inside && !line.starts_with("|-")) {
      std::istringstream text(line.substr(1));
      rows.emplace_back();
      for (std::string cell; std::getline(text, cell, '|');) {
        cell.erase(0, cell.find_first_not_of(" `"));
        rows.back().push_back(cell.erase(cell.find_last_not_of(" `") + 1));
      }
    }
    inside = inside || line.starts_with(head);
  }
  EXPECT_FALSE(rows.empty()) << heading << ", " << head;
  return rows;
}

std::size_t Number(const std::string& text) { return std::stoul(text); }

// Bytes of "u32", "u16 × 5", "9 × u64", "2 × 4 × u32", "3 × 24", "8 bytes" and what commas join.
std::size_t BytesOf(const std::string& type) {
  std::istringstream list(type);
  std::size_t sum = 0;
  for (std::string part; std::getline(list, part, ',');) {
    std::size_t bytes = 1;
    const std::regex word("([ui])?([0-9]+)");
    for (std::sregex_iterator at(part.begin(), part.end(), word), end; at != end; ++at)
      bytes *= Number((*at)[2]) / ((*at)[1].matched ? 8 : 1);
    sum += bytes;
  }
  return sum;
}

// The rows follow one another without gaps, up to `end`, and begin where the members do.
void ExpectLayout(const Rows& rows, const std::vector<std::size_t>& members, std::size_t end) {
  ASSERT_EQ(rows.size(), members.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    EXPECT_EQ(Number(rows[i][0]), members[i]) << rows[i][2];
    const std::size_t next = i + 1 < rows.size() ? Number(rows[i + 1][0]) : end;
    EXPECT_EQ(Number(rows[i][0]) + BytesOf(rows[i][1]), next) << rows[i][2];
  }
}

std::string Text(std::uint64_t magic) {
  char bytes[sizeof magic];
  std::memcpy(bytes, &magic, sizeof magic);
  return {bytes, sizeof bytes};
}

constexpr std::string_view kOffsets = "| offset | type | field |";

TEST(SnapshotPage, ShowsTheHeaderAsItLies) {
  using snapshot::Header;
  const Rows rows = TableOf("### Header, 256 bytes", kOffsets);
  ExpectLayout(
      rows,
      {offsetof(Header, magic), offsetof(Header, version), offsetof(Header, header_size),
       offsetof(Header, file_size), offsetof(Header, generation), offsetof(Header, created),
       offsetof(Header, seed), offsetof(Header, sections), offsetof(Header, indices),
       offsetof(Header, flags), offsetof(Header, zero), offsetof(Header, check)},
      sizeof(Header));
  EXPECT_EQ(rows[0][2], Text(snapshot::kMagic));
  EXPECT_EQ(rows[1][2], "version: " + std::to_string(snapshot::kVersion));
  EXPECT_EQ(rows[2][2], "size of the header: " + std::to_string(sizeof(Header)));
}

TEST(SnapshotPage, ShowsABucketAsItLies) {
  using snapshot::Bucket;
  ExpectLayout(TableOf("### Indices", kOffsets),
               {offsetof(Bucket, tags), offsetof(Bucket, flags), offsetof(Bucket, positions),
                offsetof(Bucket, check)},
               sizeof(Bucket));
}

TEST(SnapshotPage, ShowsTheHeadsOfRecordsAsTheyLie) {
  Rows rows = TableOf("### Records", "| user | group | membership |");
  rows.pop_back();  // the texts behind the head
  const std::size_t sizes[] = {sizeof(snapshot::UserHead), sizeof(snapshot::GroupHead),
                               sizeof(snapshot::MembershipHead)};
  for (std::size_t kind = 0; kind < 3; ++kind) {
    std::size_t bytes = 0;
    for (const auto& row : rows) {
      const std::regex number("u(16|32)( × ([0-9]+))?");
      for (std::sregex_iterator at(row[kind].begin(), row[kind].end(), number), end; at != end;
           ++at)
        bytes += Number((*at)[1]) / 8 * ((*at)[3].matched ? Number((*at)[3]) : 1);
    }
    EXPECT_EQ(bytes, sizes[kind]) << "column " << kind;
  }
}

TEST(SnapshotPage, ShowsTheControlPageAsItLies) {
  const Rows rows = TableOf("## Control page", kOffsets);
  ExpectLayout(
      rows,
      {offsetof(ControlPage, magic), offsetof(ControlPage, version),
       offsetof(ControlPage, generation), offsetof(ControlPage, heartbeat),
       offsetof(ControlPage, confirmed_until), offsetof(ControlPage, flags),
       offsetof(ControlPage, backend_down_since), offsetof(ControlPage, spare),
       offsetof(ControlPage, rules), offsetof(ControlPage, rules_check), offsetof(ControlPage, ids),
       offsetof(ControlPage, ids) + offsetof(IdBlock, ids), offsetof(ControlPage, ids_sequence)},
      sizeof(ControlPage));
  EXPECT_EQ(rows[0][2], Text(kControlMagic));
  EXPECT_EQ(rows[1][2], "version: " + std::to_string(kControlVersion) +
                            "; size: " + std::to_string(kControlSize));
}

TEST(SnapshotPage, ShowsEveryFlagOfTheControlPage) {
  const std::pair<std::uint32_t, std::string_view> kFlags[] = {
      {control::kComplete, "holds every account"},
      {control::kBackendDown, "does not answer"},
      {control::kRetired, "was stopped"},
      {control::kWithdrawn, "switched off"},
      {control::kNoLists, "enumerate"},
  };
  const Rows rows = TableOf("## Control page", "| flag | meaning |");
  ASSERT_EQ(rows.size(), std::size(kFlags));
  std::size_t all = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    EXPECT_EQ(Number(rows[i][0]), kFlags[i].first);
    EXPECT_NE(rows[i][1].find(kFlags[i].second), std::string::npos) << rows[i][1];
    all += Number(rows[i][0]);
  }
  EXPECT_EQ(all, control::kAll);
}

}  // namespace
}  // namespace sqlmap
