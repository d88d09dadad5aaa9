#include "monitor/service_manager.h"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <ctime>

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "reports/escape.h"
#include "text/ascii.h"

namespace fwprobe::monitor {
namespace {

std::int64_t monotonic_microseconds() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1'000'000LL + now.tv_nsec / 1000;
}

std::string status_line(std::string_view text) { return "STATUS=" + reports::printable(text); }

}  // namespace

std::optional<std::chrono::microseconds> watchdog_interval(std::string_view usec, std::string_view pid) {
  constexpr std::chrono::microseconds longest = std::chrono::hours{1};  // to be heard more often does no harm
  const auto count = whole_number<std::uint64_t>(usec);
  if (!count || *count == 0 || (!pid.empty() && pid != std::to_string(::getpid()))) return std::nullopt;
  return std::chrono::microseconds{std::min<std::uint64_t>(*count, longest.count())};
}

void ServiceManager::ready(std::string_view text) const { tell("READY=1\n" + status_line(text)); }

void ServiceManager::reloading() const {
  // With Type=notify-reload the time tells this reload from an earlier one (sd_notify(3)).
  tell(fmt::format("RELOADING=1\nMONOTONIC_USEC={}", monotonic_microseconds()));
}

void ServiceManager::stopping() const { tell("STOPPING=1"); }

void ServiceManager::status(std::string_view text) const { tell(status_line(text)); }

void ServiceManager::alive() const { tell("WATCHDOG=1"); }

std::optional<std::chrono::microseconds> ServiceManager::alive_every() const {
  if (socket_.empty() || !watchdog_) return std::nullopt;
  return std::max(*watchdog_ / 2, std::chrono::microseconds{1000});
}

void ServiceManager::tell(std::string_view message) const {
  sockaddr_un address{};
  const bool known = socket_.starts_with('/') || socket_.starts_with('@');
  if (!known || socket_.size() >= sizeof address.sun_path) return;
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, socket_.data(), socket_.size());
  if (socket_.front() == '@') address.sun_path[0] = '\0';  // unix(7): the abstract namespace
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + socket_.size());
  const int descriptor = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return;
  // A manager that does not read must not stop the service; the next message says the same again.
  static_cast<void>(::sendto(descriptor, message.data(), message.size(), MSG_DONTWAIT | MSG_NOSIGNAL,
                             reinterpret_cast<const sockaddr*>(&address), length));
  ::close(descriptor);
}

}  // namespace fwprobe::monitor
