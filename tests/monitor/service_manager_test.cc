#include "monitor/service_manager.h"

#include <cstddef>
#include <cstring>

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/support/servers.h"

namespace fwprobe::monitor {
namespace {

/// What systemd would hear on this name.
class Ear {
 public:
  explicit Ear(std::string name) : socket_{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)} {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, name.data(), name.size());
    if (name.front() == '@') address.sun_path[0] = '\0';
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
    if (::bind(socket_, reinterpret_cast<const sockaddr*>(&address), length) != 0)
      throw std::runtime_error{"bind"};
  }
  ~Ear() { ::close(socket_); }
  Ear(const Ear&) = delete;
  Ear& operator=(const Ear&) = delete;
  std::string hear() const {
    std::string text(4096, '\0');
    const auto count = ::recv(socket_, text.data(), text.size(), 0);
    text.resize(count < 0 ? 0 : static_cast<std::size_t>(count));
    return text;
  }

 private:
  int socket_;
};

TEST(ServiceManager, SpeaksToAPathAndToAnAbstractName) {
  const tests::TempFolder folder;
  for (const auto& name : {folder.path("notify"), "@fwprobe-test-" + std::to_string(::getpid())}) {
    const Ear ear{name};
    const ServiceManager manager{name};
    manager.ready("7 targets\nMAINPID=1");
    EXPECT_EQ(ear.hear(), "READY=1\nSTATUS=7 targets\\nMAINPID=1");
    manager.reloading();
    EXPECT_TRUE(ear.hear().starts_with("RELOADING=1\nMONOTONIC_USEC="));
    manager.alive();
    EXPECT_EQ(ear.hear(), "WATCHDOG=1");
    manager.stopping();
    EXPECT_EQ(ear.hear(), "STOPPING=1");
  }
}

TEST(ServiceManager, TellsNobodyWithoutASocket) {
  const ServiceManager manager;
  manager.ready("");
  EXPECT_FALSE(manager.alive_every());
  EXPECT_FALSE(ServiceManager("", std::chrono::microseconds{100}).alive_every());
  EXPECT_EQ(ServiceManager("@x", std::chrono::seconds{30}).alive_every(), std::chrono::seconds{15});
  ServiceManager(std::string(300, '/')).alive();  // longer than an address can be
}

TEST(ServiceManager, WaitsForThisProcess) {
  const auto own = std::to_string(::getpid());
  const struct {
    std::string_view usec, pid;
    std::optional<std::chrono::microseconds> interval;
  } rows[] = {
      {"30000000", "", std::chrono::seconds{30}},
      {"30000000", own, std::chrono::seconds{30}},
      {"30000000", "1", {}},
      {"7200000000", own, std::chrono::hours{1}},  // two hours: above 32 bits
      {"18446744073709551615", own, std::chrono::hours{1}},
      {"", "", {}},
      {"0", own, {}},
      {"-1", own, {}},
      {"30s", own, {}},
  };
  for (const auto& row : rows) EXPECT_EQ(watchdog_interval(row.usec, row.pid), row.interval) << row.usec;
}

}  // namespace
}  // namespace fwprobe::monitor
