#include "probe/dns_gather.h"

#include <algorithm>

#include <asio/experimental/awaitable_operators.hpp>

#include "probe/deadline.h"
#include "probe/dns_message.h"
#include "probe/dns_query.h"
#include "probe/dns_socket.h"

namespace fwprobe::probe {
namespace {

/// A resolver that asks others may take a second; who has little time has no more to spare.
constexpr std::chrono::seconds longest_listening{1};
constexpr int share_of_timeout = 4;
constexpr std::size_t max_others = 4;

/// Order, repetition and TTL say nothing: what rotates or counts down is still the same answer.
DnsOther gist(const DnsLookup& lookup) {
  DnsOther brief{lookup.status, {}};
  for (const auto& record : lookup.addresses) brief.addresses.push_back(record.address);
  std::ranges::sort(brief.addresses);
  const auto repeated = std::ranges::unique(brief.addresses);
  brief.addresses.erase(repeated.begin(), repeated.end());
  return brief;
}

class Gathering {
 public:
  Gathering(DnsLookup known, std::uint16_t id) : lookup_{std::move(known)}, id_{id} {}

  bool answered() const { return first_.has_value(); }
  DnsLookup take() && { return std::move(lookup_); }

  void add(std::span<const unsigned char> datagram) {
    if (datagram.size() < 2 || id_of(datagram.data()) != id_) return count_stranger();
    // A truncated answer has not all addresses, so it cannot differ (RFC 2181 §9).
    if (is_truncated(datagram)) return;
    auto read = read_reply(lookup_.question, datagram);
    if (read.status == DnsStatus::malformed) return count_stranger();
    auto brief = gist(read);
    if (!first_) return begin(std::move(read), std::move(brief));
    if (brief == *first_ || std::ranges::find(lookup_.others, brief) != lookup_.others.end()) return;
    if (lookup_.others.size() < max_others) lookup_.others.push_back(std::move(brief));
  }

  DnsLookup failed(const TransportFailure& failure) && {
    // What came before it has come.
    if (first_) return std::move(lookup_);
    lookup_.status = DnsStatus::unreachable;
    lookup_.failure = failure;
    return std::move(lookup_);
  }

 private:
  void begin(DnsLookup read, DnsOther brief) {
    read.attempts = lookup_.attempts;
    read.strangers = lookup_.strangers;
    lookup_ = std::move(read);
    first_ = std::move(brief);
  }
  void count_stranger() {
    if (lookup_.strangers < max_strangers) ++lookup_.strangers;
  }

  static constexpr std::uint32_t max_strangers = 1'000'000;
  DnsLookup lookup_;
  std::uint16_t id_;
  std::optional<DnsOther> first_;
};

}  // namespace

asio::awaitable<DnsLookup> gather_answers(DnsLookup known, std::vector<unsigned char> message,
                                          std::optional<asio::ip::address> source,
                                          Clock::time_point deadline) {
  RandomIds ids;
  const auto id = ids.next();
  set_id(message, id);
  known.attempts = 1;
  const auto server = known.question.resolver;
  Gathering gathering{std::move(known), id};
  asio::steady_timer timer{co_await asio::this_coro::executor};
  DnsSocket socket{timer.get_executor()};
  if (const auto failure = socket.open(server, source)) co_return std::move(gathering).failed(*failure);
  socket.queue(message);
  if (const auto failure = socket.flush()) co_return std::move(gathering).failed(*failure);

  const auto listening =
      std::min<Clock::duration>(longest_listening, (deadline - Clock::now()) / share_of_timeout);
  auto until = deadline;
  while (Clock::now() < until) {
    using namespace asio::experimental::awaitable_operators;
    timer.expires_at(until);
    auto readable = socket.socket().async_wait(asio::ip::udp::socket::wait_read, as_result);
    co_await (std::move(readable) || timer.async_wait(as_result));
    const auto state = co_await asio::this_coro::cancellation_state;
    if (state.cancelled() != asio::cancellation_type::none) break;
    socket.begin_receive();
    for (;;) {
      const auto datagram = socket.receive();
      if (!datagram) co_return std::move(gathering).failed(datagram.error());
      if (datagram->empty()) break;
      const bool is_first = !gathering.answered();
      gathering.add(*datagram);
      if (is_first && gathering.answered())
        until = std::min<Clock::time_point>(deadline, Clock::now() + listening);
    }
  }
  co_return std::move(gathering).take();
}

}  // namespace fwprobe::probe
