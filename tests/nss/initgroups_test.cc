// initgroups_dyn, with the array that glibc hands from module to module.
#include <cerrno>
#include <numeric>

#include "module.h"

namespace sqlmap {
namespace {

using Gids = std::vector<gid_t>;

class InitgroupsTest : public NssTest {
 protected:
  InitgroupsTest() { Start({100}, 8); }
  ~InitgroupsTest() override { std::free(array); }

  void Start(const Gids& known, long capacity) {
    std::free(array);
    size = capacity;
    start = static_cast<long>(known.size());
    array = static_cast<gid_t*>(std::malloc(static_cast<std::size_t>(capacity) * sizeof(gid_t)));
    std::copy(known.begin(), known.end(), array);
  }
  nss_status Call(gid_t primary, long limit) {
    return nss.initgroups_dyn("alice", primary, &start, &size, &array, limit, &error);
  }
  Gids Result() const { return {array, array + start}; }

  gid_t* array = nullptr;
  long start = 0, size = 0;
  int error = 0;
};

TEST_F(InitgroupsTest, AppendsBehindWhatIsThere) {
  EXPECT_EQ(Call(100, -1), NSS_STATUS_SUCCESS);
  EXPECT_EQ(Result(), (Gids{100, 10000, 10001, 10003}));
  EXPECT_EQ(size, 8);
}

TEST_F(InitgroupsTest, LeavesOutThePrimaryGroupAndWhatOthersFound) {
  Start({10001, 10003, 7}, 8);
  EXPECT_EQ(Call(10001, -1), NSS_STATUS_SUCCESS);
  EXPECT_EQ(Result(), (Gids{10001, 10003, 7, 10000}));
  Start({}, 8);
  EXPECT_EQ(Call(10000, -1), NSS_STATUS_SUCCESS);
  EXPECT_EQ(Result(), (Gids{10001, 10003}));
}

TEST_F(InitgroupsTest, NeverEntersAReservedGroup) {
  table.memberships[0].gids = {0, 10000, 65534, 65535, 4294967294U, 4294967295U};
  EXPECT_EQ(Call(100, -1), NSS_STATUS_SUCCESS);
  EXPECT_EQ(Result(), (Gids{100, 10000}));
}

TEST_F(InitgroupsTest, GrowsTheArrayForManyGroups) {
  table.memberships[0].gids.resize(70000);
  std::iota(table.memberships[0].gids.begin(), table.memberships[0].gids.end(), 100000U);
  Start({100}, 1);
  EXPECT_EQ(Call(100, -1), NSS_STATUS_SUCCESS);
  ASSERT_EQ(start, 70001);
  EXPECT_GE(size, start);
  EXPECT_EQ(array[1], 100000U);
  EXPECT_EQ(array[70000], 169999U);
}

TEST_F(InitgroupsTest, StopsQuietlyAtTheLimit) {
  table.memberships[0].gids.resize(100);
  std::iota(table.memberships[0].gids.begin(), table.memberships[0].gids.end(), 20000U);
  Start({100}, 4);
  EXPECT_EQ(Call(100, 10), NSS_STATUS_SUCCESS);
  EXPECT_EQ(start, 10);
  EXPECT_LE(size, 10);
  EXPECT_EQ(array[9], 20008U);
}

TEST_F(InitgroupsTest, FullArrayAtTheLimitStaysAsItIs) {
  Start({100, 101}, 2);
  EXPECT_EQ(Call(100, 2), NSS_STATUS_SUCCESS);
  EXPECT_EQ(Result(), (Gids{100, 101}));
}

TEST_F(InitgroupsTest, LimitBelowTheArraysSizeIsKept) {
  Start({100}, 8);
  EXPECT_EQ(Call(100, 2), NSS_STATUS_SUCCESS);
  EXPECT_EQ(Result(), (Gids{100, 10000}));
}

TEST_F(InitgroupsTest, NoMembershipIsNotFound) {
  table.memberships.clear();
  EXPECT_EQ(Call(100, -1), NSS_STATUS_NOTFOUND);
  EXPECT_EQ(error, ENOENT);
  EXPECT_EQ(Result(), (Gids{100}));
}

TEST_F(InitgroupsTest, MoreThanMemoryCanHoldIsNotTakenForNone) {
  table.claimed_gids = std::size_t{1} << 62;
  EXPECT_EQ(Call(100, -1), NSS_STATUS_TRYAGAIN);
  EXPECT_EQ(error, ENOMEM);
  EXPECT_EQ(Result(), (Gids{100}));
}

}  // namespace
}  // namespace sqlmap
