#include "probe/dns.h"

#include <algorithm>
#include <functional>
#include <thread>

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>
#include <gtest/gtest.h>

#include "tests/support/servers.h"

namespace fwprobe::probe {
namespace {

using asio::ip::make_address;
using asio::ip::udp;
using namespace std::chrono_literals;

DnsLookup ask(const udp::endpoint& server, std::string name, DnsType type = DnsType::a,
              DnsTransport transport = DnsTransport::udp, Clock::duration timeout = 5s) {
  asio::io_context context;
  Resolver resolver{context.get_executor(), server};
  DnsLookup result;
  asio::co_spawn(context, resolver.lookup({std::move(name), type, server, transport}, timeout),
                 [&](const std::exception_ptr& failure, DnsLookup lookup) {
                   if (failure) std::rethrow_exception(failure);
                   result = std::move(lookup);
                   context.stop();
                 });
  context.run();
  return result;
}

std::vector<std::string> texts(const DnsLookup& lookup) {
  std::vector<std::string> all;
  for (const auto& record : lookup.addresses) all.push_back(record.address.to_string());
  std::ranges::sort(all);
  return all;
}

/// dnsmasq with one zone of its own, for IPv4 and IPv6.
class Dnsmasq : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    const auto address = tests::own_loopback();
    port_ = tests::free_port(address);
    std::vector<std::string> command{"/usr/sbin/dnsmasq",
                                     "--no-daemon",
                                     "--no-resolv",
                                     "--no-hosts",
                                     "--conf-file=/dev/null",
                                     "--port=" + std::to_string(port_),
                                     "--listen-address=" + address.to_string(),
                                     "--listen-address=::1",
                                     "--bind-interfaces",
                                     "--local=/example.test/",
                                     "--local-ttl=120",
                                     "--user=",
                                     "--group=",
                                     "--host-record=both.example.test,192.0.2.1,2001:db8::1",
                                     "--host-record=four.example.test,192.0.2.4",
                                     "--cname=alias.example.test,both.example.test",
                                     "--cname=first.example.test,alias.example.test"};
    for (int i = 1; i <= 100; ++i)
      command.push_back("--host-record=many.example.test,198.51.100." + std::to_string(i));
    server_ = std::make_unique<tests::Process>(folder(), std::move(command));
    ASSERT_TRUE(tests::listens(*server_, {address, port_})) << server_->log();
  }
  static void TearDownTestSuite() { server_.reset(); }
  static const tests::TempFolder& folder() {
    static const tests::TempFolder folder;
    return folder;
  }
  static udp::endpoint server() { return {tests::own_loopback(), port_}; }

  static inline std::unique_ptr<tests::Process> server_;
  static inline std::uint16_t port_ = 0;
};

TEST_F(Dnsmasq, GivesBothFamiliesWithTheirTtl) {
  const auto a = ask(server(), "both.example.test");
  EXPECT_EQ(a.status, DnsStatus::answered);
  EXPECT_EQ(texts(a), std::vector<std::string>{"192.0.2.1"});
  EXPECT_EQ(a.addresses[0].ttl, 120s);
  const auto aaaa = ask(server(), "Both.Example.test", DnsType::aaaa);
  EXPECT_EQ(texts(aaaa), std::vector<std::string>{"2001:db8::1"});
}

TEST_F(Dnsmasq, IsAskedOverIpv6AsWell) {
  const auto lookup = ask({make_address("::1"), port_}, "both.example.test");
  EXPECT_EQ(texts(lookup), std::vector<std::string>{"192.0.2.1"});
}

TEST_F(Dnsmasq, GivesTheAliasChainInOrder) {
  const auto lookup = ask(server(), "first.example.test");
  ASSERT_EQ(lookup.aliases.size(), 2U);
  EXPECT_EQ(lookup.aliases[0].from, "first.example.test");
  EXPECT_EQ(lookup.aliases[0].to, "alias.example.test");
  EXPECT_EQ(lookup.aliases[1].to, "both.example.test");
  EXPECT_EQ(texts(lookup), std::vector<std::string>{"192.0.2.1"});
}

TEST_F(Dnsmasq, KeepsNodataNxdomainAndRefusedApart) {
  EXPECT_EQ(ask(server(), "four.example.test", DnsType::aaaa).status, DnsStatus::nodata);
  EXPECT_EQ(ask(server(), "nosuch.example.test").status, DnsStatus::nxdomain);
  EXPECT_EQ(ask(server(), "elsewhere.test").status, DnsStatus::refused);
}

TEST_F(Dnsmasq, IsAskedOverTcpAfterATruncatedAnswer) {
  const auto lookup = ask(server(), "many.example.test");
  EXPECT_TRUE(lookup.truncated_udp);
  EXPECT_EQ(lookup.addresses.size(), 100U);
  const auto over_tcp = ask(server(), "four.example.test", DnsType::a, DnsTransport::tcp);
  EXPECT_FALSE(over_tcp.truncated_udp);
  EXPECT_EQ(texts(over_tcp), std::vector<std::string>{"192.0.2.4"});
}

TEST_F(Dnsmasq, AnswersManyQuestionsAtOnceThroughOneResolver) {
  asio::io_context context;
  Resolver resolver{context.get_executor(), server()};
  int answered = 0;
  for (int i = 0; i < 1000; ++i)
    asio::co_spawn(context,
                   resolver.lookup({"both.example.test", DnsType::a, server(), DnsTransport::udp}, 20s),
                   [&](const std::exception_ptr&, const DnsLookup& lookup) {
                     if (lookup.status == DnsStatus::answered) ++answered;
                     if (answered == 1000) context.stop();
                   });
  context.run_for(30s);
  EXPECT_EQ(answered, 1000);
}

/// A UDP server that answers each query with what `reply` makes of it: what no real server does.
class RawServer {
 public:
  using Reply = std::function<std::vector<std::string>(std::string query)>;
  explicit RawServer(Reply reply) : socket_{context_, {asio::ip::address_v4::loopback(), 0}} {
    thread_ = std::jthread{[this, reply = std::move(reply)] {
      std::string query(1024, '\0');
      udp::endpoint from;
      while (true) {
        std::error_code error;
        const auto size = socket_.receive_from(asio::buffer(query), from, 0, error);
        if (error || size == 0) return;  // an empty datagram is the end
        for (const auto& answer : reply(query.substr(0, size)))
          socket_.send_to(asio::buffer(answer), from, 0, error);
      }
    }};
  }
  ~RawServer() {
    asio::io_context context;
    udp::socket stop{context, udp::v4()};
    stop.send_to(asio::buffer("", 0), endpoint());
  }
  RawServer(const RawServer&) = delete;
  RawServer& operator=(const RawServer&) = delete;
  udp::endpoint endpoint() const { return socket_.local_endpoint(); }

 private:
  asio::io_context context_;
  udp::socket socket_;
  std::jthread thread_;
};

/// The query as a reply with this RCODE and these answer records.
std::string reply_to(std::string query, int rcode, int answers = 0, const std::string& records = {}) {
  query[2] = static_cast<char>(0x81);
  query[3] = static_cast<char>(0x80 | rcode);
  query[7] = static_cast<char>(answers);
  return query + records;
}

TEST(RawReply, CodesAreKeptApart) {
  const std::pair<int, DnsStatus> cases[] = {{1, DnsStatus::formerr},  {2, DnsStatus::servfail},
                                             {3, DnsStatus::nxdomain}, {4, DnsStatus::notimp},
                                             {5, DnsStatus::refused},  {9, DnsStatus::other_rcode}};
  for (const auto& [rcode, status] : cases) {
    const RawServer server{
        [code = rcode](std::string query) { return std::vector{reply_to(std::move(query), code)}; }};
    const auto lookup = ask(server.endpoint(), "a.test");
    EXPECT_EQ(lookup.status, status) << rcode;
    EXPECT_EQ(lookup.rcode, rcode);
    EXPECT_EQ(lookup.attempts, 1) << "an answer is an answer, and is not asked for again";
  }
}

TEST(RawReply, ThatIsNoAnswerIsMalformedWhenNothingBetterComes) {
  const std::pair<const char*, RawServer::Reply> cases[] = {
      {"another question",
       [](std::string query) {
         query[13] = 'b';
         return std::vector{reply_to(std::move(query), 0)};
       }},
      {"a cut record",
       [](std::string query) {
         return std::vector{reply_to(std::move(query), 0, 1, std::string{"\xc0\x0c\0\1", 4})};
       }},
      {"a name that points to itself",
       [](std::string query) {
         const std::string loop{static_cast<char>(0xc0), static_cast<char>(query.size())};
         return std::vector{reply_to(std::move(query), 0, 1, loop + std::string(10, '\0'))};
       }},
  };
  for (const auto& [name, reply] : cases) {
    const RawServer server{reply};
    const auto lookup = ask(server.endpoint(), "a.test", DnsType::a, DnsTransport::udp, 1500ms);
    EXPECT_EQ(lookup.status, DnsStatus::malformed) << name;
    EXPECT_FALSE(lookup.detail.empty()) << name;
  }
}

TEST(RawReply, WithAWrongIdIsPassedOver) {
  const RawServer server{[](std::string query) {
    auto forged = reply_to(query, 3);
    forged[0] = static_cast<char>(forged[0] ^ 1);
    return std::vector{forged, reply_to(std::move(query), 5)};
  }};
  EXPECT_EQ(ask(server.endpoint(), "a.test").status, DnsStatus::refused);
}

TEST(RawReply, WithALoopOfAliasesSaysSo) {
  const RawServer server{[](std::string query) {
    // a.test CNAME a.test
    return std::vector{
        reply_to(std::move(query), 0, 1, std::string{"\xc0\x0c\0\5\0\1\0\0\0\1\0\2\xc0\x0c", 14})};
  }};
  EXPECT_EQ(ask(server.endpoint(), "a.test").status, DnsStatus::alias_loop);
}

/// The query as a reply with these addresses, each 192.0.2.n.
std::string addresses_to(std::string query, const std::string& numbers, char ttl = 60) {
  std::string records;
  for (const char number : numbers)
    records += std::string{"\xc0\x0c\0\1\0\1\0\0\0", 9} + ttl + std::string{"\0\4\xc0\0\2", 5} + number;
  return reply_to(std::move(query), 0, static_cast<int>(numbers.size()), records);
}

DnsLookup gather(const udp::endpoint& server, Clock::duration timeout = 5s) {
  asio::io_context context;
  Resolver resolver{context.get_executor(), server};
  DnsLookup result;
  asio::co_spawn(context,
                 resolver.lookup({"a.test", DnsType::a, server, DnsTransport::udp, DnsListen::all}, timeout),
                 [&](const std::exception_ptr& failure, DnsLookup lookup) {
                   if (failure) std::rethrow_exception(failure);
                   result = std::move(lookup);
                   context.stop();
                 });
  context.run();
  return result;
}

TEST(Gathering, KeepsWhatElseIsAnswered) {
  const RawServer server{[](const std::string& query) {
    return std::vector{addresses_to(query, "\1\2"), addresses_to(query, "\2\1", 30),
                       addresses_to(query, "\1\2"), addresses_to(query, "\7"),
                       addresses_to(query, "\7"),   reply_to(query, 3)};
  }};
  const auto lookup = gather(server.endpoint());
  EXPECT_EQ(texts(lookup), (std::vector<std::string>{"192.0.2.1", "192.0.2.2"}));
  const std::vector<DnsOther> others{{DnsStatus::answered, {make_address("192.0.2.7")}},
                                     {DnsStatus::nxdomain, {}}};
  EXPECT_EQ(lookup.others, others) << "another order, another TTL and a repetition are the same answer";
  EXPECT_EQ(lookup.attempts, 1);
  EXPECT_EQ(lookup.strangers, 0U);
}

TEST(Gathering, CountsWhatDoesNotAnswerTheQuery) {
  const RawServer server{[](const std::string& query) {
    auto wrong_id = addresses_to(query, "\7");
    wrong_id[0] = static_cast<char>(wrong_id[0] ^ 1);
    auto other_name = addresses_to(query, "\7");
    other_name[13] = 'b';
    auto cut = addresses_to(query, "\7");
    cut[2] = static_cast<char>(cut[2] | 2);
    return std::vector{wrong_id, std::string{"x"}, cut, addresses_to(query, "\1"), other_name};
  }};
  const auto lookup = gather(server.endpoint());
  EXPECT_EQ(texts(lookup), std::vector<std::string>{"192.0.2.1"});
  EXPECT_EQ(lookup.strangers, 3U);
  EXPECT_TRUE(lookup.others.empty()) << "a truncated answer differs from nothing";
}

TEST(Gathering, IsBounded) {
  const RawServer server{[](const std::string& query) {
    std::vector<std::string> all;
    for (char number = 1; number < 100; ++number) all.push_back(addresses_to(query, std::string(1, number)));
    return all;
  }};
  EXPECT_EQ(gather(server.endpoint()).others.size(), 4U);
}

TEST(Gathering, EndsWithoutAnAnswerAsAnyLookup) {
  asio::io_context context;
  udp::socket silent{context, {asio::ip::address_v4::loopback(), 0}};
  const auto server = silent.local_endpoint();
  EXPECT_EQ(gather(server, 200ms).status, DnsStatus::timeout);
  silent.close();
  EXPECT_EQ(gather(server).status, DnsStatus::unreachable);
}

TEST(Resolver, ThatIsNotThereIsUnreachableAtOnce) {
  asio::io_context context;
  for (const auto& address : {make_address("127.0.0.1"), make_address("::1")}) {
    udp::endpoint closed;
    {
      const udp::socket unused{context, {address, 0}};
      closed = unused.local_endpoint();
    }
    const auto lookup = ask(closed, "a.test", DnsType::a, DnsTransport::udp, 20s);
    EXPECT_EQ(lookup.status, DnsStatus::unreachable) << address;
    ASSERT_TRUE(lookup.failure) << address;
    EXPECT_EQ(lookup.failure->error, asio::error::connection_refused) << address;
    const auto over_tcp = ask(closed, "a.test", DnsType::a, DnsTransport::tcp, 20s);
    EXPECT_EQ(over_tcp.status, DnsStatus::unreachable) << address;
  }
}

TEST(Resolver, ThatIsSilentIsATimeout) {
  asio::io_context context;
  const udp::socket silent{context, {asio::ip::address_v4::loopback(), 0}};
  const auto lookup = ask(silent.local_endpoint(), "a.test", DnsType::a, DnsTransport::udp, 300ms);
  EXPECT_EQ(lookup.status, DnsStatus::timeout);
}

TEST(Resolver, MayGoWhileItsQuestionsAreOpen) {
  asio::io_context context;
  const udp::socket silent{context, {asio::ip::address_v4::loopback(), 0}};
  bool ended = false;
  {
    Resolver resolver{context.get_executor(), silent.local_endpoint()};
    asio::co_spawn(context,
                   resolver.lookup({"a.test", DnsType::a, silent.local_endpoint(), DnsTransport::udp}, 200ms),
                   [&](const std::exception_ptr&, const DnsLookup&) { ended = true; });
    context.poll();
  }
  context.run_for(10s);
  EXPECT_TRUE(ended);
}

TEST(Resolver, SaysWhatItCannotAsk) {
  asio::io_context context;
  const udp::socket silent{context, {asio::ip::address_v4::loopback(), 0}};
  EXPECT_EQ(ask(silent.local_endpoint(), std::string(70, 'a') + ".test").status, DnsStatus::malformed);
}

}  // namespace
}  // namespace fwprobe::probe
