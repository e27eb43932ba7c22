// The part of an authentication that nobody can spare: one crypt_r(3) of the password.
//
//   bare_hash HASH PASSWORD COUNT   prints ms, the median of COUNT
#include <crypt.h>

#include <cstring>
#include <memory>

#include "samples.h"

int main(int argc, char** argv) {
  using namespace sqlmap::bench;
  if (argc != 4) Fail("usage: bare_hash HASH PASSWORD COUNT");
  const auto data = std::make_unique<crypt_data>();
  std::vector<double> ms(Count(argv[3]));
  for (double& one : ms) {
    const double start = NowNs();
    const char* hash = crypt_r(argv[2], argv[1], data.get());
    one = (NowNs() - start) / 1e6;
    if (hash == nullptr || std::strcmp(hash, argv[1]) != 0)
      Fail("the password does not fit the hash");
  }
  std::printf("%.3f\n", Median(ms));
}
