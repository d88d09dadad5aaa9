// The resolver where the network, or whoever waits for it, does not behave. What servers answer: dns_test.cc.

#include <array>
#include <atomic>
#include <cerrno>
#include <functional>
#include <map>
#include <thread>

#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/co_spawn.hpp>
#include <asio/error.hpp>
#include <asio/io_context.hpp>
#include <asio/read.hpp>
#include <asio/write.hpp>
#include <gtest/gtest.h>

#include "probe/dns.h"
#include "tests/support/network_namespace.h"
#include "tests/support/servers.h"
#include "tests/support/sockets.h"

namespace fwprobe::probe {
namespace {

using asio::ip::make_address;
using asio::ip::tcp;
using asio::ip::udp;
using namespace std::chrono_literals;
using namespace std::string_literals;

/// Runs the executor until it has nothing more to do, while the resolver is still there.
DnsLookup ask(const DnsQuestion& question, Clock::duration timeout = 5s,
              std::optional<asio::ip::address> source = {}) {
  asio::io_context context;
  Resolver resolver{context.get_executor(), question.resolver, std::move(source)};
  return tests::run(context, resolver.lookup(question, timeout));
}
DnsQuestion question_to(const udp::endpoint& server, DnsTransport transport = DnsTransport::udp) {
  return {"a.test", DnsType::a, server, transport};
}

/// unbound with zones of its own, and a forwarder that nobody answers for.
class Unbound : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    const auto address = tests::own_loopback();
    port_ = tests::free_port(address);
    const auto at_port = "@" + std::to_string(port_);
    const auto closed = std::to_string(closed_.endpoint().port());
    std::string conf =
        "server:\n interface: " + address.to_string() + at_port + "\n interface: ::1" + at_port +
        "\n do-daemonize: no\n chroot: \"\"\n username: \"\"\n pidfile: \"\"\n use-syslog: no\n"
        " do-not-query-localhost: no\n module-config: iterator\n"
        " access-control: 127.0.0.0/8 allow\n access-control: ::1 allow\n"
        " access-control: 127.0.0.9/32 refuse\n"
        " local-zone: test. nodefault\n local-zone: example.test. static\n local-data: \"example.test. SOA . "
        ". 1 1 1 1 1\"\n"
        " local-data: \"both.example.test. 77 A 192.0.2.1\"\n"
        " local-data: \"both.example.test. 78 AAAA 2001:db8::1\"\n"
        " local-data: \"four.example.test. A 192.0.2.4\"\n";
    for (int i = 1; i <= 100; ++i)
      conf += " local-data: \"many.example.test. A 198.51.100." + std::to_string(i) + "\"\n";
    conf += "forward-zone:\n name: broken.test.\n forward-tcp-upstream: yes\n forward-addr: 127.0.0.1@" +
            closed + "\n";
    folder().write("unbound.conf", conf);
    server_ = std::make_unique<tests::Process>(
        folder(), std::vector<std::string>{"/usr/sbin/unbound", "-d", "-c", folder().path("unbound.conf")});
    ASSERT_TRUE(tests::listens(*server_, {address, port_})) << server_->log();
  }
  static void TearDownTestSuite() { server_.reset(); }
  static const tests::TempFolder& folder() {
    static const tests::TempFolder folder;
    return folder;
  }
  static DnsQuestion question(std::string name, DnsType type = DnsType::a,
                              const asio::ip::address& server = tests::own_loopback()) {
    return {std::move(name), type, {server, port_}, DnsTransport::udp};
  }

  static inline const tests::ClosedPort closed_{AF_INET};
  static inline std::unique_ptr<tests::Process> server_;
  static inline std::uint16_t port_ = 0;
};

TEST_F(Unbound, AnswersOverBothFamilies) {
  for (const auto& server : {asio::ip::address{tests::own_loopback()}, make_address("::1")}) {
    const auto four = ask(question("both.example.test", DnsType::a, server));
    ASSERT_EQ(four.addresses.size(), 1U) << server;
    EXPECT_EQ(four.addresses[0].address, make_address("192.0.2.1"));
    EXPECT_EQ(four.addresses[0].ttl, 77s);
    const auto six = ask(question("both.example.test", DnsType::aaaa, server));
    ASSERT_EQ(six.addresses.size(), 1U) << server;
    EXPECT_EQ(six.addresses[0].address, make_address("2001:db8::1"));
    EXPECT_EQ(six.attempts, 1);
  }
}

TEST_F(Unbound, SaysWhyThereIsNoAddress) {
  EXPECT_EQ(ask(question("four.example.test", DnsType::aaaa)).status, DnsStatus::nodata);
  EXPECT_EQ(ask(question("none.example.test")).status, DnsStatus::nxdomain);
  const auto failed = ask(question("a.broken.test"), 20s);
  EXPECT_EQ(failed.status, DnsStatus::servfail);
  EXPECT_EQ(failed.rcode, 2);
  const auto refused = ask(question("both.example.test"), 5s, make_address("127.0.0.9"));
  EXPECT_EQ(refused.status, DnsStatus::refused) << "asked from a source address that it does not serve";
  EXPECT_EQ(refused.attempts, 1);
}

TEST_F(Unbound, GivesItsWholeAnswerOverTcp) {
  auto many = question("many.example.test");
  const auto after_udp = ask(many);
  EXPECT_TRUE(after_udp.truncated_udp);
  EXPECT_EQ(after_udp.attempts, 1);
  EXPECT_EQ(after_udp.addresses.size(), 100U);
  many.transport = DnsTransport::tcp;
  const auto at_once = ask(many, 5s, make_address("::1"));
  EXPECT_EQ(at_once.addresses.size(), 100U) << "a source address of the other family does not matter";
  EXPECT_FALSE(at_once.truncated_udp);
  EXPECT_EQ(at_once.attempts, 0);
}

/// A UDP server that answers each datagram with what `reply` makes of it: what no real server does.
class OddServer {
 public:
  using Reply = std::function<std::vector<std::string>(std::string query)>;
  explicit OddServer(Reply reply, std::uint16_t port = 0)
      : socket_{context_, {asio::ip::address_v4::loopback(), port}} {
    thread_ = std::jthread{[this, reply = std::move(reply)] {
      for (;;) {
        std::string query(1024, '\0');
        udp::endpoint from;
        std::error_code error;
        query.resize(socket_.receive_from(asio::buffer(query), from, 0, error));
        if (error || query == "stop") return;
        ++received_;
        for (const auto& answer : reply(query)) socket_.send_to(asio::buffer(answer), from, 0, error);
      }
    }};
  }
  ~OddServer() {
    asio::io_context context;
    udp::socket{context, udp::v4()}.send_to(asio::buffer("stop", 4), endpoint());
  }
  OddServer(const OddServer&) = delete;
  OddServer& operator=(const OddServer&) = delete;
  udp::endpoint endpoint() const { return socket_.local_endpoint(); }
  int received() const { return received_; }

 private:
  asio::io_context context_;
  udp::socket socket_;
  std::atomic<int> received_ = 0;
  std::jthread thread_;
};

std::string refusal(std::string query) {
  query[2] = '\x81';
  query[3] = '\x85';
  return query;
}
std::string truncated(std::string query) {
  query[2] = '\x83';
  query[3] = '\x80';
  return query;
}

TEST(OddReply, ThatLeavesTheQuestionOutIsStillTheServersAnswer) {
  const OddServer server{
      [](const std::string& query) { return std::vector{query.substr(0, 2) + "\x81\x81\0\0\0\0\0\0\0\0"s}; }};
  const auto lookup = ask(question_to(server.endpoint()), 60s);
  EXPECT_EQ(lookup.status, DnsStatus::formerr);
  EXPECT_EQ(lookup.attempts, 1);
}

TEST(OddReply, ThatIsNoDnsIsMalformedWhenNothingBetterComes) {
  const OddServer server{[](const std::string&) { return std::vector{"hello"s}; }};
  const auto lookup = ask(question_to(server.endpoint()), 300ms);
  EXPECT_EQ(lookup.status, DnsStatus::malformed);
  EXPECT_EQ(lookup.detail, "5 bytes are no DNS message");
}

TEST(OddReply, ToAnotherQuestionIsNamed) {
  const OddServer server{[](std::string query) {
    query[13] = 'b';
    return std::vector{refusal(query)};
  }};
  const auto lookup = ask(question_to(server.endpoint()), 300ms);
  EXPECT_EQ(lookup.status, DnsStatus::malformed);
  EXPECT_EQ(lookup.detail, "the reply answers another question: b.test type 1");
  EXPECT_EQ(lookup.attempts, 1);
}

TEST(OddReply, IsForgottenWhenTheRightOneFollows) {
  const OddServer server{[](const std::string& query) {
    auto other = query;
    other[13] = 'b';
    return std::vector{""s, "x"s, other, std::string(4000, 'x'), refusal(query)};
  }};
  EXPECT_EQ(ask(question_to(server.endpoint()), 60s).status, DnsStatus::refused);
}

TEST(OddReply, InAFloodDoesNotHoldUpTheDeadline) {
  const OddServer server{[](std::string query) {
    query[0] = static_cast<char>(query[0] ^ 1);
    return std::vector(2000, query);
  }};
  EXPECT_EQ(ask(question_to(server.endpoint()), 300ms).status, DnsStatus::timeout);
}

TEST(OddReply, ThatIsOurOwnQueryIsMalformedAtOnce) {
  const OddServer echo{[](const std::string& query) { return std::vector{query}; }};
  EXPECT_EQ(ask(question_to(echo.endpoint()), 60s).status, DnsStatus::malformed);
}

TEST(Retransmission, MendsALostDatagramAndIsCounted) {
  int seen = 0;
  const OddServer server{[&](const std::string& query) {
    return ++seen == 1 ? std::vector<std::string>{} : std::vector{refusal(query)};
  }};
  const auto lookup = ask(question_to(server.endpoint()), 60s);
  EXPECT_EQ(lookup.status, DnsStatus::refused);
  EXPECT_EQ(lookup.attempts, 2);
}

TEST(Retransmission, GoesOnUntilTheTimeIsOver) {
  const OddServer silent{[](const std::string&) { return std::vector<std::string>{}; }};
  const auto lookup = ask(question_to(silent.endpoint()), 1500ms);
  EXPECT_EQ(lookup.status, DnsStatus::timeout);
  EXPECT_EQ(lookup.attempts, 2);
  EXPECT_EQ(silent.received(), 2);
}

/// A TCP server for one connection, and a UDP server on the same port that sends everybody there.
class TruncatingServer {
 public:
  using Serve = std::function<void(tcp::socket&, std::string framed_query)>;
  explicit TruncatingServer(Serve serve)
      : udp_{[](const std::string& query) { return std::vector{truncated(query)}; },
             listener_.endpoint().port()},
        thread_{[this, serve = std::move(serve)] {
          auto socket = listener_.accept();
          std::string length(2, '\0');
          asio::read(socket, asio::buffer(length));
          std::string query(static_cast<std::size_t>(static_cast<unsigned char>(length[1])), '\0');
          asio::read(socket, asio::buffer(query));
          serve(socket, length + query);
        }} {}
  udp::endpoint endpoint() const { return udp_.endpoint(); }

 private:
  tests::Listener listener_;
  OddServer udp_;
  std::jthread thread_;
};

std::string framed(const std::string& message) {
  return std::string{static_cast<char>(message.size() >> 8), static_cast<char>(message.size() & 0xff)} +
         message;
}

TEST(OverTcp, AnAnswerInPiecesIsPutTogetherAndMayTakeItsTime) {
  // Longer than UDP's retransmission: the budget is the lookup's, whatever the transport.
  const TruncatingServer server{[](tcp::socket& socket, const std::string& query) {
    std::this_thread::sleep_for(1200ms);
    for (const char byte : framed(refusal(query.substr(2)))) asio::write(socket, asio::buffer(&byte, 1));
  }};
  const auto lookup = ask(question_to(server.endpoint()), 60s);
  EXPECT_EQ(lookup.status, DnsStatus::refused);
  EXPECT_TRUE(lookup.truncated_udp);
  EXPECT_EQ(lookup.attempts, 1);
}

TEST(OverTcp, WhatEndsTheConnectionIsKept) {
  const std::tuple<const char*, TruncatingServer::Serve, std::error_code> cases[] = {
      {"closed without an answer", [](tcp::socket&, const std::string&) {}, asio::error::eof},
      {"closed within the answer",
       [](tcp::socket& socket, const std::string& query) {
         asio::write(socket, asio::buffer(framed(refusal(query.substr(2))), 9));
       },
       asio::error::eof},
      {"reset", [](tcp::socket& socket, const std::string&) { tests::reset(std::move(socket)); },
       asio::error::connection_reset},
  };
  for (const auto& [name, serve, error] : cases) {
    const TruncatingServer server{serve};
    const auto lookup = ask(question_to(server.endpoint()), 60s);
    EXPECT_EQ(lookup.status, DnsStatus::unreachable) << name;
    EXPECT_TRUE(lookup.truncated_udp) << name;
    ASSERT_TRUE(lookup.failure) << name;
    EXPECT_EQ(lookup.failure->error, error) << name;
  }
}

TEST(OverTcp, AnAnswerWithAnotherIdOrWithoutAnythingIsMalformed) {
  const TruncatingServer::Serve cases[] = {
      [](tcp::socket& socket, const std::string& query) {
        auto answer = refusal(query.substr(2));
        answer[0] = static_cast<char>(answer[0] ^ 1);
        asio::write(socket, asio::buffer(framed(answer)));
      },
      [](tcp::socket& socket, const std::string&) { asio::write(socket, asio::buffer("\0\0", 2)); },
      [](tcp::socket& socket, const std::string&) { asio::write(socket, asio::buffer(framed("x"))); },
  };
  for (const auto& serve : cases) {
    const TruncatingServer server{serve};
    const auto lookup = ask(question_to(server.endpoint()), 60s);
    EXPECT_EQ(lookup.status, DnsStatus::malformed);
    EXPECT_FALSE(lookup.detail.empty());
  }
}

TEST(OverTcp, ASilentServerIsATimeout) {
  const tests::SilentListener no_answer_to_syn;
  const auto to = no_answer_to_syn.endpoint();
  EXPECT_EQ(ask(question_to({to.address(), to.port()}, DnsTransport::tcp), 200ms).status, DnsStatus::timeout);
}

TEST(Unreachable, KeepsTheIcmpErrorAndItsSender) {
  for (const int family : {AF_INET, AF_INET6}) {
    const auto address = tests::loopback(family);
    asio::io_context context;
    const auto closed = udp::socket{context, {address, 0}}.local_endpoint();
    const auto lookup = ask(question_to(closed), 60s);
    ASSERT_TRUE(lookup.failure) << address;
    ASSERT_TRUE(lookup.failure->icmp) << address;
    const auto& icmp = *lookup.failure->icmp;
    EXPECT_EQ(icmp.sender, address);
    EXPECT_EQ(icmp.type, family == AF_INET ? 3 : 1);
    EXPECT_EQ(icmp.code, family == AF_INET ? 3 : 4);
  }
}

TEST(Unreachable, IsASourceAddressThatIsNotOurs) {
  const OddServer server{[](const std::string& query) { return std::vector{refusal(query)}; }};
  const auto lookup = ask(question_to(server.endpoint()), 60s, make_address("192.0.2.77"));
  EXPECT_EQ(lookup.status, DnsStatus::unreachable);
  ASSERT_TRUE(lookup.failure);
  EXPECT_EQ(lookup.failure->error.value(), EADDRNOTAVAIL);
  EXPECT_EQ(lookup.attempts, 0);
}

void look_at_a_refusing_network() {
  struct Case {
    const char* name;
    udp::endpoint resolver;
    int error;
    std::optional<IcmpError> icmp;
  };
  using enum IcmpError::Family;
  const auto router4 = make_address("10.9.0.1");
  const auto router6 = make_address("fd00:9::1");
  const Case cases[] = {
      {"a router prohibits IPv4",
       {make_address("198.51.100.53"), 53},
       EHOSTUNREACH,
       IcmpError{icmp, 3, 13, router4}},
      {"a router prohibits IPv6",
       {make_address("2001:db8:7::53"), 53},
       EACCES,
       IcmpError{icmp6, 1, 1, router6}},
      {"a router says port unreachable",
       {make_address("198.51.100.53"), 54},
       ECONNREFUSED,
       IcmpError{icmp, 3, 3, router4}},
      {"the router's own port is closed", {router4, 53}, ECONNREFUSED, IcmpError{icmp, 3, 3, router4}},
      {"this machine's firewall drops it", {make_address("198.51.100.53"), 55}, EPERM, std::nullopt},
      {"there is no route", {make_address("203.0.113.53"), 53}, ENETUNREACH, std::nullopt},
      {"there is no IPv6 route", {make_address("2001:db8:8::53"), 53}, ENETUNREACH, std::nullopt},
  };
  for (const auto& row : cases) {
    const auto lookup = ask(question_to(row.resolver), 60s);
    EXPECT_EQ(lookup.status, DnsStatus::unreachable) << row.name;
    if (!lookup.failure) continue;
    EXPECT_EQ(lookup.failure->error.value(), row.error)
        << row.name << ": " << lookup.failure->error.message();
    EXPECT_EQ(lookup.failure->icmp, row.icmp) << row.name;
  }
}

TEST(Unreachable, IsToldAsTheNetworkTellsIt) {
  const auto result = tests::in_network(SOURCE_DIR "/tests/probe/dns_network.sh", look_at_a_refusing_network);
  if (result == tests::NamespaceResult::refused) GTEST_SKIP() << "no network of our own here";
  EXPECT_EQ(result, tests::NamespaceResult::passed) << "see the expectations above";
}

/// Many lookups at once from a server that says nothing until it is let.
class ManyLookups : public testing::Test {
 protected:
  static constexpr int count = 250;

  /// The first hundred get a turn at once, the others wait for theirs.
  void start(Resolver& resolver, const udp::endpoint& server, Clock::duration timeout,
             Clock::duration timeout_of_those_who_wait) {
    for (std::size_t i = 0; i < count; ++i) {
      const auto ended = [this](const std::exception_ptr& failure, const DnsLookup& lookup) {
        ++ended_;
        if (failure == nullptr) ++by_attempts_[lookup.attempts];
      };
      asio::co_spawn(context_,
                     resolver.lookup(question_to(server), i < 100 ? timeout : timeout_of_those_who_wait),
                     asio::bind_cancellation_slot(signals_[i].slot(), ended));
    }
  }
  /// Datagrams that have come to a socket.
  static int arrived(udp::socket& socket) {
    socket.non_blocking(true);
    std::array<char, 512> buffer;
    std::error_code error;
    int datagrams = 0;
    while (socket.receive(asio::buffer(buffer), 0, error) > 0 && !error) ++datagrams;
    return datagrams;
  }

  asio::io_context context_;
  std::vector<asio::cancellation_signal> signals_ = std::vector<asio::cancellation_signal>(count);
  int ended_ = 0;
  std::map<int, int> by_attempts_;
};

TEST_F(ManyLookups, AreInFlightAHundredAtATime) {
  udp::socket silent{context_, {asio::ip::address_v4::loopback(), 0}};
  Resolver resolver{context_.get_executor(), silent.local_endpoint()};
  start(resolver, silent.local_endpoint(), 600ms, 300ms);
  context_.run();
  EXPECT_EQ(arrived(silent), 100);
  EXPECT_EQ(ended_, count);
  EXPECT_EQ(by_attempts_[1], 100);
  EXPECT_EQ(by_attempts_[0], count - 100) << "no turn came, and the lookup says so";
}

TEST_F(ManyLookups, HandTheirTurnsOnWhenTheyAreCancelled) {
  udp::socket silent{context_, {asio::ip::address_v4::loopback(), 0}};
  Resolver resolver{context_.get_executor(), silent.local_endpoint()};
  start(resolver, silent.local_endpoint(), 60s, 60s);
  context_.poll();
  EXPECT_EQ(arrived(silent), 100);
  // Some that are in flight, and some that wait for their turn.
  for (std::size_t i = 50; i < 150; ++i) signals_[i].emit(asio::cancellation_type::terminal);
  context_.poll();
  EXPECT_EQ(ended_, 100);
  EXPECT_EQ(arrived(silent), 50);
  for (auto& signal : signals_) signal.emit(asio::cancellation_type::terminal);
  context_.run();
  EXPECT_EQ(ended_, count);
}

TEST_F(ManyLookups, EndWhenTheirResolverGoes) {
  const udp::socket silent{context_, {asio::ip::address_v4::loopback(), 0}};
  {
    Resolver resolver{context_.get_executor(), silent.local_endpoint()};
    start(resolver, silent.local_endpoint(), 60s, 60s);
    context_.poll();
  }
  context_.run();
  EXPECT_EQ(ended_, count);
}

TEST_F(ManyLookups, MayBeLeftBehindByTheirExecutor) {
  const udp::socket silent{context_, {asio::ip::address_v4::loopback(), 0}};
  asio::io_context context;
  Resolver resolver{context.get_executor(), silent.local_endpoint()};
  for (int i = 0; i < count; ++i)
    asio::co_spawn(context, resolver.lookup(question_to(silent.local_endpoint()), 60s),
                   [](const std::exception_ptr&, const DnsLookup&) { FAIL() << "nobody ran it to its end"; });
  context.poll();
}

TEST_F(ManyLookups, AllFailWhenTheResolverIsNotThere) {
  const auto closed = udp::socket{context_, {asio::ip::address_v4::loopback(), 0}}.local_endpoint();
  Resolver resolver{context_.get_executor(), closed};
  start(resolver, closed, 60s, 60s);
  context_.run();
  EXPECT_EQ(ended_, count);
}

TEST_F(ManyLookups, GoOnAfterTheServerHasComeBack) {
  asio::io_context context;
  const auto closed = udp::socket{context, {asio::ip::address_v4::loopback(), 0}}.local_endpoint();
  Resolver resolver{context.get_executor(), closed};
  EXPECT_EQ(tests::run(context, resolver.lookup(question_to(closed), 60s)).status, DnsStatus::unreachable);
  const OddServer back{[](const std::string& query) { return std::vector{refusal(query)}; }, closed.port()};
  EXPECT_EQ(tests::run(context, resolver.lookup(question_to(closed), 60s)).status, DnsStatus::refused);
}

}  // namespace
}  // namespace fwprobe::probe
