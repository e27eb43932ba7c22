#include "daemon/privileges.h"

#include <grp.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/close_range.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <vector>

#include "daemon/error_text.h"

namespace sqlmap {
namespace {

using Done = std::expected<void, std::string>;

constexpr int kMostCapabilities = 64;

// The numbers of system calls are another's in another of the machine's modes.
#if defined(__x86_64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_AARCH64;
#elif defined(__riscv) && __riscv_xlen == 64
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_RISCV64;
#elif defined(__powerpc64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_PPC64LE;
#else
#error "name this machine's AUDIT_ARCH_..., see linux/audit.h"
#endif

// sigaltstack(2) is what AddressSanitizer asks for at the end.
constexpr int kWithinMemory[] = {SYS_write, SYS_exit,   SYS_exit_group, SYS_rt_sigreturn, SYS_brk,
                                 SYS_mmap,  SYS_munmap, SYS_futex,      SYS_sigaltstack};

Done Failed(const std::string& what) { return std::unexpected(what + ": " + ErrorText()); }

Done EmptyBoundingSet() {
  for (int capability = 0; capability < kMostCapabilities; ++capability) {
    const int there = prctl(PR_CAPBSET_READ, capability, 0, 0, 0);
    if (there < 0) break;  // the kernel knows no more
    if (there == 1 && prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0)
      return Failed("capability " + std::to_string(capability) + " cannot be given up");
  }
  if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0)
    return Failed("ambient capabilities cannot be given up");
  return {};
}

struct Capabilities {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3]{};
};

Done DropSets() {
  Capabilities none;
  if (syscall(SYS_capset, &none.header, none.sets) != 0)
    return Failed("capabilities cannot be given up");
  return {};
}

// What a change of credentials undoes, and so comes last.
Done Seal(pid_t parent) {
  const rlimit no_core{0, 0};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return Failed("no_new_privs");
  if (setrlimit(RLIMIT_CORE, &no_core) != 0) return Failed("core dumps cannot be switched off");
  if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) return Failed("tracing cannot be switched off");
  if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0) return Failed("parent's death signal");
  if (getppid() != parent) return std::unexpected("the parent is gone");
  return {};
}

Done HasNothingLeft() {
  for (int capability = 0; capability < kMostCapabilities; ++capability) {
    if (prctl(PR_CAPBSET_READ, capability, 0, 0, 0) == 1 ||
        prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, capability, 0, 0) == 1) {
      return std::unexpected("capability " + std::to_string(capability) + " is still there");
    }
  }
  Capabilities left;
  if (syscall(SYS_capget, &left.header, left.sets) != 0) return Failed("capget");
  for (const __user_cap_data_struct& set : left.sets) {
    if ((set.effective | set.permitted | set.inheritable) != 0)
      return std::unexpected("there are capabilities left");
  }
  if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1 || prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0)
    return std::unexpected("the process is not sealed");
  return {};
}

Done IsNobodyElse(ServiceUser user) {
  uid_t uids[3] = {};
  gid_t gids[3] = {};
  if (getresuid(&uids[0], &uids[1], &uids[2]) != 0 ||
      getresgid(&gids[0], &gids[1], &gids[2]) != 0) {
    return Failed("ids");
  }
  const bool same = std::all_of(uids, uids + 3, [&](uid_t uid) { return uid == user.uid; }) &&
                    std::all_of(gids, gids + 3, [&](gid_t gid) { return gid == user.gid; });
  if (!same || getgroups(0, nullptr) != 0) return std::unexpected("there are other ids left");
  if (setresuid(0, 0, 0) == 0) return std::unexpected("root can be had back");
  return {};
}

}  // namespace

std::expected<ServiceUser, std::string> FindServiceUser(const std::string& passwd_file,
                                                        const char* name) {
  const std::unique_ptr<FILE, int (*)(FILE*)> file(std::fopen(passwd_file.c_str(), "re"),
                                                   std::fclose);
  if (!file) return std::unexpected(passwd_file + ": " + ErrorText());
  // NOLINTNEXTLINE(concurrency-mt-unsafe): there is one thread
  while (const passwd* const entry = fgetpwent(file.get())) {
    if (std::strcmp(entry->pw_name, name) != 0) continue;
    if (entry->pw_uid == 0 || entry->pw_gid == 0)
      return std::unexpected(passwd_file + ": " + name + " must not be root, nor in its group");
    return ServiceUser{entry->pw_uid, entry->pw_gid};
  }
  return std::unexpected(passwd_file + ": there is no user " + name +
                         "; make it with: useradd --system --user-group --no-create-home "
                         "--home-dir /nonexistent --shell /usr/sbin/nologin " +
                         name);
}

void ProtectSelf() {
  const rlimit no_core{0, 0};
  (void)setrlimit(RLIMIT_CORE, &no_core);
  (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

std::expected<void, std::string> BecomeUser(ServiceUser user, pid_t parent) {
  if (auto done = EmptyBoundingSet(); !done) return done;
  if (setgroups(0, nullptr) != 0) return Failed("setgroups");
  if (setresgid(user.gid, user.gid, user.gid) != 0) return Failed("setresgid");
  if (setresuid(user.uid, user.uid, user.uid) != 0) return Failed("setresuid");
  if (auto done = DropSets(); !done) return done;
  if (auto done = Seal(parent); !done) return done;
  if (auto done = IsNobodyElse(user); !done) return done;
  return HasNothingLeft();
}

std::expected<void, std::string> DropCapabilities(pid_t parent) {
  if (auto done = EmptyBoundingSet(); !done) return done;
  if (auto done = DropSets(); !done) return done;
  if (auto done = Seal(parent); !done) return done;
  return HasNothingLeft();
}

std::expected<void, std::string> KeepToMemory(pid_t parent) {
  if (auto done = Seal(parent); !done) return done;
  std::vector<sock_filter> filter = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, arch)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kArchitecture, 1, 0),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
  };
  for (const int call : kWithinMemory) {
    filter.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<std::uint32_t>(call), 0, 1));
    filter.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  }
  filter.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM));
  const sock_fprog program{static_cast<unsigned short>(filter.size()), filter.data()};
  if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) != 0)
    return Failed("system calls cannot be given up");
  return {};
}

void CloseAllBut(int kept, int also_kept, int first) {
  const auto [low, high] = std::minmax(kept, also_kept);
  for (const int fd : {low, high}) {
    if (fd < first) continue;
    if (fd > first) close_range(static_cast<unsigned>(first), static_cast<unsigned>(fd) - 1, 0);
    first = fd + 1;
  }
  close_range(static_cast<unsigned>(first), ~0U, 0);
}

}  // namespace sqlmap
