#include "checks/redirects.h"

#include <algorithm>

#include <fmt/format.h>

namespace fwprobe::checks {
namespace {

constexpr std::size_t max_redirects = 10;

bool is_redirect(std::uint16_t status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

}  // namespace

bool is_expected(const Settings& settings, std::uint16_t status) {
  if (settings.expected_status.empty()) return status >= 200 && status < 300;
  return std::ranges::any_of(settings.expected_status, [&](const auto& range) {
    return range.first <= status && status <= range.last;
  });
}

probe::HttpRequest request_for(const probe::Url& url) {
  probe::HttpRequest request;
  request.url = url;
  return request;
}

Walk walk(const Case& the_case) {
  Walk walk;
  auto url = the_case.target.url;
  while (true) {
    Visit visit{url, {}, nullptr};
    visit.exchange = find_exchange(the_case.evidence, request_for(url), &visit.id);
    walk.visits.push_back(visit);
    if (visit.exchange == nullptr) return walk;
    walk.end = Walk::End::answered;
    if (!visit.exchange->result) return walk;
    const auto& response = *visit.exchange->result;
    const auto location = probe::header(response.headers, "Location");
    const bool asked_for =
        !the_case.settings.expected_status.empty() && is_expected(the_case.settings, response.status);
    if (!is_redirect(response.status) || !location || asked_for) return walk;
    auto next = probe::resolve(url, *location);
    if (!next || (next->scheme != "http" && next->scheme != "https")) {
      walk.end = Walk::End::bad_location;
      return walk;
    }
    const bool seen = std::ranges::find(walk.visits, *next, &Visit::url) != walk.visits.end();
    if (seen || walk.visits.size() > max_redirects) {
      walk.end = Walk::End::loop;
      return walk;
    }
    walk.end = Walk::End::pending;
    url = std::move(*next);
  }
}

Wishes web_wishes(const Case& the_case) {
  Wishes wishes;
  const auto visits = walk(the_case).visits;
  for (const auto& visit : visits) wishes.requests.push_back(request_for(visit.url));
  if (visits.size() > 1)
    wishes.because = fmt::format("the response m{} redirects there", visits[visits.size() - 2].id.number);
  return wishes;
}

}  // namespace fwprobe::checks
