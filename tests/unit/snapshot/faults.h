// The kernel at its worst moments, for the code under test: see --wrap in CMakeLists.txt.
#ifndef SQLMAP_TESTS_UNIT_SNAPSHOT_FAULTS_H_
#define SQLMAP_TESTS_UNIT_SNAPSHOT_FAULTS_H_

namespace sqlmap::test {

struct Faults {
  int good_fixed_mappings = 0;    // how many MAP_FIXED work before
  int failed_fixed_mappings = 0;  // this many fail, and leave a hole
  bool host_takes_holes = false;  // at once, with a page full of 'h'
  char* hole = nullptr;           // the last one
  int interrupted_allocations = 0;
};
inline Faults g_faults;

}  // namespace sqlmap::test

#endif  // SQLMAP_TESTS_UNIT_SNAPSHOT_FAULTS_H_
