#include "probe/no_proxy.h"

#include <algorithm>
#include <charconv>

#include <asio/ip/network_v4.hpp>
#include <asio/ip/network_v6.hpp>

namespace fwprobe::probe {
namespace {

template <typename Number>
std::optional<Number> number(std::string_view text) {
  Number value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return {};
  return value;
}

/// Takes ":port" off the end of `text`. The colons of an IPv6 address without brackets are not it.
std::optional<std::uint16_t> take_port(std::string_view& text) {
  const auto colon = text.rfind(':');
  if (colon == text.npos || (text.find(':') != colon && !text.substr(0, colon).ends_with(']'))) return {};
  const auto port = number<std::uint16_t>(text.substr(colon + 1));
  if (port) text = text.substr(0, colon);
  return port;
}

}  // namespace

NoProxy::NoProxy(std::string_view list) {
  constexpr std::string_view separators = ", \t";
  while (!list.empty()) {
    const auto end = list.find_first_of(separators);
    if (auto entry = parse(list.substr(0, end))) {
      entry->text = list.substr(0, end);
      entries_.push_back(std::move(*entry));
    }
    list.remove_prefix(end == list.npos ? list.size() : end + 1);
  }
}

std::optional<NoProxy::Entry> NoProxy::parse(std::string_view text) {
  if (text == "*") return Entry{Everything{}, {}, {}};
  const auto port = take_port(text);
  if (text.starts_with('.')) text.remove_prefix(1);
  const auto slash = text.find('/');
  const auto host = parse_host(text.substr(0, slash));
  if (!host) return {};
  if (!host->address) {
    if (slash != text.npos) return {};
    return Entry{Domain{host->name}, port, {}};
  }
  const unsigned short longest = host->address->is_v4() ? 32 : 128;
  const auto length = slash == text.npos ? longest : number<unsigned short>(text.substr(slash + 1));
  if (!length || *length > longest) return {};
  return Entry{Network{*host->address, *length}, port, {}};
}

bool NoProxy::holds(const Domain& domain, const Host& host) {
  if (host.address || !host.name.ends_with(domain.name)) return false;
  const auto below = host.name.size() - domain.name.size();
  return below == 0 || host.name[below - 1] == '.';
}

bool NoProxy::holds(const Network& network, const Host& host) {
  if (!host.address || host.address->is_v4() != network.address.is_v4()) return false;
  if (host.address->is_v4()) {
    const auto network_of = [&](const auto& a) {
      return asio::ip::network_v4{a.to_v4(), network.length}.canonical();
    };
    return network_of(*host.address) == network_of(network.address);
  }
  const auto network_of = [&](const auto& a) {
    return asio::ip::network_v6{a.to_v6(), network.length}.canonical();
  };
  return network_of(*host.address) == network_of(network.address);
}

const std::string* NoProxy::covering(const Host& host, std::uint16_t port) const {
  const auto at = std::ranges::find_if(entries_, [&](const Entry& entry) {
    if (entry.port && *entry.port != port) return false;
    return std::visit([&](const auto& what) { return holds(what, host); }, entry.what);
  });
  return at == entries_.end() ? nullptr : &at->text;
}

}  // namespace fwprobe::probe
