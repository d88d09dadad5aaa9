#include "probe/dns_tcp.h"

#include <algorithm>
#include <array>
#include <string>

#include "probe/connection.h"
#include "probe/deadline.h"
#include "probe/tcp.h"

namespace fwprobe::probe {
namespace {

constexpr std::size_t length_prefix = 2;  // RFC 1035 §4.2.2

std::string with_length(const std::vector<unsigned char>& query) {
  std::string framed{static_cast<char>(query.size() >> 8), static_cast<char>(query.size() & 0xff)};
  framed.append(query.begin(), query.end());
  return framed;
}

TransportFailure refusal(const TcpConnect& fact) {
  if (!fact.result) return {fact.result.error().error, fact.result.error().icmp};
  const auto& end = fact.result->early_end;
  return {end && end->reset ? asio::error::connection_reset : std::error_code{asio::error::eof},
          std::nullopt};
}

awaitable<TcpAnswer> exchange_on(Connection& connection, const std::string& framed,
                                 Clock::time_point deadline) {
  const auto written = co_await connection.write(framed, deadline);
  if (!written) co_return TcpAnswer{{}, written.error()};
  std::vector<unsigned char> received;
  std::size_t expected = length_prefix;
  while (received.size() < expected) {
    std::array<char, 4096> buffer;
    const auto count = co_await connection.read_some(buffer, deadline);
    if (!count) co_return TcpAnswer{{}, count.error()};
    received.insert(received.end(), buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(*count));
    if (expected == length_prefix && received.size() >= length_prefix)
      expected += static_cast<std::size_t>(received[0] << 8 | received[1]);
  }
  received.resize(expected);
  received.erase(received.begin(), received.begin() + length_prefix);
  co_return TcpAnswer{std::move(received), std::nullopt};
}

}  // namespace

asio::awaitable<TcpAnswer> ask_over_tcp(std::vector<unsigned char> query, asio::ip::udp::endpoint server,
                                        std::optional<asio::ip::address> source, Clock::time_point deadline) {
  TcpSource from;
  if (source && source->is_v6() == server.address().is_v6()) from.address = source;
  const TcpQuestion question{{server.address(), server.port()}};
  const auto left = std::max(deadline - Clock::now(), Clock::duration::zero());
  auto connected = co_await connect(question, from, left);
  if (!connected.connection) co_return TcpAnswer{{}, refusal(connected.fact)};
  const auto framed = with_length(query);
  co_return co_await exchange_on(*connected.connection, framed, deadline);
}

}  // namespace fwprobe::probe
