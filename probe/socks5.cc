#include "probe/socks5.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include <fmt/format.h>

namespace fwprobe::probe {
namespace {

constexpr char version = 5;
constexpr std::size_t longest_field = 255;  // lengths are one byte

enum Method : std::uint8_t { no_authentication = 0, gssapi = 1, user_password = 2, none_acceptable = 0xFF };
enum AddressType : std::uint8_t { ipv4 = 1, domain_name = 3, ipv6 = 4 };

std::string method_name(std::uint8_t method) {
  switch (method) {
    case no_authentication:
      return "none";
    case gssapi:
      return "GSSAPI";
    case user_password:
      return "username/password";
    default:
      return fmt::format("method {}", method);
  }
}

TunnelFailure broken(const TransportFailure& transport) {
  TunnelFailure failure;
  failure.transport = transport;
  return failure;
}

TunnelFailure not_socks(std::string_view first_bytes, std::string detail) {
  TunnelFailure failure;
  failure.first_bytes = first_bytes;
  failure.detail = std::move(detail);
  return failure;
}

TunnelFailure not_accepted(std::vector<std::string> schemes, std::string detail) {
  TunnelFailure failure;
  failure.socks_auth_failed = true;
  failure.auth_schemes = std::move(schemes);
  failure.detail = std::move(detail);
  return failure;
}

/// A field of one length byte and its content.
void append_field(std::string& message, std::string_view field) {
  message.push_back(static_cast<char>(field.size()));
  message.append(field);
}

template <std::size_t size>
void append_bytes(std::string& message, const std::array<unsigned char, size>& bytes) {
  message.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

/// RFC 1928 §4: a literal address as such, so that the proxy need not resolve it; any other name is the
/// proxy's to resolve.
std::string connect_request(const TunnelQuestion& question) {
  std::string message{version, 1 /* CONNECT */, 0 /* reserved */};
  if (question.host.address && question.host.address->is_v4()) {
    message.push_back(ipv4);
    append_bytes(message, question.host.address->to_v4().to_bytes());
  } else if (question.host.address) {
    message.push_back(ipv6);
    append_bytes(message, question.host.address->to_v6().to_bytes());
  } else {
    message.push_back(domain_name);
    append_field(message, question.host.name);
  }
  message.push_back(static_cast<char>(question.port >> 8));
  message.push_back(static_cast<char>(question.port & 0xFF));
  return message;
}

using Bytes = std::expected<std::string, TransportFailure>;

/// Exactly `count` bytes; more that has come stays to be read.
asio::awaitable<Bytes> read_exactly(Connection& connection, std::size_t count, Clock::time_point deadline) {
  std::string bytes;
  std::array<char, longest_field + 2> buffer;
  while (bytes.size() < count) {
    const std::span<char> room{buffer.data(), count - bytes.size()};
    const auto came = co_await connection.read_some(room, deadline);
    if (!came) co_return std::unexpected{came.error()};
    bytes.append(buffer.data(), *came);
  }
  co_return bytes;
}

/// The first two bytes of an answer, of which the first must be the version. A peer that is no SOCKS5 proxy
/// is quoted.
asio::awaitable<std::expected<std::uint8_t, TunnelFailure>> read_code(Connection& connection,
                                                                      Clock::time_point deadline) {
  std::array<char, 64> buffer;
  std::string bytes;
  while (bytes.size() < 2) {
    const auto came = co_await connection.read_some(buffer, deadline);
    if (!came) {
      auto failure = broken(came.error());
      failure.first_bytes = bytes;
      co_return std::unexpected{std::move(failure)};
    }
    bytes.append(buffer.data(), *came);
    if (bytes[0] != version)
      co_return std::unexpected{not_socks(bytes, "the proxy's answer is not SOCKS version 5")};
  }
  connection.unread(std::string_view{bytes}.substr(2));
  co_return static_cast<std::uint8_t>(bytes[1]);
}

using Step = std::expected<void, TunnelFailure>;

asio::awaitable<Step> log_in(Connection& connection, const ProxyServer& proxy, Clock::time_point deadline) {
  const auto password = proxy.password.expose();
  if (proxy.user.size() > longest_field || password.size() > longest_field)
    co_return std::unexpected{not_accepted({method_name(user_password)},
                                           "SOCKS5 carries at most 255 bytes of user name and of password")};
  std::string message{1 /* version of RFC 1929 */};
  message.reserve(3 + proxy.user.size() + password.size());
  append_field(message, proxy.user);
  append_field(message, password);
  const auto sent = co_await connection.write(message, deadline);
  overwrite(message.data(), message.size());
  if (!sent) co_return std::unexpected{broken(sent.error())};

  // Some servers put SOCKS' version into the first byte; only the status matters.
  const auto answer = co_await read_exactly(connection, 2, deadline);
  if (!answer) co_return std::unexpected{broken(answer.error())};
  if ((*answer)[1] != 0)
    co_return std::unexpected{
        not_accepted({method_name(user_password)}, "the proxy does not accept the user name and password")};
  co_return Step{};
}

/// RFC 1928 §3.
asio::awaitable<Step> authenticate(Connection& connection, const ProxyServer& proxy,
                                   Clock::time_point deadline) {
  const bool has_credentials = !proxy.user.empty() || !proxy.password.empty();
  std::string methods{static_cast<char>(no_authentication)};
  if (has_credentials) methods.push_back(static_cast<char>(user_password));
  std::string message{version};
  append_field(message, methods);
  const auto sent = co_await connection.write(message, deadline);
  if (!sent) co_return std::unexpected{broken(sent.error())};

  const auto method = co_await read_code(connection, deadline);
  if (!method) co_return std::unexpected{method.error()};
  if (*method == no_authentication) co_return Step{};
  if (*method == user_password && has_credentials) co_return co_await log_in(connection, proxy, deadline);
  if (*method == none_acceptable)
    co_return std::unexpected{
        not_accepted({}, has_credentials ? "the proxy accepts neither no authentication nor a password"
                                         : "the proxy wants authentication")};
  co_return std::unexpected{
      not_accepted({method_name(*method)}, "the proxy chose a method that was not offered")};
}

/// BND.ADDR and BND.PORT behind VER and REP; of no interest, and not the tunnel's.
asio::awaitable<Step> skip_bound_address(Connection& connection, Clock::time_point deadline) {
  const auto head =
      co_await read_exactly(connection, 3, deadline);  // reserved, ATYP, first byte of the address
  if (!head) co_return std::unexpected{broken(head.error())};
  std::size_t rest = 0;
  switch (static_cast<std::uint8_t>((*head)[1])) {
    case ipv4:
      rest = 4 - 1;
      break;
    case ipv6:
      rest = 16 - 1;
      break;
    case domain_name:
      rest = static_cast<std::uint8_t>((*head)[2]);
      break;
    default:
      co_return std::unexpected{not_socks({}, "the proxy's reply has an unknown address type")};
  }
  const auto tail = co_await read_exactly(connection, rest + 2, deadline);
  if (!tail) co_return std::unexpected{broken(tail.error())};
  co_return Step{};
}

}  // namespace

asio::awaitable<std::expected<TunnelOpen, TunnelFailure>> socks5_connect(const TunnelQuestion& question,
                                                                         Connection& connection,
                                                                         const ProxyServer& proxy,
                                                                         Clock::time_point deadline) {
  if (question.host.name.size() > longest_field)
    co_return std::unexpected{not_socks({}, "SOCKS5 carries at most 255 bytes of host name")};
  const auto admitted = co_await authenticate(connection, proxy, deadline);
  if (!admitted) co_return std::unexpected{admitted.error()};

  const auto request = connect_request(question);
  const auto sent = co_await connection.write(request, deadline);
  if (!sent) co_return std::unexpected{broken(sent.error())};
  const auto reply = co_await read_code(connection, deadline);
  if (!reply) co_return std::unexpected{reply.error()};
  if (*reply != 0) {
    TunnelFailure refused;
    refused.socks_reply = *reply;
    co_return std::unexpected{std::move(refused)};
  }
  const auto skipped = co_await skip_bound_address(connection, deadline);
  if (!skipped) co_return std::unexpected{skipped.error()};
  co_return TunnelOpen{};
}

std::string socks_reply_name(std::uint8_t code) {
  static constexpr std::array<std::string_view, 9> names = {"succeeded",
                                                            "general SOCKS server failure",
                                                            "connection not allowed by ruleset",
                                                            "network unreachable",
                                                            "host unreachable",
                                                            "connection refused",
                                                            "TTL expired",
                                                            "command not supported",
                                                            "address type not supported"};
  return code < names.size() ? std::string{names[code]} : fmt::format("unassigned reply {}", code);
}

}  // namespace fwprobe::probe
