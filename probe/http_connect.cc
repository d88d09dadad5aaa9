#include "probe/http_connect.h"

#include <algorithm>
#include <array>
#include <cctype>

#include <fmt/format.h>
#include <llhttp.h>

#include "probe/http_request.h"
#include "version.h"

namespace fwprobe::probe {
namespace {

constexpr std::size_t most_headers = 64 * 1024;  // of all answers together, those with status 1xx too
constexpr std::size_t most_body = 16 * 1024;
constexpr std::size_t longest_first_bytes = 64;

bool same_name(std::string_view a, std::string_view b) {
  return std::ranges::equal(
      a, b, [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

std::string authority(const TunnelQuestion& question) {
  const bool v6 = question.host.address && question.host.address->is_v6();
  return v6 ? fmt::format("[{}]:{}", question.host.name, question.port)
            : fmt::format("{}:{}", question.host.name, question.port);
}

std::string request(const TunnelQuestion& question, const ProxyServer& proxy) {
  const auto to = authority(question);
  auto text =
      fmt::format("CONNECT {0} HTTP/1.1\r\nHost: {0}\r\nUser-Agent: fwprobe/{1}\r\n", to, FWPROBE_VERSION);
  if (!proxy.user.empty() || !proxy.password.empty()) {
    auto credentials = basic_credentials(proxy.user, proxy.password);
    text.reserve(text.size() + credentials.size() + 64);  // no smaller buffer is left behind with it
    text.append("Proxy-Authorization: Basic ").append(credentials).append("\r\n");
    overwrite(credentials.data(), credentials.size());
  }
  return text.append("\r\n");
}

/// Reads the final answer to a CONNECT. Its callbacks are the parser's, not ours.
class AnswerReader {
 public:
  enum class State : std::uint8_t { headers, body, complete, tunnel, malformed };

  AnswerReader() {
    llhttp_settings_init(&settings_);
    settings_.on_message_begin = [](llhttp_t* parser) {
      of(parser).response_ = {};
      of(parser).header_ = {};
      return 0;
    };
    settings_.on_status = [](llhttp_t* parser, const char* at, std::size_t length) {
      of(parser).response_.reason.append(at, length);
      return 0;
    };
    settings_.on_header_field = [](llhttp_t* parser, const char* at, std::size_t length) {
      of(parser).header_.name.append(at, length);
      return 0;
    };
    settings_.on_header_value = [](llhttp_t* parser, const char* at, std::size_t length) {
      of(parser).header_.value.append(at, length);
      return 0;
    };
    settings_.on_header_value_complete = [](llhttp_t* parser) {
      auto& self = of(parser);
      self.response_.headers.push_back(std::exchange(self.header_, {}));
      return 0;
    };
    settings_.on_headers_complete = [](llhttp_t* parser) { return of(parser).headers_complete(); };
    settings_.on_body = [](llhttp_t* parser, const char* at, std::size_t length) {
      auto& body = of(parser).response_.body;
      body.append(at, std::min(length, most_body - body.size()));
      return body.size() == most_body ? static_cast<int>(HPE_USER) : 0;
    };
    settings_.on_message_complete = [](llhttp_t* parser) {
      auto& self = of(parser);
      if (self.state_ != State::body) return 0;  // of an interim answer, or the tunnel
      self.state_ = State::complete;
      return static_cast<int>(HPE_PAUSED);
    };
    llhttp_init(&parser_, HTTP_RESPONSE, &settings_);
    parser_.data = this;
  }
  AnswerReader(const AnswerReader&) = delete;
  AnswerReader& operator=(const AnswerReader&) = delete;

  /// Reads on; returns what of `bytes` belongs to the tunnel.
  std::string_view read(std::string_view bytes) {
    const auto result = llhttp_execute(&parser_, bytes.data(), bytes.size());
    if (state_ == State::tunnel)
      return bytes.substr(static_cast<std::size_t>(llhttp_get_error_pos(&parser_) - bytes.data()));
    if (result != HPE_OK && state_ == State::headers) state_ = State::malformed;
    // A body that is cut, too long for us or broken: the answer is clear without the rest of it.
    if (result != HPE_OK && state_ == State::body) state_ = State::complete;
    return {};
  }

  State state() const { return state_; }
  HttpResponse& response() { return response_; }
  /// Why it is malformed.
  std::string_view reason() const {
    const auto* reason = llhttp_get_error_reason(&parser_);
    return reason ? reason : "";
  }

 private:
  static AnswerReader& of(llhttp_t* parser) { return *static_cast<AnswerReader*>(parser->data); }

  int headers_complete() {
    response_.status = parser_.status_code;
    response_.version = fmt::format("{}.{}", parser_.http_major, parser_.http_minor);
    if (response_.status / 100 == 1 && response_.status != 101) return 0;
    if (response_.status / 100 == 2) {
      // Whatever its headers say, this answer has no body; what follows is the tunnel's (RFC 9110 §9.3.6).
      state_ = State::tunnel;
      constexpr int no_body_and_stop = 2;
      return no_body_and_stop;
    }
    state_ = State::body;
    return 0;
  }

  llhttp_settings_t settings_{};
  llhttp_t parser_{};
  State state_ = State::headers;
  HttpResponse response_;
  HttpHeader header_;
};

/// Blanks what must not get into a report.
void blank(HttpResponse& response, const Secret& password) {
  HttpSecrets secrets;
  secrets.token = password;
  blank_secrets(response.headers, secrets);
  password.scrub(response.reason);
  password.scrub(response.body);
}

TunnelFailure refusal(HttpResponse response, const Secret& password) {
  TunnelFailure failure;
  if (response.status == 407)
    for (const auto& header : response.headers)
      if (same_name(header.name, "proxy-authenticate"))
        for (auto& scheme : challenge_schemes(header.value))
          if (std::ranges::none_of(failure.auth_schemes,
                                   [&](const auto& known) { return same_name(known, scheme); }))
            failure.auth_schemes.push_back(std::move(scheme));
  response.wire_bytes = response.body.size();
  blank(response, password);
  failure.response = std::move(response);
  return failure;
}

}  // namespace

std::vector<std::string> challenge_schemes(std::string_view value) {
  const auto is_space = [](char c) { return c == ' ' || c == '\t'; };
  std::vector<std::string> schemes;
  while (!value.empty()) {
    // One element of the list: up to the next comma outside of a quoted string.
    std::size_t end = 0;
    for (bool quoted = false; end < value.size() && (quoted || value[end] != ','); ++end) {
      if (value[end] == '"') quoted = !quoted;
      if (value[end] == '\\' && quoted && end + 1 < value.size()) ++end;
    }
    auto element = value.substr(0, end);
    value.remove_prefix(std::min(value.size(), end + 1));
    while (!element.empty() && is_space(element.front())) element.remove_prefix(1);

    // "scheme", "scheme token68" or "scheme name=value" begin a challenge; "name = value" goes on with one.
    const auto word = element.substr(0, element.find_first_of(" \t=\""));
    auto rest = element.substr(word.size());
    while (!rest.empty() && is_space(rest.front())) rest.remove_prefix(1);
    if (!word.empty() && !rest.starts_with('=') && !rest.starts_with('"')) schemes.emplace_back(word);
  }
  return schemes;
}

asio::awaitable<std::expected<TunnelOpen, TunnelFailure>> http_connect(const TunnelQuestion& question,
                                                                       Connection& connection,
                                                                       const ProxyServer& proxy,
                                                                       Clock::time_point deadline) {
  auto text = request(question, proxy);
  // A proxy may refuse before it has read the request, so a write that fails is told only when no answer
  // comes.
  const auto sent = co_await connection.write(text, deadline);
  overwrite(text.data(), text.size());

  AnswerReader reader;
  TunnelFailure failure;
  std::size_t received = 0;
  std::array<char, 4096> buffer;
  while (reader.state() == AnswerReader::State::headers || reader.state() == AnswerReader::State::body) {
    const auto count = co_await connection.read_some(buffer, deadline);
    if (!count) {
      if (reader.state() == AnswerReader::State::body) break;  // the rest of the page does not matter
      failure.transport = sent ? count.error() : sent.error();
      co_return std::unexpected{std::move(failure)};
    }
    const std::string_view bytes{buffer.data(), *count};
    received += bytes.size();
    failure.first_bytes.append(bytes.substr(0, longest_first_bytes - failure.first_bytes.size()));
    connection.unread(reader.read(bytes));
    if (reader.state() == AnswerReader::State::headers && received > most_headers) {
      failure.detail = "the proxy's answer has more than 64 KiB of headers";
      co_return std::unexpected{std::move(failure)};
    }
  }
  if (reader.state() == AnswerReader::State::tunnel) co_return TunnelOpen{reader.response().status};
  if (reader.state() == AnswerReader::State::malformed) {
    failure.detail = fmt::format("the proxy's answer is not HTTP: {}", reader.reason());
    co_return std::unexpected{std::move(failure)};
  }
  co_return std::unexpected{refusal(std::move(reader.response()), proxy.password)};
}

}  // namespace fwprobe::probe
