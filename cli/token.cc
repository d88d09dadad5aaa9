#include "cli/token.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

namespace fwprobe::cli {
namespace {

constexpr std::size_t max_token = 16 * 1024;

std::expected<std::string, UsageError> read_all(int descriptor, const std::string& origin) {
  std::string text(max_token + 1, '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    const auto count = ::read(descriptor, text.data() + size, text.size() - size);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return std::unexpected{UsageError{fmt::format("{}: {}", origin, std::strerror(errno))}};
    if (count == 0) break;
    size += static_cast<std::size_t>(count);
  }
  if (size > max_token)
    return std::unexpected{
        UsageError{fmt::format("{}: longer than 16 KiB; that is no access token", origin)}};
  text.resize(size);
  return text;
}

std::expected<std::optional<probe::Secret>, UsageError> checked(std::string token,
                                                                const std::string& origin) {
  while (!token.empty() && (token.back() == '\n' || token.back() == '\r')) token.pop_back();
  if (token.empty()) return std::unexpected{UsageError{fmt::format("{}: the token is empty", origin)}};
  const bool printable = std::ranges::all_of(token, [](char c) { return c > ' ' && c < '\x7f'; });
  if (!printable)
    return std::unexpected{UsageError{fmt::format(
        "{}: the token contains a space, a line break or a byte that is not ASCII; give the token alone",
        origin)}};
  return probe::Secret{std::move(token)};
}

}  // namespace

std::expected<std::optional<probe::Secret>, UsageError> read_token(const TokenSource& source,
                                                                   const Variables& variables) {
  if (!source.variable.empty()) {
    const auto origin = "--token-env " + source.variable;
    const auto at = variables.find(source.variable);
    if (at == variables.end())
      return std::unexpected{
          UsageError{fmt::format("{}: this variable is not set; export it first", origin)}};
    return checked(at->second, origin);
  }
  if (!source.file.empty()) {
    const auto origin = "--token-file " + source.file;
    const int descriptor = ::open(source.file.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0)
      return std::unexpected{UsageError{fmt::format("{}: {}", origin, std::strerror(errno))}};
    auto text = read_all(descriptor, origin);
    ::close(descriptor);
    if (!text) return std::unexpected{text.error()};
    return checked(std::move(*text), origin);
  }
  if (source.standard_input) {
    auto text = read_all(STDIN_FILENO, "--token-stdin");
    if (!text) return std::unexpected{text.error()};
    return checked(std::move(*text), "--token-stdin");
  }
  return std::optional<probe::Secret>{};
}

}  // namespace fwprobe::cli
