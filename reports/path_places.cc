#include "reports/path_places.h"

#include <algorithm>

#include <fmt/format.h>

#include "checks/hop_names.h"
#include "checks/path_view.h"
#include "reports/layers.h"
#include "reports/value_text.h"

namespace fwprobe::reports {
namespace {

using checks::Investigation;
using checks::Location;
using checks::Where;

constexpr int longest_path = 64;
constexpr std::size_t most_hops = 5;  ///< that stand for themselves

std::string hops_title(int first, int last) {
  return first == last ? fmt::format("Hop {}", first) : fmt::format("Hops {}–{}", first, last);
}

class Places {
 public:
  explicit Places(const Investigation& investigation)
      : investigation_{investigation}, evidence_{investigation.evidence}, remote_{remote()} {
    if (const auto* diagnosis = trouble(investigation); diagnosis && diagnosis->location.where == Where::path)
      trouble_ = diagnosis->location;
    if (investigation.settings) {
      const auto& target = investigation.target;
      proxy_ = investigation.settings->proxies.choose(checks::name(target.scheme), target.host, target.port)
                   .server;
    }
  }

  std::vector<PathPlace> take() && {
    add_resolver();
    add_machine();
    const bool whole = remote_ && add_hops();
    const bool placed = !trouble_ || trouble_->hop;
    if (!whole || !placed) add_unknown();
    add_ends();
    return std::move(places_);
  }

 private:
  /// The address that the picture is about: the diagnosis', else one that answered, else the first.
  std::optional<probe::TcpEndpoint> remote() const {
    if (const auto* diagnosis = trouble(investigation_))
      for (const auto id : diagnosis->evidence) {
        const auto* connect = checks::underlying_connection(evidence_, id);
        if (connect != nullptr && connect->question.purpose != probe::TcpPurpose::compare)
          return connect->question.remote;
      }
    std::optional<probe::TcpEndpoint> first;
    for (const auto& connect : evidence_.all<probe::TcpConnect>()) {
      if (connect->question.purpose == probe::TcpPurpose::compare) continue;
      if (connect->result) return connect->question.remote;
      if (!first) first = connect->question.remote;
    }
    for (const auto& trace : evidence_.all<probe::PathTrace>())
      if (!first) first = trace->question.remote;
    return first;
  }

  const probe::DnsLookup* lookup() const {
    const auto is_name = [](const probe::DnsLookup* fact) {
      return fact != nullptr && fact->question.type != probe::DnsType::ptr;
    };
    if (const auto* diagnosis = trouble(investigation_))
      for (const auto id : diagnosis->evidence)
        if (const auto* fact = evidence_.find<probe::DnsLookup>(id); is_name(fact)) return fact;
    for (const auto& item : evidence_.all<probe::DnsLookup>())
      if (is_name(item.fact)) return item.fact;
    return nullptr;
  }

  void add_resolver() {
    if (const auto* asked = lookup())
      places_.push_back(
          {PlaceKind::resolver, "Resolver", {asked->question.resolver.address().to_string()}, 0, 0, false});
  }

  void add_machine() {
    PathPlace place{PlaceKind::machine, "This machine", {}, 0, 0, false};
    const auto& environment = evidence_.environment();
    if (!environment.host.empty()) place.lines.push_back(environment.host);
    for (const auto& own : environment.addresses)
      if (!remote_ || own.is_v4() == remote_->address().is_v4()) {
        place.lines.push_back(own.to_string());
        break;
      }
    places_.push_back(std::move(place));
  }

  // ---- hops

  probe::PathFlow flow() const {
    for (const auto& trace : evidence_.all<probe::PathTrace>())
      if (trace->question.remote == *remote_ && trace->question.flow == probe::PathFlow::client_hello)
        return probe::PathFlow::client_hello;
    return probe::PathFlow::syn;
  }

  PathPlace hop(const checks::PathView& view, int number) const {
    auto router = view.router_at(number);
    const bool of_controls = !router && !(view.expired_at(number) && view.control_router(number));
    if (!router) router = view.control_router(number);
    if (!router && trouble_ && trouble_->hop == number) router = trouble_->address;
    if (!router && trouble_ && trouble_->hop == number - 1) router = trouble_->next;
    PathPlace place{PlaceKind::silence, {}, {}, number, number, router && of_controls};
    if (!router) return place;
    place.kind = PlaceKind::hop;
    if (auto name = checks::name_of(evidence_, *router)) place.lines.push_back(std::move(*name));
    place.lines.push_back(router->to_string());
    return place;
  }

  /// The hops near the trouble stay themselves.
  bool is_near_trouble(const PathPlace& place) const {
    return trouble_ && trouble_->hop && place.last + 1 >= *trouble_->hop && place.first <= *trouble_->hop + 1;
  }

  /// Silence beside silence, and a device that answers for each lifetime, are one place.
  void join(std::vector<PathPlace>& hops, PathPlace next) const {
    const bool same = !hops.empty() && hops.back().kind == next.kind && hops.back().lines == next.lines &&
                      !(trouble_ && trouble_->hop == next.first);
    if (same)
      hops.back().last = next.last;
    else
      hops.push_back(std::move(next));
  }

  std::vector<PathPlace> shortened(std::vector<PathPlace> hops) const {
    if (hops.size() <= most_hops) return hops;
    std::vector<PathPlace> kept;
    for (std::size_t i = 0; i < hops.size(); ++i) {
      const bool stays = i == 0 || i + 1 == hops.size() || is_near_trouble(hops[i]);
      if (!stays && !kept.empty() && kept.back().kind == PlaceKind::several) {
        kept.back().last = hops[i].last;
      } else {
        kept.push_back(std::move(hops[i]));
        if (!stays) kept.back() = {PlaceKind::several, {}, {}, kept.back().first, kept.back().last, false};
      }
    }
    return kept;
  }

  /// Whether the way is known up to the server (or proxy).
  bool add_hops() {
    const checks::PathView view{evidence_, *remote_, flow()};
    auto end = view.server_distance();
    if (!end) end = view.nearest(probe::StepAnswer::accepted);
    int last = trouble_ && trouble_->hop ? *trouble_->hop : 0;
    const bool next_is_router = trouble_ && trouble_->next && *trouble_->next != remote_->address();
    if (next_is_router && last > 0) ++last;
    for (int number = 1; number <= longest_path && !end; ++number)
      if (view.router_at(number) || view.control_router(number)) last = std::max(last, number);
    if (end) last = std::max(last, std::min(*end - 1, longest_path));
    std::vector<PathPlace> hops;
    for (int number = 1; number <= last; ++number) join(hops, hop(view, number));
    for (auto& place : shortened(std::move(hops))) {
      place.title = hops_title(place.first, place.last);
      if (place.kind == PlaceKind::silence) place.lines = {"no answer"};
      places_.push_back(std::move(place));
    }
    return end.has_value();
  }

  void add_unknown() {
    const bool traced = places_.back().kind != PlaceKind::machine;
    PathPlace place{PlaceKind::unknown, traced ? "Not known" : "Network", {}, 0, 0, false};
    if (trouble_ && !trouble_->hop && trouble_->address)
      place.lines = {trouble_->address->to_string(), "at an unknown hop"};
    else if (!traced)
      place.lines = {"not traced"};
    places_.push_back(std::move(place));
  }

  // ---- the other end

  void add_ends() {
    const auto& target = investigation_.target;
    if (proxy_) {
      PathPlace place{
          PlaceKind::proxy, "Proxy", {fmt::format("{}:{}", proxy_->host.name, proxy_->port)}, 0, 0, false};
      if (remote_ && !proxy_->host.address) place.lines.push_back(remote_->address().to_string());
      places_.push_back(std::move(place));
    }
    PathPlace place{PlaceKind::server, "Server", {}, 0, 0, false};
    if (!target.host.address) place.lines.push_back(target.host.name);
    if (remote_ && !proxy_)
      place.lines.push_back(endpoint_text(remote_->address(), remote_->port()));
    else
      place.lines.push_back(fmt::format("port {}", target.port));
    places_.push_back(std::move(place));
  }

  const Investigation& investigation_;
  const checks::Evidence& evidence_;
  std::optional<probe::TcpEndpoint> remote_;
  std::optional<Location> trouble_;  ///< of a diagnosis on the path
  std::optional<probe::ProxyServer> proxy_;
  std::vector<PathPlace> places_;
};

}  // namespace

std::vector<PathPlace> places_of(const Investigation& investigation) { return Places{investigation}.take(); }

}  // namespace fwprobe::reports
