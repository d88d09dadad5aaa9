#include "cli/values.h"

#include <algorithm>
#include <numeric>

#include <fmt/format.h>
#include <net/if.h>

#include "allowlist/port_text.h"
#include "allowlist/yaml_tree.h"
#include "probe/http_request.h"
#include "text/ascii.h"

namespace fwprobe::cli {
namespace {

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const auto at = text.find(separator);
    parts.push_back(text.substr(0, at));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + 1);
  }
}

}  // namespace

Parsed<probe::Clock::duration> parse_duration(std::string_view text) {
  using namespace std::chrono_literals;
  const auto wrong = [&] {
    return std::unexpected{fmt::format(
        "'{}' is not a duration; write a whole number with ms, s, m or h, such as 500ms or 3s (at most 168h)",
        text)};
  };
  const auto unit_at = text.find_first_not_of("0123456789");
  if (unit_at == std::string_view::npos) return wrong();
  const auto count = whole_number<std::int64_t>(text.substr(0, unit_at));
  const auto unit = text.substr(unit_at);
  const std::pair<std::string_view, std::chrono::milliseconds> units[] = {
      {"ms", 1ms}, {"s", 1s}, {"m", 1min}, {"h", 1h}};
  const auto known = std::ranges::find(units, unit, [](const auto& row) { return row.first; });
  if (!count || *count <= 0 || known == std::end(units)) return wrong();
  if (*count > std::chrono::milliseconds{168h} / known->second) return wrong();
  return *count * known->second;
}

Parsed<std::uint64_t> parse_size(std::string_view text) {
  constexpr std::uint64_t kib = 1024, mib = 1024 * kib, least = kib, most = 100 * mib;
  const auto wrong = [&] {
    return std::unexpected{
        fmt::format("'{}' is not a size; write bytes or a whole number with KiB, MiB, kB or MB, such as "
                    "10MiB (1KiB to 100MiB)",
                    text)};
  };
  const auto unit_at = std::min(text.find_first_not_of("0123456789"), text.size());
  const auto count = whole_number<std::uint64_t>(text.substr(0, unit_at));
  const std::pair<std::string_view, std::uint64_t> units[] = {{"", 1},      {"KiB", kib}, {"MiB", mib},
                                                              {"kB", 1000}, {"KB", 1000}, {"MB", 1'000'000}};
  const auto* known =
      std::ranges::find(units, text.substr(unit_at), [](const auto& row) { return row.first; });
  if (!count || known == std::end(units) || *count > most / known->second) return wrong();
  const auto size = *count * known->second;
  if (size < least) return wrong();
  return size;
}

Parsed<allowlist::PortRange> parse_port_range(std::string_view text) {
  const auto range = allowlist::read_port_range(text);
  if (!range)
    return std::unexpected{fmt::format(
        "'{}' is neither a port from 1 to 65535 nor a range from low to high such as 8000-8100", text)};
  return *range;
}

Parsed<asio::ip::address> parse_address(std::string_view text) {
  std::error_code error;
  auto address = asio::ip::make_address(std::string{text}, error);
  if (error)
    return std::unexpected{fmt::format("'{}' is not an address; write 192.0.2.1 or 2001:db8::1", text)};
  return address;
}

std::optional<std::pair<asio::ip::address, std::uint16_t>> parse_endpoint(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  auto host = text.substr(0, colon);
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  const auto address = parse_address(host);
  const auto port = allowlist::read_port(text.substr(colon + 1));
  if (!address || !port || address->is_v6() != bracketed) return std::nullopt;
  return std::pair{*address, *port};
}

Parsed<probe::UdpEndpoint> parse_resolver(std::string_view text) {
  constexpr std::uint16_t domain = 53;
  if (const auto address = parse_address(text)) return probe::UdpEndpoint{*address, domain};
  const auto wrong = [&] {
    return std::unexpected{fmt::format(
        "'{}' is not a resolver's address; write 192.0.2.53, 192.0.2.53:5353 or [2001:db8::53]:5353", text)};
  };
  const auto endpoint = parse_endpoint(text);
  if (!endpoint) return wrong();
  return probe::UdpEndpoint{endpoint->first, endpoint->second};
}

Parsed<probe::TcpEndpoint> parse_listen(std::string_view text) {
  if (const auto endpoint = parse_endpoint(text))
    return probe::TcpEndpoint{endpoint->first, endpoint->second};
  return std::unexpected{
      fmt::format("{} is not ADDRESS:PORT, such as 127.0.0.1:9876 or [::1]:9876", allowlist::excerpt(text))};
}

Parsed<checks::ResolveOverride> parse_override(std::string_view text) {
  const auto equals = text.find('=');
  if (equals == std::string_view::npos || equals == 0)
    return std::unexpected{
        fmt::format("'{}' has no name; write HOST=ADDR, such as azure.example.com=192.0.2.1", text)};
  const auto host = probe::parse_host(text.substr(0, equals));
  if (!host) return std::unexpected{host.error().message};
  checks::ResolveOverride override{host->name, {}};
  for (const auto part : split(text.substr(equals + 1), ',')) {
    const auto address = parse_address(part);
    if (!address) return std::unexpected{address.error()};
    override.addresses.push_back(*address);
  }
  return override;
}

Parsed<probe::HttpHeader> parse_header(std::string_view text) {
  const auto colon = text.find(':');
  // The value may be a secret, so no message repeats it.
  if (colon == std::string_view::npos || !probe::is_token(text.substr(0, colon)))
    return std::unexpected<std::string>{"not a header; write 'Name: value'"};
  auto value = text.substr(colon + 1);
  const auto first = value.find_first_not_of(" \t");
  value = first == std::string_view::npos ? std::string_view{} : value.substr(first);
  if (std::ranges::any_of(value, [](char c) { return (c >= 0 && c < ' ' && c != '\t') || c == '\x7f'; }))
    return std::unexpected{
        fmt::format("the value of {} contains a control character; remove it", text.substr(0, colon))};
  return probe::HttpHeader{std::string{text.substr(0, colon)}, std::string{value}};
}

Parsed<std::vector<checks::StatusRange>> parse_statuses(std::string_view text) {
  std::vector<checks::StatusRange> ranges;
  for (const auto part : split(text, ',')) {
    if (part.size() == 3 && part.front() >= '1' && part.front() <= '5' && part.substr(1) == "xx") {
      const auto first = static_cast<std::uint16_t>((part.front() - '0') * 100);
      ranges.push_back({first, static_cast<std::uint16_t>(first + 99)});
      continue;
    }
    const auto status = whole_number<std::uint16_t>(part);
    if (!status || *status < 100 || *status > 599)
      return std::unexpected{
          fmt::format("'{}' is not an HTTP status; write 200, 3xx, or a list such as 200,204,3xx", part)};
    ranges.push_back({*status, *status});
  }
  return ranges;
}

Parsed<probe::TcpSource> parse_source(std::string_view text) {
  if (const auto address = parse_address(text)) return probe::TcpSource{*address, {}};
  std::string interface{text};
  if (if_nametoindex(interface.c_str()) == 0)
    return std::unexpected{fmt::format(
        "'{}' is neither an address nor an interface of this machine; 'ip -brief address' lists both", text)};
  return probe::TcpSource{std::nullopt, std::move(interface)};
}

Parsed<std::string> parse_fingerprint(std::string_view text) {
  constexpr std::string_view prefix = "SHA256:";
  constexpr std::size_t digits = 43;  // of 32 bytes, without the padding
  constexpr auto right = "write SHA256:… as 'ssh-keygen -lf FILE' prints it";
  const auto is_hex_or_colon = [](char c) {
    return c == ':' || std::isxdigit(static_cast<unsigned char>(c)) != 0;
  };
  if (text.starts_with("MD5:") || (text.size() == 47 && std::ranges::all_of(text, is_hex_or_colon)))
    return std::unexpected{
        fmt::format("'{}' is an MD5 fingerprint, which proves nothing today; {}", text, right)};
  if (!text.starts_with(prefix))
    return std::unexpected{fmt::format("'{}' is no fingerprint of a host key; {}", text, right)};
  auto value = text.substr(prefix.size());
  if (value.ends_with('=')) value.remove_suffix(1);
  const auto is_digit = [](char c) { return is_alphanumeric(c) || c == '+' || c == '/'; };
  // The last digit carries 4 bits: the other 2 are zero (RFC 4648 §3.5).
  constexpr std::string_view last_digits = "AEIMQUYcgkosw048";
  if (value.size() != digits || !std::ranges::all_of(value, is_digit) ||
      last_digits.find(value.back()) == last_digits.npos)
    return std::unexpected{fmt::format("'{}' is not the Base64 of 32 bytes; {}", text, right)};
  return std::string{prefix}.append(value);
}

std::string_view nearest(std::string_view word, const std::vector<std::string>& candidates) {
  std::string_view best;
  std::size_t least = 3;
  for (const auto& candidate : candidates) {
    std::vector<std::size_t> row(candidate.size() + 1);
    std::iota(row.begin(), row.end(), 0U);
    for (std::size_t i = 0; i < word.size(); ++i) {
      auto diagonal = std::exchange(row[0], i + 1);
      for (std::size_t j = 0; j < candidate.size(); ++j) {
        const auto replaced = diagonal + (word[i] == candidate[j] ? 0 : 1);
        diagonal = row[j + 1];
        row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
      }
    }
    if (row.back() < least) {
      least = row.back();
      best = candidate;
    }
  }
  return best;
}

}  // namespace fwprobe::cli
