#include "checks/ssh_algorithms.h"

#include <algorithm>

namespace fwprobe::checks {
namespace {

enum class List : std::uint8_t { key_exchange, host_key, cipher, mac };

struct Row {
  List list;
  std::string_view name;
};
constexpr Row rows[] = {
#define CLIENT_TAKES(list, name) {List::list, name},
#include "checks/ssh_algorithms.inc"
#undef CLIENT_TAKES
};

std::vector<std::string> names(List list) {
  std::vector<std::string> found;
  for (const auto& row : rows)
    if (row.list == list) found.emplace_back(row.name);
  return found;
}

using Names = std::vector<std::string>;

/// "The first algorithm on the client's list that is also on the server's list" (RFC 4253 §7.1); null: none.
const std::string* agreed(const Names& server, const Names& client) {
  const auto at = std::ranges::find_if(
      client, [&](const auto& name) { return std::ranges::find(server, name) != server.end(); });
  return at == client.end() ? nullptr : &*at;
}

/// A cipher that authenticates by itself, so that no MAC is agreed on (RFC 5647 §5.1, OpenSSH's PROTOCOL
/// §1.6).
bool needs_no_mac(const std::string& cipher) {
  return cipher.starts_with("chacha20-poly1305") || cipher.find("-gcm@") != cipher.npos;
}

}  // namespace

const probe::SshOffer& current_clients() {
  static const probe::SshOffer clients{names(List::key_exchange), names(List::host_key), names(List::cipher),
                                       names(List::cipher),       names(List::mac),      names(List::mac)};
  return clients;
}

std::optional<NothingInCommon> nothing_in_common(const probe::SshOffer& server,
                                                 const probe::SshOffer& client) {
  if (!agreed(server.key_exchange, client.key_exchange))
    return NothingInCommon{"key exchange method", &server.key_exchange, &client.key_exchange};
  if (!agreed(server.host_key, client.host_key))
    return NothingInCommon{"host key type", &server.host_key, &client.host_key};
  using Lists = std::vector<std::string> probe::SshOffer::*;
  for (const auto& [ciphers, macs] :
       {std::pair<Lists, Lists>{&probe::SshOffer::ciphers_to_server, &probe::SshOffer::macs_to_server},
        {&probe::SshOffer::ciphers_to_client, &probe::SshOffer::macs_to_client}}) {
    const auto* cipher = agreed(server.*ciphers, client.*ciphers);
    if (!cipher) return NothingInCommon{"cipher", &(server.*ciphers), &(client.*ciphers)};
    if (!needs_no_mac(*cipher) && !agreed(server.*macs, client.*macs))
      return NothingInCommon{"MAC", &(server.*macs), &(client.*macs)};
  }
  return std::nullopt;
}

}  // namespace fwprobe::checks
