#include "probe/tcp.h"

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <asio/post.hpp>
#include <asio/read.hpp>
#include <asio/write.hpp>
#include <gtest/gtest.h>
#include <netinet/tcp.h>
#include <sys/resource.h>

#include "tests/support/network_namespace.h"
#include "tests/support/sockets.h"

namespace fwprobe::probe {
namespace {

using namespace std::chrono_literals;
using asio::ip::tcp;
using tests::ClosedPort;
using tests::Listener;

TcpQuestion to(const tcp::endpoint& remote, TcpPurpose purpose = TcpPurpose::reach) {
  return {remote, purpose, 1};
}

Connected attempt(TcpQuestion question, TcpSource source = {}, Clock::duration timeout = 5s,
                  Clock::duration listen_for = 5s) {
  asio::io_context context;
  auto connected = tests::run(context, connect(question, std::move(source), timeout, listen_for));
  connected.connection.reset();  // it ends before its context
  return connected;
}

std::error_code system_error(int number) { return {number, asio::error::get_system_category()}; }

class Tcp : public testing::TestWithParam<int> {
 protected:
  void SetUp() override {
    if (GetParam() == AF_INET6 && !tests::has_ipv6_loopback()) GTEST_SKIP() << "no IPv6 on loopback here";
  }
};

INSTANTIATE_TEST_SUITE_P(BothFamilies, Tcp, testing::Values(AF_INET, AF_INET6),
                         [](const auto& row) { return row.param == AF_INET ? "ipv4" : "ipv6"; });

TEST_P(Tcp, ABoundOnSegmentsHoldsForBothDirections) {
  Listener listener{GetParam()};
  asio::io_context context;
  TcpQuestion question = to(listener.endpoint());
  question.max_segment = 1220;
  auto connected = tests::run(context, connect(question, {}, 5s));
  ASSERT_TRUE(connected.fact.result && connected.connection);
  EXPECT_LE(connected.fact.result->info.segment_size, 1220U);
  auto accepted = listener.accept();
  int theirs = 0;
  socklen_t size = sizeof theirs;
  ASSERT_EQ(getsockopt(accepted.native_handle(), IPPROTO_TCP, TCP_MAXSEG, &theirs, &size), 0);
  EXPECT_LE(theirs, 1220) << "the SYN announced it";
}

TEST_P(Tcp, TheProgressOfAConnectionSaysWhatArrived) {
  Listener listener{GetParam()};
  asio::io_context context;
  auto connected = tests::run(context, connect(to(listener.endpoint()), {}, 5s));
  ASSERT_TRUE(connected.connection);
  auto accepted = listener.accept();
  asio::write(accepted, asio::buffer(std::string(1000, 'x')));
  std::string text(1000, '\0');
  ASSERT_TRUE(tests::run(context, connected.connection->read_some(text, Clock::now() + 5s)));
  const auto progress = tcp_end(connected.connection->socket().native_handle());
  ASSERT_TRUE(progress);
  EXPECT_EQ(progress->unacknowledged, 0U);
  EXPECT_GE(progress->largest_received, 536U);
  EXPECT_GE(progress->path_mtu, 1280U);
  EXPECT_FALSE(tcp_end(-1));
}

TEST_P(Tcp, AListeningPortIsReachedAndMeasured) {
  Listener listener{GetParam()};
  asio::io_context context;
  auto connected = tests::run(context, connect(to(listener.endpoint()), {}, 5s));
  ASSERT_TRUE(connected.fact.result) << connected.fact.result.error().error.message();
  const auto& established = *connected.fact.result;
  auto accepted = listener.accept();
  EXPECT_EQ(established.local, accepted.remote_endpoint());
  EXPECT_EQ(established.info.retransmits, 0U);
  EXPECT_GT(established.info.rtt.count(), 0);
  EXPECT_GE(established.info.path_mtu, 1280U);
  EXPECT_GE(established.info.segment_size, 536U);
  EXPECT_FALSE(established.early_end);
  ASSERT_TRUE(connected.connection);

  auto& socket = connected.connection->socket();
  tcp::no_delay no_delay;
  socket.get_option(no_delay);
  EXPECT_TRUE(no_delay.value()) << "small requests must not wait for an acknowledgement";
  asio::write(accepted, asio::buffer(std::string_view{"hello"}));
  std::string text(5, '\0');
  const auto count = tests::run(context, connected.connection->read_some(text, Clock::now() + 5s));
  ASSERT_TRUE(count);
  EXPECT_EQ(text.substr(0, *count), "hello");
}

TEST_P(Tcp, AClosedPortRefusesAndThatIsNotLocal) {
  const ClosedPort port{GetParam()};
  const auto connected = attempt(to(port.endpoint()));
  ASSERT_FALSE(connected.fact.result);
  const auto& failure = connected.fact.result.error();
  EXPECT_EQ(failure.error, asio::error::connection_refused);
  EXPECT_FALSE(failure.icmp) << "a RST leaves nothing in the error queue";
  EXPECT_FALSE(failure.local);
  EXPECT_FALSE(connected.connection);
}

TEST_P(Tcp, ASilentPortTimesOutAfterRetransmissions) {
  const tests::SilentListener listener{GetParam()};
  const auto connected = attempt(to(listener.endpoint()), {}, 1500ms);
  ASSERT_FALSE(connected.fact.result);
  const auto& failure = connected.fact.result.error();
  EXPECT_TRUE(timed_out(failure)) << failure.error.message();
  EXPECT_FALSE(failure.local);
  EXPECT_FALSE(failure.icmp);
  EXPECT_GE(failure.syn_retransmits, 1U);  // the first after a second, RFC 6298 §2.1
}

TEST_P(Tcp, ADeadlineThatHasPassedIsATimeoutWithoutAConnection) {
  const tests::SilentListener listener{GetParam()};
  const auto connected = attempt(to(listener.endpoint()), {}, -1s);
  ASSERT_FALSE(connected.fact.result);
  EXPECT_TRUE(timed_out(connected.fact.result.error()));
}

/// Connects while `server` does something to the accepted connection before the probe looks at it: both run
/// on one thread, and the server's turn comes first.
Connected attempt_against(Listener& listener, const std::function<void(tcp::socket)>& server) {
  asio::io_context context;
  std::function<void()> turn = [&] {
    if (auto accepted = listener.try_accept())
      server(std::move(*accepted));
    else
      asio::post(context, turn);
  };
  asio::post(context, turn);
  auto connected = tests::run(context, connect(to(listener.endpoint()), {}, 5s));
  connected.connection.reset();
  return connected;
}

TEST_P(Tcp, AConnectionThatIsResetAtOnceWasOpenAndEndedEarly) {
  Listener listener{GetParam()};
  const auto connected =
      attempt_against(listener, [](tcp::socket socket) { tests::reset(std::move(socket)); });
  ASSERT_TRUE(connected.fact.result) << connected.fact.result.error().error.message();
  ASSERT_TRUE(connected.fact.result->early_end);
  EXPECT_TRUE(connected.fact.result->early_end->reset);
  EXPECT_EQ(connected.fact.result->local.address(), tests::loopback(GetParam()));
  EXPECT_FALSE(connected.connection);
}

TEST_P(Tcp, AConnectionThatIsClosedAtOnceEndedEarly) {
  Listener listener{GetParam()};
  const auto connected = attempt_against(listener, [](tcp::socket socket) { socket.close(); });
  ASSERT_TRUE(connected.fact.result) << connected.fact.result.error().error.message();
  ASSERT_TRUE(connected.fact.result->early_end);
  EXPECT_FALSE(connected.fact.result->early_end->reset);
}

struct ListenCase {
  const char* name;
  std::function<void(tcp::socket)> server;  ///< owns the accepted connection until the probe is done
  Clock::duration listen_for;               ///< short only where it passes to its end
  bool ends;
  bool reset;
  std::string greeting;
};

TEST_P(Tcp, ListeningHearsWhatThePeerDoesUnasked) {
  const auto say = [](tcp::socket& socket, std::string_view text) {
    asio::write(socket, asio::buffer(text));
  };
  const auto wait_for_the_end = [](tcp::socket& socket) {
    char byte = 0;
    std::error_code error;
    asio::read(socket, asio::buffer(&byte, 1), error);
  };
  const ListenCase cases[] = {
      {"closed in silence", [](tcp::socket s) { s.close(); }, 30s, true, false, ""},
      {"reset in silence", [](tcp::socket s) { tests::reset(std::move(s)); }, 30s, true, true, ""},
      {"a greeting and then FIN",
       [&](tcp::socket s) {
         say(s, "too many connections\n");
         s.close();
       },
       30s, true, false, "too many connections\n"},
      {"a greeting, and the connection stays open",
       [&](tcp::socket s) {
         say(s, "220 ready\r\n");
         wait_for_the_end(s);
       },
       1s, false, false, "220 ready\r\n"},
      {"silence, and the connection stays open", [&](tcp::socket s) { wait_for_the_end(s); }, 200ms, false,
       false, ""},
      {"a flood is cut",
       [&](tcp::socket s) {
         const std::string much(4096, 'x');
         std::error_code error;
         while (!error) asio::write(s, asio::buffer(much), error);
       },
       30s, false, false, std::string(256, 'x')},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    Listener listener{GetParam()};
    std::thread server{[&] { c.server(listener.accept()); }};
    const auto connected = attempt(to(listener.endpoint(), TcpPurpose::listen), {}, 5s, c.listen_for);
    server.join();
    ASSERT_TRUE(connected.fact.result) << connected.fact.result.error().error.message();
    EXPECT_EQ(connected.fact.result->early_end.has_value(), c.ends);
    if (connected.fact.result->early_end) {
      EXPECT_EQ(connected.fact.result->early_end->reset, c.reset);
      EXPECT_GT(connected.fact.result->early_end->after, Clock::duration::zero());
    }
    EXPECT_EQ(connected.fact.result->greeting, c.greeting);
  }
}

TEST_P(Tcp, TheGreetingIsReadAgainFromTheConnection) {
  Listener listener{GetParam()};
  asio::io_context context;
  const std::string greeting = std::string(255, 'a') + "bc";  // one byte more than is kept
  std::optional<tcp::socket> accepted;
  std::thread server{[&] {
    accepted = listener.accept();
    asio::write(*accepted, asio::buffer(greeting));
  }};
  auto connected = tests::run(context, connect(to(listener.endpoint(), TcpPurpose::listen), {}, 5s, 30s));
  server.join();
  ASSERT_TRUE(connected.connection);
  std::string heard;
  while (heard.size() < greeting.size()) {
    std::string text(64, '\0');
    const auto count = tests::run(context, connected.connection->read_some(text, Clock::now() + 5s));
    ASSERT_TRUE(count);
    heard += text.substr(0, *count);
  }
  EXPECT_EQ(heard, greeting);
}

TEST(TcpSource, BindsTheAddressAndTheInterface) {
  Listener listener;
  const TcpSource source{asio::ip::make_address("127.0.0.9"), "lo"};
  const auto connected = attempt(to(listener.endpoint()), source);
  ASSERT_TRUE(connected.fact.result) << connected.fact.result.error().error.message();
  EXPECT_EQ(connected.fact.result->local.address(), *source.address);
  EXPECT_NE(connected.fact.result->local.port(), 0);
}

TEST(TcpSource, ThatDoesNotExistIsALocalFailureWithItsErrno) {
  Listener listener;
  const auto v4 = [](const char* text) { return asio::ip::make_address(text); };
  const struct {
    const char* name;
    TcpSource source;
    int error;
  } cases[] = {
      {"an address of another machine", {v4("192.0.2.1"), ""}, EADDRNOTAVAIL},
      {"an interface that is not there", {{}, "no-such-if0"}, ENODEV},
      {"an interface with too long a name", {{}, "a-name-that-no-interface-can-have"}, ENODEV},
      {"an address of the other family", {v4("::1"), ""}, EAFNOSUPPORT},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto connected = attempt(to(listener.endpoint()), c.source);
    ASSERT_FALSE(connected.fact.result);
    EXPECT_EQ(connected.fact.result.error().error, system_error(c.error))
        << connected.fact.result.error().error.message();
    EXPECT_TRUE(connected.fact.result.error().local);
  }
}

/// As if the process had used up its file descriptors.
class NoFileDescriptors {
 public:
  NoFileDescriptors() {
    getrlimit(RLIMIT_NOFILE, &before_);
    const rlimit none{0, before_.rlim_max};
    setrlimit(RLIMIT_NOFILE, &none);
  }
  ~NoFileDescriptors() { setrlimit(RLIMIT_NOFILE, &before_); }
  NoFileDescriptors(const NoFileDescriptors&) = delete;
  NoFileDescriptors& operator=(const NoFileDescriptors&) = delete;

 private:
  rlimit before_{};
};

TEST(TcpResources, NoFileDescriptorLeftIsALocalFailure) {
  Listener listener;
  asio::io_context context;
  const tcp::socket makes_the_context_open_its_own{context};
  const NoFileDescriptors scarcity;
  const auto connected = tests::run(context, connect(to(listener.endpoint()), {}, 5s));
  ASSERT_FALSE(connected.fact.result);
  EXPECT_EQ(connected.fact.result.error().error, asio::error::no_descriptors);
  EXPECT_TRUE(connected.fact.result.error().local);
}

struct RefusalCase {
  const char* name;
  const char* address;
  std::uint16_t port;
  int error;
  std::optional<IcmpError> icmp;
  bool local;
};

IcmpError icmp(std::uint8_t type, std::uint8_t code, const char* sender) {
  const auto address = asio::ip::make_address(sender);
  return {address.is_v6() ? IcmpError::Family::icmp6 : IcmpError::Family::icmp, type, code, address};
}

void expect_refusals() {
  const auto* v4 = "198.51.100.7";
  const auto* v6 = "2001:db8:7::7";
  const RefusalCase cases[] = {
      {"a RST names nobody", v4, 1001, ECONNREFUSED, {}, false},
      {"default reject", v4, 1002, ECONNREFUSED, icmp(3, 3, "10.9.0.1"), false},
      {"administratively prohibited", v4, 1003, EHOSTUNREACH, icmp(3, 13, "10.9.0.1"), false},
      {"host unreachable", v4, 1004, EHOSTUNREACH, icmp(3, 1, "10.9.0.1"), false},
      {"no route at the router", v4, 1005, ENETUNREACH, icmp(3, 0, "10.9.0.1"), false},
      {"silence", v4, 1006, ETIMEDOUT, {}, false},
      {"own firewall", v4, 1009, ECONNREFUSED, icmp(3, 3, "10.9.0.2"), false},
      {"own prohibiting route", "198.51.100.99", 1, EACCES, {}, true},
      {"own unreachable route", "198.51.100.98", 1, EHOSTUNREACH, {}, true},
      {"no route here", "203.0.113.1", 1, ENETUNREACH, {}, true},
      {"IPv6: a RST names nobody", v6, 1001, ECONNREFUSED, {}, false},
      {"IPv6: default reject", v6, 1002, ECONNREFUSED, icmp(1, 4, "fd00:9::1"), false},
      {"IPv6: administratively prohibited", v6, 1003, EACCES, icmp(1, 1, "fd00:9::1"), false},
      {"IPv6: host unreachable", v6, 1004, EHOSTUNREACH, icmp(1, 3, "fd00:9::1"), false},
      {"IPv6: no route at the router", v6, 1005, ENETUNREACH, icmp(1, 0, "fd00:9::1"), false},
      {"IPv6: silence", v6, 1006, ETIMEDOUT, {}, false},
      {"IPv6: own firewall", v6, 1009, ECONNREFUSED, icmp(1, 4, "fd00:9::2"), false},
      {"IPv6: own prohibiting route", "2001:db8:7::99", 1, EACCES, {}, true},
      {"IPv6: no route here", "2001:db8:8::1", 1, ENETUNREACH, {}, true},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto timeout = c.error == ETIMEDOUT ? 200ms : 5000ms;
    const auto connected = attempt(to({asio::ip::make_address(c.address), c.port}), {}, timeout);
    ASSERT_FALSE(connected.fact.result);
    const auto& failure = connected.fact.result.error();
    EXPECT_EQ(failure.error, system_error(c.error)) << failure.error.message();
    EXPECT_EQ(failure.icmp, c.icmp) << (failure.icmp ? failure.icmp->sender.to_string() : "no ICMP error");
    EXPECT_EQ(failure.local, c.local);
  }
}

TEST(TcpRefusals, KeepTheErrnoTheIcmpErrorAndItsSender) {
  const auto result = tests::in_network(SOURCE_DIR "/tests/probe/router_network.sh", expect_refusals);
  if (result == tests::NamespaceResult::refused) GTEST_SKIP() << "no network of our own here";
  EXPECT_EQ(result, tests::NamespaceResult::passed) << "see the expectations above";
}

}  // namespace
}  // namespace fwprobe::probe
