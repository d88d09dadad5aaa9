#include "checks/interception.h"

#include <algorithm>
#include <chrono>
#include <ranges>

#include <fmt/format.h>
#include <openssl/x509_vfy.h>

#include "allowlist/prefix.h"
#include "checks/distinguished_name.h"
#include "checks/signature.h"

namespace fwprobe::checks {
namespace {

using probe::Certificate;
using probe::TlsHandshake;

enum class Kind { inspects, distrusts, blocks, appliance };

struct Product {
  Kind kind;
  Sureness sureness;
  std::string_view name;
  std::string_view marks;
};
constexpr Product products[] = {
#define INSPECTOR(kind, sureness, name, marks) {Kind::kind, Sureness::sureness, name, marks},
#include "checks/inspection_products.inc"
#undef INSPECTOR
};

struct Expected {
  std::string_view host;
  std::string_view issuers;
};
constexpr Expected expected_issuers[] = {
#define EXPECTED(host, issuers) {host, issuers},
#include "checks/expected_issuers.inc"
#undef EXPECTED
};

bool bears(const std::vector<NameAttribute>& name, std::string_view marks) {
  return any_line_holds(marks, [&](const Mark& mark) {
    return std::ranges::any_of(name, [&](const NameAttribute& part) {
      return part.type == mark.place && is_like(part.value, mark.pattern);
    });
  });
}

/// The names of authorities in the chain: all issuers, and all subjects but the leaf's.
std::vector<std::string> authorities(const TlsHandshake& handshake) {
  std::vector<std::string> names;
  const auto add = [&](const std::string& name) {
    if (std::ranges::find(names, name) == names.end()) names.push_back(name);
  };
  for (const auto& certificate : handshake.chain) add(certificate.issuer);
  for (const auto& certificate : handshake.chain | std::views::drop(1)) add(certificate.subject);
  for (const auto& name : handshake.verified_path | std::views::drop(1)) add(name);
  return names;
}

struct Match {
  const Product* product = nullptr;
  std::string authority;  ///< the name that matched
};

template <typename Wanted>
std::optional<Match> match(const std::vector<std::string>& names, Wanted wanted) {
  std::optional<Match> best;
  for (const auto& name : names) {
    const auto parts = parse_name(name);
    for (const auto& product : products) {
      if (!wanted(product.kind) || !bears(parts, product.marks)) continue;
      if (!best || (best->product->sureness == Sureness::likely && product.sureness == Sureness::certain))
        best = Match{&product, name};
    }
  }
  return best;
}

bool is_issuer(Kind kind) { return kind == Kind::inspects || kind == Kind::distrusts; }

bool has_error(const TlsHandshake& handshake, std::initializer_list<int> codes) {
  return std::ranges::any_of(handshake.verify_errors, [&](const auto& error) {
    return std::ranges::find(codes, error.code) != codes.end();
  });
}

bool is_misnamed(const TlsHandshake& handshake) {
  return has_error(handshake, {X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH});
}

/// Issued by an authority that publishes what it issues, and verified against the system's roots: such
/// authorities may not serve for inspection (CA/Browser Forum Baseline Requirements §4.9.1.2).
bool is_public(const Case& the_case, const TlsHandshake& handshake) {
  return handshake.chain.front().public_log && handshake.verify_errors.empty() &&
         the_case.settings.tls.ca_file.empty();
}

/// The domain under a public suffix, nearly: the last two labels, or three below a registry's second level
/// ("example.co.uk"). Good enough to call two hosts unrelated.
std::string_view registrable(std::string_view host) {
  const auto before = [&](std::size_t end) {
    return end == std::string_view::npos || end == 0 ? std::string_view::npos : host.rfind('.', end - 1);
  };
  const auto last = host.rfind('.');
  const auto second = before(last);
  if (last == std::string_view::npos || second == std::string_view::npos) return host;
  const auto label = host.substr(second + 1, last - second - 1);
  constexpr std::string_view registries[] = {"co", "com", "org", "net", "gov", "edu", "ac", "or", "ne", "go"};
  const bool short_end =
      host.size() - last - 1 == 2 && std::ranges::find(registries, label) != std::end(registries);
  if (!short_end) return host.substr(second + 1);
  const auto third = before(second);
  return third == std::string_view::npos ? host : host.substr(third + 1);
}

/// Handshakes of this run with hosts of other owners whose leaf has the same issuer. One private authority
/// for two companies is no company's own.
Ids same_issuer_elsewhere(const Case& the_case, const Item<TlsHandshake>& handshake) {
  Ids found;
  const auto& host = handshake->question.verify;
  for (const auto& other : the_case.evidence.all<TlsHandshake>()) {
    const auto& whom = other->question.verify;
    if (other->chain.empty() || other->chain.front().public_log || whom.address || host.address) continue;
    if (registrable(whom.name) == registrable(host.name)) continue;
    if (other->chain.front().issuer == handshake->chain.front().issuer) found.push_back(other.id);
  }
  return found;
}

/// Made for this connection, or nearly: public and private authorities issue for months, devices on demand.
bool is_young(const Item<TlsHandshake>& handshake) {
  const auto age = handshake.time.started - handshake->chain.front().not_before;
  return age >= std::chrono::hours{0} && age < std::chrono::hours{24};
}

/// Public authorities put 64 random bits or more into a serial number (CA/Browser Forum Baseline Requirements
/// §7.1), devices often a counter, a time or a short hash. With 48 bits as the limit one in 65,536 is
/// wronged.
bool has_short_serial(const Certificate& leaf) {
  const auto first = leaf.serial.find_first_not_of('0');
  return first != std::string::npos && leaf.serial.size() - first <= 48 / 4;
}

/// Inside a network the device itself may be meant, or a server whose certificate it signed on purpose.
bool may_be_inside(const Case& the_case, const Item<TlsHandshake>& handshake) {
  const auto& host = handshake->question.verify;
  if (host.address) return true;
  if (the_case.evidence.find<probe::ProxyTunnel>(handshake->question.connection) != nullptr) return false;
  const auto* connection = underlying_connection(the_case.evidence, handshake.id);
  return connection != nullptr &&
         allowlist::scope(connection->question.remote.address()) != allowlist::Scope::global;
}

Confidence shifted(Confidence from, int steps) {
  return static_cast<Confidence>(std::clamp(static_cast<int>(from) + steps, static_cast<int>(Confidence::low),
                                            static_cast<int>(Confidence::high)));
}

/// What strengthens a suspicion, in words and as measurements; it is never enough alone.
struct Support {
  std::string words;
  Ids also;
  int steps() const { return words.empty() ? 0 : 1; }
};

Support support(const Case& the_case, const Item<TlsHandshake>& handshake) {
  Support found;
  if (handshake->chain.front().public_log) return found;
  if (is_young(handshake)) found.words += "; it was issued within the last day";
  found.also = same_issuer_elsewhere(the_case, handshake);
  if (!found.also.empty()) found.words += "; the same issuer signs for unrelated hosts of this run";
  return found;
}

std::string_view what_it_does(Kind kind) {
  return kind == Kind::distrusts ? ", by which it says that it does not trust the server's own certificate"
                                 : "";
}

/// A leaf that names the same maker as its issuer is the device's own rather than one made for the site.
const Product* own_certificate(const Certificate& leaf, std::string_view authority) {
  const auto subject = parse_name(leaf.subject);
  const auto issuer = parse_name(authority);
  const auto at = std::ranges::find_if(products, [&](const auto& product) {
    return product.kind == Kind::appliance && bears(subject, product.marks) && bears(issuer, product.marks);
  });
  return at == std::end(products) ? nullptr : &*at;
}

Inspection by_product(const Case& the_case, const Item<TlsHandshake>& handshake, const Match& match) {
  const auto& leaf = handshake->chain.front();
  const auto issuer = short_name(match.authority);
  auto strength = support(the_case, handshake);
  // Only beside a device's name, and outside: authorities that people make by hand count from 1, too.
  if (has_short_serial(leaf) && !leaf.public_log && !may_be_inside(the_case, handshake))
    strength.words += "; its serial number is shorter than public authorities make them";
  auto confidence = match.product->sureness == Sureness::certain ? Confidence::high : Confidence::medium;
  confidence = shifted(confidence, strength.steps() - (may_be_inside(the_case, handshake) ? 1 : 0));
  // A proof of a public log beside a device's name: copied, or a name that only looks alike.
  if (leaf.public_log) confidence = shifted(confidence, -1);
  if (own_certificate(leaf, match.authority) != nullptr && strength.also.empty())
    confidence = Confidence::low;
  if (confidence == Confidence::low)
    return {{}, fmt::format("'{}' may be the issuer of {}, which inspects TLS", issuer, match.product->name)};
  return {Interception{std::string{match.product->name}, issuer,
                       fmt::format("the certificate was issued by '{}', an authority of {}{}{}", issuer,
                                   match.product->name, what_it_does(match.product->kind), strength.words),
                       confidence, strength.also},
          {}};
}

Inspection by_block_page(const Match& match) {
  return {Interception{std::string{match.product->name},
                       short_name(match.authority),
                       fmt::format("what answers has the certificate of {}'s block page ('{}')",
                                   match.product->name, short_name(match.authority)),
                       Confidence::high,
                       {}},
          {}};
}

const Expected* expectation(const TlsHandshake& handshake) {
  const auto& host = handshake.question.verify;
  const auto at = std::ranges::find_if(
      expected_issuers, [&](const auto& row) { return !host.address && is_like(host.name, row.host); });
  return at == std::end(expected_issuers) ? nullptr : &*at;
}

/// Where the handshake went, as an allowlist's entries name it.
struct Peer {
  std::optional<asio::ip::address> address;  ///< none behind a proxy: it resolves the name
  std::uint16_t port = 0;
};

std::optional<Peer> peer_of(const Evidence& evidence, const Item<TlsHandshake>& handshake) {
  if (const auto* tunnel = evidence.find<probe::ProxyTunnel>(handshake->question.connection))
    return Peer{tunnel->question.host.address, tunnel->question.port};
  const auto* connection = underlying_connection(evidence, handshake.id);
  if (connection == nullptr) return std::nullopt;
  return Peer{connection->question.remote.address(), connection->question.remote.port()};
}

/// The authorities that the user's lists give for this place, on the day of the handshake.
std::vector<std::string_view> listed_issuers(const Case& the_case, const Item<TlsHandshake>& handshake) {
  const auto peer = peer_of(the_case.evidence, handshake);
  if (!peer) return {};
  const auto& host = handshake->question.verify;
  const std::chrono::year_month_day day{std::chrono::floor<std::chrono::days>(handshake.time.started)};
  const auto covers = [&](const allowlist::Entry& entry) {
    if (!allowlist::for_port(entry, peer->port) || !allowlist::in_force(entry, day)) return false;
    if (const auto* domain = std::get_if<allowlist::Domain>(&entry.what))
      return !host.address && allowlist::holds_name(*domain, host.name);
    return peer->address && std::get<allowlist::Prefix>(entry.what).contains(*peer->address);
  };
  std::vector<std::string_view> issuers;
  for (const auto& list : the_case.settings.allowlists)
    for (const auto& entry : list.entries)
      if (!entry.issuers.empty() && covers(entry))
        issuers.insert(issuers.end(), entry.issuers.begin(), entry.issuers.end());
  return issuers;
}

/// What is known of who may issue for a site, and whether one of those did.
enum class IssuedBy : std::uint8_t { unknown, expected, another };

IssuedBy issued_by_listed(const Case& the_case, const Item<TlsHandshake>& handshake) {
  const auto issuers = listed_issuers(the_case, handshake);
  if (issuers.empty()) return IssuedBy::unknown;
  const auto is_listed = [&](const NameAttribute& part) {
    return (part.type == "CN" || part.type == "O") &&
           std::ranges::any_of(issuers, [&](auto issuer) { return is_like(part.value, issuer); });
  };
  const bool found = std::ranges::any_of(authorities(*handshake.fact), [&](const auto& name) {
    return std::ranges::any_of(parse_name(name), is_listed);
  });
  return found ? IssuedBy::expected : IssuedBy::another;
}

IssuedBy issued_by_published(const TlsHandshake& handshake) {
  const auto* expected = expectation(handshake);
  if (expected == nullptr) return IssuedBy::unknown;
  const bool found = std::ranges::any_of(
      authorities(handshake), [&](const auto& name) { return bears(parse_name(name), expected->issuers); });
  return found ? IssuedBy::expected : IssuedBy::another;
}

/// A site with known authorities has a certificate of none of them. Roots that the user names (--ca-file)
/// are his own word about who may issue, and an allowlist's `issuers` the more exact one.
std::optional<Inspection> by_expectation(const Case& the_case, const Item<TlsHandshake>& handshake) {
  if (is_misnamed(*handshake.fact)) return std::nullopt;
  const auto listed = issued_by_listed(the_case, handshake);
  if (listed == IssuedBy::expected) return std::nullopt;
  const bool by_list = listed == IssuedBy::another;
  if (!by_list) {
    if (issued_by_published(*handshake.fact) != IssuedBy::another) return std::nullopt;
    if (handshake->verify_errors.empty() && !the_case.settings.tls.ca_file.empty()) return std::nullopt;
  }
  const auto issuer = short_name(handshake->chain.front().issuer);
  const auto strength = support(the_case, handshake);
  return Inspection{
      Interception{"the device that issued it", issuer,
                   fmt::format("the certificate was issued by '{}', which is none of the authorities {} {}{}",
                               issuer, by_list ? "that the allowlist gives for" : "of",
                               handshake->question.verify.name, strength.words),
                   handshake->chain.front().public_log && !by_list ? Confidence::medium : Confidence::high,
                   strength.also},
      {}};
}

/// The issuer is one that answers for a site with published authorities in the same run.
std::optional<Inspection> by_company(const Case& the_case, const Item<TlsHandshake>& handshake) {
  for (const auto& other : the_case.evidence.all<TlsHandshake>()) {
    if (other.id == handshake.id || other->chain.empty() ||
        other->chain.front().issuer != handshake->chain.front().issuer)
      continue;
    const auto seen = by_expectation(the_case, other);
    if (!seen) continue;
    const auto issuer = short_name(handshake->chain.front().issuer);
    return Inspection{
        Interception{"the device that issued it",
                     issuer,
                     fmt::format("the certificate was issued by '{}', which in the same run signs for "
                                 "{} as well and is none of its authorities",
                                 issuer, other->question.verify.name),
                     Confidence::medium,
                     {other.id}},
        {}};
  }
  return std::nullopt;
}

std::string hint(const Case& the_case, const Item<TlsHandshake>& handshake) {
  const auto& leaf = handshake->chain.front();
  if (const auto* own = own_certificate(leaf, leaf.issuer))
    return fmt::format(
        "it is the own certificate of {}: either {} is that device, or the device answers in its place",
        own->name, handshake->question.verify.name);
  if (leaf.self_issued || leaf.public_log || may_be_inside(the_case, handshake)) return {};
  const auto strength = support(the_case, handshake);
  if (strength.words.empty()) return {};
  return fmt::format("a device that inspects TLS is possible{}", strength.words);
}

}  // namespace

Inspection find_inspection(const Case& the_case, const Item<TlsHandshake>& handshake) {
  if (handshake->chain.empty() || is_public(the_case, *handshake.fact)) return {};
  const auto& leaf = handshake->chain.front();
  if (const auto page = match({leaf.subject, leaf.issuer}, [](Kind kind) { return kind == Kind::blocks; }))
    return by_block_page(*page);
  const auto listed = issued_by_listed(the_case, handshake);
  if (listed == IssuedBy::expected) return {};
  if (!leaf.self_issued)
    if (const auto product = match(authorities(*handshake.fact), is_issuer)) {
      auto inspection = by_product(the_case, handshake, *product);
      if (inspection.found && listed == IssuedBy::another) inspection.found->confidence = Confidence::high;
      if (inspection.found) return inspection;
      if (auto expected = by_expectation(the_case, handshake)) return *expected;
      if (const auto own = hint(the_case, handshake); !own.empty()) inspection.hint = own;
      return inspection;
    }
  if (auto expected = by_expectation(the_case, handshake)) return *expected;
  if (!leaf.self_issued)
    if (auto company = by_company(the_case, handshake)) return *company;
  return {{}, hint(the_case, handshake)};
}

}  // namespace fwprobe::checks
