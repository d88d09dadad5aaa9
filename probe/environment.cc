#include "probe/environment.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <climits>
#include <fstream>
#include <memory>
#include <optional>

#include <arpa/inet.h>
#include <asio/ip/udp.hpp>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "probe/environment_memory.h"

namespace fwprobe::probe {
namespace {

constexpr std::uint16_t dns_port = 53;
constexpr std::size_t max_servers = 3;                // MAXNS of resolv.conf(5)
constexpr std::size_t max_file = 16UL * 1024 * 1024;  // block lists are kept in hosts files
constexpr std::size_t max_line = 8 * 1024;

std::string lower(std::string_view text) {
  std::string result{text};
  std::ranges::transform(result, result.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return result;
}

std::string_view without_final_dot(std::string_view name) {
  if (name.size() > 1 && name.ends_with('.')) name.remove_suffix(1);
  return name;
}

/// The next line, and `text` moved behind it.
std::string_view take_line(std::string_view& text) {
  const auto end = text.find('\n');
  const auto line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return line;
}

/// Words between blanks; what follows one of `comment` is none.
std::vector<std::string_view> words_of(std::string_view line, std::string_view comment) {
  line = line.substr(0, line.find_first_of(comment));
  std::vector<std::string_view> words;
  constexpr std::string_view blanks = " \t\r\f\v";
  while (true) {
    const auto begin = line.find_first_not_of(blanks);
    if (begin == std::string_view::npos) return words;
    line.remove_prefix(begin);
    const auto end = std::min(line.find_first_of(blanks), line.size());
    words.push_back(line.substr(0, end));
    line.remove_prefix(end);
  }
}

/// An address as these files write it, a scope ("%eth0") included.
std::optional<asio::ip::address> address_of(std::string_view text) {
  std::error_code error;
  auto address = asio::ip::make_address(std::string{text}, error);
  if (error) return std::nullopt;
  return address;
}

std::string content_of(const std::filesystem::path& path) {
  std::ifstream file{path, std::ios::binary};
  std::string text;
  std::array<char, 4096> block;
  while (text.size() < max_file && (file.read(block.data(), block.size()) || file.gcount() > 0))
    text.append(block.data(), static_cast<std::size_t>(file.gcount()));
  return text;
}

std::vector<asio::ip::address> local_addresses() {
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) != 0) return {};
  const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> owner{list, &::freeifaddrs};
  std::vector<asio::ip::address> found;
  for (const auto* row = list; row != nullptr; row = row->ifa_next) {
    if (row->ifa_addr == nullptr || (row->ifa_flags & IFF_UP) == 0) continue;
    if (row->ifa_addr->sa_family == AF_INET) {
      const auto* in = reinterpret_cast<const sockaddr_in*>(row->ifa_addr);
      const asio::ip::address_v4 address{ntohl(in->sin_addr.s_addr)};
      const bool link_local = (address.to_uint() >> 16) == 0xa9fe;  // 169.254/16, RFC 3927
      if (!address.is_loopback() && !link_local) found.emplace_back(address);
    } else if (row->ifa_addr->sa_family == AF_INET6) {
      const auto* in = reinterpret_cast<const sockaddr_in6*>(row->ifa_addr);
      asio::ip::address_v6::bytes_type bytes{};
      std::copy_n(in->sin6_addr.s6_addr, bytes.size(), bytes.begin());
      const asio::ip::address_v6 address{bytes};
      if (!address.is_loopback() && !address.is_link_local()) found.emplace_back(address);
    }
  }
  return found;
}

/// connect(2) on a UDP socket looks the route up and sends nothing (udp(7)).
bool has_route(const asio::ip::udp::endpoint& destination) {
  const int socket = ::socket(destination.protocol().family(), SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (socket < 0) return false;
  const bool routed = ::connect(socket, destination.data(), static_cast<socklen_t>(destination.size())) == 0;
  ::close(socket);
  return routed;
}

bool same(const SystemFiles& a, const SystemFiles& b) {
  return a.resolv_conf == b.resolv_conf && a.hosts == b.hosts && a.nsswitch_conf == b.nsswitch_conf;
}

}  // namespace

std::string host_name() {
  std::array<char, HOST_NAME_MAX + 1> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0) return {};
  return name.data();
}

ResolverConfig parse_resolv_conf(std::string_view text) {
  ResolverConfig config;
  while (!text.empty()) {
    const auto line = take_line(text);
    if (line.size() > max_line) continue;
    const auto words = words_of(line, "#;");
    if (words.size() < 2) continue;
    if (words[0] == "nameserver" && config.servers.size() < max_servers) {
      if (const auto address = address_of(words[1])) config.servers.emplace_back(*address, dns_port);
    } else if (words[0] == "search" || words[0] == "domain") {
      // The last of these lines counts, resolv.conf(5).
      config.search.clear();
      const auto last = words[0] == "domain" ? words.begin() + 2 : words.end();
      for (auto word = words.begin() + 1; word != last; ++word)
        if (*word != ".") config.search.push_back(lower(without_final_dot(*word)));
    } else if (words[0] == "options") {
      for (const auto word : words) {
        if (!word.starts_with("ndots:")) continue;
        int ndots = 0;
        const auto digits = word.substr(6);
        if (std::from_chars(digits.data(), digits.data() + digits.size(), ndots).ec == std::errc{})
          config.ndots = std::clamp(ndots, 0, 15);
      }
    }
  }
  if (config.servers.empty())
    config.servers = {{asio::ip::address_v4::loopback(), dns_port},
                      {asio::ip::address_v6::loopback(), dns_port}};
  return config;
}

std::vector<HostsEntry> parse_hosts(std::string_view text, const std::vector<std::string>& names) {
  std::vector<HostsEntry> entries;
  for (int number = 1; !text.empty(); ++number) {
    const auto line = take_line(text);
    if (line.size() > max_line) continue;
    const auto words = words_of(line, "#");
    if (words.size() < 2) continue;
    const auto address = address_of(words[0]);
    if (!address) continue;
    for (auto word = words.begin() + 1; word != words.end(); ++word) {
      const auto name = lower(without_final_dot(*word));
      if (std::ranges::find(names, name) == names.end()) continue;
      auto entry = std::ranges::find(entries, name, &HostsEntry::name);
      if (entry == entries.end()) entry = entries.insert(entries.end(), {name, {}, number});
      if (std::ranges::find(entry->addresses, *address) == entry->addresses.end())
        entry->addresses.push_back(*address);
    }
  }
  return entries;
}

bool hosts_before_dns(std::string_view text) {
  while (!text.empty()) {
    auto line = take_line(text);
    line = line.substr(0, line.find('#'));
    const auto begin = line.find_first_not_of(" \t");
    if (begin == std::string_view::npos || !line.substr(begin).starts_with("hosts:")) continue;
    for (const auto service : words_of(line.substr(line.find(':') + 1), "#")) {
      if (service == "files") return true;
      // systemd-resolved reads the hosts file itself, nss-resolve(8); plain DNS does not.
      if (service == "resolve") return true;
      if (service == "dns") return false;
    }
    return false;
  }
  return true;  // nsswitch.conf(5): the default is "files dns"
}

Environment read_environment(EnvironmentQuestion question, const SystemFiles& files) {
  return EnvironmentMemory{}.read(std::move(question), files);
}

Environment EnvironmentMemory::read(EnvironmentQuestion question, const SystemFiles& files) {
  constexpr std::chrono::seconds fresh{1};
  if (!last_ || !same(last_->files, files) || Clock::now() - last_->at >= fresh) {
    Environment machine;
    machine.host = host_name();
    machine.addresses = local_addresses();
    // Any global address will do; these two belong to DNS root servers, which never move.
    machine.ipv4_route = has_route({asio::ip::make_address("198.41.0.4"), dns_port});
    machine.ipv6_route = has_route({asio::ip::make_address("2001:503:ba3e::2:30"), dns_port});
    machine.resolver = parse_resolv_conf(content_of(files.resolv_conf));
    machine.hosts_before_dns = hosts_before_dns(content_of(files.nsswitch_conf));
    last_ = Reading{files, Clock::now(), std::move(machine), content_of(files.hosts)};
  }
  auto environment = last_->machine;
  environment.hosts = parse_hosts(last_->hosts_file, question.names);
  environment.question = std::move(question);
  return environment;
}

}  // namespace fwprobe::probe
