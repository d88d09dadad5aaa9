#include "probe/rehearsal_connects.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <deque>
#include <unordered_map>

#include <asio/ip/tcp.hpp>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

namespace fwprobe::probe {
namespace {

using asio::ip::tcp;

/// A connection says its number first, so that the service knows it whatever its addresses are translated to.
using Number = std::uint32_t;

/// A burst is smaller than what a processor queues for a virtual cable (net.core.netdev_max_backlog, 1000)
/// and what a listener keeps for accept(2) (net.core.somaxconn, 4096).
constexpr std::size_t burst = 128;
constexpr std::size_t most_at_once = 4096;
constexpr int backlog = 4096;

std::string last_error(std::string_view call) { return fmt::format("{}: {}", call, std::strerror(errno)); }

bool set(int socket, int level, int option, int value) {
  return ::setsockopt(socket, level, option, &value, sizeof value) == 0;
}

/// As many connections as there are descriptors for, both ends of each.
std::size_t window() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return burst;
  limit.rlim_cur = std::min<rlim_t>(limit.rlim_max, 4 * most_at_once);
  if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) ::getrlimit(RLIMIT_NOFILE, &limit);
  constexpr rlim_t for_others = 256;
  const auto free = limit.rlim_cur > for_others ? (limit.rlim_cur - for_others) / 2 : 16;
  return std::min<std::size_t>(most_at_once, free);
}

std::expected<Descriptor, std::string> listen_on(const tcp::endpoint& endpoint) {
  Descriptor socket{
      ::socket(endpoint.data()->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_TCP)};
  if (!socket) return std::unexpected{last_error("socket(2)")};
  if (!set(socket.number(), SOL_SOCKET, SO_REUSEADDR, 1) ||
      (endpoint.address().is_v6() && !set(socket.number(), IPPROTO_IPV6, IPV6_V6ONLY, 1)))
    return std::unexpected{last_error("setsockopt(2)")};
  if (::bind(socket.number(), endpoint.data(), static_cast<socklen_t>(endpoint.size())) != 0)
    return std::unexpected{last_error("bind(2)")};
  if (::listen(socket.number(), backlog) != 0) return std::unexpected{last_error("listen(2)")};
  return socket;
}

class Attempts {
 public:
  Attempts(const Rehearsal& rehearsal, const RehearsalListeners& listeners)
      : rehearsal_{rehearsal}, passages_(rehearsal.sources.size(), Passage::dropped) {
    epoll_ = Descriptor{::epoll_create1(EPOLL_CLOEXEC)};
    for (const auto& socket : listeners.sockets) watch(socket.number(), EPOLLIN, Role::listener, 0);
  }

  std::expected<std::vector<Passage>, std::string> run() && {
    while (next_ < passages_.size() || !clients_.empty()) {
      for (std::size_t i = 0; i < burst && may_start(); ++i) start();
      if (!error_.empty()) return std::unexpected{error_};
      wait();
      give_up_the_silent();
    }
    return std::move(passages_);
  }

 private:
  enum class Role : std::uint8_t { listener, service, client };
  /// An event tells the role and, of a client, its place, else the descriptor.
  void watch(int socket, std::uint32_t events, Role role, std::uint32_t place) {
    const auto low = role == Role::client ? place : static_cast<std::uint32_t>(socket);
    epoll_event event{};
    event.events = events;
    event.data.u64 = std::uint64_t{static_cast<std::uint8_t>(role)} << 32U | low;
    if (::epoll_ctl(epoll_.number(), EPOLL_CTL_ADD, socket, &event) != 0) error_ = last_error("epoll_ctl(2)");
  }

  void start() {
    const auto place = static_cast<Number>(next_++);
    const tcp::endpoint source{rehearsal_.sources[place], 0};
    const bool v6 = source.address().is_v6();
    Descriptor socket{
        ::socket(source.data()->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_TCP)};
    if (!socket) {
      error_ = last_error("socket(2)");
      return;
    }
    // RECVERR: an ICMP error ends the attempt at once (ip(7)). LINGER: closed by a reset, nothing waits.
    const linger at_once{1, 0};
    if (!set(socket.number(), v6 ? IPPROTO_IPV6 : IPPROTO_IP, v6 ? IPV6_RECVERR : IP_RECVERR, 1) ||
        !set(socket.number(), v6 ? IPPROTO_IPV6 : IPPROTO_IP, v6 ? IPV6_FREEBIND : IP_FREEBIND, 1) ||
        ::setsockopt(socket.number(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once) != 0) {
      error_ = last_error("setsockopt(2)");
      return;
    }
    const auto& service = rehearsal_.service;
    if (::bind(socket.number(), source.data(), static_cast<socklen_t>(source.size())) != 0) {
      passages_[place] = Passage::unusable;
      return;
    }
    if (::connect(socket.number(), service.data(), static_cast<socklen_t>(service.size())) != 0 &&
        errno != EINPROGRESS) {
      passages_[place] = Passage::refused;
      return;
    }
    watch(socket.number(), EPOLLOUT | EPOLLET, Role::client, place);
    clients_.emplace(place, std::move(socket));
    order_.emplace_back(Clock::now() + rehearsal_.timeout, place);
  }

  bool may_start() const { return next_ < passages_.size() && clients_.size() < at_once_; }

  /// Until the oldest attempt is given up; not at all while more can be started.
  int patience() const {
    if (may_start() || order_.empty()) return 0;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(order_.front().first - Clock::now());
    return static_cast<int>(std::max<std::int64_t>(0, left.count()));
  }

  void wait() {
    std::array<epoll_event, 256> events;
    const auto count =
        ::epoll_wait(epoll_.number(), events.data(), static_cast<int>(events.size()), patience());
    for (int i = 0; i < count; ++i) {
      const auto& event = events[static_cast<std::size_t>(i)];
      const auto number = static_cast<std::uint32_t>(event.data.u64);
      switch (static_cast<Role>(event.data.u64 >> 32U)) {
        case Role::listener:
          accept_from(static_cast<int>(number));
          break;
        case Role::service:
          hear(static_cast<int>(number));
          break;
        case Role::client:
          advance(number, event.events);
          break;
      }
    }
  }

  void accept_from(int listener) {
    for (;;) {
      Descriptor socket{::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK)};
      if (!socket) return;  // none left; or one that is gone, or no descriptor: the next event tries again
      const auto number = socket.number();
      watch(number, EPOLLIN, Role::service, 0);
      served_.emplace(number, std::move(socket));
    }
  }

  /// What the service gets: the number of a connection that came through in both directions.
  void hear(int socket) {
    Number place = 0;
    const auto length = ::recv(socket, &place, sizeof place, 0);
    if (length == sizeof place && place < passages_.size() && clients_.contains(place))
      settle(place, Passage::allowed);
    if (length < 0 && errno == EAGAIN) return;
    served_.erase(socket);
  }

  void advance(Number place, std::uint32_t events) {
    const auto client = clients_.find(place);
    if (client == clients_.end()) return;
    const auto socket = client->second.number();
    int error = 0;
    socklen_t length = sizeof error;
    ::getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &length);
    const bool ended = error != 0 || (events & (EPOLLERR | EPOLLHUP)) != 0;
    if (ended || (::send(socket, &place, sizeof place, MSG_NOSIGNAL) < 0 && errno != EAGAIN))
      settle(place, Passage::refused);
  }

  void settle(Number place, Passage passage) {
    passages_[place] = passage;
    clients_.erase(place);
  }

  void give_up_the_silent() {
    while (!order_.empty() &&
           (order_.front().first <= Clock::now() || !clients_.contains(order_.front().second))) {
      clients_.erase(order_.front().second);
      order_.pop_front();
    }
  }

  const Rehearsal& rehearsal_;
  std::vector<Passage> passages_;
  Descriptor epoll_;
  std::unordered_map<Number, Descriptor> clients_;
  std::unordered_map<int, Descriptor> served_;
  std::deque<std::pair<Clock::time_point, Number>> order_;  ///< when each is given up, the earliest first
  std::size_t next_ = 0;
  std::size_t at_once_ = window();
  std::string error_;
};

}  // namespace

std::expected<RehearsalListeners, std::string> listen_everywhere(const Rehearsal& rehearsal,
                                                                 const RehearsalNetwork& network) {
  std::vector<std::uint16_t> ports{rehearsal.service.port()};
  for (const auto& endpoint : rehearsal.translated) ports.push_back(endpoint.port());
  std::ranges::sort(ports);
  const auto doubles = std::ranges::unique(ports);
  ports.erase(doubles.begin(), doubles.end());
  const auto protocol = rehearsal.service.protocol();
  RehearsalListeners listeners;
  for (const auto* place : {&network.firewall, &network.behind}) {
    if (!enter(*place)) return std::unexpected{last_error("setns(2)")};
    for (const auto port : ports) {
      auto socket = listen_on({protocol, port});
      if (!socket) return std::unexpected{socket.error()};
      listeners.sockets.push_back(std::move(*socket));
    }
  }
  return listeners;
}

std::expected<std::vector<Passage>, std::string> connect_from_all(const Rehearsal& rehearsal,
                                                                  const RehearsalListeners& listeners) {
  return Attempts{rehearsal, listeners}.run();
}

}  // namespace fwprobe::probe
