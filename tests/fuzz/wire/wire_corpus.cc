// Writes the seeds: DIR/requests and DIR/answers, a file for each kind of message.
#include <sys/uio.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <string>

#include "common/wire/answer_encoder.h"
#include "common/wire/request_writer.h"

namespace {

using namespace sqlmap;

void Write(const std::filesystem::path& folder, const std::string& name, const std::string& bytes) {
  std::filesystem::create_directories(folder);
  std::ofstream(folder / name, std::ios::binary) << bytes;
}

std::string Joined(RequestWriter& request) {
  std::string bytes = "\x07";  // the size of the pieces, see request_fuzz.cc
  for (const iovec& piece : request.Pieces()) {
    bytes.append(static_cast<const char*>(piece.iov_base), piece.iov_len);
  }
  return bytes;
}

bool Requests(const std::filesystem::path& folder) {
  for (std::uint16_t kind = 1; kind <= 34; ++kind) {
    RequestWriter empty(static_cast<RequestKind>(kind));
    Write(folder, "empty" + std::to_string(kind), Joined(empty));
    RequestWriter id(static_cast<RequestKind>(kind));
    Write(folder, "id" + std::to_string(kind), Joined(id.Id(1001)));
    RequestWriter text(static_cast<RequestKind>(kind), 1);
    Write(folder, "text" + std::to_string(kind), Joined(text.Text("bob")));
  }
  RequestWriter login(RequestKind::kAuthenticate, request_flag::kAllowEmpty);
  login.Text("bob").Text("sshd").Text("::1").Text("ssh").Text("secret");
  Write(folder, "authenticate", Joined(login));
  RequestWriter change(RequestKind::kChangePassword, request_flag::kByRoot);
  change.Text("bob").Text("passwd").Text("").Text("tty1").Text("old").Text("new");
  Write(folder, "change", Joined(change));
  RequestWriter account(RequestKind::kCheckAccount);
  account.Text("bob").Text("sshd").Text("::1").Text("ssh");
  Write(folder, "account", Joined(account));
  return true;
}

bool Answers(const std::filesystem::path& folder) {
  const std::string members("alice\0bob\0", 10);
  const std::array<Gid, 3> gids = {1000, 1001, 1002};
  std::string out;
  UserRecord user{};
  user.name = "bob";
  user.home = "/home/bob";
  GroupRecord group{};
  group.name = "web";
  group.members = {members, 2};
  ShadowRecord shadow{};
  shadow.name = "bob";
  shadow.hash = "$6$a$b";
  bool good = AppendUser(user, out);
  user.name = "carol";
  good = good && AppendUser(user, out);
  AppendAbsent(out);
  Write(folder, "users", out);
  out.clear();
  good = good && AppendGroup(group, out);
  Write(folder, "group", out);
  out.clear();
  good = good && AppendShadow(shadow, out);
  Write(folder, "shadow", out);
  out.clear();
  good = good && AppendGids(gids, out);
  Write(folder, "gids", out);
  out.clear();
  good = good && AppendSshKeys({"ssh-ed25519 AAAA\trestrict bob\n"}, out);
  Write(folder, "ssh_keys", out);
  out.clear();
  AppendVerdict({.verdict = LoginVerdict::kAccepted, .days_left = 3, .reason = "row of bob"}, out);
  AppendText("generation 7", out);
  AppendUnavailable(Reason::kTimeout, "late", out);
  Write(folder, "others", out);
  return good;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const std::filesystem::path folder(argv[1]);
  return Requests(folder / "requests") && Answers(folder / "answers") ? 0 : 1;
}
