#include "probe/http.h"

#include <algorithm>
#include <vector>

#include "probe/ascii.h"
#include "probe/deadline.h"
#include "probe/http_parser.h"
#include "probe/http_request.h"
#include "probe/http_secrets.h"

namespace fwprobe::probe {
namespace {

using Progress = HttpParser::Progress;

constexpr std::size_t max_first_bytes = 256;
constexpr std::size_t read_size = 64 * 1024;

/// What came back, until the response is complete or cannot become so.
struct Reading {
  Progress progress = Progress::more;
  std::optional<TransportFailure> transport;
  std::optional<Clock::duration> first_byte;
  std::size_t received = 0;
  std::string first_bytes;
};

asio::awaitable<Reading> read_response(Connection& connection, HttpParser& parser, Clock::time_point sent,
                                       Clock::time_point deadline) {
  Reading reading;
  std::vector<char> buffer(read_size);
  while (reading.progress == Progress::more) {
    // A read that is ready wins against a timer that is due: without this a flood would outlast the deadline.
    if (reading.received > 0 && Clock::now() >= deadline) {
      reading.transport = TransportFailure{asio::error::timed_out, std::nullopt};
      break;
    }
    const auto count = co_await connection.read_some(buffer, deadline);
    if (!count) {
      reading.transport = count.error();
      if (count.error().error == asio::error::eof) reading.progress = parser.end_of_stream();
      break;
    }
    if (!reading.first_byte) reading.first_byte = Clock::now() - sent;
    const std::string_view bytes{buffer.data(), *count};
    reading.received += bytes.size();
    if (reading.first_bytes.size() < max_first_bytes)
      reading.first_bytes += bytes.substr(0, max_first_bytes - reading.first_bytes.size());
    reading.progress = parser.feed(bytes);
  }
  co_return reading;
}

HttpFailure failure_of(Reading& reading, HttpParser& parser, const HttpSecrets& secrets) {
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

}  // namespace

asio::awaitable<Exchanged> exchange(HttpQuestion question, Connection connection, const HttpSecrets& secrets,
                                    Clock::duration timeout, HttpLimits limits) {
  const auto deadline = Clock::now() + timeout;
  const auto expect =
      question.request.method == "HEAD" ? HttpParser::Expect::no_body : HttpParser::Expect::body;
  HttpParser parser{expect, limits};
  HttpExchange fact{std::move(question), {}, {}};

  auto bytes = request_for(fact.question, connection, secrets);
  if (!bytes) {
    fact.result = std::unexpected{not_sent(bytes.error())};
    co_return Exchanged{std::move(fact), std::nullopt};
  }
  // A server may answer and close before it has read all of a request (RFC 9112 §9.5): its answer still
  // counts, so a failed write is the cause only when nothing can be read either.
  const auto written = co_await connection.write(*bytes, deadline);
  overwrite(bytes->data(), bytes->size());
  auto reading = co_await read_response(connection, parser, Clock::now(), deadline);
  fact.first_byte = reading.first_byte;
  if (!written && reading.received == 0) reading.transport = written.error();

  if (reading.progress != Progress::complete) {
    auto failure = failure_of(reading, parser, secrets);
    if (failure.partial) blank_secrets(*failure.partial, secrets);
    fact.result = std::unexpected{std::move(failure)};
    co_return Exchanged{std::move(fact), std::nullopt};
  }
  auto response = parser.take_response();
  blank_secrets(response, secrets);
  response.reusable = response.reusable && written.has_value() && !connection.has_pending() &&
                      !asks_to_close(fact.question.request.headers) && !asks_to_close(secrets.user_headers);
  const bool reusable = response.reusable;
  fact.result = std::move(response);
  if (!reusable) co_return Exchanged{std::move(fact), std::nullopt};
  co_return Exchanged{std::move(fact), std::move(connection)};
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
