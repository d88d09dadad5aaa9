// A path with a round-trip time, for kernels without sch_netem: two TUN devices, one in the network namespace
// that it is started in ("near"), one in a namespace of its own ("far"); every packet crosses after half the
// round-trip time.
//
//   delay_relay RTT_MS      prints "ready" when both devices exist; ends with its standard input
//
// The far namespace is entered with `nsenter -t PID -n`. The caller gives the devices their addresses.

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <string>
#include <system_error>
#include <vector>

#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <unistd.h>

namespace {

using Clock = std::chrono::steady_clock;

struct Packet {
  Clock::time_point due;
  std::vector<char> bytes;
};

int open_tun(const char* name) {
  const int device = ::open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
  ifreq request{};
  request.ifr_flags = IFF_TUN | IFF_NO_PI;
  std::strncpy(request.ifr_name, name, IFNAMSIZ - 1);
  if (device < 0 || ::ioctl(device, TUNSETIFF, &request) != 0)
    throw std::system_error{errno, std::system_category(), std::string{"TUN device "} + name};
  return device;
}

void take_in(int device, std::deque<Packet>& queue, Clock::duration delay) {
  std::array<char, 65536> buffer{};
  while (true) {
    const auto count = ::read(device, buffer.data(), buffer.size());
    if (count <= 0) return;
    queue.push_back({Clock::now() + delay, {buffer.data(), buffer.data() + count}});
  }
}

void pass_on(int device, std::deque<Packet>& queue) {
  while (!queue.empty() && queue.front().due <= Clock::now()) {
    // A full device drops the packet, as a full router would.
    [[maybe_unused]] const auto count =
        ::write(device, queue.front().bytes.data(), queue.front().bytes.size());
    queue.pop_front();
  }
}

/// Until the next packet is due; forever when none waits.
timespec* wait_for(const std::deque<Packet>& a, const std::deque<Packet>& b, timespec& wait) {
  if (a.empty() && b.empty()) return nullptr;
  auto due = a.empty() ? b.front().due : a.front().due;
  if (!b.empty()) due = std::min(due, b.front().due);
  const auto left = std::max<Clock::duration>(due - Clock::now(), Clock::duration::zero());
  const auto nanoseconds = std::chrono::duration_cast<std::chrono::nanoseconds>(left).count();
  wait = {nanoseconds / 1'000'000'000, nanoseconds % 1'000'000'000};
  return &wait;
}

void relay(int near, int far, Clock::duration delay) {
  std::deque<Packet> to_far;
  std::deque<Packet> to_near;
  while (true) {
    std::array<pollfd, 3> files{pollfd{near, POLLIN, 0}, pollfd{far, POLLIN, 0},
                                pollfd{STDIN_FILENO, POLLIN, 0}};
    timespec wait{};
    if (::ppoll(files.data(), files.size(), wait_for(to_far, to_near, wait), nullptr) < 0 && errno != EINTR)
      return;
    if (files[2].revents != 0) return;
    if (files[0].revents != 0) take_in(near, to_far, delay);
    if (files[1].revents != 0) take_in(far, to_near, delay);
    pass_on(far, to_far);
    pass_on(near, to_near);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const double round_trip = argc == 2 ? std::strtod(argv[1], nullptr) : 0;
  if (round_trip <= 0) {
    std::fputs("usage: delay_relay RTT_MS\n", stderr);
    return 2;
  }
  try {
    ::prctl(PR_SET_TIMERSLACK, 1);  // else each packet may be 50 µs late
    const int near = open_tun("near");
    if (::unshare(CLONE_NEWNET) != 0) throw std::system_error{errno, std::system_category(), "unshare"};
    const int far = open_tun("far");
    std::puts("ready");
    std::fflush(stdout);
    relay(near, far,
          std::chrono::duration_cast<Clock::duration>(
              std::chrono::duration<double, std::milli>{round_trip / 2}));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "delay_relay: %s\n", error.what());
    return 1;
  }
}
