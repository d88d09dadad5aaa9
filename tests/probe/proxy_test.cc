#include "probe/proxy.h"

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <asio/read.hpp>
#include <asio/read_until.hpp>
#include <asio/streambuf.hpp>
#include <asio/write.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "probe/http_connect.h"
#include "tests/support/servers.h"
#include "tests/support/sockets.h"

namespace fwprobe::probe {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;
using asio::ip::tcp;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr auto patience = 20s;

Host host(std::string name) {
  std::error_code error;
  const auto address = asio::ip::make_address(name, error);
  return {name, error ? std::nullopt : std::optional{address}};
}

TunnelQuestion tunnel(ProxyKind kind, const tcp::endpoint& to) {
  return {MeasurementId{3}, kind, host(to.address().to_string()), to.port(), "https"};
}

/// Opens tunnels on a context of its own, which lives as long as the connections that came of them.
struct Client {
  asio::io_context context;

  Tunnelled open(TunnelQuestion question, const tcp::endpoint& proxy, const ProxyServer& server,
                 Clock::duration timeout = patience) {
    tcp::socket socket{context};
    socket.connect(proxy);
    return tests::run(context,
                      open_tunnel(std::move(question), Connection{std::move(socket)}, server, timeout));
  }
  std::string read(Connection& connection, std::size_t count) {
    std::string text;
    while (text.size() < count) {
      std::string part(count - text.size(), '\0');
      const auto came = tests::run(context, connection.read_some(part, Clock::now() + patience));
      if (!came) return text + " and then " + came.error().error.message();
      text.append(part, 0, *came);
    }
    return text;
  }
  void write(Connection& connection, std::string_view text) {
    EXPECT_TRUE(tests::run(context, connection.write(text, Clock::now() + patience)));
  }
};

ProxyServer credentials(std::string user, std::string password) {
  ProxyServer server;
  server.user = std::move(user);
  server.password = Secret{std::move(password)};
  return server;
}

/// Serves one connection: greets, and then says everything back.
class Echo {
 public:
  explicit Echo(int family = AF_INET)
      : listener_{family}, thread_{[this] {
          auto socket = listener_.accept();
          std::error_code error;
          asio::write(socket, asio::buffer("hello\n"s), error);
          char byte = 0;
          while (!error && asio::read(socket, asio::buffer(&byte, 1), error) == 1)
            asio::write(socket, asio::buffer(&byte, 1), error);
        }} {}
  ~Echo() {
    // Wakes it when nobody came.
    asio::io_context context;
    tcp::socket socket{context};
    std::error_code ignored;
    socket.connect(endpoint(), ignored);
    socket.close(ignored);
    thread_.join();
  }
  Echo(const Echo&) = delete;
  Echo& operator=(const Echo&) = delete;
  tcp::endpoint endpoint() const { return listener_.endpoint(); }

 private:
  tests::Listener listener_;
  std::thread thread_;
};

void expect_a_working_tunnel(Client& client, Tunnelled& opened) {
  ASSERT_TRUE(opened.connection);
  EXPECT_EQ(client.read(*opened.connection, 6), "hello\n");
  client.write(*opened.connection, "ping");
  EXPECT_EQ(client.read(*opened.connection, 4), "ping");
}

/// squid with three ports: open to all, with a password, and closed to all.
class Squid : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = std::make_unique<tests::TempFolder>();
    const auto address = tests::own_loopback();
    for (auto* port : {&open_, &with_password_, &denying_}) *port = {address, tests::free_port(address)};
    tests::Process hash{*folder_, {"/usr/bin/openssl", "passwd", "-apr1", "open sesame"}};
    ASSERT_TRUE(hash.succeeded());
    folder_->write("users", "Aladdin:" + hash.log());
    const auto text = [](const tcp::endpoint& e) {
      return e.address().to_string() + ":" + std::to_string(e.port());
    };
    folder_->write("squid.conf", "http_port " + text(open_) + " name=open\nhttp_port " +
                                     text(with_password_) + " name=with_password\nhttp_port " +
                                     text(denying_) + " name=denying\n" +
                                     "auth_param basic program /usr/lib/squid/basic_ncsa_auth " +
                                     folder_->path("users") + R"(
auth_param basic children 1
auth_param basic casesensitive on
auth_param basic realm a proxy of the test
acl open myportname open
acl with_password myportname with_password
acl a_user proxy_auth REQUIRED
http_access allow open
http_access allow with_password a_user
http_access deny all
cache deny all
dns_nameservers 127.0.0.1
access_log none
cache_log stdio:/dev/stderr
netdb_filename none
pid_filename none
pinger_enable off
memory_cache_shared off
max_filedescriptors 1024
shutdown_lifetime 0 seconds
visible_hostname proxy.test
coredump_dir )" + folder_->path() + "\n");
    squid_ = std::make_unique<tests::Process>(
        *folder_, std::vector<std::string>{"/usr/sbin/squid", "-N", "-f", folder_->path("squid.conf")});
    for (const auto& port : {open_, with_password_, denying_})
      ASSERT_TRUE(tests::listens(*squid_, port)) << squid_->log();
  }
  static void TearDownTestSuite() {
    squid_.reset();
    folder_.reset();
  }

  static inline std::unique_ptr<tests::TempFolder> folder_;
  static inline std::unique_ptr<tests::Process> squid_;
  static inline tcp::endpoint open_, with_password_, denying_;
  Client client_;
};

TEST_F(Squid, OpensATunnelToAnAddress) {
  const Echo server;
  auto opened = client_.open(tunnel(ProxyKind::http, server.endpoint()), open_, {});
  ASSERT_TRUE(opened.fact.result) << opened.fact.result.error().detail;
  EXPECT_EQ(opened.fact.result->status, 200);
  expect_a_working_tunnel(client_, opened);
}

TEST_F(Squid, OpensATunnelToAnIpv6Address) {
  if (!tests::has_ipv6_loopback()) GTEST_SKIP() << "no IPv6 on loopback here";
  const Echo server{AF_INET6};
  auto opened = client_.open(tunnel(ProxyKind::http, server.endpoint()), open_, {});
  ASSERT_TRUE(opened.fact.result) << opened.fact.result.error().detail;
  expect_a_working_tunnel(client_, opened);
}

TEST_F(Squid, ResolvesTheName) {
  const Echo server;
  const TunnelQuestion question{{}, ProxyKind::http, host("localhost"), server.endpoint().port(), "https"};
  auto opened = client_.open(question, open_, {});
  ASSERT_TRUE(opened.fact.result) << opened.fact.result.error().detail;
  expect_a_working_tunnel(client_, opened);
}

TEST_F(Squid, WantsAPasswordAndSaysHow) {
  const Echo server;
  const auto question = tunnel(ProxyKind::http, server.endpoint());
  for (const auto& known : {ProxyServer{}, credentials("Aladdin", "close sesame")}) {
    const auto opened = client_.open(question, with_password_, known);
    ASSERT_FALSE(opened.fact.result);
    const auto& failure = opened.fact.result.error();
    EXPECT_FALSE(failure.transport);
    ASSERT_TRUE(failure.response);
    EXPECT_EQ(failure.response->status, 407);
    EXPECT_EQ(failure.response->version, "1.1");
    EXPECT_EQ(failure.response->reason, "Proxy Authentication Required");
    EXPECT_THAT(failure.auth_schemes, ElementsAre("Basic"));
    EXPECT_FALSE(opened.connection);
  }
  auto opened = client_.open(question, with_password_, credentials("Aladdin", "open sesame"));
  ASSERT_TRUE(opened.fact.result) << opened.fact.result.error().detail << squid_->log();
  expect_a_working_tunnel(client_, opened);
}

TEST_F(Squid, DeniesWithAPage) {
  const tests::ClosedPort port;
  const auto opened = client_.open(tunnel(ProxyKind::http, port.endpoint()), denying_, {});
  ASSERT_FALSE(opened.fact.result);
  const auto& failure = opened.fact.result.error();
  ASSERT_TRUE(failure.response);
  EXPECT_EQ(failure.response->status, 403);
  EXPECT_THAT(failure.response->body, HasSubstr("Access Denied"));
  EXPECT_TRUE(std::ranges::any_of(failure.response->headers,
                                  [](const auto& h) { return h.name == "X-Squid-Error"; }));
  EXPECT_THAT(failure.auth_schemes, IsEmpty());
}

TEST_F(Squid, CannotReachAClosedPort) {
  const tests::ClosedPort port;
  const auto opened = client_.open(tunnel(ProxyKind::http, port.endpoint()), open_, {});
  ASSERT_FALSE(opened.fact.result);
  ASSERT_TRUE(opened.fact.result.error().response);
  EXPECT_EQ(opened.fact.result.error().response->status, 503);
}

TEST_F(Squid, IsNoSocksProxy) {
  const auto opened =
      client_.open(tunnel(ProxyKind::socks5, {asio::ip::address_v4::loopback(), 9}), open_, {}, 500ms);
  ASSERT_FALSE(opened.fact.result);
  const auto& failure = opened.fact.result.error();
  EXPECT_TRUE(failure.transport || !failure.first_bytes.empty());
}

/// Dante with accounts of its own: in a user and mount namespace, where this passwd(5) and shadow(5) are the
/// system's.
class Dante : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    const auto address = tests::own_loopback();
    proxy_ = {address, tests::free_port(address)};
    tests::Process hash{folder_, {"/usr/bin/openssl", "passwd", "-6", "open sesame"}};
    ASSERT_TRUE(hash.succeeded());
    folder_.write("passwd", "root:x:0:0::/:/bin/sh\nAladdin:x:0:0::/:/bin/sh\n");
    folder_.write("shadow", "root:*:19000:0:99999:7:::\nAladdin:" +
                                hash.log().substr(0, hash.log().find('\n')) + ":19000:0:99999:7:::\n");
    folder_.write("danted.conf", "logoutput: stderr\ninternal: " + address.to_string() +
                                     " port = " + std::to_string(proxy_.port()) + R"(
external: lo
user.privileged: root
user.unprivileged: root
clientmethod: none
socksmethod: )" + GetParam() + R"(
client pass { from: 0.0.0.0/0 to: 0.0.0.0/0 }
socks block { from: 0.0.0.0/0 to: 127.0.0.66/32 }
socks pass { from: 0.0.0.0/0 to: 0.0.0.0/0 }
)");
    folder_.write("start.sh", R"(
mount --bind passwd /etc/passwd
mount --bind shadow /etc/shadow
exec /usr/sbin/danted -f danted.conf -p danted.pid -N 1
)");
    tests::Process namespaces{folder_, {"/usr/bin/unshare", "-Urm", "true"}};
    if (!namespaces.succeeded()) GTEST_SKIP() << "no user namespace here: " << namespaces.log();
    dante_ = std::make_unique<tests::Process>(
        folder_, std::vector<std::string>{"/usr/bin/unshare", "-Urm", "sh", "-e", "start.sh"});
    ASSERT_TRUE(tests::listens(*dante_, proxy_)) << dante_->log();
  }

  tests::TempFolder folder_;
  std::unique_ptr<tests::Process> dante_;
  tcp::endpoint proxy_;
  Client client_;
};

class OpenDante : public Dante {};
INSTANTIATE_TEST_SUITE_P(Socks, OpenDante, testing::Values("none"));

TEST_P(OpenDante, OpensTunnelsAndNamesItsRefusals) {
  {
    const Echo server;
    auto opened = client_.open(tunnel(ProxyKind::socks5, server.endpoint()), proxy_, {});
    ASSERT_TRUE(opened.fact.result) << dante_->log();
    EXPECT_EQ(opened.fact.result->status, 0);
    expect_a_working_tunnel(client_, opened);
  }
  {
    const Echo server;
    const TunnelQuestion by_name{{}, ProxyKind::socks5, host("localhost"), server.endpoint().port(), "https"};
    auto opened = client_.open(by_name, proxy_, credentials("not", "needed"));
    ASSERT_TRUE(opened.fact.result) << dante_->log();
    expect_a_working_tunnel(client_, opened);
  }
  const tests::ClosedPort port;
  const struct {
    const char* name;
    tcp::endpoint to;
    std::uint8_t reply;
  } refusals[] = {
      {"not allowed by ruleset", {asio::ip::make_address("127.0.0.66"), 80}, 2},
      {"connection refused", port.endpoint(), 5},
  };
  for (const auto& c : refusals) {
    SCOPED_TRACE(c.name);
    const auto opened = client_.open(tunnel(ProxyKind::socks5, c.to), proxy_, {});
    ASSERT_FALSE(opened.fact.result);
    ASSERT_TRUE(opened.fact.result.error().socks_reply);
    EXPECT_EQ(*opened.fact.result.error().socks_reply, c.reply);
    EXPECT_FALSE(opened.connection);
  }
  // An HTTP proxy is something else.
  const auto opened = client_.open(tunnel(ProxyKind::http, port.endpoint()), proxy_, {});
  ASSERT_FALSE(opened.fact.result);
  EXPECT_FALSE(opened.fact.result.error().response);
}

class DanteWithPasswords : public Dante {};
INSTANTIATE_TEST_SUITE_P(Socks, DanteWithPasswords, testing::Values("username"));

TEST_P(DanteWithPasswords, LetsInWhoHasThePassword) {
  const Echo server;
  const auto question = tunnel(ProxyKind::socks5, server.endpoint());
  {
    const auto opened = client_.open(question, proxy_, {});
    ASSERT_FALSE(opened.fact.result);
    EXPECT_TRUE(opened.fact.result.error().socks_auth_failed);
    EXPECT_THAT(opened.fact.result.error().auth_schemes, IsEmpty());
  }
  {
    const auto opened = client_.open(question, proxy_, credentials("Aladdin", "close sesame"));
    ASSERT_FALSE(opened.fact.result);
    EXPECT_TRUE(opened.fact.result.error().socks_auth_failed);
    EXPECT_THAT(opened.fact.result.error().auth_schemes, ElementsAre("username/password"));
  }
  auto opened = client_.open(question, proxy_, credentials("Aladdin", "open sesame"));
  ASSERT_TRUE(opened.fact.result) << dante_->log();
  expect_a_working_tunnel(client_, opened);
}

// What real proxies do not do on demand: a scripted peer, one connection each.

using Script = std::function<void(tcp::socket&)>;

struct Met {
  ProxyTunnel fact;
  std::string behind;  ///< the first bytes of the tunnel
};

Met meet(ProxyKind kind, const Script& script, const ProxyServer& server = {},
         Clock::duration timeout = patience, const Host& to = host("server.example")) {
  tests::Listener listener;
  std::thread peer{[&] {
    auto socket = listener.accept();
    script(socket);
  }};
  auto met = [&] {
    Client client;
    auto opened = client.open({{}, kind, to, 443, "https"}, listener.endpoint(), server, timeout);
    return Met{std::move(opened.fact), opened.connection ? client.read(*opened.connection, 6) : ""};
  }();
  peer.join();
  return met;
}

std::string hear_request(tcp::socket& socket) {
  std::string request;
  asio::read_until(socket, asio::dynamic_buffer(request), "\r\n\r\n");
  return request;
}

void wait_for_the_end(tcp::socket& socket) {
  char byte = 0;
  std::error_code error;
  while (!error) asio::read(socket, asio::buffer(&byte, 1), error);
}

Script answers(std::string text) {
  return [text](tcp::socket& socket) {
    hear_request(socket);
    std::error_code error;
    asio::write(socket, asio::buffer(text), error);
    wait_for_the_end(socket);
  };
}

TEST(HttpConnect, AsksAsTheStandardSays) {
  const struct {
    const char* name;
    Host to;
    ProxyServer server;
    std::vector<std::string> lines;
  } cases[] = {
      {"a name",
       host("server.example"),
       {},
       {"CONNECT server.example:443 HTTP/1.1\r\n", "\r\nHost: server.example:443\r\n"}},
      {"an IPv6 address stands in brackets",
       host("2001:db8::7"),
       {},
       {"CONNECT [2001:db8::7]:443 HTTP/1.1\r\n", "\r\nHost: [2001:db8::7]:443\r\n"}},
      {"credentials",
       host("x.example"),
       credentials("Aladdin", "open sesame"),
       {"\r\nProxy-Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n"}},
      {"a password without a user name",
       host("x.example"),
       credentials("", "token"),
       {"\r\nProxy-Authorization: Basic OnRva2Vu\r\n"}},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    std::string request;
    meet(
        ProxyKind::http, [&](tcp::socket& socket) { request = hear_request(socket); }, c.server, patience,
        c.to);
    for (const auto& line : c.lines) EXPECT_THAT(request, HasSubstr(line));
    EXPECT_THAT(request, HasSubstr("\r\nUser-Agent: fwprobe/"));
    if (c.server.password.empty()) {
      EXPECT_THAT(request, testing::Not(HasSubstr("Authorization")));
    }
  }
}

TEST(HttpConnect, ATunnelBeginsRightBehindTheHeaders) {
  const struct {
    const char* name;
    std::string answer;
    std::uint16_t status;
  } cases[] = {
      {"bytes of the tunnel in the same segment", "HTTP/1.1 200 Connection established\r\n\r\nhello\n", 200},
      {"another 2xx", "HTTP/1.1 204 Fine\r\n\r\nhello\n", 204},
      {"HTTP/1.0", "HTTP/1.0 200 OK\r\n\r\nhello\n", 200},
      {"a length that means nothing here", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nhello\n", 200},
      {"a coding that means nothing here", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nhello\n",
       200},
      {"after interim answers",
       "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\nX: y\r\n\r\nHTTP/1.1 200 OK\r\n\r\nhello\n",
       200},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto met = meet(ProxyKind::http, answers(c.answer));
    EXPECT_TRUE(met.fact.result);
    if (!met.fact.result) continue;
    EXPECT_EQ(met.fact.result->status, c.status);
    EXPECT_EQ(met.behind, "hello\n");
  }
}

TEST(HttpConnect, AnAnswerMayComeByteByByte) {
  const auto met = meet(ProxyKind::http, [](tcp::socket& socket) {
    hear_request(socket);
    socket.set_option(tcp::no_delay{true});
    for (const char c : "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nVia: x\r\n\r\nhello\n"s)
      asio::write(socket, asio::buffer(&c, 1));
    wait_for_the_end(socket);
  });
  EXPECT_TRUE(met.fact.result);
  EXPECT_EQ(met.behind, "hello\n");
}

TEST(HttpConnect, ARefusalIsKeptWithoutSecrets) {
  const auto met =
      meet(ProxyKind::http,
           answers("HTTP/1.1 407 No sesame-1234 here\r\nProxy-Authenticate: Negotiate, NTLM\r\n"
                   "Proxy-Authenticate: Digest realm=\"a, Basic b\", nonce=\"x\", Basic realm=\"c\"\r\n"
                   "Set-Cookie: session=abc\r\nX-Echo: Basic QWxhZGRpbjpzZXNhbWUtMTIzNA==\r\n"
                   "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n13\r\n, you sent "
                   "sesame-12\r\n2\r\n34\r\n0\r\n\r\n"),
           credentials("Aladdin", "sesame-1234"));
  ASSERT_FALSE(met.fact.result);
  const auto& failure = met.fact.result.error();
  EXPECT_THAT(failure.auth_schemes, ElementsAre("Negotiate", "NTLM", "Digest", "Basic"));
  ASSERT_TRUE(failure.response);
  EXPECT_EQ(failure.response->status, 407);
  EXPECT_EQ(failure.response->reason, "No <blanked> here");
  EXPECT_EQ(failure.response->body, "hello, you sent <blanked>");
  for (const auto& header : failure.response->headers) {
    if (header.name == "Set-Cookie") {
      EXPECT_EQ(header.value, "session=<blanked>");
    }
    EXPECT_THAT(header.value, testing::Not(HasSubstr("c2VzYW1l")));
    EXPECT_THAT(header.value, testing::Not(HasSubstr("zZXNhbWUtMTIzN")));
  }
}

TEST(HttpConnect, ARefusalsBodyIsCut) {
  const std::string head = "HTTP/1.1 403 Forbidden\r\n";
  const struct {
    const char* name;
    std::string rest;
    std::size_t size;
  } cases[] = {
      {"with a length", "Content-Length: 100000\r\n\r\n" + std::string(100000, 'x'), 16 * 1024},
      {"without a length", "\r\n" + std::string(100000, 'x'), 16 * 1024},
      {"with broken chunks", "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nzz", 5},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto met = meet(ProxyKind::http, answers(head + c.rest));
    ASSERT_FALSE(met.fact.result);
    ASSERT_TRUE(met.fact.result.error().response);
    EXPECT_EQ(met.fact.result.error().response->body.size(), c.size);
  }
}

TEST(HttpConnect, ARefusalWhosePageNeverEndsIsARefusal) {
  const auto met =
      meet(ProxyKind::http, answers("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 50\r\n\r\nno"), {}, 300ms);
  ASSERT_FALSE(met.fact.result);
  ASSERT_TRUE(met.fact.result.error().response);
  EXPECT_EQ(met.fact.result.error().response->status, 502);
  EXPECT_EQ(met.fact.result.error().response->body, "no");
  EXPECT_FALSE(met.fact.result.error().transport);
}

TEST(HttpConnect, WhatIsNotHttpIsSaidAndKept) {
  const struct {
    const char* name;
    std::string answer;
  } cases[] = {
      {"a TLS alert", "\x15\x03\x01\x00\x02\x02\x46"s},
      {"an SSH server", "SSH-2.0-x\r\n"},
      {"a broken status line", "HTTP/1.1 2x0 OK\r\n\r\n"},
      {"a header without a colon", "HTTP/1.1 200 OK\r\nnonsense\r\n\r\n"},
      {"NUL bytes", std::string(200, '\0')},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto met = meet(ProxyKind::http, answers(c.answer));
    EXPECT_FALSE(met.fact.result);
    if (met.fact.result) continue;
    EXPECT_THAT(met.fact.result.error().detail, HasSubstr("not HTTP"));
    EXPECT_EQ(met.fact.result.error().first_bytes, c.answer.substr(0, 64));
    EXPECT_FALSE(met.fact.result.error().transport);
  }
}

TEST(HttpConnect, EndlessHeadersAreCut) {
  for (const auto* endless : {"X-Header: y\r\n", "HTTP/1.1 100 Continue\r\n\r\n", "a"}) {
    SCOPED_TRACE(endless);
    const auto met = meet(ProxyKind::http, [&](tcp::socket& socket) {
      hear_request(socket);
      std::error_code error;
      if (endless[0] != 'H') asio::write(socket, asio::buffer("HTTP/1.1 200 OK\r\n"s), error);
      std::string much;
      for (int i = 0; i < 1000; ++i) much += endless;
      while (!error) asio::write(socket, asio::buffer(much), error);
    });
    ASSERT_FALSE(met.fact.result);
    EXPECT_THAT(met.fact.result.error().detail, HasSubstr("64 KiB"));
  }
}

TEST(Proxies, ThatEndOrStaySilentAreTransportFailures) {
  for (const auto kind : {ProxyKind::http, ProxyKind::socks5}) {
    const auto hear_something = [](tcp::socket& socket) {
      char byte = 0;
      asio::read(socket, asio::buffer(&byte, 1));
      std::error_code error;
      std::array<char, 512> rest;
      if (socket.available(error) > 0) socket.read_some(asio::buffer(rest), error);
    };
    const auto closed = meet(kind, hear_something);
    ASSERT_FALSE(closed.fact.result);
    ASSERT_TRUE(closed.fact.result.error().transport);
    EXPECT_TRUE(closed_by_peer(*closed.fact.result.error().transport));

    const auto reset = meet(kind, [&](tcp::socket& s) {
      hear_something(s);
      tests::reset(std::move(s));
    });
    ASSERT_FALSE(reset.fact.result);
    ASSERT_TRUE(reset.fact.result.error().transport);
    EXPECT_TRUE(reset_by_peer(*reset.fact.result.error().transport));

    const auto silent = meet(kind, wait_for_the_end, {}, 200ms);
    ASSERT_FALSE(silent.fact.result);
    ASSERT_TRUE(silent.fact.result.error().transport);
    EXPECT_TRUE(timed_out(*silent.fact.result.error().transport));
  }
}

TEST(HttpConnect, AnAnswerThatBreaksOffIsATransportFailure) {
  const auto met = meet(ProxyKind::http, [](tcp::socket& socket) {
    hear_request(socket);
    asio::write(socket, asio::buffer("HTTP/1.1 200 OK\r\nVia"s));
  });
  ASSERT_FALSE(met.fact.result);
  ASSERT_TRUE(met.fact.result.error().transport);
  EXPECT_EQ(met.fact.result.error().transport->error, asio::error::eof);
  EXPECT_EQ(met.fact.result.error().first_bytes, "HTTP/1.1 200 OK\r\nVia");
}

TEST(ChallengeSchemes, AreFoundAmongTheirParameters) {
  const struct {
    const char* name;
    const char* value;
    std::vector<std::string> expected;
  } cases[] = {
      {"one", "Basic realm=\"x\"", {"Basic"}},
      {"alone", "Negotiate", {"Negotiate"}},
      {"with a token", "NTLM TlRMTVNTUAACAAAA==", {"NTLM"}},
      {"several in one value",
       "Negotiate, NTLM, Basic realm=\"x\", charset=\"UTF-8\"",
       {"Negotiate", "NTLM", "Basic"}},
      {"commas and schemes inside quotes",
       R"(Digest realm="a, Bearer \", Basic", qop="auth,auth-int")",
       {"Digest"}},
      {"spaces around equals signs", "Basic realm = \"x\" , charset = \"UTF-8\"", {"Basic"}},
      {"empty elements", " , ,Basic,,", {"Basic"}},
      {"an open quote", "Basic realm=\"x, NTLM", {"Basic"}},
      {"nothing", "", {}},
      {"nonsense", "=,\"x\",\"", {}},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(challenge_schemes(c.value), c.expected);
  }
}

/// A SOCKS5 peer that answers each message with the next of these, in pieces of one byte.
Script socks_answers(std::vector<std::string> texts, std::vector<std::string>* heard = nullptr) {
  return [texts = std::move(texts), heard](tcp::socket& socket) {
    socket.set_option(tcp::no_delay{true});
    std::error_code error;
    for (const auto& text : texts) {
      std::array<char, 1024> message;
      const auto size = socket.read_some(asio::buffer(message), error);
      if (heard) heard->emplace_back(message.data(), size);
      for (const char& c : text) asio::write(socket, asio::buffer(&c, 1), error);
    }
    wait_for_the_end(socket);
  };
}

const std::string accepted = "\x05\x00\x00\x01\x0a\x00\x00\x01\x04\x38"s;

TEST(Socks5, SpeaksAsTheStandardsSay) {
  const struct {
    const char* name;
    Host to;
    ProxyServer server;
    std::vector<std::string> answers;
    std::vector<std::string> messages;
  } cases[] = {
      {"a name is the proxy's to resolve",
       host("server.example"),
       {},
       {"\x05\x00"s, accepted},
       {"\x05\x01\x00"s, "\x05\x01\x00\x03\x0eserver.example\x01\xbb"s}},
      {"an IPv4 address as such",
       host("192.0.2.1"),
       {},
       {"\x05\x00"s, accepted},
       {"\x05\x01\x00"s, "\x05\x01\x00\x01\xc0\x00\x02\x01\x01\xbb"s}},
      {"an IPv6 address as such",
       host("2001:db8::7"),
       {},
       {"\x05\x00"s, accepted},
       {"\x05\x01\x00"s,
        "\x05\x01\x00\x04\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x07\x01\xbb"s}},
      {"a password is offered and need not be taken",
       host("x"),
       credentials("u", "p"),
       {"\x05\x00"s, accepted},
       {"\x05\x02\x00\x02"s, "\x05\x01\x00\x03\x01x\x01\xbb"s}},
      {"a password that is wanted",
       host("x"),
       credentials("user", "pass"),
       {"\x05\x02"s, "\x01\x00"s, accepted},
       {"\x05\x02\x00\x02"s, "\x01\x04user\x04pass"s, "\x05\x01\x00\x03\x01x\x01\xbb"s}},
      {"a login answered with the wrong version",
       host("x"),
       credentials("u", "p"),
       {"\x05\x02"s, "\x05\x00"s, accepted},
       {"\x05\x02\x00\x02"s, "\x01\x01u\x01p"s, "\x05\x01\x00\x03\x01x\x01\xbb"s}},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    std::vector<std::string> heard;
    auto texts = c.answers;
    texts.back() += "hello\n";
    const auto met = meet(ProxyKind::socks5, socks_answers(texts, &heard), c.server, patience, c.to);
    EXPECT_TRUE(met.fact.result) << met.fact.result.error().detail;
    EXPECT_EQ(heard, c.messages);
    EXPECT_EQ(met.behind, "hello\n");
  }
}

TEST(Socks5, ReadsEveryKindOfBoundAddress) {
  for (const auto& bound :
       {"\x01\x0a\x00\x00\x01"s, "\x04"s + std::string(16, '\1'), "\x03\x05hello"s, "\x03\x00"s}) {
    const auto met = meet(ProxyKind::socks5,
                          socks_answers({"\x05\x00"s, "\x05\x00\x00"s + bound + "\x04\x38" + "hello\n"}));
    EXPECT_TRUE(met.fact.result);
    EXPECT_EQ(met.behind, "hello\n");
  }
}

TEST(Socks5, EveryRefusalHasItsName) {
  for (std::uint8_t code = 1; code <= 8; ++code) {
    const auto reply = "\x05"s + static_cast<char>(code);  // some proxies close without the rest
    const auto met = meet(ProxyKind::socks5, socks_answers({"\x05\x00"s, reply}));
    ASSERT_FALSE(met.fact.result);
    EXPECT_EQ(met.fact.result.error().socks_reply, code);
    EXPECT_FALSE(met.fact.result.error().transport);
  }
  EXPECT_EQ(socks_reply_name(0), "succeeded");
  EXPECT_EQ(socks_reply_name(1), "general SOCKS server failure");
  EXPECT_EQ(socks_reply_name(2), "connection not allowed by ruleset");
  EXPECT_EQ(socks_reply_name(6), "TTL expired");
  EXPECT_EQ(socks_reply_name(8), "address type not supported");
  EXPECT_EQ(socks_reply_name(9), "unassigned reply 9");
  EXPECT_EQ(socks_reply_name(255), "unassigned reply 255");
}

TEST(Socks5, ALoginThatFailsIsTold) {
  const struct {
    const char* name;
    ProxyServer server;
    std::vector<std::string> answers;
    std::vector<std::string> schemes;
  } cases[] = {
      {"nothing acceptable without a password", {}, {"\x05\xff"s}, {}},
      {"nothing acceptable with a password", credentials("u", "p"), {"\x05\xff"s}, {}},
      {"wrong password", credentials("u", "p"), {"\x05\x02"s, "\x01\x01"s}, {"username/password"}},
      {"a password is wanted though none was offered", {}, {"\x05\x02"s}, {"username/password"}},
      {"GSSAPI is wanted though it was not offered", credentials("u", "p"), {"\x05\x01"s}, {"GSSAPI"}},
      {"some private method is wanted", {}, {"\x05\x80"s}, {"method 128"}},
      {"a password that the protocol cannot carry",
       credentials("u", std::string(256, 'p')),
       {"\x05\x02"s},
       {"username/password"}},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto met = meet(ProxyKind::socks5, socks_answers(c.answers), c.server);
    ASSERT_FALSE(met.fact.result);
    EXPECT_TRUE(met.fact.result.error().socks_auth_failed);
    EXPECT_EQ(met.fact.result.error().auth_schemes, c.schemes);
    EXPECT_FALSE(met.fact.result.error().detail.empty());
  }
}

TEST(Socks5, APeerThatIsNotSocks5IsQuoted) {
  const struct {
    const char* name;
    std::vector<std::string> answers;
  } cases[] = {
      {"HTTP", {"HTTP/1.1 400 Bad Request\r\n\r\n"}},
      {"SOCKS4", {"\x00\x5b"s}},
      {"an SSH server", {"SSH-2.0-x\r\n"}},
      {"another version in the reply", {"\x05\x00"s, "\x04\x00"s}},
      {"an unknown address type", {"\x05\x00"s, "\x05\x00\x00\x09\x00\x00\x00"s}},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto met = meet(ProxyKind::socks5, socks_answers(c.answers));
    ASSERT_FALSE(met.fact.result);
    const auto& failure = met.fact.result.error();
    EXPECT_FALSE(failure.detail.empty());
    EXPECT_FALSE(failure.transport);
    EXPECT_TRUE(c.answers.back().starts_with(failure.first_bytes));
  }
}

TEST(Socks5, AnAnswerThatBreaksOffIsATransportFailure) {
  for (const auto& answers : {std::vector{"\x05"s}, std::vector{"\x05\x00"s, "\x05"s},
                              std::vector{"\x05\x00"s,
                                          "\x05\x00\x00\x03\xff"
                                          "abc"s}}) {
    const auto met = meet(ProxyKind::socks5, [&](tcp::socket& socket) {
      for (const auto& text : answers) {
        std::array<char, 1024> message;
        socket.read_some(asio::buffer(message));
        asio::write(socket, asio::buffer(text));
      }
    });
    ASSERT_FALSE(met.fact.result);
    ASSERT_TRUE(met.fact.result.error().transport);
    EXPECT_EQ(met.fact.result.error().transport->error, asio::error::eof);
  }
}

}  // namespace
}  // namespace fwprobe::probe
