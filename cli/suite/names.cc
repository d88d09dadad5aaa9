#include "cli/suite/names.h"

#include <algorithm>

#include <fmt/format.h>

#include "allowlist/yaml_tree.h"
#include "text/ascii.h"
#include "text/fnv1a.h"

namespace fwprobe::cli {
namespace {

constexpr std::size_t longest = 100;

bool is_id_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
}

}  // namespace

Parsed<checks::Expectation> parse_expectation(std::string_view text) {
  using checks::Status;
  if (text == "pass") return checks::Expectation{};
  if (text == "fail") return checks::Expectation{Status::fail, std::nullopt};
  constexpr std::string_view with_cause = "fail ";
  if (!text.starts_with(with_cause))
    return std::unexpected{
        fmt::format("{} is no expectation; write pass, fail, or fail with a cause: fail tcp.rejected",
                    allowlist::excerpt(text))};
  const auto code = trimmed(text.substr(with_cause.size()));
  if (const auto cause = checks::cause_from(code)) return checks::Expectation{Status::fail, cause};
  std::vector<std::string> codes;
  for (const auto& row : checks::causes()) codes.emplace_back(row.code);
  const auto meant = nearest(code, codes);
  return std::unexpected{fmt::format(
      "unknown cause {}; {}", allowlist::excerpt(code),
      meant.empty() ? "'fwprobe explain' lists them all" : fmt::format("did you mean '{}'?", meant))};
}

Parsed<std::string> parse_id(std::string_view text) {
  if (!text.empty() && text.size() <= longest && std::ranges::all_of(text, is_id_character))
    return std::string{text};
  return std::unexpected{
      fmt::format("{} is no id; write lower-case letters, digits, '.', '_' and '-', at most {}",
                  allowlist::excerpt(text), longest)};
}

std::string id_of(std::string_view target) {
  constexpr std::size_t hash_size = 9;
  const auto scheme = target.find("://");
  const auto rest = target.substr(scheme == target.npos ? 0 : scheme + 3);
  // "https://host/" and "tcp://host:443" can be spelt; a path, brackets or a long name cannot.
  bool spelt = target.size() <= longest - hash_size;
  std::string id;
  for (std::size_t i = 0; i < target.size() && id.size() < longest - hash_size; ++i) {
    const char c = ascii_lower(target[i]);
    if (is_id_character(c)) {
      id += c;
      continue;
    }
    const bool punctuation =
        i < target.size() - rest.size() || c == ':' || (c == '/' && i + 1 == target.size());
    spelt = spelt && punctuation;
    if (!id.empty() && id.back() != '-') id += '-';
  }
  while (!id.empty() && id.back() == '-') id.pop_back();
  return spelt ? id : fmt::format("{}-{:08x}", id, fnv1a(target));
}

Parsed<std::string> parse_label(std::string_view text) {
  const bool printable =
      std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f; });
  if (!text.empty() && text.size() <= longest && printable) return std::string{text};
  return std::unexpected{fmt::format("{} is no name; at most {} bytes without control characters",
                                     allowlist::excerpt(text), longest)};
}

}  // namespace fwprobe::cli
