#include "probe/ssh.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace fwprobe::probe {
namespace {

constexpr std::string_view own_identification = "SSH-2.0-fwprobe\r\n";
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

SshBanner failed(SshQuestion question, const std::optional<TransportFailure>& transport,
                 std::string_view received) {
  return {question,
          std::unexpected{SshFailure{transport, std::string{received.substr(0, longest_first_bytes)}}}};
}

}  // namespace

asio::awaitable<SshBanner> read_banner(SshQuestion question, Connection& connection,
                                       Clock::duration timeout) {
  const auto deadline = Clock::now() + timeout;
  // A server may speak and close at once (OpenSSH does so over MaxStartups): what it said counts, so a write
  // that fails is told only when nothing can be read either.
  const auto sent = co_await connection.write(own_identification, deadline);

  std::string received;
  std::size_t line_start = 0;
  std::array<char, 1024> buffer;
  for (;;) {
    const auto count = co_await connection.read_some(buffer, deadline);
    if (!count) co_return failed(question, sent ? count.error() : sent.error(), received);
    received.append(buffer.data(), *count);

    auto line_end = received.find('\n', line_start);
    while (line_end != received.npos && !std::string_view{received}.substr(line_start).starts_with(mark)) {
      line_start = line_end + 1;
      line_end = received.find('\n', line_start);
    }
    const auto line = std::string_view{received}.substr(line_start, line_end - line_start);
    if (!may_become_ssh(std::string_view{received}.substr(0, line_start + line.size()), line))
      co_return failed(question, std::nullopt, received);
    if (line_end == received.npos) continue;

    connection.unread(std::string_view{received}.substr(line_end + 1));
    const auto identification = parse(line.ends_with('\r') ? line.substr(0, line.size() - 1) : line);
    if (!identification) co_return failed(question, std::nullopt, received);
    co_return SshBanner{question, *identification};
  }
}

}  // namespace fwprobe::probe
