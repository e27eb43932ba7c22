// A host's thread may fork while one of ours verifies: what the child finds locked stays locked. So
// neither a verification nor a new hash takes a lock of OpenSSL.
#include <dlfcn.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <pthread.h>

#include <atomic>
#include <string>

#include "common/password/digest.h"
#include "common/password/make.h"
#include "vectors.h"

namespace {

thread_local int t_locks = 0;

int Count(const char* name, pthread_rwlock_t* lock) {
  ++t_locks;
  using Function = int (*)(pthread_rwlock_t*);
  return reinterpret_cast<Function>(dlsym(RTLD_NEXT, name))(lock);
}

}  // namespace

// In place of libc's, also for libcrypto.
extern "C" int pthread_rwlock_rdlock(pthread_rwlock_t* lock) noexcept {
  return Count("pthread_rwlock_rdlock", lock);
}
extern "C" int pthread_rwlock_wrlock(pthread_rwlock_t* lock) noexcept {
  return Count("pthread_rwlock_wrlock", lock);
}

namespace sqlmap {
namespace {

int LocksOf(HashFunction function) {
  t_locks = 0;
  (void)Hash(function, {"password", "salt"});
  (void)Hmac(function, "password", std::string(300, 'a'));
  (void)Hmac(function, std::string(300, 'k'), "message");
  (void)Pbkdf2(function, "password", "salt", 3);
  return t_locks;
}

TEST(Verification, TakesNoLockOfOpenSsl) {
  FetchDigests();
  for (const auto function : {HashFunction::kMd5, HashFunction::kSha1, HashFunction::kSha256,
                              HashFunction::kSha384, HashFunction::kSha512}) {
    EXPECT_EQ(LocksOf(function), 0) << static_cast<int>(function);
  }
  for (const HashVector& vector : ReadHashVectors()) {
    if (vector.never) continue;
    t_locks = 0;
    EXPECT_EQ(OutcomeOf(vector.password, vector.hash, PolicyFor(vector)), PasswordOutcome::kMatch);
    EXPECT_EQ(t_locks, 0) << vector.hash;
  }
}

TEST(NewHash, TakesNoLockOfOpenSsl) {
  FetchDigests();
  for (const PasswordSchemeName& row : kPasswordSchemes) {
    if (!row.new_hashes.made) continue;
    t_locks = 0;
    EXPECT_TRUE(MakePasswordHash("password", row.scheme, row.new_hashes.least));
    EXPECT_EQ(t_locks, 0) << row.name;
  }
}

// If it did not, the tests above would show nothing.
TEST(LockCounter, SeesTheLocksOfADigestThatIsFetchedAtEachUse) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  t_locks = 0;
  ASSERT_EQ(EVP_Digest("", 0, digest, nullptr, EVP_sha256(), nullptr), 1);
  EXPECT_GT(t_locks, 0);
}

}  // namespace
}  // namespace sqlmap
