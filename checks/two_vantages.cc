#include "checks/two_vantages.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "checks/builders.h"
#include "checks/resolution.h"
#include "text/enum_name.h"

namespace fwprobe::checks {
namespace {

using asio::ip::address;
using namespace std::chrono_literals;

// ---- what a cause says about the place that it lies at

enum class Nature : std::uint8_t {
  vantage,      ///< this machine, its resolver, its proxy, its network: wherever the server is
  zone,         ///< what the name's own zone says
  device,       ///< a device on the way said so itself
  silence,      ///< something swallows or cuts it, and nothing says what
  certificate,  ///< what the certificate is, and whom this machine trusts
  credential,   ///< what was sent along, which a report does not hold
  answer,       ///< what the server itself answered
  server,       ///< the server's own doing below its answers
};

struct NatureRow {
  Cause cause;
  Nature nature;
};

/// Where a cause is not as its layer is.
constexpr NatureRow exceptions[] = {
    {Cause::dns_nxdomain, Nature::zone},
    {Cause::dns_nodata, Nature::zone},
    {Cause::dns_cname_loop, Nature::zone},
    {Cause::dns_private_address, Nature::zone},
    {Cause::tcp_filtered, Nature::silence},
    {Cause::tcp_path_mtu_black_hole, Nature::silence},
    {Cause::tcp_idle_dropped, Nature::silence},
    {Cause::tcp_rejected, Nature::device},
    {Cause::tcp_reset_in_path, Nature::device},
    {Cause::tcp_host_unreachable, Nature::device},
    {Cause::tcp_net_unreachable, Nature::device},
    {Cause::tcp_port_unreachable, Nature::device},
    {Cause::tcp_routing_loop, Nature::device},
    {Cause::tls_client_hello_dropped, Nature::silence},
    {Cause::tls_client_hello_reset, Nature::silence},
    {Cause::tls_sni_filtered, Nature::silence},
    {Cause::tls_handshake_timeout, Nature::silence},
    {Cause::tls_intercepted, Nature::vantage},
    {Cause::tls_client_certificate_required, Nature::credential},
    {Cause::tls_certificate_expired, Nature::certificate},
    {Cause::tls_certificate_not_yet_valid, Nature::certificate},
    {Cause::tls_certificate_name_mismatch, Nature::certificate},
    {Cause::tls_certificate_self_signed, Nature::certificate},
    {Cause::tls_certificate_untrusted, Nature::certificate},
    {Cause::tls_certificate_incomplete_chain, Nature::certificate},
    {Cause::tls_certificate_revoked, Nature::certificate},
    {Cause::tls_certificate_weak, Nature::certificate},
    {Cause::tls_certificate_expires_soon, Nature::certificate},
    {Cause::http_captive_portal, Nature::vantage},
    {Cause::http_block_page, Nature::vantage},
    {Cause::http_unauthorized, Nature::credential},
    {Cause::http_forbidden, Nature::credential},
    {Cause::api_token_missing, Nature::credential},
    {Cause::api_token_invalid, Nature::credential},
    {Cause::api_token_scope, Nature::credential},
    {Cause::api_webhook_permission_missing, Nature::credential},
    {Cause::allowlist_vantage_not_listed, Nature::vantage},
    {Cause::allowlist_entry_unreachable, Nature::vantage},
    {Cause::allowlist_rule_missing, Nature::vantage},
    {Cause::allowlist_rule_partial, Nature::vantage},
    {Cause::allowlist_rule_too_broad, Nature::vantage},
};

Nature nature_of(Cause cause) {
  const auto* exception = std::ranges::find(exceptions, cause, &NatureRow::cause);
  if (exception != std::end(exceptions)) return exception->nature;
  const auto code = row(cause).code;
  const auto layer = code.substr(0, code.find('.'));
  if (layer == "local" || layer == "proxy" || layer == "dns") return Nature::vantage;
  if (layer == "http" || layer == "content" || layer == "api") return Nature::answer;
  return Nature::server;
}

/// Causes that say only that this machine does not trust a certificate that is otherwise in order.
bool is_about_trust(Cause cause) {
  return cause == Cause::tls_certificate_untrusted || cause == Cause::tls_certificate_self_signed ||
         cause == Cause::tls_certificate_incomplete_chain;
}
bool is_about_dates(Cause cause) {
  return cause == Cause::tls_certificate_expired || cause == Cause::tls_certificate_not_yet_valid ||
         cause == Cause::tls_certificate_expires_soon;
}

// ---- one of the two

using Addresses = std::set<address>;

/// One run's sight of the target.
class View {
 public:
  explicit View(const Investigation& run) : run_{run}, case_{run.target, *run.settings, run.evidence} {}

  const Investigation& run() const { return run_; }
  const Settings& settings() const { return case_.settings; }
  Profile profile() const { return case_.profile(); }
  const probe::Environment& machine() const { return run_.evidence.environment(); }
  std::optional<Cause> cause() const { return run_.diagnosis ? run_.diagnosis->cause : std::nullopt; }
  bool measured() const { return run_.complete && run_.status != Status::error; }
  bool works() const { return run_.status != Status::fail; }

  probe::ProxyChoice proxy() const {
    return settings().proxies.choose(name(run_.target.scheme), run_.target.host, run_.target.port);
  }

  /// Of the target's host; behind a proxy nobody here knows them.
  Addresses resolved() const {
    if (proxy().server) return {};
    const auto found = resolve_host(case_, run_.target.host).addresses;
    return {found.begin(), found.end()};
  }

  /// The target's addresses that accepted a connection.
  Addresses reached() const {
    Addresses found;
    if (proxy().server) return found;
    for (const auto& attempt : run_.evidence.all<probe::TcpConnect>())
      if (attempt->result && attempt->question.remote.port() == run_.target.port)
        found.insert(attempt->question.remote.address());
    return found;
  }

  /// The addresses at which the diagnosis was met.
  Addresses met_at() const {
    Addresses found;
    if (proxy().server || !run_.diagnosis) return found;
    for (const auto id : run_.diagnosis->evidence)
      if (const auto* connection = underlying_connection(run_.evidence, id))
        if (connection->question.remote.port() == run_.target.port)
          found.insert(connection->question.remote.address());
    return found;
  }

  struct Shown {
    address where;
    const probe::Certificate* leaf;
  };
  /// The target's certificates by the address that showed them.
  std::vector<Shown> certificates() const {
    std::vector<Shown> found;
    for (const auto& handshake : run_.evidence.all<probe::TlsHandshake>()) {
      const auto& question = handshake->question;
      if (handshake->chain.empty() || run_.evidence.find<probe::ProxyTunnel>(question.connection)) continue;
      const auto* connection = underlying_connection(run_.evidence, question.connection);
      const auto& wanted = settings().server_name.empty() ? run_.target.host.name : settings().server_name;
      if (connection && connection->question.remote.port() == run_.target.port &&
          question.verify.name == wanted)
        found.push_back({connection->question.remote.address(), &handshake->chain.front()});
    }
    return found;
  }

  std::optional<probe::WallClock::time_point> time() const {
    if (run_.evidence.measurements().empty()) return std::nullopt;
    return run_.evidence.measurements().front().time.started;
  }

 private:
  const Investigation& run_;
  Case case_;
};

std::string text(const Addresses& addresses) {
  constexpr std::size_t shown = 4;
  std::vector<std::string> texts;
  for (const auto& one : addresses) texts.push_back(one.to_string());
  const auto more = texts.size() - std::min(texts.size(), shown);
  texts.resize(texts.size() - more);
  return fmt::format("{}{}", fmt::join(texts, ", "), more > 0 ? fmt::format(" and {} more", more) : "");
}

/// Addresses that lead to the same place from everywhere; those of one machine or one link do not.
Addresses common(const Addresses& a, const Addresses& b) {
  Addresses both;
  std::ranges::set_intersection(a, b, std::inserter(both, both.end()));
  std::erase_if(both, [](const address& one) {
    using allowlist::Scope;
    const auto scope = allowlist::scope(one);
    return scope == Scope::loopback || scope == Scope::link_local || scope == Scope::unspecified;
  });
  return both;
}

bool any_private(const Addresses& addresses) {
  return std::ranges::any_of(addresses,
                             [](const auto& one) { return allowlist::is_private(allowlist::scope(one)); });
}

// ---- the two together

class TwoVantages {
 public:
  TwoVantages(const Investigation& here, const Investigation& there) : here_{here}, there_{there} {}

  Comparison compare() && {
    note_addresses();
    note_proxies();
    note_certificates();
    decide();
    if (comparison_.fault != Fault::unknown) {
      weigh_addresses();
      weigh_time();
    }
    return std::move(comparison_);
  }

 private:
  void decide() {
    if (const auto other = asked_otherwise(); !other.empty())
      return cannot_tell(
          fmt::format("The two runs did not ask the same: {} differs. Give the control the same options",
                      fmt::join(other, ", ")));
    if (same_machine())
      return cannot_tell(
          fmt::format("Both reports are from the same machine, {}: what differs between them came and "
                      "went with time. A control is measured elsewhere; --site tells machines with the "
                      "same name and addresses apart",
                      here_.machine().host));
    for (const auto* view : {&here_, &there_})
      if (!view->measured()) return cannot_tell(fmt::format("{} was not measured to its end", of(*view)));
    if (here_.works() != there_.works())
      return here_.works() ? one_sided(there_, here_, Fault::there) : one_sided(here_, there_, Fault::here);
    const bool here_has = here_.cause().has_value(), there_has = there_.cause().has_value();
    if (!here_has && !there_has) {
      if (!here_.works()) return cannot_tell("Neither failure has a cause that could be compared");
      return conclude(Fault::none, Confidence::high, "It works from both vantages");
    }
    if (here_has != there_has)
      return here_has ? one_sided(here_, there_, Fault::here) : one_sided(there_, here_, Fault::there);
    if (here_.cause() == there_.cause()) return alike(*here_.cause());
    if (here_.works())
      return cannot_tell(
          fmt::format("It works from both vantages, each with a warning of its own: {} here, {} there",
                      row(*here_.cause()).code, row(*there_.cause()).code));
    cannot_tell(fmt::format(
        "Each vantage meets a fault of its own, {} here and {} there: neither is a control for the "
        "other",
        row(*here_.cause()).code, row(*there_.cause()).code));
  }

  // ---- what makes two runs comparable

  /// The options that differ and that decide what passes. How a vantage gets to the server (resolvers,
  /// source, proxy) belongs to the vantage.
  std::vector<std::string_view> asked_otherwise() const {
    const auto &a = here_.settings(), &b = there_.settings();
    const auto lists = [](const Settings& settings) {
      std::set<std::string> names;
      for (const auto& list : settings.allowlists) names.insert(list.name);
      return names;
    };
    const auto header_names = [](const Settings& settings) {
      std::set<std::string> names;
      for (const auto& header : settings.headers) names.insert(header.name);
      return names;
    };
    const auto statuses = [](const Settings& settings) {
      std::set<std::pair<std::uint16_t, std::uint16_t>> ranges;
      for (const auto& range : settings.expected_status) ranges.insert({range.first, range.last});
      return ranges;
    };
    const auto has_token = [](const Settings& settings) {
      return settings.token && !settings.token->empty();
    };
    const std::pair<std::string_view, bool> rows[] = {
        {"--profile", here_.profile() == there_.profile()},
        {"--collection", a.collection == b.collection},
        {"--sni", a.server_name == b.server_name},
        {"-4 or -6", a.family == b.family},
        {"--expect-public or --expect-private", a.name_scope == b.name_scope},
        {"--expect-address", a.expected_addresses == b.expected_addresses},
        {"--expect-status", statuses(a) == statuses(b)},
        {"--header", header_names(a) == header_names(b)},
        {"the token", has_token(a) == has_token(b)},
        {"--client-cert", a.tls.client_certificate.empty() == b.tls.client_certificate.empty()},
        {"--ca-file", a.tls.ca_file.empty() == b.tls.ca_file.empty()},
        {"--allowlist", lists(a) == lists(b)},
        {"--idle", a.idle == b.idle},
        {"--upload", a.upload == b.upload},
        {"--methods", a.methods == b.methods},
    };
    std::vector<std::string_view> differing;
    for (const auto& [option, same] : rows)
      if (!same) differing.push_back(option);
    return differing;
  }

  bool same_machine() const {
    const auto &a = here_.machine(), &b = there_.machine();
    return !a.host.empty() && a.host == b.host && a.addresses == b.addresses &&
           here_.settings().site == there_.settings().site &&
           here_.settings().egress == there_.settings().egress;
  }

  // ---- one works, the other does not

  void one_sided(const View& faulty, const View& working, Fault side) {
    if (!faulty.cause())
      return cannot_tell(fmt::format("{} has no cause that could be compared", of(faulty)));
    const auto cause = *faulty.cause();
    const auto nature = nature_of(cause);
    const auto code = row(cause).code;
    const auto where = side == Fault::here ? "this vantage" : "the control's vantage";
    comparison_.location = faulty.run().diagnosis->location;

    if (nature == Nature::vantage || nature == Nature::zone)
      return conclude(
          side, Confidence::high,
          fmt::format("{} passes, and {} lies by its nature on the side of whoever meets it: the fault is "
                      "at {}, its resolver, its proxy or its network",
                      of(working), code, where));
    if (nature == Nature::credential)
      return cannot_tell(
          fmt::format("{} passes where the other meets {}; that depends on the credentials as well, and "
                      "a report does not hold them. Use the same ones at both vantages",
                      of(working), code));

    // Something is shown to be closed only to one, when the other has been seen to find it open.
    const auto both = common(faulty.met_at(), working.reached());
    if (both.empty() && nature == Nature::device && comparison_.location->where == Where::path &&
        comparison_.location->address)
      return conclude(
          side, Confidence::medium,
          fmt::format("{} passes, and a device on the way of the other, {}, says {} itself: the fault is "
                      "on the way from {}",
                      of(working), comparison_.location->address->to_string(), code, where));
    if (both.empty())
      return cannot_tell(
          fmt::format("{} passes, but not at the address at which the other meets {}: that the server "
                      "works there is not shown. Repeat the control with --resolve {}={}",
                      of(working), code, faulty.run().target.host.name,
                      faulty.met_at().empty() ? "ADDRESS" : text(faulty.met_at())));
    if (nature == Nature::certificate) return certificates_differ(faulty, working, side, cause);
    if (nature == Nature::answer)
      return conclude(
          side, Confidence::low,
          fmt::format("{} passes at {}, where the other meets {}: the server answers {} otherwise, by its "
                      "address or by chance. Repeat both to rule chance out",
                      of(working), text(both), code, where));
    // The cause says how it looks from one side. That the server accepts the other takes it from the server.
    if (comparison_.location->where == Where::server) comparison_.location.reset();
    conclude(
        side, Confidence::high,
        fmt::format(
            "{} gets through at {} port {}, where the other meets {}: the fault is at {}, in its network, "
            "or in a rule for its address",
            of(working), text(both), faulty.run().target.port, code, where));
  }

  void certificates_differ(const View& faulty, const View& working, Fault side, Cause cause) {
    const auto where = side == Fault::here ? "this vantage" : "the control's vantage";
    const auto code = row(cause).code;
    if (certificates_are_the_same_) {
      if (is_about_trust(cause)) {
        comparison_.location = Location{Where::local, {}, {}, {}, {}};
        return conclude(side, Confidence::high,
                        fmt::format("{} gets the same certificate and trusts it: {} does not know its issuer",
                                    of(working), where));
      }
      if (is_about_dates(cause) && gap() < 1h) {
        comparison_.location = Location{Where::local, {}, {}, {}, {}};
        return conclude(
            side, Confidence::medium,
            fmt::format("{} gets the same certificate at about the same time, and by its clock it is in "
                        "order: compare the clocks",
                        of(working)));
      }
      return cannot_tell(
          fmt::format("Both get the same certificate, and only one meets {}: they were measured at "
                      "different times, or verify differently",
                      code));
    }
    if (issuers_differ_) {
      comparison_.location = Location{Where::path, {}, {}, {}, {}};
      return conclude(
          side, faulty_is_unlogged(faulty, working) ? Confidence::high : Confidence::medium,
          fmt::format("The same address shows another certificate from {}, of another issuer: something on "
                      "its way inspects TLS and puts its own in place",
                      where));
    }
    cannot_tell(
        fmt::format("{} gets another certificate at the same address, of the same issuer: it was renewed "
                    "between the two, or several servers stand behind the address",
                    of(working)));
  }

  // ---- both meet the same

  void alike(Cause cause) {
    const auto nature = nature_of(cause);
    const auto code = row(cause).code;
    const auto &a = here_.run().diagnosis->location, &b = there_.run().diagnosis->location;
    const auto both = common(here_.met_at(), there_.met_at());
    comparison_.location = a;
    switch (nature) {
      case Nature::vantage:
        comparison_.location.reset();
        return cannot_tell(
            fmt::format("Both meet {}, which lies on the side of each vantage: whether the server works "
                        "is not shown",
                        code));
      case Nature::zone:
        return conclude(
            Fault::server, resolvers_in_common() ? Confidence::medium : Confidence::high,
            fmt::format("Both meet {}{}: what the name's zone says, not a vantage", code,
                        resolvers_in_common() ? " at the same resolver" : " at different resolvers"));
      case Nature::device:
        if (a.address && a.address == b.address)
          return conclude(
              Fault::server, Confidence::high,
              fmt::format("Both meet {}, and the same device, {}, says so: it stands in front of the server "
                          "for both",
                          code, a.address->to_string()));
        comparison_.location.reset();
        return cannot_tell(
            fmt::format("Both meet {}, each from a device of its own: whether the server works is not "
                        "shown",
                        code));
      case Nature::silence:
        comparison_.location = Location{Where::server, {}, {}, {}, {}};
        return conclude(
            Fault::server, both.empty() ? Confidence::low : Confidence::medium,
            fmt::format("Both meet {}{}: at the server, at what stands close in front of it, or in both "
                        "networks alike",
                        code, both.empty() ? ", at different addresses" : ""));
      case Nature::certificate:
        if (issuers_differ_) {
          comparison_.location.reset();
          return cannot_tell(
              fmt::format("Both meet {}, with certificates of different issuers at the same address: "
                          "something inspects TLS on at least one of the ways",
                          code));
        }
        [[fallthrough]];
      default:
        return conclude(Fault::server, both.empty() ? Confidence::medium : Confidence::high,
                        fmt::format("Both meet {}{}: it does not depend on the vantage", code,
                                    both.empty() ? "" : fmt::format(" at {}", text(both))));
    }
  }

  bool resolvers_in_common() const {
    const auto of_view = [](const View& view) {
      std::set<probe::UdpEndpoint> asked;
      for (const auto& lookup : view.run().evidence.all<probe::DnsLookup>())
        asked.insert(lookup->question.resolver);
      return asked;
    };
    const auto ours = of_view(here_), theirs = of_view(there_);
    return std::ranges::any_of(ours, [&](const auto& one) { return theirs.contains(one); });
  }

  // ---- what else differs

  void note_addresses() {
    const auto ours = here_.resolved(), theirs = there_.resolved();
    if (ours.empty() || theirs.empty() || !common(ours, theirs).empty()) return;
    if (std::ranges::any_of(ours, [&](const auto& one) { return theirs.contains(one); })) {
      comparison_.notes.push_back(fmt::format(
          "{} is another place for each of the two: an address of one machine or one link only", text(ours)));
      return;
    }
    const auto why = any_private(ours) != any_private(theirs)
                         ? "split horizon: inside and outside have different answers"
                         : "split horizon, or DNS that answers by place";
    comparison_.notes.push_back(fmt::format("{} is {} here and {} there ({})", here_.run().target.host.name,
                                            text(ours), text(theirs), why));
  }

  void note_proxies() {
    const auto ours = here_.proxy(), theirs = there_.proxy();
    const auto way = [](const probe::ProxyChoice& choice) {
      return choice.server ? fmt::format("through the proxy {}",
                                         host_port(choice.server->host.name, choice.server->port))
                           : std::string{"directly"};
    };
    if (ours.server || theirs.server)
      comparison_.notes.push_back(
          fmt::format("measured {} here and {} there; which address a proxy connects to is not known",
                      way(ours), way(theirs)));
  }

  /// The same address shows one certificate to all, unless something on the way puts its own in place.
  void note_certificates() {
    bool any_same = false;
    std::set<address> said;
    const auto theirs = there_.certificates();
    for (const auto& ours : here_.certificates()) {
      for (const auto& other : theirs) {
        if (ours.where != other.where || ours.leaf->sha256.empty() || other.leaf->sha256.empty()) continue;
        if (ours.leaf->sha256 == other.leaf->sha256) {
          any_same = true;
          continue;
        }
        certificates_differ_ = true;
        const bool by_issuer = ours.leaf->issuer != other.leaf->issuer;
        issuers_differ_ = issuers_differ_ || by_issuer;
        if (!said.insert(ours.where).second) continue;
        comparison_.notes.push_back(fmt::format("{} shows certificate {} of {} here and {} of {} there{}",
                                                ours.where.to_string(), brief(*ours.leaf), ours.leaf->issuer,
                                                brief(*other.leaf), other.leaf->issuer,
                                                by_issuer ? ": TLS is inspected on one of the ways" : ""));
      }
    }
    certificates_are_the_same_ = any_same && !certificates_differ_;
  }

  static std::string brief(const probe::Certificate& certificate) {
    constexpr std::size_t shown = 16;
    return certificate.sha256.substr(0, shown) + "…";
  }

  /// A public authority's certificate stands in a public log; an inspecting device's cannot.
  static bool faulty_is_unlogged(const View& faulty, const View& working) {
    const auto logged = [](const View& view) {
      return std::ranges::any_of(view.certificates(),
                                 [](const auto& shown) { return shown.leaf->public_log; });
    };
    return !logged(faulty) && logged(working);
  }

  std::chrono::nanoseconds gap() const {
    const auto a = here_.time(), b = there_.time();
    if (!a || !b) return 0ns;
    return *a < *b ? *b - *a : *a - *b;
  }

  void weigh_time() {
    const auto hours = std::chrono::floor<std::chrono::hours>(gap());
    if (hours < 1h) return;
    const bool later = *there_.time() > *here_.time();
    comparison_.notes.push_back(fmt::format(
        "the control was measured {} {}: what holds for one time need not hold for "
        "the other",
        hours < 48h ? fmt::format("{} h", hours.count()) : fmt::format("{} days", hours.count() / 24),
        later ? "later" : "earlier"));
    const bool one_step = hours < 24h && comparison_.confidence == Confidence::high;
    comparison_.confidence = one_step ? Confidence::medium : Confidence::low;
  }

  /// Every private network has its own 10.0.0.5. The same certificate shows that it is the same server.
  void weigh_addresses() {
    const auto both = common(here_.resolved(), there_.resolved());
    if (!any_private(both) || certificates_are_the_same_) return;
    comparison_.notes.push_back(
        fmt::format("{} is private: the two mean the same server by it only when their networks "
                    "are joined",
                    text(both)));
    comparison_.confidence = std::min(comparison_.confidence, Confidence::medium);
  }

  // ---- conclusions

  std::string of(const View& view) const { return &view == &here_ ? "This vantage" : "The control"; }

  void conclude(Fault fault, Confidence confidence, std::string summary) {
    comparison_.fault = fault;
    comparison_.confidence = confidence;
    comparison_.summary = std::move(summary) + ".";
  }
  void cannot_tell(std::string summary) {
    comparison_.location.reset();
    conclude(Fault::unknown, Confidence::low, std::move(summary));
  }

  View here_;
  View there_;
  Comparison comparison_;
  bool certificates_differ_ = false;
  bool certificates_are_the_same_ = false;
  bool issuers_differ_ = false;
};

}  // namespace

std::string_view name(Fault fault) {
  static constexpr std::string_view names[] = {"none", "here", "there", "server", "unknown"};
  return enum_name(names, fault);
}

Comparison compare_vantages(const Investigation& here, const Investigation* there) {
  if (there == nullptr) {
    Comparison comparison;
    comparison.summary = "The control does not hold this target.";
    return comparison;
  }
  auto comparison = TwoVantages{here, *there}.compare();
  comparison.control_status = there->status;
  if (there->diagnosis && there->status != Status::pass) comparison.control_cause = there->diagnosis->cause;
  return comparison;
}

}  // namespace fwprobe::checks
