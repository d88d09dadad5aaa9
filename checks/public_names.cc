#include "checks/public_names.h"

#include <algorithm>
#include <vector>

#include "allowlist/allowlist.h"
#include "checks/signature.h"
#include "checks/sinkhole.h"

namespace fwprobe::checks {
namespace {

#define EXPECTED(host, issuers) host,
constexpr std::string_view expected_hosts[] = {
#include "checks/expected_issuers.inc"
};
#undef EXPECTED

#define EXPECTED(host, issuers) issuers,
#define INSPECTOR(kind, sureness, product, marks) marks,
constexpr std::string_view authorities[] = {
#include "checks/expected_issuers.inc"
#include "checks/inspection_products.inc"
};
#undef EXPECTED
#undef INSPECTOR

struct PublishedKey {
  std::string_view host, fingerprint;
};
#define PUBLISHED_KEY(host, type, fingerprint, source) {host, fingerprint},
constexpr PublishedKey keys[] = {
#include "checks/ssh_fingerprints.inc"
};
#undef PUBLISHED_KEY

const std::vector<allowlist::Allowlist>& published() {
  static const auto lists = [] {
    std::vector<allowlist::Allowlist> all;
    for (const auto name : allowlist::published_names())
      if (auto list = allowlist::load(name)) all.push_back(std::move(*list));
    return all;
  }();
  return lists;
}

template <typename Holds>
bool any_entry(Holds holds) {
  return std::ranges::any_of(published(),
                             [&](const auto& list) { return std::ranges::any_of(list.entries, holds); });
}

bool is_or_below(std::string_view name, std::string_view domain) {
  return name == domain || (name.ends_with(domain) && name[name.size() - domain.size() - 1] == '.');
}

}  // namespace

bool is_public_host(std::string_view name) {
  // Below a wildcard stand customers: their own label is no public knowledge, so the whole name must be
  // listed.
  const auto listed = [&](const allowlist::Entry& entry) {
    const auto* domain = std::get_if<allowlist::Domain>(&entry.what);
    return domain && domain->name == name;
  };
  const auto is_site = [&](std::string_view host) {
    return host == name || host == "*." + std::string{name};
  };
  return any_entry(listed) || listed_sinkhole(name, {}) || std::ranges::any_of(expected_hosts, is_site) ||
         std::ranges::any_of(keys, [&](const auto& key) { return is_or_below(name, key.host); });
}

bool is_public_address(const asio::ip::address& address) {
  return listed_sinkhole(address, {}) || any_entry([&](const allowlist::Entry& entry) {
           const auto* prefix = std::get_if<allowlist::Prefix>(&entry.what);
           return prefix && prefix->contains(address);
         });
}

std::optional<std::string_view> authority_mark(const NameAttribute& attribute) {
  for (const auto lines : authorities) {
    std::optional<std::string_view> found;
    any_line_holds(lines, [&](const Mark& mark) {
      if (!found && mark.place == attribute.type && is_like(attribute.value, mark.pattern))
        found = mark.pattern;
      return found.has_value();
    });
    if (found) return found;
  }
  return std::nullopt;
}

bool is_public_fingerprint(std::string_view fingerprint) {
  return std::ranges::find(keys, fingerprint, &PublishedKey::fingerprint) != std::end(keys);
}

}  // namespace fwprobe::checks
