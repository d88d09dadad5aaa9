// Exchanges with nginx, and with servers of our own for what no real server does.
#include "probe/http.h"

#include <functional>
#include <thread>

#include <asio/read_until.hpp>
#include <asio/ssl/context.hpp>
#include <asio/streambuf.hpp>
#include <asio/write.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <zlib.h>

#include "probe/secret.h"
#include "tests/support/authority.h"
#include "tests/support/servers.h"
#include "tests/support/sockets.h"
#include "version.h"

namespace fwprobe::probe {
namespace {

using namespace std::chrono_literals;
using asio::ip::tcp;
using Kind = HttpFailure::Kind;
using testing::HasSubstr;

constexpr auto enough = 20s;
constexpr std::size_t mebibyte = 1024 * 1024;
const std::string token = "pat-7f3k-secret";

std::string pattern(std::size_t size) {
  std::string text;
  for (std::size_t i = 0; text.size() < size; ++i) text += std::to_string(i * 7919 % 10007) + '\n';
  text.resize(size);
  return text;
}

/// nginx with a site that shows every way of sending a response.
class Nginx {
 public:
  Nginx() {
    folder_.write("small", "hello");
    folder_.write("text.txt", pattern(mebibyte));
    folder_.write("limit", pattern(8 * mebibyte));
    folder_.write("beyond", pattern(8 * mebibyte + 1));
    folder_.write("page.shtml", "one <!--#include virtual=\"/small\" --> three");
    tests::Process certificate{
        folder_,
        {"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
         "-keyout", "key.pem", "-out", "cert.pem", "-subj", "/CN=localhost", "-days", "2"}};
    EXPECT_TRUE(certificate.succeeded()) << certificate.log();
    plain_ = {tests::own_loopback(), tests::free_port(tests::own_loopback())};
    do tls_ = {tests::own_loopback(), tests::free_port(tests::own_loopback())};
    while (tls_ == plain_);
    folder_.write("nginx.conf", configuration());
    process_.emplace(
        folder_, std::vector<std::string>{"nginx", "-p", folder_.path(), "-c", folder_.path("nginx.conf")});
    EXPECT_TRUE(tests::listens(*process_, plain_)) << process_->log();
  }

  tcp::endpoint plain() const { return plain_; }
  tcp::endpoint tls() const { return tls_; }

 private:
  std::string configuration() const {
    const auto listen = [](const tcp::endpoint& at) {
      return at.address().to_string() + ":" + std::to_string(at.port());
    };
    return "daemon off; master_process off; pid nginx.pid; error_log stderr;\n"
           "events {}\n"
           "http {\n"
           "  access_log off; client_body_temp_path t1; proxy_temp_path t2; fastcgi_temp_path t3;\n"
           "  uwsgi_temp_path t4; scgi_temp_path t5;\n"
           "  server {\n"
           "    listen " +
           listen(plain_) + "; listen " + listen(tls_) +
           " ssl;\n"
           "    ssl_certificate cert.pem; ssl_certificate_key key.pem;\n"
           "    root " +
           folder_.path() +
           "; default_type text/plain; etag on;\n"
           "    location = /text.txt { gzip on; gzip_types text/plain; }\n"
           "    location = /page.shtml { ssi on; ssi_types *; }\n"
           "    location = /none { return 204; }\n"
           "    location = /moved { return 302 http://localhost/elsewhere; }\n"
           "    location = /close { keepalive_timeout 0; return 200 bye; }\n"
           "    location = /cookie { add_header Set-Cookie \"Session=topsecret; Path=/; HttpOnly\"; return "
           "200 x; }\n"
           "    location = /echo { return 200 \"$request|$http_host|$http_user_agent|$http_accept_encoding|"
           "$http_authorization|$http_x_mine\"; }\n"
           "  }\n"
           "}\n";
  }

  tests::TempFolder folder_;
  tcp::endpoint plain_;
  tcp::endpoint tls_;
  std::optional<tests::Process> process_;
};

class WithNginx : public testing::Test {
 protected:
  static void SetUpTestSuite() { nginx_ = new Nginx; }
  static void TearDownTestSuite() {
    delete nginx_;
    nginx_ = nullptr;
  }

  Connection connect() {
    tcp::socket socket{context_};
    socket.connect(nginx_->plain());
    return Connection{std::move(socket)};
  }
  Connection connect_tls() {
    TlsStream stream{context_, tls_};
    stream.next_layer().connect(nginx_->tls());
    stream.handshake(asio::ssl::stream_base::client);
    return Connection{std::move(stream)};
  }
  HttpQuestion asking(std::string_view path, std::vector<HttpHeader> headers = {}) const {
    HttpQuestion question;
    question.request.url = *parse_url("http://localhost:8080" + std::string{path});
    question.request.headers = std::move(headers);
    return question;
  }
  Exchanged ask(HttpQuestion question, Connection connection, const HttpSecrets& secrets = {}) {
    return tests::run(context_, exchange(std::move(question), std::move(connection), secrets, enough));
  }
  Exchanged ask(std::string_view path) { return ask(asking(path), connect()); }

  static Nginx* nginx_;
  asio::io_context context_;
  asio::ssl::context tls_{asio::ssl::context::tls_client};
};
Nginx* WithNginx::nginx_ = nullptr;

TEST_F(WithNginx, OneConnectionCarriesManyRequests) {
  auto connection = std::optional{connect()};
  for (const auto* path :
       {"/small", "/text.txt", "/page.shtml", "/none", "/moved", "/missing", "/limit", "/small"}) {
    ASSERT_TRUE(connection) << path;
    auto answer = ask(asking(path), std::move(*connection));
    ASSERT_TRUE(answer.fact.result) << path << ": " << answer.fact.result.error().detail;
    EXPECT_TRUE(answer.fact.result->reusable) << path;
    EXPECT_TRUE(answer.fact.first_byte) << path;
    connection = std::move(answer.connection);
  }
}

TEST_F(WithNginx, BodiesArriveAsTheyWereStored) {
  const auto text = ask("/text.txt");
  EXPECT_EQ(header(text.fact.result->headers, "content-encoding"), "gzip");
  EXPECT_EQ(header(text.fact.result->headers, "transfer-encoding"), "chunked");
  EXPECT_TRUE(text.fact.result->body == pattern(mebibyte));
  EXPECT_LT(text.fact.result->wire_bytes, mebibyte);
  const auto page = ask("/page.shtml");
  EXPECT_EQ(header(page.fact.result->headers, "transfer-encoding"), "chunked");
  EXPECT_EQ(page.fact.result->body, "one hello three");
  const auto limit = ask("/limit");
  EXPECT_TRUE(limit.fact.result->body == pattern(8 * mebibyte));
  EXPECT_EQ(limit.fact.result->wire_bytes, 8 * mebibyte);
}

TEST_F(WithNginx, ABodyBeyondTheLimitIsCutThere) {
  const auto answer = ask("/beyond");
  ASSERT_FALSE(answer.fact.result);
  const auto& failure = answer.fact.result.error();
  EXPECT_EQ(failure.kind, Kind::body_too_large);
  EXPECT_FALSE(failure.transport);
  ASSERT_TRUE(failure.partial);
  EXPECT_EQ(failure.partial->status, 200);
  EXPECT_TRUE(failure.partial->body == pattern(8 * mebibyte));
  EXPECT_FALSE(answer.connection);
}

TEST_F(WithNginx, ResponsesWithoutABodyEndWithTheirHeaders) {
  auto head = asking("/text.txt");
  head.request.method = "HEAD";
  auto answer = ask(std::move(head), connect());
  ASSERT_TRUE(answer.fact.result);
  EXPECT_EQ(answer.fact.result->status, 200);
  EXPECT_EQ(answer.fact.result->body, "");

  ASSERT_TRUE(answer.connection);
  answer = ask(asking("/small"), std::move(*answer.connection));
  const auto etag = std::string{*header(answer.fact.result->headers, "ETag")};
  answer = ask(asking("/small", {{"If-None-Match", etag}}), std::move(*answer.connection));
  EXPECT_EQ(answer.fact.result->status, 304);
  answer = ask(asking("/none"), std::move(*answer.connection));
  EXPECT_EQ(answer.fact.result->status, 204);
  EXPECT_TRUE(answer.connection);
}

TEST_F(WithNginx, ARedirectIsAnAnswerLikeAnyOther) {
  const auto answer = ask("/moved");
  EXPECT_EQ(answer.fact.result->status, 302);
  EXPECT_EQ(header(answer.fact.result->headers, "LOCATION"), "http://localhost/elsewhere");
}

TEST_F(WithNginx, AConnectionThatEitherSideWantsToCloseIsNotGivenBack) {
  EXPECT_FALSE(ask("/close").connection);
  const auto ours = ask(asking("/small", {{"Connection", "TE, close"}}), connect());
  EXPECT_TRUE(ours.fact.result);
  EXPECT_FALSE(ours.connection);
}

TEST_F(WithNginx, TheServerSeesTheRequestAsItWasMeant) {
  HttpSecrets secrets;
  secrets.user_headers = {{"X-Mine", "for you"}, {"Authorization", "Bearer user-secret"}};
  auto answer = ask(asking("/echo?a=b"), connect(), secrets);
  EXPECT_EQ(answer.fact.result->body, "GET /echo?a=b HTTP/1.1|localhost:8080|fwprobe/" FWPROBE_VERSION
                                      "|gzip, deflate|<blanked>|for you");
  auto absolute = asking("/echo");
  absolute.form = RequestForm::absolute;
  answer = ask(std::move(absolute), connect());
  EXPECT_THAT(answer.fact.result->body, HasSubstr("GET http://localhost:8080/echo HTTP/1.1|localhost:8080|"));
}

TEST_F(WithNginx, CookiesLoseTheirValues) {
  EXPECT_EQ(header(ask("/cookie").fact.result->headers, "Set-Cookie"), "Session=<blanked>; Path=/; HttpOnly");
}

TEST_F(WithNginx, TheTokenGoesOverTlsAndComesBackBlanked) {
  HttpSecrets secrets;
  secrets.token = Secret{token};
  auto question = asking("/echo");
  question.request.url = *parse_url("https://localhost/echo");
  question.request.credential = Credential::token;
  auto answer = ask(question, connect_tls(), secrets);
  ASSERT_TRUE(answer.fact.result);
  EXPECT_THAT(answer.fact.result->body, HasSubstr("|Basic <blanked>|"));
  ASSERT_TRUE(answer.connection);
  answer = ask(asking("/text.txt"), std::move(*answer.connection));
  EXPECT_TRUE(answer.fact.result->body == pattern(mebibyte));
}

TEST_F(WithNginx, TheTokenStaysHereWhenTheConnectionIsNoTls) {
  HttpSecrets secrets;
  secrets.token = Secret{token};
  for (const auto* url : {"https://localhost/echo", "http://localhost/echo"}) {
    auto question = asking("/echo");
    question.request.url = *parse_url(url);
    question.request.credential = Credential::token;
    const auto answer = ask(question, connect(), secrets);
    ASSERT_FALSE(answer.fact.result) << url;
    EXPECT_EQ(answer.fact.result.error().kind, Kind::transport);
    EXPECT_EQ(answer.fact.result.error().received, 0);
    EXPECT_THAT(answer.fact.result.error().detail,
                HasSubstr("nothing was sent: the token goes over TLS only"));
    EXPECT_FALSE(answer.connection);
  }
}

TEST_F(WithNginx, PlainHttpOnATlsPortIsAnswered) {
  tcp::socket socket{context_};
  socket.connect(nginx_->tls());
  const auto answer = ask(asking("/"), Connection{std::move(socket)});
  EXPECT_EQ(answer.fact.result->status, 400);
  EXPECT_THAT(answer.fact.result->body, HasSubstr("plain HTTP request was sent to HTTPS port"));
}

/// A server that does with its one connection what `script` says.
class Hostile {
 public:
  explicit Hostile(std::function<void(tcp::socket&)> script, int family = AF_INET)
      : listener_{family}, thread_{[this, script = std::move(script)] {
          auto socket = listener_.accept();
          script(socket);
        }} {}
  tcp::endpoint endpoint() const { return listener_.endpoint(); }

 private:
  tests::Listener listener_;
  std::jthread thread_;
};

void read_request(tcp::socket& socket) {
  asio::streambuf request;
  std::error_code ignored;
  asio::read_until(socket, request, "\r\n\r\n", ignored);
}

/// False when the client has gone.
bool send(tcp::socket& socket, std::string_view bytes) {
  std::error_code error;
  asio::write(socket, asio::buffer(bytes), error);
  return !error;
}

void wait_for_end(tcp::socket& socket) {
  std::array<char, 4096> buffer;
  std::error_code error;
  while (!error) socket.read_some(asio::buffer(buffer), error);
}

HttpQuestion question_for(const tcp::endpoint& server) {
  HttpQuestion question;
  const bool v6 = server.address().is_v6();
  question.request.url = *parse_url("http://" + std::string{v6 ? "[::1]" : "127.0.0.1"} + ":" +
                                    std::to_string(server.port()) + "/");
  return question;
}

Exchanged ask(const Hostile& server, Clock::duration timeout = enough, HttpLimits limits = {}) {
  asio::io_context context;
  tcp::socket socket{context};
  socket.connect(server.endpoint());
  // The socket must not outlive its context.
  auto answer = tests::run(context, exchange(question_for(server.endpoint()), Connection{std::move(socket)},
                                             HttpSecrets{}, timeout, limits));
  const bool kept = answer.connection.has_value();
  answer.connection.reset();
  EXPECT_EQ(kept, answer.fact.result && answer.fact.result->reusable);
  return answer;
}

std::string gzip(std::string_view text) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 9, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string result(deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(result.data());
  stream.avail_out = static_cast<uInt>(result.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  result.resize(stream.total_out);
  deflateEnd(&stream);
  return result;
}

constexpr std::string_view chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

TEST(HostileServer, EndsInAFailureThatSaysWhatCame) {
  enum class Ending : std::uint8_t { fin, rst, silence };
  const std::string ok = "HTTP/1.1 200 OK\r\n";
  const auto bomb = gzip(std::string(64 * mebibyte, '\0'));
  const struct {
    const char* name;
    std::string bytes;
    Ending ending;
    Kind kind;
    std::optional<int> partial_status;
  } cases[] = {
      {"that closes without a word", "", Ending::fin, Kind::transport, {}},
      {"that resets without a word", "", Ending::rst, Kind::transport, {}},
      {"that says nothing", "", Ending::silence, Kind::transport, {}},
      {"that speaks SSH", "SSH-2.0-OpenSSH_9.2p1 Debian\r\n", Ending::silence, Kind::malformed, {}},
      {"that stops in its headers", ok + "A: b\r\n", Ending::fin, Kind::transport, {}},
      {"that stops in its body", ok + "Content-Length: 9\r\n\r\nhalf", Ending::fin, Kind::transport, 200},
      {"that resets in its body", ok + "Content-Length: 9\r\n\r\nhalf", Ending::rst, Kind::transport, 200},
      {"that resets where its body might end", ok + "\r\nhalf", Ending::rst, Kind::transport, 200},
      {"that falls silent in its body", ok + "Content-Length: 9\r\n\r\nhalf", Ending::silence,
       Kind::transport, 200},
      {"that stops in a chunk", std::string{chunked} + "9\r\nhalf", Ending::fin, Kind::transport, 200},
      {"that sends a bomb", ok + "Content-Encoding: gzip\r\n\r\n" + bomb, Ending::silence,
       Kind::body_too_large, 200},
      {"that sends a coding of its own", ok + "Content-Encoding: br\r\nContent-Length: 5\r\n\r\nbytes",
       Ending::silence, Kind::bad_encoding, 200},
  };
  for (const auto& row : cases) {
    const Hostile server{[&](tcp::socket& socket) {
      read_request(socket);
      send(socket, row.bytes);
      if (row.ending == Ending::silence) wait_for_end(socket);
      // What was sent must have arrived before a RST overtakes it.
      if (row.ending == Ending::rst) {
        int unsent = 1;
        for (int i = 0; i < 2000 && unsent != 0; ++i) {
          ioctl(socket.native_handle(), TIOCOUTQ, &unsent);
          std::this_thread::sleep_for(1ms);
        }
        tests::reset(std::move(socket));
      }
    }};
    const bool waits = row.ending == Ending::silence && row.kind == Kind::transport;
    const auto answer = ask(server, waits ? Clock::duration{300ms} : Clock::duration{enough});
    ASSERT_FALSE(answer.fact.result) << row.name;
    const auto& failure = answer.fact.result.error();
    EXPECT_EQ(failure.kind, row.kind) << row.name << ": " << failure.detail;
    EXPECT_EQ(failure.transport.has_value(), row.kind == Kind::transport) << row.name;
    if (failure.transport) {
      EXPECT_EQ(timed_out(*failure.transport), row.ending == Ending::silence) << row.name;
      EXPECT_EQ(reset_by_peer(*failure.transport), row.ending == Ending::rst) << row.name;
    }
    if (row.kind != Kind::body_too_large) {
      EXPECT_EQ(failure.received, row.bytes.size()) << row.name;
    }
    EXPECT_EQ(failure.first_bytes, row.bytes.substr(0, 256)) << row.name;
    EXPECT_EQ(answer.fact.first_byte.has_value(), !row.bytes.empty()) << row.name;
    EXPECT_EQ(failure.partial.has_value(), row.partial_status.has_value()) << row.name;
    if (failure.partial && row.partial_status) {
      EXPECT_EQ(failure.partial->status, *row.partial_status) << row.name;
      EXPECT_LE(failure.partial->body.size(), 8 * mebibyte) << row.name;
    }
  }
}

TEST(HostileServer, ThatNeverEndsIsLeftAtTheLimit) {
  const struct {
    const char* name;
    std::string_view first;
    std::string again;
    Kind kind;
  } cases[] = {
      {"headers", "HTTP/1.1 200 OK\r\n", "X-Header: value\r\n", Kind::headers_too_large},
      {"one header", "HTTP/1.1 200 OK\r\nX: ", "value", Kind::headers_too_large},
      {"interim responses", "", "HTTP/1.1 103 Early Hints\r\n\r\n", Kind::headers_too_large},
      {"empty lines", "", "\r\n", Kind::headers_too_large},
      {"chunk extensions", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;", "a",
       Kind::headers_too_large},
      {"trailers", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", "A: b\r\n",
       Kind::headers_too_large},
      {"a body", "HTTP/1.1 200 OK\r\n\r\n", std::string(4096, 'x'), Kind::body_too_large},
      {"chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "8\r\n12345678\r\n",
       Kind::body_too_large},
  };
  for (const auto& row : cases) {
    const Hostile server{[&](tcp::socket& socket) {
      read_request(socket);
      std::string block;
      while (block.size() < 64 * 1024) block += row.again;
      if (send(socket, row.first))
        while (send(socket, block)) {
        }
    }};
    const auto answer = ask(server);
    ASSERT_FALSE(answer.fact.result) << row.name;
    EXPECT_EQ(answer.fact.result.error().kind, row.kind)
        << row.name << ": " << answer.fact.result.error().detail;
    EXPECT_LE(answer.fact.result.error().received, 24 * mebibyte) << row.name;
  }
}

TEST(HostileServer, ThatDripsEndsAtTheDeadline) {
  for (const std::string_view drip : {"x", "HTTP/1.1 100 C\r\n\r\n"}) {
    const Hostile server{[&](tcp::socket& socket) {
      read_request(socket);
      if (!send(socket, drip == "x" ? "HTTP/1.1 200 OK\r\nX: " : "")) return;
      while (send(socket, drip)) std::this_thread::sleep_for(5ms);
    }};
    const auto answer = ask(server, 300ms);
    ASSERT_FALSE(answer.fact.result);
    const auto& failure = answer.fact.result.error();
    ASSERT_TRUE(failure.transport) << failure.detail;
    EXPECT_TRUE(timed_out(*failure.transport));
    EXPECT_GT(failure.received, 0);
    EXPECT_TRUE(answer.fact.first_byte);
  }
}

TEST(HostileServer, ThatFloodsEndsAtTheDeadline) {
  // Bytes that are always there and never reach a limit: only the clock ends it.
  const Hostile server{[](tcp::socket& socket) {
    read_request(socket);
    std::string block;
    while (block.size() < 64 * 1024) block += "100\r\n" + std::string(256, 'x') + "\r\n";
    if (send(socket, chunked))
      while (send(socket, block)) {
      }
  }};
  const auto answer = ask(server, 200ms, {.headers = 64 * 1024, .body = std::size_t{1} << 40});
  ASSERT_FALSE(answer.fact.result);
  ASSERT_TRUE(answer.fact.result.error().transport);
  EXPECT_TRUE(timed_out(*answer.fact.result.error().transport));
}

TEST(Server, ThatAnswersBeforeItHasReadIsHeard) {
  const std::string early =
      "HTTP/1.1 413 Content Too Large\r\nContent-Length: 4\r\nConnection: close\r\n\r\nmuch";
  // Closing with the request unread makes the kernel send a RST behind the answer.
  const Hostile server{[&](tcp::socket& socket) { send(socket, early); }};
  asio::io_context context;
  tcp::socket socket{context};
  socket.connect(server.endpoint());
  pollfd hung_up{socket.native_handle(), POLLRDHUP, 0};
  ASSERT_EQ(poll(&hung_up, 1, 20000), 1);
  // The first bytes draw the RST; what is written after it fails with EPIPE.
  send(socket, "GET ");
  hung_up = {socket.native_handle(), 0, 0};
  ASSERT_EQ(poll(&hung_up, 1, 20000), 1);
  const auto answer = tests::run(context, exchange(question_for(server.endpoint()),
                                                   Connection{std::move(socket)}, HttpSecrets{}, enough));
  ASSERT_TRUE(answer.fact.result) << answer.fact.result.error().detail;
  EXPECT_EQ(answer.fact.result->status, 413);
  EXPECT_EQ(answer.fact.result->body, "much");
  EXPECT_FALSE(answer.connection);
}

TEST(Server, ThatSaysTooMuchLosesItsConnection) {
  const std::string two = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\n";
  const Hostile server{[&](tcp::socket& socket) {
    read_request(socket);
    send(socket, two);
    wait_for_end(socket);
  }};
  const auto answer = ask(server);
  ASSERT_TRUE(answer.fact.result);
  EXPECT_EQ(answer.fact.result->body, "ok");
  EXPECT_FALSE(answer.fact.result->reusable);
}

TEST(Server, IsReadFromWhatAnEarlierReaderGaveBack) {
  const Hostile server{[](tcp::socket& socket) {
    read_request(socket);
    send(socket, "ngth: 2\r\n\r\nok");
    wait_for_end(socket);
  }};
  asio::io_context context;
  tcp::socket socket{context};
  socket.connect(server.endpoint());
  Connection connection{std::move(socket)};
  connection.unread("HTTP/1.1 200 OK\r\nContent-Le");
  const auto answer = tests::run(
      context, exchange(question_for(server.endpoint()), std::move(connection), HttpSecrets{}, enough));
  ASSERT_TRUE(answer.fact.result);
  EXPECT_EQ(answer.fact.result->body, "ok");
}

enum class TlsEnd : std::uint8_t { close_notify, fin };

/// Whether the client keeps it in mind, when a server answers over TLS and ends so.
bool is_without_close_notify(std::string_view bytes, TlsEnd end) {
  const auto identity = tests::issue({});
  tests::Listener listener;
  const std::jthread peer{[&] {
    asio::ssl::context context{asio::ssl::context::tls_server};
    context.use_certificate_chain(asio::buffer(identity.certificate_pem()));
    context.use_private_key(asio::buffer(identity.key_pem()), asio::ssl::context::pem);
    TlsStream stream{listener.accept(), context};
    stream.handshake(asio::ssl::stream_base::server);
    asio::streambuf request;
    asio::read_until(stream, request, "\r\n\r\n");
    asio::write(stream, asio::buffer(bytes));
    std::error_code ignored;  // the client has no close_notify to send
    if (end == TlsEnd::close_notify) stream.shutdown(ignored);
  }};
  asio::io_context context;
  asio::ssl::context tls{asio::ssl::context::tls_client};
  TlsStream stream{context, tls};
  stream.next_layer().connect(listener.endpoint());
  stream.handshake(asio::ssl::stream_base::client);
  const auto answer = tests::run(context, exchange(question_for(listener.endpoint()),
                                                   Connection{std::move(stream)}, HttpSecrets{}, enough));
  EXPECT_EQ(answer.fact.result ? answer.fact.result->body : "none", "whole");
  return answer.fact.result && answer.fact.result->without_close_notify;
}

TEST(TlsServer, IsBelievedThatABodyIsWholeByItsLengthOrByCloseNotify) {
  const std::string_view until_the_end = "HTTP/1.1 200 OK\r\n\r\nwhole";
  const std::string_view with_length =
      "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nwhole";
  EXPECT_TRUE(is_without_close_notify(until_the_end, TlsEnd::fin));
  EXPECT_FALSE(is_without_close_notify(until_the_end, TlsEnd::close_notify));
  EXPECT_FALSE(is_without_close_notify(with_length, TlsEnd::fin));
}

TEST(Server, OfIpv6IsNamedInBrackets) {
  if (!tests::has_ipv6_loopback()) GTEST_SKIP() << "no ::1 here";
  std::string request;
  tcp::endpoint endpoint;
  {
    const Hostile server{[&](tcp::socket& socket) {
                           asio::streambuf buffer;
                           asio::read_until(socket, buffer, "\r\n\r\n");
                           request.assign(asio::buffers_begin(buffer.data()),
                                          asio::buffers_end(buffer.data()));
                           send(socket, "HTTP/1.1 204 No Content\r\n\r\n");
                         },
                         AF_INET6};
    endpoint = server.endpoint();
    EXPECT_EQ(ask(server).fact.result->status, 204);
  }
  EXPECT_THAT(request, HasSubstr("\r\nHost: [::1]:" + std::to_string(endpoint.port()) + "\r\n"));
}

TEST(FailedExchange, RecordsNoCookieAndNoSecret) {
  const Hostile server{[](tcp::socket& socket) {
    read_request(socket);
    send(socket,
         "HTTP/1.1 200 OK\r\nSet-Cookie: s=topsecret; Path=/\r\nX: pat-7f3k-secret\r\nbroken header\r\n\r\n");
    wait_for_end(socket);
  }};
  asio::io_context context;
  tcp::socket socket{context};
  socket.connect(server.endpoint());
  HttpSecrets secrets;
  secrets.token = Secret{token};
  const auto answer = tests::run(
      context, exchange(question_for(server.endpoint()), Connection{std::move(socket)}, secrets, enough));
  ASSERT_FALSE(answer.fact.result);
  EXPECT_EQ(answer.fact.result.error().kind, Kind::malformed);
  EXPECT_EQ(answer.fact.result.error().first_bytes,
            "HTTP/1.1 200 OK\r\nSet-Cookie: s=<blanked>; Path=/\r\nX: <blanked>\r\nbroken header\r\n\r\n");
}

}  // namespace
}  // namespace fwprobe::probe
