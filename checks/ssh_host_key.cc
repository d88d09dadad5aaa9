#include "checks/ssh_host_key.h"

#include <algorithm>

#include "text/ascii.h"

namespace fwprobe::checks {
namespace {

struct Row {
  std::string_view host;
  std::string_view type;
  std::string_view fingerprint;
  std::string_view source;
};
constexpr Row rows[] = {
#define PUBLISHED_KEY(host, type, fingerprint, source) {host, type, fingerprint, source},
#include "checks/ssh_fingerprints.inc"
#undef PUBLISHED_KEY
};

/// RFC 4253 §6.6, RFC 5656 §3.1, RFC 8709 §4.
constexpr std::string_view known_types[] = {
    "ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "ssh-rsa", "ssh-dss"};

/// The type of the key that an algorithm of the offer signs with; empty: a certificate, which has no
/// fingerprint of its own (OpenSSH's PROTOCOL.certkeys).
std::string_view key_type(std::string_view algorithm) {
  if (algorithm == "rsa-sha2-256" || algorithm == "rsa-sha2-512") return "ssh-rsa";  // RFC 8332 §3
  return algorithm.find("-cert-v0") == algorithm.npos ? algorithm : std::string_view{};
}

}  // namespace

bool is_known_key_type(std::string_view type) {
  return std::ranges::find(known_types, type) != std::end(known_types);
}

PublishedKeys published_keys(const Case& the_case) {
  PublishedKeys published;
  for (const auto& fingerprint : the_case.settings.ssh_fingerprints)
    published.keys.push_back({{}, fingerprint});
  if (!published.keys.empty()) {
    published.source = "--ssh-fingerprint";
    published.by_user = true;
    return published;
  }
  for (const auto& row : rows) {
    if (!equal_ignoring_case(row.host, the_case.target.host.name)) continue;
    published.keys.push_back({std::string{row.type}, std::string{row.fingerprint}});
    published.source = row.source;
  }
  return published;
}

HostKeyComparison compare_host_keys(const Case& the_case, const PublishedKeys& published,
                                    const probe::TcpEndpoint& remote) {
  HostKeyComparison found;
  const auto may_be_published = [&](std::string_view type) {
    return std::ranges::any_of(published.keys,
                               [&](const auto& key) { return key.type.empty() || key.type == type; });
  };
  for (const auto& banner : the_case.evidence.all<probe::SshBanner>()) {
    const auto* base = underlying_connection(the_case.evidence, banner.id);
    if (!base || base->question.remote != remote) continue;
    found.evidence.push_back(banner.id);
    if (banner->host_key) found.seen.push_back(*banner->host_key);
    if (!banner->offer) continue;
    for (const auto& algorithm : banner->offer->host_key)
      if (const auto type = key_type(algorithm);
          !type.empty() && may_be_published(type) &&
          std::ranges::find(found.open_types, type) == found.open_types.end())
        found.open_types.emplace_back(type);
  }
  std::erase_if(found.open_types, [&](const auto& type) {
    return std::ranges::find(found.seen, type, &probe::SshHostKey::type) != found.seen.end();
  });

  const auto is_published = [&](const probe::SshHostKey& key) {
    return std::ranges::find(published.keys, key.fingerprint, &PublishedKey::fingerprint) !=
           published.keys.end();
  };
  // A server has one key of a type, so that another key of a published type is not its own.
  const auto stands_in = [&](const probe::SshHostKey& key) {
    return std::ranges::find(published.keys, key.type, &PublishedKey::type) != published.keys.end();
  };
  if (std::ranges::any_of(found.seen, is_published))
    found.match = HostKeyMatch::published;
  else if (std::ranges::any_of(found.seen, stands_in) || (!found.seen.empty() && found.open_types.empty()))
    found.match = HostKeyMatch::another;
  return found;
}

}  // namespace fwprobe::checks
