#include "checks/url_collector.h"

#include <algorithm>

namespace fwprobe::checks {
namespace {

/// Distinct authorities that are remembered; a real response has a handful. Beyond it each is parsed anew.
constexpr std::size_t known_limit = 4096;

std::string_view trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t\r\n\f");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r\n\f") + 1 - begin);
}

}  // namespace

const std::vector<UrlCollector::Kept>& UrlCollector::look_into(std::string_view text, Role role, Form form) {
  kept_.clear();
  const auto beginning = text.find_first_not_of(" \t\r\n\f");
  bool at_beginning = false;
  if (form == Form::reference) {
    const auto reference = trimmed(text);
    if (auto found = network_path(reference, base_scheme_)) {
      add(reference, *found, role);
      at_beginning = true;
    }
  }
  UrlFinder finder{text};
  while (const auto found = finder.next()) {
    const bool first = found->begin == beginning;
    add(text, *found, first ? role : Role::mention);
    at_beginning = at_beginning || first;
  }
  if (role == Role::self_link && !at_beginning) {
    const auto whole = trimmed(text);
    if (const auto found = whole_scp_form(whole)) add(whole, *found, role);
  }
  return kept_;
}

void UrlCollector::add(std::string_view text, const UrlCandidate& candidate, Role role) {
  auto& authority = known(candidate);
  if (!authority.origin) return;
  ++scan_.total;
  if (role == Role::mention && !authority.local) return;
  auto& index = role == Role::mention ? authority.as_mention : authority.as_self_link;
  if (!index) index = entry(*authority.origin, role, authority.local ? local_kept_ : others_kept_);
  if (!index) return;
  auto& url = scan_.urls[*index];
  ++url.count;
  if (url.places.size() == places_kept) return;
  kept_.push_back({*index, url.places.size(), candidate.begin});
  url.places.push_back({shown(text, candidate, raw_limit), {}});
}

UrlCollector::Known& UrlCollector::known(const UrlCandidate& candidate) {
  key_.assign(candidate.scheme).append("\n").append(candidate.host_port);
  if (const auto at = known_.find(key_); at != known_.end()) return at->second;
  Known parsed;
  parsed.origin = parse_origin(candidate);
  parsed.local =
      parsed.origin && (is_localhost(parsed.origin->host) || is_private_address(parsed.origin->host));
  if (known_.size() < known_limit) return known_.emplace(key_, std::move(parsed)).first->second;
  unknown_ = std::move(parsed);
  return unknown_;
}

std::optional<std::size_t> UrlCollector::entry(const Origin& origin, Role role, std::size_t& kept) {
  // Other spellings of the same origin ("127.1", "LOCALHOST") share its entry.
  key_.assign(origin.scheme)
      .append("\n")
      .append(origin.host.name)
      .append("\n")
      .append(std::to_string(origin.port));
  if (role == Role::self_link) key_.push_back('!');
  if (const auto at = by_origin_.find(key_); at != by_origin_.end()) return at->second;
  if (kept >= origins_kept / 2) return std::nullopt;
  ++kept;
  const auto index = scan_.urls.size();
  by_origin_.emplace(key_, index);
  scan_.urls.push_back({origin, role, 0, {}});
  return index;
}

void UrlCollector::name_place(const Kept& kept, std::string_view place) {
  scan_.urls[kept.url].places[kept.place].place = place.substr(0, place_limit);
}

}  // namespace fwprobe::checks
