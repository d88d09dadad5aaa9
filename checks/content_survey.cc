#include "checks/content_survey.h"

#include <algorithm>

#include "checks/resolution.h"
#include "checks/stand_in.h"

namespace fwprobe::checks {
namespace {

bool is_azure(Profile profile) {
  return profile == Profile::azure_devops_server || profile == Profile::azure_devops_services;
}

/// The user is inside when he names a private address, or a name that leads to one.
bool is_asked_privately(const Case& the_case) {
  const auto& host = the_case.target.host;
  if (host.address) return is_private_address(host);
  const auto addresses = resolve_host(the_case, host).addresses;
  return std::ranges::any_of(addresses,
                             [](const auto& address) { return is_private_address({{}, address}); });
}

Asked asked(const Case& the_case, const probe::HttpExchange& exchange, bool is_private) {
  return {origin_of(the_case.target.url), origin_of(exchange.question.request.url), is_private,
          the_case.profile()};
}

void note(std::vector<probe::MeasurementId>& ids, probe::MeasurementId id) {
  if (std::ranges::find(ids, id) == ids.end()) ids.push_back(id);
}

bool same_place(const Origin& one, const Origin& other) {
  return one.host == other.host && one.port == other.port;
}

void add_link(std::vector<AnnouncedLink>& links, const Origin& origin, probe::MeasurementId id) {
  const auto at =
      std::ranges::find_if(links, [&](const auto& link) { return same_place(link.origin, origin); });
  if (at != links.end()) return note(at->evidence, id);
  if (links.size() < links_followed) links.push_back({origin, {id}});
}

/// "body /value/0/url", and of which response when there are several.
std::string place_in(const Response& response, const UrlPlace& place, bool several) {
  if (!several) return place.place;
  constexpr std::size_t shown_path = 80;
  return place.place + " of " + response.exchange->question.request.url.path.substr(0, shown_path);
}

void add_judged(Survey& survey, Verdict verdict, const FoundUrl& url, const Response& response,
                bool several) {
  auto at = std::ranges::find_if(survey.judged, [&](const JudgedUrls& known) {
    return known.verdict == verdict && same_place(known.origin, url.origin);
  });
  if (at == survey.judged.end()) {
    JudgedUrls added;
    added.verdict = verdict;
    added.origin = url.origin;
    if (!url.places.empty()) added.example = url.places.front().raw;
    at = survey.judged.insert(survey.judged.end(), std::move(added));
  }
  at->count += url.count;
  note(at->evidence, response.id);
  for (const auto& place : url.places)
    if (at->places.size() < places_kept) at->places.push_back(place_in(response, place, several));
}

}  // namespace

std::vector<Response> responses(const Case& the_case) {
  std::vector<Response> found;
  for (const auto& exchange : the_case.evidence.all<probe::HttpExchange>()) {
    if (is_comparison(the_case.evidence, exchange.id)) continue;
    if (exchange->result) {
      // The URLs of a block page or a portal are not the server's.
      if (!find_stand_in(*exchange->result, exchange->question.request.url))
        found.push_back({exchange.id, exchange.fact, &*exchange->result});
    } else if (const auto& partial = exchange->result.error().partial)
      found.push_back({exchange.id, exchange.fact, &*partial});
  }
  return found;
}

Survey survey_content(const Case& the_case) {
  Survey survey;
  const auto all = responses(the_case);
  survey.responses = all.size();
  const bool is_private = is_asked_privately(the_case);
  for (const auto& response : all) {
    const auto whom = asked(the_case, *response.exchange, is_private);
    const auto scan = scan_response(*response.content, response.exchange->question.request.url, whom.profile);
    survey.urls += scan.total;
    for (const auto& url : scan.urls) {
      if (const auto verdict = judge_url(url.origin, url.role, whom); verdict != Verdict::fine)
        add_judged(survey, verdict, url, response, all.size() > 1);
      if (leads_elsewhere(url.origin, url.role, whom)) add_link(survey.links, url.origin, response.id);
    }
  }
  return survey;
}

std::vector<AnnouncedLink> announced_links(const Case& the_case) {
  std::vector<AnnouncedLink> links;
  const auto profile = the_case.profile();
  for (const auto& response : responses(the_case)) {
    const auto& base = response.exchange->question.request.url;
    const auto whom = asked(the_case, *response.exchange, false);  // where a link leads does not depend on it
    // Other profiles have self-links in headers only: role_of_field().
    const bool in_body =
        is_azure(profile) && may_lead_elsewhere(response.content->body, whom.target, whom.responder);
    const auto scan = in_body ? scan_response(*response.content, base, profile)
                              : scan_response_headers(*response.content, base, profile);
    for (const auto& url : scan.urls)
      if (leads_elsewhere(url.origin, url.role, whom)) add_link(links, url.origin, response.id);
  }
  return links;
}

}  // namespace fwprobe::checks
