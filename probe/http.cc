#include "probe/http.h"

#include <algorithm>
#include <vector>

#include "probe/http_body.h"
#include "probe/http_parser.h"
#include "probe/http_reader.h"
#include "probe/http_request.h"
#include "probe/http_secrets.h"
#include "probe/tcp.h"
#include "probe/tcp_progress.h"
#include "text/ascii.h"

namespace fwprobe::probe {
namespace {

using Progress = HttpParser::Progress;

HttpFailure failure_of(HttpReader& reading, HttpParser& parser, const HttpSecrets& secrets) {
  auto failure = reading.progress == Progress::failed ? parser.take_failure() : HttpFailure{};
  if (failure.kind == HttpFailure::Kind::transport) failure.transport = reading.transport;
  failure.received = reading.received;
  failure.first_bytes = std::move(reading.first_bytes);
  failure.partial = parser.take_partial();
  blank_secrets(failure.first_bytes, secrets);
  secrets.scrub(failure.detail);
  return failure;
}

void blank_secrets(HttpResponse& response, const HttpSecrets& secrets) {
  blank_secrets(response.headers, secrets);
  secrets.scrub(response.reason);
  secrets.scrub(response.body);
}

HttpFailure not_sent(const std::string& reason) {
  HttpFailure failure;
  failure.transport = TransportFailure{std::make_error_code(std::errc::invalid_argument), std::nullopt};
  failure.detail = "nothing was sent: " + reason;
  return failure;
}

/// RFC 9112 §9.3: "close" in the request ends the connection, too.
bool asks_to_close(const std::vector<HttpHeader>& headers) {
  return std::ranges::any_of(header_values(headers, "Connection"), [](std::string_view value) {
    while (!value.empty()) {
      const auto option = value.substr(0, value.find(','));
      if (equal_ignoring_case(trimmed(option), "close")) return true;
      value.remove_prefix(std::min(value.size(), option.size() + 1));
    }
    return false;
  });
}

/// The request's bytes, or why they may not go over this connection.
std::expected<std::string, std::string> request_for(const HttpQuestion& question,
                                                    const Connection& connection,
                                                    const HttpSecrets& secrets) {
  const bool with_token = question.request.credential == Credential::token && !secrets.token.empty();
  if (with_token && !connection.is_tls()) return std::unexpected{std::string{"the token goes over TLS only"}};
  return serialize(question, secrets);
}

/// What the kernel has counted of one request; the socket outlives it.
class Account {
 public:
  explicit Account(int socket) : socket_{socket}, before_{tcp_progress(socket)} {}

  Delivery delivery(const UploadEnd& body) const {
    Delivery made{body.sent, 0, 0, body.quiet};
    const auto now = tcp_progress(socket_);
    if (!before_ || !now) return made;
    // What was under way already is not this request's.
    const auto earlier = before_->acknowledged + before_->queued;
    made.acknowledged = now->acknowledged - std::min(earlier, now->acknowledged);
    made.retransmits = now->retransmits - before_->retransmits;
    return made;
  }

 private:
  int socket_;
  std::optional<TcpProgress> before_;
};

}  // namespace

asio::awaitable<Exchanged> exchange(HttpQuestion question, Connection connection, const HttpSecrets& secrets,
                                    Clock::duration timeout, HttpLimits limits, Clock::time_point until) {
  const auto deadline = Clock::now() + timeout;
  const auto expect =
      question.request.method == "HEAD" ? HttpParser::Expect::no_body : HttpParser::Expect::body;
  const auto zeros = secrets.body.empty() ? question.request.zeros : 0;
  HttpParser parser{expect, limits};
  HttpExchange fact{std::move(question), {}, {}};

  auto bytes = request_for(fact.question, connection, secrets);
  if (!bytes) {
    fact.result = std::unexpected{not_sent(bytes.error())};
    co_return Exchanged{std::move(fact), std::nullopt, {}};
  }
  const Account account{connection.socket().native_handle()};
  // A server may answer and close before it has read all of a request (RFC 9112 §9.5): its answer still
  // counts, so a failed write is the cause only when nothing can be read either.
  const auto written = co_await connection.write(*bytes, deadline);
  overwrite(bytes->data(), bytes->size());
  HttpReader reading{connection, parser};
  UploadEnd body;
  if (written && zeros > 0)
    body = co_await upload(connection, parser, reading, zeros, {timeout, std::max(until, deadline)});
  else
    co_await reading.read(Clock::now(), deadline);
  const auto delivery = account.delivery(body);
  fact.first_byte = reading.first_byte;
  if (!written && reading.received == 0) reading.transport = written.error();

  if (reading.progress != Progress::complete) {
    auto failure = failure_of(reading, parser, secrets);
    if (failure.partial) blank_secrets(*failure.partial, secrets);
    if (failure.transport) failure.tcp = tcp_end(connection.socket().native_handle());
    fact.result = std::unexpected{std::move(failure)};
    co_return Exchanged{std::move(fact), std::nullopt, delivery};
  }
  auto response = parser.take_response();
  blank_secrets(response, secrets);
  response.without_close_notify = connection.without_close_notify();
  response.reusable = response.reusable && written.has_value() && body.sent == zeros &&
                      !connection.has_pending() && !asks_to_close(fact.question.request.headers) &&
                      !asks_to_close(secrets.user_headers);
  const bool reusable = response.reusable;
  fact.result = std::move(response);
  if (!reusable) co_return Exchanged{std::move(fact), std::nullopt, delivery};
  co_return Exchanged{std::move(fact), std::move(connection), delivery};
}

std::optional<std::string_view> header(const std::vector<HttpHeader>& headers, std::string_view name) {
  const auto at =
      std::ranges::find_if(headers, [&](const auto& h) { return equal_ignoring_case(h.name, name); });
  if (at == headers.end()) return std::nullopt;
  return at->value;
}

std::vector<std::string_view> header_values(const std::vector<HttpHeader>& headers, std::string_view name) {
  std::vector<std::string_view> values;
  for (const auto& h : headers)
    if (equal_ignoring_case(h.name, name)) values.push_back(h.value);
  return values;
}

}  // namespace fwprobe::probe
