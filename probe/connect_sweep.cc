#include "probe/connect_sweep.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <deque>
#include <list>
#include <map>

#include <asio/experimental/awaitable_operators.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "probe/deadline.h"
#include "probe/stream_socket.h"

namespace fwprobe::probe {
namespace {

using asio::ip::tcp;

constexpr auto window = std::chrono::seconds{1};

std::error_code system_error(int number) { return {number, asio::error::get_system_category()}; }

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_{fd} {}
  Descriptor(Descriptor&& other) noexcept : fd_{std::exchange(other.fd_, -1)} {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

/// What is this machine's shortage, and may be over when other attempts have ended (socket(2), connect(2)).
bool is_shortage(int number) {
  return number == EMFILE || number == ENFILE || number == ENOBUFS || number == ENOMEM ||
         number == EADDRNOTAVAIL;
}

/// What connect(2) says, called on a socket again and again until it ends: 0 when connected, EALREADY before
/// the end.
int progress(int fd, const tcp::endpoint& remote) {
  const bool failed = ::connect(fd, remote.data(), static_cast<socklen_t>(remote.size())) != 0;
  return failed && errno != EISCONN ? errno : 0;
}

ConnectFailure failure_of(int fd, std::error_code error) {
  const auto end = tcp_end(fd);
  return {{error, read_icmp_error(fd)}, end ? end->retransmits : 0, false};
}

/// Where a client's port is the one that it connects to, on its own address, TCP connects it to itself (RFC
/// 9293 §3.5, simultaneous open); nothing listens there.
std::expected<TcpEstablished, ConnectFailure> established(int fd, const tcp::endpoint& remote) {
  tcp::endpoint local;
  auto size = static_cast<socklen_t>(local.capacity());
  if (::getsockname(fd, local.data(), &size) == 0) local.resize(size);
  if (local == remote) return std::unexpected{ConnectFailure{{system_error(ECONNREFUSED), {}}, 0, false}};
  return TcpEstablished{local, {}, {}, {}};
}

}  // namespace

class ConnectSweep::Impl {
 public:
  Impl(const asio::any_io_executor& executor, TcpSource source, SweepLimits limits)
      : source_{std::move(source)}, limits_{limits}, events_{executor}, wake_up_{executor} {
    const int events = ::epoll_create1(EPOLL_CLOEXEC);
    if (events < 0) throw std::system_error{errno, std::system_category(), "epoll_create1"};
    events_.assign(events);
  }

  std::size_t add(const tcp::endpoint& remote) {
    remotes_.push_back(remote);
    queue_.push_back(remotes_.size() - 1);
    wake();
    return remotes_.size() - 1;
  }

  awaitable<std::optional<SweepEvent>> next() {
    co_await asio::this_coro::throw_if_cancelled(false);
    const auto state = co_await asio::this_coro::cancellation_state;
    woken_ = false;
    for (;;) {
      if (news_.empty()) go_on();
      if (!news_.empty()) {
        auto event = std::move(news_.front());
        news_.pop_front();
        co_return event;
      }
      if (woken_ || idle() || state.cancelled() != asio::cancellation_type::none) co_return std::nullopt;
      wake_up_.expires_at(next_change());
      co_await wait();
    }
  }

  void wake() {
    woken_ = true;
    wake_up_.cancel();
  }

  bool idle() const { return queue_.empty() && under_way_.empty() && deferred_ == 0 && news_.empty(); }

 private:
  struct UnderWay {
    std::size_t index;
    Clock::time_point started;
    Descriptor socket;
    std::list<UnderWay>::iterator self;
  };
  /// An address with attempts under way, and those that wait for them.
  struct Busy {
    std::size_t count = 0;
    std::deque<std::size_t> waiting;
  };

  awaitable<void> wait() {
    using namespace asio::experimental::awaitable_operators;
    co_await (events_.async_wait(asio::posix::stream_descriptor::wait_read, as_result) ||
              wake_up_.async_wait(as_result));
  }

  /// All that can be done without waiting.
  void go_on() {
    collect();
    const auto now = Clock::now();
    while (!under_way_.empty() && under_way_.front().started + limits_.timeout <= now)
      end(under_way_.front(), asio::error::timed_out);
    for (; patient_ != under_way_.end() && patient_->started + limits_.patience <= now; ++patient_)
      news_.emplace_back(SweepOverdue{patient_->index});
    while (!starts_.empty() && starts_.front() + window <= now) starts_.pop_front();
    while (!queue_.empty() && under_way_.size() < limits_.at_once && starts_.size() < limits_.per_second) {
      const auto index = queue_.front();
      queue_.pop_front();
      if (!start(index)) break;
    }
  }

  /// The next moment at which time alone changes something. Attempts that started together time out together,
  /// a little late, and are overdue together.
  Clock::time_point next_change() const {
    const auto slack = std::min<Clock::duration>(std::chrono::milliseconds{5}, limits_.timeout / 100);
    const auto together = [&](const UnderWay& oldest, Clock::duration late) {
      return std::min(oldest.started + late, under_way_.back().started);
    };
    auto change = Clock::time_point::max();
    if (!under_way_.empty()) change = together(under_way_.front(), slack) + limits_.timeout;
    if (patient_ != under_way_.end())
      change = std::min(change, together(*patient_, limits_.patience / 4) + limits_.patience);
    if (!queue_.empty() && starts_.size() >= limits_.per_second)
      change = std::min(change, starts_.front() + window);
    return change;
  }

  /// Answers that have come.
  void collect() {
    std::array<epoll_event, 64> events;
    for (int count = static_cast<int>(events.size()); count == static_cast<int>(events.size());) {
      count = under_way_.empty() ? 0 : ::epoll_wait(events_.native_handle(), events.data(), count, 0);
      for (int i = 0; i < count; ++i) {
        auto& attempt = *static_cast<UnderWay*>(events[static_cast<std::size_t>(i)].data.ptr);
        const int error = progress(attempt.socket.get(), remotes_[attempt.index]);
        if (error != EALREADY && error != EINPROGRESS) end(attempt, system_error(error));
      }
    }
  }

  /// False: this machine is short of something, and goes on with what is under way.
  bool start(std::size_t index) {
    const auto& remote = remotes_[index];
    if (const auto busy = busy_.find(remote.address());
        busy != busy_.end() && busy->second.count >= limits_.per_address) {
      busy->second.waiting.push_back(index);
      ++deferred_;
      return true;
    }
    const auto started = Clock::now();
    Descriptor socket{::socket(remote.protocol().family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
    if (socket.get() < 0) return refuse(index, system_error(errno));
    const bool v6 = remote.address().is_v6();
    if (const auto error = receive_errors(socket.get(), v6)) return refuse(index, error);
    // An address that is not this machine's is no shortage, although the errno is the same.
    if (const auto error = bind_to(socket.get(), source_, v6)) return fail_here(index, error);
    starts_.push_back(started);
    int error = progress(socket.get(), remote);
    const bool sent = error == 0 || error == EINPROGRESS;
    // Over loopback the answer has come by now, and no event needs to be waited for.
    if (error == EINPROGRESS) error = progress(socket.get(), remote);
    if (error != EALREADY && error != EINPROGRESS)
      return end_at_once(index, socket.get(), started, {error, sent});
    under_way_.push_back({index, started, std::move(socket), {}});
    auto& attempt = under_way_.back();
    attempt.self = std::prev(under_way_.end());
    if (patient_ == under_way_.end()) patient_ = attempt.self;
    ++busy_[remote.address()].count;
    epoll_event event{EPOLLIN | EPOLLOUT, {.ptr = &attempt}};
    if (::epoll_ctl(events_.native_handle(), EPOLL_CTL_ADD, attempt.socket.get(), &event) != 0)
      end(attempt, system_error(errno));
    return true;
  }

  struct AtOnce {
    int error;
    bool sent;  ///< by connect(2)'s first word
  };

  bool end_at_once(std::size_t index, int socket, Clock::time_point started, AtOnce how) {
    const auto& remote = remotes_[index];
    SweepAttempt attempt{index, {{remote}, std::unexpected{ConnectFailure{}}}, Clock::now() - started};
    if (how.error == 0) {
      attempt.fact.result = established(socket, remote);
    } else {
      auto failure = failure_of(socket, system_error(how.error));
      // Errors that only an answer makes, see ConnectFailure::local.
      const bool answered = failure.icmp || how.error == ECONNREFUSED || how.error == ECONNRESET;
      failure.local = !how.sent && !answered;
      if (failure.local && is_shortage(how.error)) return refuse(index, failure.error);
      attempt.fact.result = std::unexpected{std::move(failure)};
    }
    news_.emplace_back(std::move(attempt));
    return true;
  }

  /// Waits for others to end, if there are any.
  bool refuse(std::size_t index, std::error_code error) {
    if (under_way_.empty() || !is_shortage(error.value())) return fail_here(index, error);
    limits_.at_once = under_way_.size();
    queue_.push_front(index);
    return false;
  }

  bool fail_here(std::size_t index, std::error_code error) {
    news_.emplace_back(
        SweepAttempt{index, {{remotes_[index]}, std::unexpected{ConnectFailure{{error, {}}, 0, true}}}, {}});
    return true;
  }

  /// No error: it is connected.
  void end(UnderWay& attempt, std::error_code error) {
    const auto& remote = remotes_[attempt.index];
    const int fd = attempt.socket.get();
    SweepAttempt over{
        attempt.index, {{remote}, std::unexpected{ConnectFailure{}}}, Clock::now() - attempt.started};
    if (error)
      over.fact.result = std::unexpected{failure_of(fd, error)};
    else
      over.fact.result = established(fd, remote);
    news_.emplace_back(std::move(over));
    const auto busy = busy_.find(remote.address());
    if (auto& waiting = busy->second.waiting; !waiting.empty()) {
      queue_.push_front(waiting.front());
      waiting.pop_front();
      --deferred_;
    }
    if (--busy->second.count == 0 && busy->second.waiting.empty()) busy_.erase(busy);
    if (patient_ == attempt.self) ++patient_;
    under_way_.erase(attempt.self);
  }

  const TcpSource source_;
  SweepLimits limits_;
  std::deque<tcp::endpoint> remotes_;
  std::deque<std::size_t> queue_;
  std::list<UnderWay> under_way_;                             ///< the oldest first
  std::list<UnderWay>::iterator patient_ = under_way_.end();  ///< the first that is not told of as overdue
  std::map<asio::ip::address, Busy> busy_;
  std::size_t deferred_ = 0;
  std::deque<Clock::time_point> starts_;  ///< within the last second
  std::deque<SweepEvent> news_;
  asio::posix::stream_descriptor events_;
  asio::steady_timer wake_up_;
  bool woken_ = false;
};

ConnectSweep::ConnectSweep(const asio::any_io_executor& executor, TcpSource source, SweepLimits limits)
    : impl_{std::make_unique<Impl>(executor, std::move(source), limits)} {}
ConnectSweep::ConnectSweep(ConnectSweep&&) noexcept = default;
ConnectSweep& ConnectSweep::operator=(ConnectSweep&&) noexcept = default;
ConnectSweep::~ConnectSweep() = default;

std::size_t ConnectSweep::add(const tcp::endpoint& remote) { return impl_->add(remote); }
awaitable<std::optional<SweepEvent>> ConnectSweep::next() { return impl_->next(); }
void ConnectSweep::wake() { impl_->wake(); }
bool ConnectSweep::idle() const { return impl_->idle(); }

}  // namespace fwprobe::probe
