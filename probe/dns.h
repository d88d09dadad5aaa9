#pragma once
// DNS lookups, one question to one resolver at a time, so that answers can be compared (RFC 1035, RFC 2308).

#include <memory>
#include <optional>

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>
#include <asio/ip/address.hpp>
#include <asio/ip/udp.hpp>

#include "probe/clock.h"
#include "probe/facts/dns.h"

namespace fwprobe::probe {

/// Asks one resolver, through one c-ares channel; at most 100 lookups are under way at once, others wait for
/// their turn. With nothing under way it keeps no socket, timer or work for the executor, which must run on
/// one thread.
class Resolver {
 public:
  /// `source` binds the queries to a local address (its family must be the resolver's, else it is ignored).
  Resolver(const asio::any_io_executor& executor, asio::ip::udp::endpoint server,
           std::optional<asio::ip::address> source = {});
  Resolver(Resolver&&) noexcept;
  Resolver& operator=(Resolver&&) noexcept;
  ~Resolver();

  /// The answer, or what came in its place, within `timeout`, the wait for a turn included. UDP is sent up to
  /// three times: at once, after 1 s, and after 3 s. The name is asked for as it stands: no search list, no
  /// hosts file. When the resolver goes before its lookups have ended, they end as `unreachable` with
  /// operation_aborted, and those that waited for their turn as `timeout`.
  asio::awaitable<DnsLookup> lookup(DnsQuestion question, Clock::duration timeout);

 private:
  class Channel;
  std::unique_ptr<Channel> channel_;
};

}  // namespace fwprobe::probe
