#include "probe/rehearsal_network.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <span>

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <unistd.h>

namespace fwprobe::probe {
namespace {

// Each cable has two ends with fixed hardware addresses, so that neighbours are known beforehand: no
// connection waits for ARP or neighbour discovery, and no rule can stop it. The gateways' own addresses are
// link-local and appear in no packet but ICMP errors.
struct End {
  std::string_view mac, v4, v6;
};
constexpr End source_end{"02:00:00:00:00:01", "169.254.255.1", "fe80::1"};
constexpr End outer_end{"02:00:00:00:00:02", "169.254.255.2", "fe80::2"};
constexpr End inner_end{"02:00:00:00:00:03", "169.254.255.3", "fe80::3"};
constexpr End behind_end{"02:00:00:00:00:04", "169.254.255.4", "fe80::4"};
// An ICMPv6 error to a global address needs a sender that is not link-local (RFC 4443 §2.2); of RFC 6666.
constexpr std::string_view error_sender_v6 = "100::1";

constexpr std::string_view inner_name = "fwprobe1";

std::string system_words() { return std::strerror(errno); }

std::string first_line(std::string_view text) { return std::string{text.substr(0, text.find('\n'))}; }

bool write_proc(const std::string& path, std::string_view text) {
  const Descriptor file{::open(path.c_str(), O_WRONLY | O_CLOEXEC)};
  return file && ::write(file.number(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

std::string read_number(const char* path) {
  std::ifstream file{path};
  std::string text;
  file >> text;
  return text;
}

/// What forbids namespaces, where the kernel or the distribution says so.
std::string why_forbidden(std::string_view error) {
  struct Row {
    std::string_view sysctl;
    const char* path;
    std::string_view forbids;
  };
  constexpr Row rows[] = {
      {"kernel.unprivileged_userns_clone", "/proc/sys/kernel/unprivileged_userns_clone", "0"},
      {"user.max_user_namespaces", "/proc/sys/user/max_user_namespaces", "0"},
      {"user.max_net_namespaces", "/proc/sys/user/max_net_namespaces", "0"},
      {"kernel.apparmor_restrict_unprivileged_userns",
       "/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1"},
  };
  std::string reason;
  for (const auto& row : rows)
    if (reason.empty() && read_number(row.path) == row.forbids)
      reason = fmt::format("sysctl {} is {}", row.sysctl, row.forbids);
  if (reason.empty()) reason = "a container's seccomp profile or a security module may forbid it";
  return fmt::format("no network namespace can be made here ({}): {}", error, reason);
}

/// Programs inherit it: ip(8) names the other end of a cable by it.
Descriptor here() { return Descriptor{::open("/proc/self/ns/net", O_RDONLY)}; }

/// One name for both families: what stands for it in ip(8).
class Script {
 public:
  explicit Script(bool v6) : v6_{v6} {}

  void add(std::string_view line) { text_ += fmt::format("{}\n", line); }
  void up(std::string_view device) {
    // No link-local address by itself, which would send router solicitations and multicast reports.
    add(fmt::format("link set {} addrgenmode none", device));
    add(fmt::format("link set {} up", device));
  }
  void own(std::string_view device, std::string_view address) {
    add(fmt::format("address add {}/{} dev {}{}", address, bits(), device, v6_ ? " nodad" : " scope global"));
  }
  void neighbour(std::string_view device, const End& end) {
    add(fmt::format("neighbour replace {} lladdr {} dev {} nud permanent", of(end), end.mac, device));
  }
  void route(std::string_view what, const End& gateway, std::string_view device) {
    add(fmt::format("route add {} via {} dev {} onlink", what, of(gateway), device));
  }
  /// AnyIP: the address is this machine's own, without being added to an interface.
  void local(const asio::ip::address& address) {
    add(fmt::format("route add local {}/{} dev lo", address.to_string(), bits()));
  }
  std::string_view of(const End& end) const { return v6_ ? end.v6 : end.v4; }
  const std::string& text() const { return text_; }
  std::string family() const { return v6_ ? "-6" : "-4"; }

 private:
  int bits() const { return v6_ ? 128 : 32; }
  bool v6_;
  std::string text_;
};

std::expected<void, std::string> run(const Rehearsal& rehearsal, const Script& script) {
  const auto end = run_program({rehearsal.ip, script.family(), "-batch", "-"}, script.text());
  if (!end) return std::unexpected{end.error()};
  if (end->status == 0) return {};
  const auto line = first_line(end->output);
  return std::unexpected{
      fmt::format("the network of the rehearsal cannot be made: {} says: {}", rehearsal.ip,
                  line.empty() ? fmt::format("nothing, and ends with status {}", end->status) : line)};
}

std::vector<asio::ip::address> addresses_behind(const Rehearsal& rehearsal) {
  std::vector<asio::ip::address> addresses;
  if (rehearsal.place == ServicePlace::behind_firewall) addresses.push_back(rehearsal.service.address());
  for (const auto& endpoint : rehearsal.translated)
    if (!endpoint.address().is_loopback() && endpoint.address() != rehearsal.service.address())
      addresses.push_back(endpoint.address());
  std::ranges::sort(addresses);
  const auto doubles = std::ranges::unique(addresses);
  addresses.erase(doubles.begin(), doubles.end());
  return addresses;
}

Script firewall_script(const Rehearsal& rehearsal, const RehearsalNetwork& network) {
  const bool v6 = rehearsal.service.address().is_v6();
  const auto& outer = rehearsal.interface;
  Script script{v6};
  const auto cable = [&](std::string_view name, const End& end, std::string_view peer_name, const End& peer,
                         const Descriptor& there) {
    script.add(fmt::format("link add {} address {} type veth peer name {} address {} netns /proc/self/fd/{}",
                           name, end.mac, peer_name, peer.mac, there.number()));
  };
  cable(outer, outer_end, "outside", source_end, network.sources);
  cable(inner_name, inner_end, "uplink", behind_end, network.behind);
  script.add("link set lo up");
  // The service's address comes first: a rule that redirects takes the interface's first one.
  if (rehearsal.place == ServicePlace::on_firewall)
    script.own(outer, rehearsal.service.address().to_string());
  script.own(outer, v6 ? error_sender_v6 : outer_end.v4);
  script.up(outer);
  script.up(inner_name);
  script.neighbour(outer, source_end);
  script.neighbour(inner_name, behind_end);
  script.route("default", source_end, outer);
  for (const auto& address : addresses_behind(rehearsal))
    script.route(address.to_string(), behind_end, inner_name);
  return script;
}

/// Of a namespace at one end of the firewall: these addresses are its own, and everything else goes there.
Script end_script(const Rehearsal& rehearsal, std::string_view device, const End& firewall,
                  std::span<const asio::ip::address> own) {
  Script script{rehearsal.service.address().is_v6()};
  script.add("link set lo up");
  script.up(device);
  script.neighbour(device, firewall);
  script.route("default", firewall, device);
  for (const auto& address : own) script.local(address);
  return script;
}

/// Of the namespace that the calling process is in. Reverse path filters (ip-sysctl, rp_filter) agree with
/// the routes above, so it does no harm where one cannot be written.
IcmpErrors set_kernel_up(const Rehearsal& rehearsal) {
  for (const auto& device : {std::string{"all"}, rehearsal.interface, std::string{inner_name}})
    write_proc(fmt::format("/proc/sys/net/ipv4/conf/{}/rp_filter", device), "0");
  const bool v6 = rehearsal.service.address().is_v6();
  write_proc(v6 ? "/proc/sys/net/ipv6/conf/all/forwarding" : "/proc/sys/net/ipv4/ip_forward", "1");
  // The limits per second hold for both families.
  const bool unlimited =
      write_proc(v6 ? "/proc/sys/net/ipv6/icmp/ratelimit" : "/proc/sys/net/ipv4/icmp_ratelimit", "0") &&
      write_proc("/proc/sys/net/ipv4/icmp_msgs_per_sec", "1000000") &&
      write_proc("/proc/sys/net/ipv4/icmp_msgs_burst", "1000000");
  return unlimited ? IcmpErrors::all_sent : IcmpErrors::limited;
}

}  // namespace

std::expected<void, std::string> leave_for_new_namespaces() {
  const auto user = ::geteuid();
  const auto group = ::getegid();
  if (::unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) {
    const auto error = system_words();
    // Root of a container may be refused the one and allowed the other.
    if (user == 0 && ::unshare(CLONE_NEWNET) == 0) return {};
    return std::unexpected{why_forbidden(error)};
  }
  // user_namespaces(7): a group may be mapped only when setgroups(2) is given up.
  if (write_proc("/proc/self/setgroups", "deny") &&
      write_proc("/proc/self/uid_map", fmt::format("0 {} 1", user)) &&
      write_proc("/proc/self/gid_map", fmt::format("0 {} 1", group)))
    return {};
  return std::unexpected{why_forbidden(system_words())};
}

bool enter(const Descriptor& network) { return ::setns(network.number(), CLONE_NEWNET) == 0; }

std::expected<RehearsalNetwork, std::string> make_network(const Rehearsal& rehearsal) {
  RehearsalNetwork network;
  network.firewall = here();
  for (auto* other : {&network.sources, &network.behind}) {
    if (::unshare(CLONE_NEWNET) != 0) return std::unexpected{why_forbidden(system_words())};
    *other = here();
  }
  if (!network.firewall || !network.sources || !network.behind)
    return std::unexpected{fmt::format("/proc/self/ns/net cannot be opened: {}", system_words())};
  const std::pair<const Descriptor*, Script> scripts[] = {
      {&network.firewall, firewall_script(rehearsal, network)},
      {&network.sources, end_script(rehearsal, "outside", outer_end, rehearsal.sources)},
      {&network.behind, end_script(rehearsal, "uplink", inner_end, addresses_behind(rehearsal))}};
  for (const auto& [place, script] : scripts) {
    if (!enter(*place)) return std::unexpected{why_forbidden(system_words())};
    if (auto made = run(rehearsal, script); !made) return std::unexpected{made.error()};
  }
  if (!enter(network.firewall)) return std::unexpected{why_forbidden(system_words())};
  network.errors = set_kernel_up(rehearsal);
  return network;
}

}  // namespace fwprobe::probe
