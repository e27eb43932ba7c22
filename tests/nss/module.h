// The built libnss_sqlmap.so.2, loaded as glibc loads it, and the table of the fake plugin that it
// will load in turn.
#ifndef SQLMAP_TESTS_NSS_MODULE_H_
#define SQLMAP_TESTS_NSS_MODULE_H_

#include <dlfcn.h>
#include <grp.h>
#include <gtest/gtest.h>
#include <nss.h>
#include <pwd.h>
#include <shadow.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "fake_table.h"

namespace sqlmap {

struct Module {
  nss_getpwnam_r* getpwnam_r = Entry<nss_getpwnam_r>("getpwnam_r");
  nss_getpwuid_r* getpwuid_r = Entry<nss_getpwuid_r>("getpwuid_r");
  nss_setpwent* setpwent = Entry<nss_setpwent>("setpwent");
  nss_getpwent_r* getpwent_r = Entry<nss_getpwent_r>("getpwent_r");
  nss_endpwent* endpwent = Entry<nss_endpwent>("endpwent");
  nss_getgrnam_r* getgrnam_r = Entry<nss_getgrnam_r>("getgrnam_r");
  nss_getgrgid_r* getgrgid_r = Entry<nss_getgrgid_r>("getgrgid_r");
  nss_setgrent* setgrent = Entry<nss_setgrent>("setgrent");
  nss_getgrent_r* getgrent_r = Entry<nss_getgrent_r>("getgrent_r");
  nss_endgrent* endgrent = Entry<nss_endgrent>("endgrent");
  nss_getspnam_r* getspnam_r = Entry<nss_getspnam_r>("getspnam_r");
  nss_setspent* setspent = Entry<nss_setspent>("setspent");
  nss_getspent_r* getspent_r = Entry<nss_getspent_r>("getspent_r");
  nss_endspent* endspent = Entry<nss_endspent>("endspent");
  nss_initgroups_dyn* initgroups_dyn = Entry<nss_initgroups_dyn>("initgroups_dyn");

 private:
  template <class Function>
  static Function* Entry(const char* name) {
    static void* const library = Load(SQLMAP_TEST_MODULE);
    return reinterpret_cast<Function*>(
        Symbol(library, (std::string("_nss_sqlmap_") + name).c_str()));
  }

 public:
  static void* Load(const char* file) {
    void* const library = dlopen(file, RTLD_NOW | RTLD_LOCAL);
    return library != nullptr ? library : Fail();
  }
  static void* Symbol(void* library, const char* name) {
    void* const symbol = dlsym(library, name);
    return symbol != nullptr ? symbol : Fail();
  }

 private:
  static void* Fail() {
    std::fprintf(stderr, "%s\n", dlerror());
    std::abort();
  }
};

class NssTest : public testing::Test {
 protected:
  NssTest() {
    FillWithAccounts(table);
    table.answer = Answer::Found();
    table.impostor = table.silent = false;
    table.claimed_gids = 0;
    table.break_after = std::numeric_limits<std::size_t>::max();
    table.questions = 0;
    nss.endpwent();
    nss.endgrent();
    nss.endspent();
  }

  static FakeTable& LoadTable() {
    static const auto entry = reinterpret_cast<FakeTableEntry>(
        Module::Symbol(Module::Load(SQLMAP_TEST_PLUGIN), kFakeTableSymbol));
    return *entry();
  }

  const Module nss;
  FakeTable& table = LoadTable();
};

}  // namespace sqlmap

#endif  // SQLMAP_TESTS_NSS_MODULE_H_
