#include "cli/output.h"

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

namespace fwprobe::cli {
namespace {

std::unexpected<std::string> failed(const std::string& path) {
  return std::unexpected{fmt::format("{}: {}", path, std::strerror(errno))};
}

/// What open(2) with O_CREAT would give the file; mkostemp(3) alone makes it private.
mode_t default_mode() {
  const auto mask = ::umask(0);
  ::umask(mask);
  return 0666 & ~mask;
}

/// What would end the program waits meanwhile.
class SignalsWait {
 public:
  SignalsWait() {
    sigset_t signals;
    ::sigemptyset(&signals);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) ::sigaddset(&signals, signal);
    ::pthread_sigmask(SIG_BLOCK, &signals, &before_);
  }
  SignalsWait(const SignalsWait&) = delete;
  SignalsWait& operator=(const SignalsWait&) = delete;
  ~SignalsWait() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_{};
};

}  // namespace

std::expected<void, std::string> write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const auto count = ::write(descriptor, text.data(), text.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return std::unexpected{std::string{std::strerror(errno)}};
    text.remove_prefix(static_cast<std::size_t>(count));
  }
  return {};
}

std::expected<void, std::string> write_file(const std::string& path, std::string_view text) {
  struct stat status{};
  if (::stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode)) {
    const int device = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
    if (device < 0) return failed(path);
    const auto written = write_all(device, text);
    ::close(device);
    if (!written) return std::unexpected{fmt::format("{}: {}", path, written.error())};
    return {};
  }
  const SignalsWait until_it_has_its_name;
  std::string beside = path + ".XXXXXX";
  const int file = ::mkostemp(beside.data(), O_CLOEXEC);
  if (file < 0) return failed(path);
  const auto written = write_all(file, text);
  const bool kept = written && ::fchmod(file, default_mode()) == 0 && ::fsync(file) == 0;
  const int error = errno;
  ::close(file);
  if (kept && ::rename(beside.c_str(), path.c_str()) == 0) return {};
  const auto reason = !written ? written.error() : std::strerror(kept ? errno : error);
  ::unlink(beside.c_str());
  return std::unexpected{fmt::format("{}: {}", path, reason)};
}

}  // namespace fwprobe::cli
