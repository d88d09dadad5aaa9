#pragma once
// Real servers for tests: started on loopback in a folder of their own, killed and removed at the end.

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <arpa/inet.h>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <grp.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace fwprobe::tests {

constexpr unsigned nobody = 65534;

/// An address of 127/8 that is this process' own, so that tests which run at the same time share no port.
inline asio::ip::address_v4 own_loopback() {
  const auto pid = static_cast<std::uint32_t>(getpid());  // below 2^22, proc(5)
  return asio::ip::address_v4{0x7f400000U + pid};
}

inline std::uint16_t free_port(const asio::ip::address& address) {
  asio::io_context context;
  asio::ip::tcp::acceptor acceptor{context};
  const asio::ip::tcp::endpoint any_port{address, 0};
  acceptor.open(any_port.protocol());
  acceptor.bind(any_port);
  return acceptor.local_endpoint().port();
}

/// A folder that goes away with its content. Servers that do not run as root can write to it.
class TempFolder {
 public:
  TempFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "fwprobe-test-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error{"mkdtemp"};
    path_ = pattern;
    if (geteuid() == 0 && chown(path_.c_str(), nobody, nobody) != 0) throw std::runtime_error{"chown"};
  }
  ~TempFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;

  std::string path(std::string_view name = {}) const { return (path_ / name).string(); }
  void write(std::string_view name, std::string_view content) const {
    std::ofstream{path_ / name} << content;
  }
  std::string read(std::string_view name) const {
    std::ostringstream text;
    text << std::ifstream{path_ / name}.rdbuf();
    return text.str();
  }

 private:
  std::filesystem::path path_;
};

/// A program in `folder`, its output in the file "log" there. Root starts it as nobody. Killed, with what it
/// started, at the end of its life or of the test's.
class Process {
 public:
  Process(const TempFolder& folder, std::vector<std::string> command) : folder_{&folder} {
    std::vector<char*> arguments;
    for (auto& word : command) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    const auto log = folder.path("log");
    prctl(PR_SET_CHILD_SUBREAPER, 1);  // what the program leaves behind becomes ours to reap
    pid_ = fork();
    if (pid_ != 0) {
      setpgid(pid_, pid_);
      return;
    }
    setpgid(0, 0);
    if (geteuid() == 0 && (setgroups(0, nullptr) != 0 || setgid(nobody) != 0 || setuid(nobody) != 0))
      _exit(126);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (chdir(folder.path().c_str()) != 0 || freopen("/dev/null", "r", stdin) == nullptr ||
        freopen(log.c_str(), "a", stdout) == nullptr || dup2(1, 2) != 2)
      _exit(126);
    execvp(arguments[0], arguments.data());
    _exit(127);
  }
  ~Process() {
    if (pid_ <= 0) return;
    kill(-pid_, SIGKILL);
    while (waitpid(-pid_, nullptr, 0) > 0) continue;
  }
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  bool running() {
    if (!ended_) ended_ = waitpid(pid_, &status_, WNOHANG) != 0;
    return !ended_;
  }
  /// Whether it came to its end, within a bound, with exit status 0.
  bool succeeded() {
    if (!ended_) ended_ = waitpid(pid_, &status_, 0) == pid_;
    return ended_ && WIFEXITED(status_) && WEXITSTATUS(status_) == 0;
  }
  std::string log() const { return folder_->read("log"); }

 private:
  const TempFolder* folder_;
  pid_t pid_ = -1;
  int status_ = 0;
  bool ended_ = false;
};

/// Waits until `process` accepts connections; false when it ended, or 20 seconds have passed.
inline bool listens(Process& process, const asio::ip::tcp::endpoint& endpoint) {
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds{20};
  while (process.running() && std::chrono::steady_clock::now() < give_up) {
    asio::io_context context;
    asio::ip::tcp::socket socket{context};
    std::error_code error;
    socket.connect(endpoint, error);
    if (!error) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds{10});
  }
  return false;
}

}  // namespace fwprobe::tests
