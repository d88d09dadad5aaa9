#pragma once
// The UDP socket of a DNS channel: sends and receives many datagrams with one system call, and keeps what the
// kernel says about failures.

#include <array>
#include <cstddef>
#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <system_error>
#include <vector>

#include <asio/any_io_executor.hpp>
#include <asio/ip/udp.hpp>
#include <sys/socket.h>
#include <sys/uio.h>

#include "probe/failure.h"

namespace fwprobe::probe {

class DnsSocket {
 public:
  explicit DnsSocket(const asio::any_io_executor& executor) : socket_{executor} {}

  /// Opened, bound to `source` when it is of the server's family, and connected, so that the kernel lets only
  /// the server's datagrams in and reports ICMP errors (udp(7)).
  std::optional<TransportFailure> open(const asio::ip::udp::endpoint& server,
                                       const std::optional<asio::ip::address>& source);
  /// Drops what was queued and not sent.
  void close();
  asio::ip::udp::socket& socket() { return socket_; }

  /// Goes out with the next flush().
  void queue(std::span<const unsigned char> datagram);
  /// Sends what is queued. A full send buffer loses datagrams as a network does: retransmission mends it.
  std::optional<TransportFailure> flush();

  /// Begins to read: what came since, in at most `max_batches` system calls.
  void begin_receive() { batches_left_ = max_batches; }
  /// The next datagram that is not empty, valid until the next call; nothing when no more has come.
  std::expected<std::span<const unsigned char>, TransportFailure> receive();

 private:
  /// A server that floods us is read in portions, so that deadlines are seen in between.
  static constexpr int max_batches = 8;
  static constexpr std::size_t batch = 16;
  /// Without EDNS a reply has at most 512 bytes (RFC 1035 §4.2.1); what is longer is kept as far as c-ares
  /// reads.
  static constexpr std::size_t max_datagram = 4096;
  struct Inbox {
    Inbox();
    std::array<std::array<unsigned char, max_datagram>, batch> data;
    std::array<iovec, batch> parts;
    std::array<mmsghdr, batch> messages;  ///< what recvmmsg(2) fills; `msg_len` is a datagram's size
  };

  std::optional<TransportFailure> failure();
  std::optional<TransportFailure> refill();

  asio::ip::udp::socket socket_;
  std::vector<unsigned char> outbox_;
  std::vector<std::size_t> outbox_sizes_;
  std::unique_ptr<Inbox> inbox_;
  std::size_t next_ = 0;
  std::size_t filled_ = 0;
  int batches_left_ = 0;
};

}  // namespace fwprobe::probe
