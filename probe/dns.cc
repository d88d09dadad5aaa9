#include "probe/dns.h"

#include <algorithm>

#include <asio/error.hpp>
#include <fmt/format.h>

#include "probe/deadline.h"
#include "probe/dns_channel.h"
#include "probe/dns_gather.h"
#include "probe/dns_message.h"
#include "probe/dns_query.h"
#include "probe/dns_tcp.h"
#include "probe/turns.h"

namespace fwprobe::probe {
namespace {

/// 500 queries in flight on one socket overran its receive buffer and cost retransmissions; 100 did not.
constexpr std::size_t max_in_flight = 100;

DnsLookup malformed(DnsLookup lookup, std::string detail) {
  lookup.status = DnsStatus::malformed;
  lookup.detail = std::move(detail);
  return lookup;
}

DnsLookup failed(DnsLookup lookup, const TransportFailure& failure) {
  lookup.status = timed_out(failure) ? DnsStatus::timeout : DnsStatus::unreachable;
  if (lookup.status == DnsStatus::unreachable) lookup.failure = failure;
  return lookup;
}

/// What the reply says, beside what is already known of the lookup.
DnsLookup read_into(DnsLookup known, const std::vector<unsigned char>& reply) {
  auto lookup = read_reply(std::move(known.question), reply);
  lookup.attempts = known.attempts;
  lookup.truncated_udp = known.truncated_udp;
  return lookup;
}

DnsLookup lookup_from(DnsLookup known, const UdpAnswer& answer) {
  if (!answer.reply.empty()) return read_into(std::move(known), answer.reply);
  if (answer.failure) return failed(std::move(known), *answer.failure);
  if (answer.mismatch.empty()) return known;
  auto lookup = read_into(std::move(known), answer.mismatch);
  if (lookup.status == DnsStatus::malformed) return lookup;
  // c-ares is stricter about questions than we are.
  DnsLookup unread;
  unread.question = std::move(lookup.question);
  unread.attempts = lookup.attempts;
  return malformed(std::move(unread), "only replies came that do not match the question");
}

DnsLookup lookup_from(DnsLookup known, const TcpAnswer& answer, std::uint16_t id) {
  if (answer.failure) return failed(std::move(known), *answer.failure);
  if (answer.reply.size() >= 2 && id_of(answer.reply.data()) != id)
    return malformed(std::move(known), "the reply over TCP has another ID than the query");
  return read_into(std::move(known), answer.reply);
}

}  // namespace

std::string reverse_name(const asio::ip::address& address) {
  if (address.is_v4()) {
    const auto bytes = address.to_v4().to_bytes();
    return fmt::format("{}.{}.{}.{}.in-addr.arpa", bytes[3], bytes[2], bytes[1], bytes[0]);
  }
  std::string name;
  const auto bytes = address.to_v6().to_bytes();
  for (auto byte = bytes.rbegin(); byte != bytes.rend(); ++byte)
    name += fmt::format("{:x}.{:x}.", *byte & 0x0f, *byte >> 4);
  return name + "ip6.arpa";
}

class Resolver::Channel {
 public:
  /// What lookups share with the resolver, so that it may go before they have ended.
  struct State {
    State(const asio::any_io_executor& executor, asio::ip::udp::endpoint the_server,
          std::optional<asio::ip::address> the_source)
        : turns{executor, max_in_flight},
          udp{std::make_shared<DnsChannel>(executor, the_server, the_source)},
          server{std::move(the_server)},
          source{std::move(the_source)} {}

    Turns turns;
    std::shared_ptr<DnsChannel> udp;
    asio::ip::udp::endpoint server;
    std::optional<asio::ip::address> source;
    RandomIds tcp_ids;
  };

  Channel(const asio::any_io_executor& executor, asio::ip::udp::endpoint server,
          std::optional<asio::ip::address> source)
      : state_{std::make_shared<State>(executor, std::move(server), std::move(source))} {}
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;
  ~Channel() {
    state_->turns.close();
    state_->udp->fail({asio::error::operation_aborted, std::nullopt});
  }

  std::shared_ptr<State> state() const { return state_; }

 private:
  std::shared_ptr<State> state_;
};

Resolver::Resolver(const asio::any_io_executor& executor, asio::ip::udp::endpoint server,
                   std::optional<asio::ip::address> source)
    : channel_{std::make_unique<Channel>(executor, std::move(server), std::move(source))} {}
Resolver::Resolver(Resolver&&) noexcept = default;
Resolver& Resolver::operator=(Resolver&&) noexcept = default;
Resolver::~Resolver() = default;

asio::awaitable<DnsLookup> Resolver::lookup(DnsQuestion question, Clock::duration timeout) {
  const auto state = channel_->state();
  const auto deadline = Clock::now() + timeout;
  DnsLookup known;
  known.attempts = 0;
  known.question = std::move(question);
  auto message = write_query(known.question, 0);
  if (!message) co_return malformed(std::move(known), std::move(message.error()));

  if (known.question.listen == DnsListen::all)
    co_return co_await gather_answers(std::move(known), std::move(*message), state->source, deadline);

  auto turn = state->turns.try_take();
  if (!turn) turn = co_await state->turns.take(deadline);
  if (!turn) co_return known;

  if (known.question.transport == DnsTransport::udp) {
    const auto answer = co_await state->udp->ask(*message, deadline);
    known.attempts = answer.attempts;
    known.truncated_udp = is_truncated(answer.reply);
    if (!known.truncated_udp) co_return lookup_from(std::move(known), answer);
  }
  const auto id = state->tcp_ids.next();
  set_id(*message, id);
  const auto answer = co_await ask_over_tcp(std::move(*message), state->server, state->source, deadline);
  co_return lookup_from(std::move(known), answer, id);
}

}  // namespace fwprobe::probe
