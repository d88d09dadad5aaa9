#pragma once
// What systemd is told about the service: sd_notify(3)'s datagrams to $NOTIFY_SOCKET.

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace fwprobe::monitor {

/// How long the manager waits for a sign of life, by $WATCHDOG_USEC and $WATCHDOG_PID
/// (sd_watchdog_enabled(3)), an hour at most; nothing when it does not wait for this process.
std::optional<std::chrono::microseconds> watchdog_interval(std::string_view usec, std::string_view pid);

class ServiceManager {
 public:
  /// `socket`: a path, or '@' and an abstract name; empty: nobody is told.
  explicit ServiceManager(std::string socket = {}, std::optional<std::chrono::microseconds> watchdog = {})
      : socket_{std::move(socket)}, watchdog_{watchdog} {}

  void ready(std::string_view status) const;
  void reloading() const;  ///< ready() ends it
  void stopping() const;
  void status(std::string_view text) const;
  void alive() const;
  /// How often alive() is due: twice in the time that the manager waits (sd_watchdog_enabled(3)).
  std::optional<std::chrono::microseconds> alive_every() const;

 private:
  void tell(std::string_view message) const;
  std::string socket_;
  std::optional<std::chrono::microseconds> watchdog_;
};

}  // namespace fwprobe::monitor
