#include "support/mariadb_server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>
#include <stdexcept>

namespace sqlmap::testing {
namespace {

std::vector<char*> Arguments(const std::vector<std::string>& command) {
  std::vector<char*> arguments;
  for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  return arguments;
}

// Below those that the kernel gives to whoever does not care: while the server is down, nobody else
// takes it.
int FreePort() {
  std::random_device chance;
  std::uniform_int_distribution ports(10'000, 30'000);
  for (int tries = 0; tries < 100; ++tries) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int port = ports(chance);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<in_port_t>(port));
    const bool free = bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
    close(fd);
    if (free) return port;
  }
  throw std::runtime_error("no free port");
}

std::string FileText(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

}  // namespace

std::string RunCommand(const std::vector<std::string>& command, const std::string& input) {
  TemporaryDirectory files;
  const std::string in = files.path() + "/in";
  const std::string out = files.path() + "/out";
  const int in_fd = open(in.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (write(in_fd, input.data(), input.size()) != static_cast<ssize_t>(input.size()))
    throw std::runtime_error("write");
  lseek(in_fd, 0, SEEK_SET);
  const int out_fd = open(out.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  const pid_t pid = fork();
  if (pid == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    dup2(in_fd, 0);
    dup2(out_fd, 1);
    dup2(out_fd, 2);
    execvp(command[0].c_str(), Arguments(command).data());
    _exit(127);
  }
  int status = 0;
  waitpid(pid, &status, 0);
  std::string output(static_cast<std::size_t>(lseek(out_fd, 0, SEEK_END)), '\0');
  if (pread(out_fd, output.data(), output.size(), 0) < 0) output = "?";
  close(in_fd);
  close(out_fd);
  if (status != 0) throw std::runtime_error(command[0] + " failed: " + output);
  return output;
}

TemporaryDirectory::TemporaryDirectory() {
  char name[] = "/dev/shm/sqlmap-test.XXXXXX";
  if (mkdtemp(name) == nullptr) throw std::runtime_error("mkdtemp");
  path_ = name;
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

MariaDbServer::MariaDbServer(std::vector<std::string> arguments)
    : arguments_(std::move(arguments)) {
  const std::string data = directory_.path() + "/data";
  mkdir((directory_.path() + "/t").c_str(), 0700);
  RunCommand({"mariadb-install-db", "--no-defaults", "--user=root", "--datadir=" + data,
              "--auth-root-authentication-method=socket", "--auth-root-socket-user=root",
              "--skip-test-db", "--skip-name-resolve", "--innodb-log-file-size=8M",
              "--innodb-buffer-pool-size=16M"});
  socket_ = directory_.path() + "/s";
  port_ = FreePort();
  Start(arguments_);
}

MariaDbServer::~MariaDbServer() { Kill(); }

void MariaDbServer::Start(std::vector<std::string> arguments) {
  std::vector<std::string> command = {"mariadbd",
                                      "--no-defaults",
                                      "--user=root",
                                      "--datadir=" + directory_.path() + "/data",
                                      "--socket=" + socket_,
                                      "--pid-file=" + directory_.path() + "/pid",
                                      "--port=" + std::to_string(port_),
                                      "--bind-address=127.0.0.1",
                                      "--skip-name-resolve",
                                      "--innodb-buffer-pool-size=16M",
                                      "--innodb-log-file-size=8M",
                                      "--innodb-flush-log-at-trx-commit=0",
                                      "--performance-schema=0",
                                      "--key-buffer-size=64K",
                                      "--aria-pagecache-buffer-size=1M",
                                      "--tmpdir=" + directory_.path() + "/t",
                                      "--log-error=" + directory_.path() + "/error.log"};
  command.insert(command.end(), arguments.begin(), arguments.end());
  pid_ = fork();
  if (pid_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    const int null = open("/dev/null", O_RDWR);
    dup2(null, 0);
    dup2(null, 1);
    dup2(null, 2);
    execvp(command[0].c_str(), Arguments(command).data());
    _exit(127);
  }
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  for (;;) {
    try {
      RunCommand(
          {"mariadb-admin", "--no-defaults", "--skip-ssl", "-S", socket_, "-u", "root", "ping"});
      return;
    } catch (const std::runtime_error& error) {
      if (std::chrono::steady_clock::now() > give_up || waitpid(pid_, nullptr, WNOHANG) == pid_)
        throw std::runtime_error(error.what() + FileText(directory_.path() + "/error.log"));
      poll(nullptr, 0, 10);
    }
  }
}

std::string MariaDbServer::Sql(const std::string& sql, const std::string& database) {
  std::vector<std::string> command = {"mariadb", "--no-defaults", "--skip-ssl", "-S", socket_,
                                      "-u",      "root",          "-N",         "-B"};
  if (!database.empty()) command.push_back(database);
  return RunCommand(command, sql);
}

void MariaDbServer::Signal(int signal) const {
  kill(pid_, signal);
  if (signal != SIGSTOP) return;
  // Until no thread of it runs any more.
  for (bool running = true; running;) {
    running = false;
    for (const auto& task :
         std::filesystem::directory_iterator("/proc/" + std::to_string(pid_) + "/task")) {
      std::string line;
      std::getline(std::ifstream(task.path() / "stat"), line);
      const std::size_t state = line.rfind(')');
      running = running || (state != std::string::npos && line[state + 2] != 'T');
    }
  }
}

void MariaDbServer::Kill() {
  if (pid_ <= 0) return;
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

}  // namespace sqlmap::testing
