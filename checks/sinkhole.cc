#include "checks/sinkhole.h"

#include "allowlist/prefix.h"
#include "checks/signature.h"
#include "text/ascii.h"

namespace fwprobe::checks {
namespace {

struct ByAddress {
  Sureness sureness;
  std::string_view prefix;
  std::string_view filter;
  std::string_view own;
};
constexpr ByAddress addresses[] = {
#define SINKHOLE(sureness, prefix, filter, own) {Sureness::sureness, prefix, filter, own},
#define SINKHOLE_NAME(name, filter)
#include "checks/sinkholes.inc"
#undef SINKHOLE
#undef SINKHOLE_NAME
};

struct ByName {
  std::string_view name;
  std::string_view filter;
};
constexpr ByName names[] = {
#define SINKHOLE(sureness, prefix, filter, own)
#define SINKHOLE_NAME(name, filter) {name, filter},
#include "checks/sinkholes.inc"
#undef SINKHOLE
#undef SINKHOLE_NAME
};

bool is_at_or_below(std::string_view name, std::string_view domain) {
  if (domain.empty() || name.size() < domain.size()) return false;
  const auto end = name.substr(name.size() - domain.size());
  return equal_ignoring_case(end, domain) &&
         (name.size() == domain.size() || name[name.size() - domain.size() - 1] == '.');
}

std::string_view without_dot(std::string_view name) {
  return name.ends_with('.') ? name.substr(0, name.size() - 1) : name;
}

}  // namespace

std::optional<Sinkhole> listed_sinkhole(const asio::ip::address& address, std::string_view host) {
  for (const auto& row : addresses) {
    const auto prefix = allowlist::parse_prefix(row.prefix);
    if (prefix && prefix->prefix.contains(address) && !is_at_or_below(without_dot(host), row.own))
      return Sinkhole{row.filter, row.sureness == Sureness::certain ? Confidence::high : Confidence::medium};
  }
  return std::nullopt;
}

std::optional<Sinkhole> listed_sinkhole(std::string_view alias, std::string_view host) {
  for (const auto& row : names)
    if (is_at_or_below(without_dot(alias), row.name) && !is_at_or_below(without_dot(host), row.name))
      return Sinkhole{row.filter, Confidence::high};
  return std::nullopt;
}

}  // namespace fwprobe::checks
