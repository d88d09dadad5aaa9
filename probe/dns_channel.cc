#include "probe/dns_channel.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <new>
#include <utility>

#include <asio/error.hpp>
#include <netinet/in.h>
#include <sys/uio.h>

#include "probe/deadline.h"

namespace fwprobe::probe {
namespace {

/// First retransmission; c-ares doubles it each time. Three sends fit into the default step timeout of 5 s.
constexpr std::chrono::milliseconds first_retransmission{1000};
constexpr int max_sends = 3;
/// Deadlines end queries, not c-ares: it keeps a query for longer than any deadline (4 minutes), and send()
/// stops after three datagrams.
constexpr int cares_tries = 8;
/// How exactly retransmissions keep their time; the first comes after the whole interval.
constexpr std::chrono::milliseconds tick_interval{250};

constexpr std::size_t header_size = 12;

std::uint16_t question_count(std::span<const unsigned char> message) {
  return static_cast<std::uint16_t>(message[4] << 8 | message[5]);
}

bool is_error_without_question(std::span<const unsigned char> message) {
  return (message[2] & 0x80) != 0 && (message[3] & 0x0f) != 0 && question_count(message) == 0;
}

}  // namespace

/// On the frame of the coroutine that waits; its end, also by cancellation, makes the channel forget the
/// query.
struct DnsChannel::Waiter {
  Waiter(DnsChannel& owner, Clock::time_point deadline) : channel{owner}, event{owner.executor_, deadline} {}
  Waiter(const Waiter&) = delete;
  Waiter& operator=(const Waiter&) = delete;
  ~Waiter() {
    if (query != nullptr) channel.forget(*this);
    if (woken) --channel.waking_;
  }

  DnsChannel& channel;
  asio::steady_timer event;  ///< expires at the deadline; cancelled when the query has ended
  UdpAnswer answer;
  Query* query = nullptr;
  bool woken = false;
};

DnsChannel::DnsChannel(const asio::any_io_executor& executor, asio::ip::udp::endpoint server,
                       std::optional<asio::ip::address> source)
    : executor_{executor},
      server_{std::move(server)},
      source_{std::move(source)},
      socket_{executor},
      tick_{executor} {
  ares_options options{};
  // The first reply, whatever it says, is this server's answer; a truncated one is ours to follow. The socket
  // is closed when nothing is in flight, so that every burst of queries has a port of its own (RFC 5452
  // §9.2).
  options.flags = ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES | ARES_FLAG_NOCHECKRESP | ARES_FLAG_IGNTC;
  options.timeout = static_cast<int>(first_retransmission.count());
  options.tries = cares_tries;
  options.ndots = 1;
  // Everything that c-ares would else take from the system's files and the environment.
  char dns_only[] = "b";
  options.lookups = dns_only;
  char no_file[] = "/dev/null";
  options.resolvconf_path = no_file;
  options.sock_state_cb = [](void* self, ares_socket_t, int read, int) {
    if (read != 0) static_cast<DnsChannel*>(self)->wait_readable();
  };
  options.sock_state_cb_data = this;
  const int mask = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_NDOTS | ARES_OPT_LOOKUPS |
                   ARES_OPT_NOROTATE | ARES_OPT_RESOLVCONF | ARES_OPT_DOMAINS | ARES_OPT_SOCK_STATE_CB;
  if (ares_init_options(&channel_, &options, mask) != ARES_SUCCESS) throw std::bad_alloc{};
  ares_set_socket_functions(channel_, &socket_functions(), this);

  ares_addr_port_node node{};
  node.udp_port = node.tcp_port = server_.port();
  if (server_.address().is_v4()) {
    node.family = AF_INET;
    const auto bytes = server_.address().to_v4().to_bytes();
    std::memcpy(&node.addr.addr4, bytes.data(), bytes.size());
  } else {
    node.family = AF_INET6;
    const auto bytes = server_.address().to_v6().to_bytes();
    std::memcpy(&node.addr.addr6, bytes.data(), bytes.size());
  }
  if (ares_set_servers_ports(channel_, &node) != ARES_SUCCESS) {
    ares_destroy(channel_);
    throw std::bad_alloc{};
  }
}

DnsChannel::~DnsChannel() { ares_destroy(channel_); }

// ---- queries ----

asio::awaitable<UdpAnswer> DnsChannel::ask(std::vector<unsigned char> message, Clock::time_point deadline) {
  const auto self = shared_from_this();
  Waiter waiter{*this, deadline};
  start(std::move(message), waiter);
  if (waiter.query != nullptr) co_await waiter.event.async_wait(as_result);
  resumed(waiter);
  co_return std::move(waiter.answer);
}

void DnsChannel::start(std::vector<unsigned char> message, Waiter& waiter) {
  auto id = ids_.next();
  while (queries_.contains(id)) id = ids_.next();
  set_id(message, id);
  auto& query = queries_.emplace(id, Query{this, id, &waiter}).first->second;
  waiter.query = &query;
  if (live_++ == 0) {
    tick_.expires_after(first_retransmission);
    tick();
  }
  ares_send(channel_, message.data(), static_cast<int>(message.size()), &DnsChannel::on_end, &query);
  settle();
  if (waking_ == 0) flush();
}

void DnsChannel::on_end(void* argument, int status, int, unsigned char* reply, int size) {
  auto& query = *static_cast<Query*>(argument);
  auto& self = *query.channel;
  if (query.waiter != nullptr) {
    auto& answer = query.waiter->answer;
    if (reply != nullptr && size > 0) answer.reply.assign(reply, reply + size);
    if (status == ARES_ENOMEM)
      answer.failure = TransportFailure{asio::error::no_memory, std::nullopt};
    else if (status != ARES_SUCCESS)
      answer.failure = self.failure_;
    self.finish(query);
  }
  self.queries_.erase(query.id);
}

void DnsChannel::finish(Query& query) {
  auto& waiter = *std::exchange(query.waiter, nullptr);
  waiter.query = nullptr;
  waiter.woken = true;
  ++waking_;
  waiter.event.cancel();
  --live_;
}

/// Coroutines whose answers came together ask their next questions one after another: the last of them sends
/// what all before it have queued.
void DnsChannel::resumed(Waiter& waiter) {
  if (!std::exchange(waiter.woken, false)) return;
  if (--waking_ == 0) flush();
}

void DnsChannel::forget(Waiter& waiter) {
  std::exchange(waiter.query, nullptr)->waiter = nullptr;
  --live_;
  settle();
}

void DnsChannel::fail(const TransportFailure& failure) {
  failure_ = failure;
  settle();
}

// ---- what c-ares calls ----

const ares_socket_functions& DnsChannel::socket_functions() {
  static constexpr ares_socket_functions functions{
      [](int, int, int, void* self) { return static_cast<DnsChannel*>(self)->open_socket(); },
      [](ares_socket_t, void* self) { return static_cast<DnsChannel*>(self)->close_socket(); },
      // open_socket() has connected it.
      [](ares_socket_t, const sockaddr*, ares_socklen_t, void*) { return 0; },
      [](ares_socket_t, void* data, std::size_t size, int, sockaddr* from, ares_socklen_t* from_size,
         void* self) {
        return static_cast<DnsChannel*>(self)->receive(static_cast<unsigned char*>(data), size, from,
                                                       from_size);
      },
      [](ares_socket_t, const iovec* part, int, void* self) {
        return static_cast<DnsChannel*>(self)->send(
            {static_cast<const unsigned char*>(part->iov_base), part->iov_len});
      }};
  return functions;
}

ares_socket_t DnsChannel::open_socket() {
  // Trying again at once would fail in the same way.
  if (!failure_) failure_ = socket_.open(server_, source_);
  if (!failure_) return socket_.socket().native_handle();
  socket_.close();
  errno = failure_->error.value();
  return ARES_SOCKET_BAD;
}

int DnsChannel::close_socket() {
  ++generation_;
  socket_.close();
  return 0;
}

ares_ssize_t DnsChannel::receive(unsigned char* data, std::size_t size, sockaddr* from,
                                 ares_socklen_t* from_size) {
  note_mismatch();
  while (!failure_) {
    const auto datagram = socket_.receive();
    if (!datagram) failure_ = datagram.error();
    if (!datagram || datagram->empty()) break;
    if (!is_for_cares(*datagram)) continue;
    handed_ = *datagram;
    const auto count = std::min(size, datagram->size());
    std::memcpy(data, datagram->data(), count);
    // The kernel lets nobody else's datagrams in: the socket is connected.
    *from_size = std::min(*from_size, static_cast<ares_socklen_t>(server_.size()));
    std::memcpy(from, server_.data(), *from_size);
    return static_cast<ares_ssize_t>(count);
  }
  errno = EAGAIN;
  return -1;
}

ares_ssize_t DnsChannel::send(std::span<const unsigned char> datagram) {
  const auto at = queries_.find(id_of(datagram.data()));
  auto* waiter = at == queries_.end() ? nullptr : at->second.waiter;
  if (waiter != nullptr && waiter->answer.attempts < max_sends) {
    ++waiter->answer.attempts;
    socket_.queue(datagram);
  }
  return static_cast<ares_ssize_t>(datagram.size());
}

/// Takes out what c-ares would drop without a word although it says something.
bool DnsChannel::is_for_cares(std::span<const unsigned char> datagram) {
  if (datagram.size() < header_size) {
    // No DNS at all; it has no ID that says whom it is for.
    for (auto& [id, query] : queries_)
      if (query.waiter != nullptr) query.waiter->answer.mismatch.assign(datagram.begin(), datagram.end());
    return false;
  }
  const auto at = queries_.find(id_of(datagram.data()));
  if (at == queries_.end()) return false;
  if (at->second.waiter != nullptr && is_error_without_question(datagram)) {
    // How servers answer what they do not parse or do not want to serve.
    at->second.waiter->answer.reply.assign(datagram.begin(), datagram.end());
    finish(at->second);
    return false;
  }
  return true;
}

/// c-ares drops a reply with the right ID and another question; a forger may have sent it, so the query goes
/// on, and when nothing better comes, this is what there is to say.
void DnsChannel::note_mismatch() {
  const auto handed = std::exchange(handed_, {});
  if (handed.empty()) return;
  const auto at = queries_.find(id_of(handed.data()));
  if (at != queries_.end() && at->second.waiter != nullptr)
    at->second.waiter->answer.mismatch.assign(handed.begin(), handed.end());
}

// ---- events ----

void DnsChannel::process(bool readable) {
  socket_.begin_receive();
  ares_process_fd(channel_, readable ? socket_.socket().native_handle() : ARES_SOCKET_BAD, ARES_SOCKET_BAD);
  handed_ = {};
  settle();
  flush();
}

/// After every call into c-ares: spreads a failure over the queries that it met, and lets c-ares and the
/// timer rest when nobody waits any more.
void DnsChannel::settle() {
  if (failure_) {
    for (auto& [id, query] : queries_) {
      if (query.waiter == nullptr) continue;
      query.waiter->answer.failure = failure_;
      finish(query);
    }
    failure_.reset();
  }
  if (live_ > 0) return;
  tick_.cancel();
  if (!queries_.empty()) ares_cancel(channel_);
}

void DnsChannel::flush() {
  if (const auto failed = socket_.flush()) fail(*failed);
}

void DnsChannel::wait_readable() {
  socket_.socket().async_wait(
      asio::ip::udp::socket::wait_read,
      [weak = weak_from_this(), generation = generation_](const std::error_code& error) {
        const auto self = weak.lock();
        if (error || !self || generation != self->generation_) return;
        self->process(true);
        if (generation == self->generation_) self->wait_readable();
      });
}

void DnsChannel::tick() {
  tick_.async_wait([weak = weak_from_this()](const std::error_code& error) {
    const auto self = weak.lock();
    if (error || !self || self->live_ == 0) return;
    self->process(false);
    if (self->live_ == 0) return;
    self->tick_.expires_after(tick_interval);
    self->tick();
  });
}

}  // namespace fwprobe::probe
