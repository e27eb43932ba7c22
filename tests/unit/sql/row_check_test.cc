// What a server may say of its rows: nothing of it makes a program crash, and nothing that is not
// whole is believed.
#include "common/sql/row_check.h"

#include "common/sql/connection.h"
#include "unit/sql/fake_server.h"
#include "unit/sql/sql_fixture.h"

#ifdef __SANITIZE_ADDRESS__
// The library asks for room for as many columns as it is told of, takes a refusal, and then forgets
// to free the columns' descriptions.
extern "C" {
[[gnu::visibility("default")]] const char* __asan_default_options() {
  return "allocator_may_return_null=1";
}
[[gnu::visibility("default")]] const char* __lsan_default_suppressions() {
  return "leak:mthd_my_read_rows";
}
}
#elif defined(__SANITIZE_THREAD__)
extern "C" [[gnu::visibility("default")]] const char* __tsan_default_options() {
  return "allocator_may_return_null=1";
}
#endif

namespace sqlmap::testing {
namespace {

using Types = std::vector<enum_field_types>;

bool Whole(const Types& types, const std::string& row) {
  std::vector<MYSQL_FIELD> fields(types.size());
  for (std::size_t i = 0; i < types.size(); ++i) fields[i].type = types[i];
  return RowIsWhole(fields, {reinterpret_cast<const unsigned char*>(row.data()), row.size()});
}

// A row of one field that is not NULL.
std::string Row1(const std::string& field) { return std::string("\0\0", 2) + field; }

std::string Zeros(std::size_t count) { return std::string(count, '\0'); }

TEST(RowIsWhole, ANumberHasItsTypesLength) {
  const std::vector<std::pair<enum_field_types, std::size_t>> sizes = {
      {MYSQL_TYPE_TINY, 1},   {MYSQL_TYPE_SHORT, 2},    {MYSQL_TYPE_YEAR, 2},
      {MYSQL_TYPE_LONG, 4},   {MYSQL_TYPE_INT24, 4},    {MYSQL_TYPE_FLOAT, 4},
      {MYSQL_TYPE_DOUBLE, 8}, {MYSQL_TYPE_LONGLONG, 8}, {MYSQL_TYPE_NULL, 0}};
  for (const auto& [type, size] : sizes) {
    EXPECT_TRUE(Whole({type}, Row1(Zeros(size)))) << type;
    for (std::size_t less = 0; less < size; ++less)
      EXPECT_FALSE(Whole({type}, Row1(Zeros(less)))) << type << " in " << less;
    // The one behind it finds what is left.
    EXPECT_TRUE(Whole({type, MYSQL_TYPE_TINY}, Row1(Zeros(size + 1)))) << type;
    EXPECT_FALSE(Whole({type, MYSQL_TYPE_TINY}, Row1(Zeros(size)))) << type;
  }
}

TEST(RowIsWhole, ATimeHasOneOfItsLengthsAndSixDigitsOfAFraction) {
  const std::vector<std::pair<enum_field_types, std::vector<std::size_t>>> lengths = {
      {MYSQL_TYPE_DATE, {0, 4, 7, 11}},
      {MYSQL_TYPE_DATETIME, {0, 4, 7, 11}},
      {MYSQL_TYPE_TIMESTAMP, {0, 4, 7, 11}},
      {MYSQL_TYPE_TIME, {0, 8, 12}}};
  for (const auto& [type, good] : lengths) {
    for (std::size_t length = 0; length < 30; ++length) {
      const std::string field = static_cast<char>(length) + Zeros(length);
      EXPECT_EQ(Whole({type}, Row1(field)), std::ranges::find(good, length) != good.end())
          << type << " of " << length;
      EXPECT_FALSE(length != 0 && Whole({type}, Row1(field.substr(0, length)))) << type;
    }
    const std::string start = static_cast<char>(good.back()) + Zeros(good.back() - 4);
    EXPECT_TRUE(Whole({type}, Row1(start + std::string("\x3f\x42\x0f\0", 4)))) << "999,999";
    EXPECT_FALSE(Whole({type}, Row1(start + std::string("\x40\x42\x0f\0", 4)))) << "1,000,000";
    EXPECT_FALSE(Whole({type}, Row1(start + "\xff\xff\xff\xff"))) << type;
    EXPECT_FALSE(Whole({type}, Row1(start + std::string("\0\0\0\x80", 4)))) << type;
  }
}

TEST(RowIsWhole, ALengthIsReadInEachOfItsForms) {
  const auto text = [](const std::string& length, std::size_t bytes) {
    return Whole({MYSQL_TYPE_VAR_STRING}, Row1(length + std::string(bytes, 'x')));
  };
  EXPECT_TRUE(text(Zeros(1), 0));
  EXPECT_TRUE(text("\xfa", 250));
  EXPECT_FALSE(text("\xfa", 249));
  EXPECT_FALSE(text("\xfb", 300)) << "the mark of NULL is no length";
  EXPECT_FALSE(text("\xff", 300)) << "nor is that of an error";
  EXPECT_TRUE(text("\xfc\xfb" + Zeros(1), 251));
  EXPECT_FALSE(text("\xfc\xfb" + Zeros(1), 250));
  EXPECT_FALSE(text("\xfc\x01\x10", 4096));
  EXPECT_TRUE(text(std::string("\xfd\0\0\x01", 4), 65536));
  EXPECT_FALSE(text(std::string("\xfd\0\0\x01", 4), 65535));
  EXPECT_TRUE(text("\xfe\x03" + Zeros(7), 3));
  EXPECT_FALSE(text("\xfe\x03" + Zeros(7), 2));
  EXPECT_FALSE(text("\xfe" + Zeros(4) + "\x01" + Zeros(3), 3)) << "4 GiB";
  EXPECT_FALSE(text("\xfe" + std::string(8, '\xff'), 3));
  for (const char mark : {'\xfc', '\xfd', '\xfe'}) {
    const std::size_t size = mark == '\xfc' ? 2 : mark == '\xfd' ? 3 : 8;
    for (std::size_t less = 0; less < size; ++less) EXPECT_FALSE(text(mark + Zeros(less), 0));
    EXPECT_TRUE(text(mark + Zeros(size), 0));
  }
}

TEST(RowIsWhole, ANullHasNoBytesWhereverItsBitStands) {
  for (std::size_t count = 1; count < 40; ++count) {
    const Types types(count, MYSQL_TYPE_TINY);
    const std::size_t bits = (count + 9) / 8;
    EXPECT_TRUE(Whole(types, Zeros(1 + bits + count))) << count;
    EXPECT_FALSE(Whole(types, Zeros(1 + bits + count - 1))) << count;
    for (std::size_t i = 0; i < count; ++i) {
      std::string row = Zeros(1 + bits + count - 1);
      row[1 + (i + 2) / 8] = static_cast<char>(1U << (i + 2) % 8);
      EXPECT_TRUE(Whole(types, row)) << i << " of " << count;
      row.pop_back();
      EXPECT_FALSE(Whole(types, row)) << i << " of " << count;
    }
    std::string all = Zeros(1) + std::string(bits, '\xff');
    EXPECT_TRUE(Whole(types, all)) << count;
    all.pop_back();
    EXPECT_FALSE(Whole(types, all)) << count;
  }
  EXPECT_FALSE(Whole({MYSQL_TYPE_NULL}, ""));
  std::string reserved = Row1("");
  reserved[1] = 3;
  EXPECT_FALSE(Whole({MYSQL_TYPE_TINY}, reserved)) << "the first two bits are nobody's";
}

TEST(RowIsWhole, ATypeThatTheLibraryCannotReadIsRefused) {
  for (int type = MYSQL_TYPE_BIT + 1; type < MYSQL_TYPE_JSON; ++type)
    EXPECT_FALSE(Whole({static_cast<enum_field_types>(type)}, Row1(Zeros(20)))) << type;
  EXPECT_FALSE(Whole({MYSQL_TYPE_NEWDATE}, Row1(Zeros(20))));
  for (const enum_field_types type :
       {MYSQL_TYPE_JSON, MYSQL_TYPE_NEWDECIMAL, MYSQL_TYPE_ENUM, MYSQL_TYPE_SET,
        MYSQL_TYPE_TINY_BLOB, MYSQL_TYPE_MEDIUM_BLOB, MYSQL_TYPE_LONG_BLOB, MYSQL_TYPE_BLOB,
        MYSQL_TYPE_VAR_STRING, MYSQL_TYPE_STRING, MYSQL_TYPE_GEOMETRY, MYSQL_TYPE_BIT}) {
    EXPECT_TRUE(Whole({type}, Row1("\3abc"))) << type;
    EXPECT_FALSE(Whole({type}, Row1("\3ab"))) << type;
  }
}

TEST(DescriptionIsWhole, ANullOrAShortFieldIsRefusedBeforeTheLibraryReadsIt) {
  const std::string text(100, '\0');
  for (const std::size_t numbers : {std::size_t{6}, std::size_t{7}}) {
    for (const std::size_t behind : {std::size_t{0}, std::size_t{1}}) {  // the default value
      std::vector<const char*> fields;
      for (std::size_t i = 0; i < numbers; ++i) fields.push_back(text.data() + i);
      fields.push_back(text.data() + numbers);
      for (std::size_t i = 0; i <= behind; ++i) fields.push_back(text.data() + numbers + 13 + i);
      EXPECT_TRUE(DescriptionIsWhole(fields, numbers));
      for (std::size_t i = 0; i <= numbers; ++i) {
        auto with_null = fields;
        with_null[i] = nullptr;
        EXPECT_FALSE(DescriptionIsWhole(with_null, numbers)) << i;
      }
      // What stands behind the numbers is nobody's, and comes from beyond the packet.
      auto no_default = fields;
      if (behind != 0) no_default[numbers + 1] = nullptr;
      EXPECT_TRUE(DescriptionIsWhole(no_default, numbers));
      for (std::size_t size = 0; size < 12; ++size) {
        auto shorter = fields;
        for (std::size_t i = numbers + 1; i < shorter.size(); ++i)
          shorter[i] = text.data() + numbers + size + 1;
        EXPECT_FALSE(DescriptionIsWhole(shorter, numbers)) << size;
      }
      EXPECT_FALSE(DescriptionIsWhole({fields.data(), numbers + 1}, numbers));
    }
  }
}

// Against the library itself, and what it makes of the rows.
class RowCheckTest : public ::testing::Test {
 protected:
  // What the fake server answers to the next client.
  struct Script {
    Packets prepare;
    Packets execute;
    char extensions = 0;
  };
  RowCheckTest()
      : server_(directory_.path() + "/s", [this](int client, const std::atomic<bool>&) {
          const auto script = script_.load();
          Converse(client, script->prepare, script->execute, script->extensions);
        }) {}

  static Script Sound(const std::vector<FakeColumn>& columns, const std::string& row) {
    Script script{PrepareAnswer(columns), ExecuteAnswer(columns)};
    script.execute.push_back(row);
    script.execute.push_back(kEofPacket);
    return script;
  }
  std::string Ask(Script script) {
    script_ = std::make_shared<const Script>(std::move(script));
    Layer layer("servers = [\"" + directory_.path() + "/s\"]\n");
    return layer.User("alice");
  }
  // A whole row of getpwnam, with one column more.
  std::string AskWith(const FakeColumn& more, const std::string& value) {
    auto columns = GetpwnamColumns();
    columns.push_back(more);
    // Eight columns have as many bytes of NULL bits as seven.
    return Ask(Sound(columns, WireRow("alice") + value));
  }

  static constexpr char kAlice[] = "alice:5000:/h";
  TemporaryDirectory directory_;
  std::atomic<std::shared_ptr<const Script>> script_;
  FakeServer server_;
};

std::string LittleEndian(double value) {
  char bytes[sizeof value];
  std::memcpy(bytes, &value, sizeof value);
  return {bytes, sizeof bytes};
}

TEST_F(RowCheckTest, ANumberFitsWhateverItsColumnIsSaidToBe) {
  for (const unsigned decimals : {0U, 2U, 30U, 31U, 39U, 255U}) {
    for (const unsigned flags : {0U, 64U}) {  // zero-filled
      for (const double value : {-1.7e308, 1.7e308, 5e-324, -0.0}) {
        for (const std::uint32_t length : {0U, 22U, 299U, 0xffffffffU}) {
          EXPECT_EQ(AskWith({.name = "more",
                             .type = MYSQL_TYPE_DOUBLE,
                             .length = length,
                             .decimals = decimals,
                             .flags = flags},
                            LittleEndian(value)),
                    kAlice)
              << decimals << " " << flags << " " << value << " " << length;
        }
      }
      EXPECT_EQ(AskWith({.name = "more",
                         .type = MYSQL_TYPE_FLOAT,
                         .length = 0xffffffff,
                         .decimals = decimals,
                         .flags = flags},
                        "\xff\xff\x7f\xff"),
                kAlice)
          << decimals;
    }
  }
}

TEST_F(RowCheckTest, AnIntegersDisplayWidthIsNotBelieved) {
  for (const unsigned flags : {0U, 64U}) {
    for (const std::uint32_t length : {0U, 1U, 255U, 0x7fffffffU, 0xffffffffU}) {
      for (const auto& [type, size] :
           std::vector<std::pair<unsigned, std::size_t>>{{MYSQL_TYPE_TINY, 1},
                                                         {MYSQL_TYPE_SHORT, 2},
                                                         {MYSQL_TYPE_YEAR, 2},
                                                         {MYSQL_TYPE_LONG, 4},
                                                         {MYSQL_TYPE_INT24, 4},
                                                         {MYSQL_TYPE_LONGLONG, 8}}) {
        EXPECT_EQ(AskWith({.name = "more", .type = type, .length = length, .flags = flags},
                          std::string(size, '\x80')),
                  kAlice)
            << type << " " << length;
      }
    }
  }
}

TEST_F(RowCheckTest, AFractionOfMoreThanSixDigitsIsRefused) {
  for (const unsigned decimals : {0U, 1U, 6U, 7U, 31U}) {
    const FakeColumn when{.name = "more", .type = MYSQL_TYPE_DATETIME, .decimals = decimals};
    EXPECT_EQ(AskWith(when, "\x0b" + std::string(7, '\xff') + std::string("\x3f\x42\x0f\0", 4)),
              kAlice);
    EXPECT_EQ(AskWith(when, "\x0b" + std::string(11, '\x7f')).substr(0, 11), "unavailable");
    const FakeColumn time{.name = "more", .type = MYSQL_TYPE_TIME, .decimals = decimals};
    EXPECT_EQ(AskWith(time, "\x0c" + std::string(8, '\xff') + std::string("\x3f\x42\x0f\0", 4)),
              kAlice);
    EXPECT_EQ(AskWith(time, "\x0c" + std::string(12, '\x7f')).substr(0, 11), "unavailable");
  }
}

// Each packet of the answers to prepare and execute, but for the row, which is the table's above.
TEST_F(RowCheckTest, NoPacketThatIsCutOffOrAlteredIsACrashOrAnAbsence) {
  const Script sound = Sound(GetpwnamColumns(), WireRow("alice"));
  ASSERT_EQ(Ask(sound), kAlice);
  const auto try_it = [&](const Script& script, const std::string& what) {
    const std::string seen = Ask(script);
    EXPECT_TRUE(seen == kAlice || seen.starts_with("unavailable")) << what << ": " << seen;
  };
  const std::size_t packets = sound.prepare.size() + sound.execute.size() - 2;
  for (std::size_t i = 0; i < packets; ++i) {
    // The columns after the first are described in the same form.
    if (sound.prepare.size() > i && i > 3 && i + 2 < sound.prepare.size()) continue;
    const auto altered = [&](const std::function<void(std::string&)>& alter) {
      Script script = sound;
      alter(i < sound.prepare.size() ? script.prepare[i]
                                     : script.execute[i - sound.prepare.size()]);
      return script;
    };
    const std::string& whole =
        i < sound.prepare.size() ? sound.prepare[i] : sound.execute[i - sound.prepare.size()];
    for (std::size_t size = 0; size < whole.size(); ++size) {
      const std::string where = "packet " + std::to_string(i) + " at " + std::to_string(size);
      try_it(altered([&](std::string& packet) { packet.resize(size); }), where + " cut off");
      for (const char byte : {'\xfb', '\xfc', '\xfe', '\xff', '\x7f', '\0'}) {
        try_it(altered([&](std::string& packet) { packet[size] = byte; }), where + " altered");
      }
    }
    Script dropped = sound;
    Packets& list = i < sound.prepare.size() ? dropped.prepare : dropped.execute;
    list.erase(list.begin() + static_cast<std::ptrdiff_t>(
                                  i < sound.prepare.size() ? i : i - sound.prepare.size()));
    try_it(dropped, "packet " + std::to_string(i) + " left out");
  }
}

TEST_F(RowCheckTest, CountsThatAreAbsurdAreNotBelieved) {
  const Script sound = Sound(GetpwnamColumns(), WireRow("alice"));
  for (const std::string& count : {std::string("\0\0", 2), std::string("\1\0", 2),
                                   std::string("\x08\0", 2), std::string("\xff\xff", 2)}) {
    Script columns = sound;
    columns.prepare[0].replace(5, 2, count);
    EXPECT_EQ(Ask(columns).substr(0, 11), "unavailable") << ::testing::PrintToString(count);
    if (count == std::string("\1\0", 2)) continue;
    Script parameters = sound;
    parameters.prepare[0].replace(7, 2, count);
    EXPECT_EQ(Ask(parameters).substr(0, 11), "unavailable") << ::testing::PrintToString(count);
  }
  for (const std::string& count :
       {Zeros(1), std::string("\1"), std::string("\x08"), std::string("\xfa"), std::string("\xfb"),
        std::string("\xfc\xff\xff"), std::string("\xfd\xff\xff\xff"),
        "\xfe" + std::string(8, '\xff'), "\xfe\xff\xff\xff\xff" + Zeros(4),
        "\xfe" + Zeros(4) + "\x07" + Zeros(3)}) {
    Script script = sound;
    script.execute[0] = count;
    const std::string seen = Ask(script);
    EXPECT_EQ(seen.substr(0, 11), "unavailable") << ::testing::PrintToString(count);
  }
}

// A statement whose columns the server tells only when it is executed, as MySQL does for SHOW
// GRANTS and EXPLAIN.
class LateColumnsTest : public RowCheckTest {
 protected:
  static Script Late() {
    Script script = Sound(GetpwnamColumns(), WireRow("alice"));
    script.prepare = PrepareAnswer({});
    script.prepare.pop_back();
    return script;
  }
  // The fields of all rows, or the error.
  std::string AskLate(Script script) {
    script_ = std::make_shared<const Script>(std::move(script));
    const Deadline deadline = Deadline::In(10'000);
    const ServerAddress address{directory_.path() + "/s", "", 3306};
    DatabaseSettings settings;
    settings.name = "accounts";
    auto dial = Dial::Start(address, Dial::Names::kHostsFileOnly, 0, deadline);
    if (!dial || !dial->AwaitGreeting(deadline).value_or(false)) return "no greeting";
    const auto connection =
        Connection::Open(*std::move(dial), address, settings, Credentials("reader", ""),
                         Connection::Use::kLookups, deadline);
    if (!connection) return connection.error().text;
    const auto statement = (*connection)->Prepare({"SHOW ?", {QueryParameter::kName}}, deadline);
    if (!statement) return statement.error().text;
    EXPECT_TRUE((*statement)->columns().empty());
    if (const auto executed = (*statement)->Execute({.name = "alice"}, deadline); !executed)
      return executed.error().text;
    std::string said;
    for (;;) {
      const auto row = (*statement)->Fetch(deadline);
      if (!row) return row.error().text;
      if (!*row) return said;
      EXPECT_EQ((*row)->size(), (*statement)->columns().size());
      for (const Cell& cell : **row) said.append(cell.value_or("NULL")).append(":");
    }
  }
  static constexpr char kSaid[] = "alice:x:5000:5000::/h:/bin/sh:";
};

TEST_F(LateColumnsTest, ColumnsThatAreToldWithTheRowsAreRead) { EXPECT_EQ(AskLate(Late()), kSaid); }

TEST_F(LateColumnsTest, NoPacketThatIsCutOffAlteredOrLeftOutIsACrash) {
  const Script sound = Late();
  for (std::size_t i = 0; i < sound.execute.size(); ++i) {
    // The columns after the first are described in the same form.
    if (i > 2 && i + 3 < sound.execute.size()) continue;
    for (std::size_t size = 0; size < sound.execute[i].size(); ++size) {
      Script cut = sound;
      cut.execute[i].resize(size);
      AskLate(std::move(cut));
      for (const char byte : {'\xfb', '\xfc', '\xfe', '\xff', '\x7f', '\1', '\0'}) {
        Script altered = sound;
        altered.execute[i][size] = byte;
        AskLate(std::move(altered));
      }
    }
    Script dropped = sound;
    dropped.execute.erase(dropped.execute.begin() + static_cast<std::ptrdiff_t>(i));
    EXPECT_NE(AskLate(std::move(dropped)), kSaid) << "packet " << i;
  }
  // Columns that nobody describes.
  for (const std::string& count : {std::string("\x07"), std::string("\xfc\xff\xff")}) {
    Script bare{sound.prepare, {count, kEofPacket, WireRow("alice"), kEofPacket}};
    EXPECT_NE(AskLate(std::move(bare)), kSaid);
  }
}

// The library keeps what is behind it from us, and the length with it.
TEST_F(RowCheckTest, AColumnsNameEndsAtItsFirstNul) {
  auto columns = GetpwnamColumns();
  columns.back().name += std::string(200, '\0');
  EXPECT_NE(Ask(Sound(columns, WireRow("alice"))).find("alice:"), std::string::npos);
}

// The library reads it when the statement is closed.
TEST_F(LateColumnsTest, AnotherResultWithColumnsThatNobodyDescribesIsNoCrash) {
  constexpr char kNeedNotDescribe = 1 << (36 - 32);  // MARIADB_CLIENT_CACHE_METADATA
  Script script = Late();
  script.extensions = kNeedNotDescribe;
  script.execute.front() += '\1';  // they are described
  // That is not all, says what ends the descriptions, and what ends the rows.
  for (std::string& packet : script.execute) {
    if (packet == kEofPacket) packet = std::string("\xfe\0\0\x0a\0", 5);
  }
  script.execute.push_back(std::string("\xc8\0", 2));
  script.execute.push_back(kEofPacket);
  EXPECT_EQ(AskLate(std::move(script)), "execute: the server sends more than one result");
}

TEST(RowCheckWithAServer, ANumberOf308DigitsInAColumnThatNobodyReadsIsNoCrash) {
  MariaDbServer server;
  server.Sql(kTables);
  server.Sql(
      "CREATE TABLE large (d DOUBLE, wide DOUBLE(255, 30), filled DOUBLE(5, 2) ZEROFILL, "
      "at DATETIME(6), passed TIME(6)); "
      "INSERT INTO large VALUES (-1e308, 1e200, 999.99, '2026-01-02 03:04:05.678901', "
      "'-838:59:58.999999')",
      "accounts");
  Layer layer(Layer::Servers(server), R"toml([queries]
getpwnam = "SELECT username, password, uid, gid, gecos, homedir, shell, ROUND(d, 2) AS a, FLOOR(d) AS b, -FLOOR(d) AS c, d, wide, filled, at, passed FROM nss_getpwnam, large WHERE username = :name"
)toml");
  EXPECT_EQ(layer.User("alice"), "alice:5000:/home/alice");
}

// The text of a number is an identity.
TEST(RowCheckWithAServer, AnIdThatIsComputedIsTheSameNumber) {
  MariaDbServer server;
  server.Sql(kTables);
  server.Sql("CREATE TABLE ids (small FLOAT(10, 0)); INSERT INTO ids VALUES (5000123)", "accounts");
  for (const char* id : {"FLOOR(4000000000e0)", "ROUND(4000000000e0, 2)", "4000000000e0",
                         "CAST(4000000000 AS DOUBLE)"}) {
    Layer layer(
        Layer::Servers(server),
        std::string(R"toml([queries]
getpwnam = "SELECT username, password, )toml") +
            id +
            R"toml( AS uid, gid, gecos, homedir, shell FROM nss_getpwnam WHERE username = :name"
)toml");
    EXPECT_EQ(layer.User("alice"), "alice:4000000000:/home/alice") << id;
  }
  Layer layer(Layer::Servers(server), R"toml([queries]
getpwnam = "SELECT username, password, small AS uid, gid, gecos, homedir, shell FROM nss_getpwnam, ids WHERE username = :name"
)toml");
  EXPECT_EQ(layer.User("alice"), "alice:5000123:/home/alice");
}

}  // namespace
}  // namespace sqlmap::testing
