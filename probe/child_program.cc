#include "probe/child_program.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace fwprobe::probe {
namespace {

constexpr std::size_t most_output = 64 * 1024;
constexpr unsigned longest_run = 60;  // seconds

// Without a lock file iptables-legacy-restore works for an ordinary user, and makes no file of root's.
constexpr const char* environment[] = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C",
                                       "XTABLES_LOCKFILE=/dev/null", nullptr};

std::string last_error(std::string_view call) { return fmt::format("{}: {}", call, std::strerror(errno)); }

/// A file without a name, so that nothing is left of it and no pipe has to be emptied meanwhile.
std::expected<Descriptor, std::string> memory_file(std::string_view content) {
  Descriptor file{::memfd_create("fwprobe", MFD_CLOEXEC)};
  if (!file) return std::unexpected{last_error("memfd_create(2)")};
  while (!content.empty()) {
    const auto written = ::write(file.number(), content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return std::unexpected{last_error("write(2)")};
    content.remove_prefix(static_cast<std::size_t>(written));
  }
  if (::lseek(file.number(), 0, SEEK_SET) != 0) return std::unexpected{last_error("lseek(2)")};
  return file;
}

[[noreturn]] void become(char* const* words, int input, int output, int parent) {
  constexpr int not_run = 127;
  // A failure of what follows is told by the exit status: nothing else can be told from here.
  const bool ready = end_with_parent(parent) && ::dup2(input, STDIN_FILENO) == STDIN_FILENO &&
                     ::dup2(output, STDOUT_FILENO) == STDOUT_FILENO &&
                     ::dup2(output, STDERR_FILENO) == STDERR_FILENO;
  ::alarm(longest_run);  // stays in force behind execve(2)
  if (ready) ::execve(words[0], words, const_cast<char* const*>(environment));
  ::_exit(not_run);
}

std::string content_of(int file) {
  std::string text(most_output, '\0');
  const auto length = ::pread(file, text.data(), text.size(), 0);
  text.resize(length < 0 ? 0 : static_cast<std::size_t>(length));
  return text;
}

}  // namespace

Descriptor::~Descriptor() {
  if (number_ >= 0) ::close(number_);
}

bool end_with_parent(int parent) { return ::prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && ::getppid() == parent; }

std::expected<ProgramEnd, std::string> run_program(const std::vector<std::string>& command,
                                                   std::string_view input) {
  const auto in = memory_file(input);
  if (!in) return std::unexpected{in.error()};
  const auto out = memory_file({});
  if (!out) return std::unexpected{out.error()};
  std::vector<char*> words;
  for (const auto& word : command) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  const auto parent = ::getpid();
  const auto child = ::fork();
  if (child < 0) return std::unexpected{last_error("fork(2)")};
  if (child == 0) become(words.data(), in->number(), out->number(), parent);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0)
    if (errno != EINTR) return std::unexpected{last_error("waitpid(2)")};
  return ProgramEnd{WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status),
                    content_of(out->number())};
}

}  // namespace fwprobe::probe
