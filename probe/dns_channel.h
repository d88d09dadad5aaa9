#pragma once
// c-ares on Asio: UDP queries to one server. c-ares matches replies to queries and says when to send again;
// the socket is ours, so that errno and ICMP errors are seen.

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include <ares.h>
#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>
#include <asio/ip/udp.hpp>
#include <asio/steady_timer.hpp>

#include "probe/clock.h"
#include "probe/dns_query.h"
#include "probe/dns_socket.h"
#include "probe/failure.h"

namespace fwprobe::probe {

/// What came for a query. None of the fields set: nothing, in time.
struct UdpAnswer {
  std::vector<unsigned char> reply;  ///< has the query's ID and question, or is an error without a question
  std::vector<unsigned char> mismatch;      ///< else: something that came in its place
  std::optional<TransportFailure> failure;  ///< an error of the socket, or ICMP for the server
  std::uint8_t attempts = 0;                ///< datagrams sent
};

/// Owned by a shared_ptr, which the coroutines that wait for it share.
class DnsChannel : public std::enable_shared_from_this<DnsChannel> {
 public:
  DnsChannel(const asio::any_io_executor& executor, asio::ip::udp::endpoint server,
             std::optional<asio::ip::address> source);
  DnsChannel(const DnsChannel&) = delete;
  DnsChannel& operator=(const DnsChannel&) = delete;
  ~DnsChannel();

  /// Sends `message` under a new ID, up to three times, and waits for its answer.
  asio::awaitable<UdpAnswer> ask(std::vector<unsigned char> message, Clock::time_point deadline);
  /// Ends every query that is in flight with this failure, at once.
  void fail(const TransportFailure& failure);

 private:
  struct Waiter;
  /// A query as c-ares holds it. c-ares cannot end a single one: without a waiter it is forgotten, and what
  /// c-ares would still send for it is not sent.
  struct Query {
    DnsChannel* channel;
    std::uint16_t id;
    Waiter* waiter;
  };

  void start(std::vector<unsigned char> message, Waiter& waiter);
  void finish(Query& query);
  void resumed(Waiter& waiter);
  void forget(Waiter& waiter);
  static void on_end(void* query, int status, int timeouts, unsigned char* reply, int size);

  ares_socket_t open_socket();
  int close_socket();
  ares_ssize_t receive(unsigned char* data, std::size_t size, sockaddr* from, ares_socklen_t* from_size);
  ares_ssize_t send(std::span<const unsigned char> datagram);
  static const ares_socket_functions& socket_functions();
  bool is_for_cares(std::span<const unsigned char> datagram);
  void note_mismatch();

  void process(bool readable);
  void settle();
  void flush();
  void wait_readable();
  void tick();

  asio::any_io_executor executor_;
  asio::ip::udp::endpoint server_;
  std::optional<asio::ip::address> source_;
  DnsSocket socket_;
  asio::steady_timer tick_;
  ares_channel channel_ = nullptr;
  std::unordered_map<std::uint16_t, Query> queries_;
  RandomIds ids_;
  std::size_t live_ = 0;                     ///< queries with a waiter
  std::optional<TransportFailure> failure_;  ///< met inside c-ares, for settle() to spread
  std::span<const unsigned char> handed_;    ///< the datagram that c-ares has just been given
  std::uint64_t generation_ = 0;             ///< of the socket: an event of an older one is stale
  std::size_t waking_ = 0;                   ///< waiters whose query has ended, not resumed yet
};

}  // namespace fwprobe::probe
