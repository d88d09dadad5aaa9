#include "probe/ssh.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "probe/ssh_key_exchange.h"

namespace fwprobe::probe {
namespace {

constexpr std::string_view own_identification = "SSH-2.0-fwprobe";
constexpr std::string_view mark = "SSH-";
constexpr std::size_t longest_line = 255;  // with its line end, RFC 4253 §4.2
constexpr std::size_t most_before =
    8 * 1024;  // RFC 4253 sets no limit to the lines before; OpenSSH takes as much
constexpr std::size_t longest_first_bytes = 256;

/// "SSH-protoversion-softwareversion SP comments", without its line end.
std::optional<SshIdentification> parse(std::string_view line) {
  line.remove_prefix(mark.size());
  const auto dash = line.find('-');
  if (dash == line.npos || dash == 0) return {};
  const auto rest = line.substr(dash + 1);
  const auto space = rest.find(' ');
  const auto comments = space == rest.npos ? std::string_view{} : rest.substr(space + 1);
  return SshIdentification{std::string{line.substr(0, dash)}, std::string{rest.substr(0, space)},
                           std::string{comments}};
}

/// Whether what came can still become an identification: text, within the limits.
bool may_become_ssh(std::string_view received, std::string_view line) {
  const auto before = received.size() - line.size();
  // "The null character MUST NOT be sent": a binary protocol answers, such as TLS with an alert.
  if (received.find('\0') != received.npos) return false;
  return line.starts_with(mark) ? line.size() < longest_line && before <= most_before
                                : received.size() <= most_before;
}

std::unexpected<SshFailure> failed(const std::optional<TransportFailure>& transport,
                                   std::string_view received) {
  return std::unexpected{SshFailure{transport, std::string{received.substr(0, longest_first_bytes)}}};
}

struct Identified {
  SshIdentification identification;
  std::string line;  ///< without its line end
};

asio::awaitable<std::expected<Identified, SshFailure>> identify(Connection& connection,
                                                                Clock::time_point deadline) {
  // A server may speak and close at once (OpenSSH does so over MaxStartups): what it said counts, so a write
  // that fails is told only when nothing can be read either.
  const auto own_line = std::string{own_identification} + "\r\n";
  const auto sent = co_await connection.write(own_line, deadline);

  std::string received;
  std::size_t line_start = 0;
  std::array<char, 1024> buffer;
  for (;;) {
    const auto count = co_await connection.read_some(buffer, deadline);
    if (!count) co_return failed(sent ? count.error() : sent.error(), received);
    received.append(buffer.data(), *count);

    auto line_end = received.find('\n', line_start);
    while (line_end != received.npos && !std::string_view{received}.substr(line_start).starts_with(mark)) {
      line_start = line_end + 1;
      line_end = received.find('\n', line_start);
    }
    const auto line = std::string_view{received}.substr(line_start, line_end - line_start);
    if (!may_become_ssh(std::string_view{received}.substr(0, line_start + line.size()), line))
      co_return failed(std::nullopt, received);
    if (line_end == received.npos) continue;

    connection.unread(std::string_view{received}.substr(line_end + 1));
    const auto peer = line.ends_with('\r') ? line.substr(0, line.size() - 1) : line;
    auto identification = parse(peer);
    if (!identification) co_return failed(std::nullopt, received);
    co_return Identified{std::move(*identification), std::string{peer}};
  }
}

}  // namespace

bool speaks_ssh2(const SshIdentification& identification) {
  return identification.protocol == "2.0" || identification.protocol == "1.99";
}

asio::awaitable<SshBanner> read_banner(SshQuestion question, Connection& connection,
                                       Clock::duration timeout) {
  const auto deadline = Clock::now() + timeout;
  auto identified = co_await identify(connection, deadline);
  if (!identified) co_return SshBanner{std::move(question), std::unexpected{std::move(identified.error())}};
  SshBanner banner{std::move(question), std::move(identified->identification)};
  if (!speaks_ssh2(*banner.result)) co_return banner;
  SshIdentities identities{std::string{own_identification}, std::move(identified->line)};
  auto exchange =
      co_await exchange_keys(connection, std::move(identities), banner.question.host_key_type, deadline);
  banner.offer = std::move(exchange.offer);
  banner.host_key = std::move(exchange.host_key);
  banner.key_failure = std::move(exchange.failure);
  co_return banner;
}

}  // namespace fwprobe::probe
