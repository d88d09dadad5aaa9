#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "checks/content_survey.h"
#include "checks/plan.h"

namespace fwprobe::checks {

Journey journey_to(const AnnouncedLink& link) {
  // The scheme only decides which proxy it goes through.
  constexpr std::pair<std::string_view, Scheme> schemes[] = {
      {"https", Scheme::https}, {"http", Scheme::http}, {"ssh", Scheme::ssh}};
  const auto* at =
      std::ranges::find(schemes, link.origin.scheme, &std::pair<std::string_view, Scheme>::first);
  const auto scheme = at == std::end(schemes) ? Scheme::tcp : at->second;
  std::string because;
  if (!link.evidence.empty())
    because = fmt::format("the response m{} names it: can a client follow it?", link.evidence.front().number);
  return {scheme, link.origin.host, link.origin.port, Reach::tcp, std::move(because)};
}

Wishes content_wishes(const Case& the_case) {
  Wishes wishes;
  for (const auto& link : announced_links(the_case)) wishes.journeys.push_back(journey_to(link));
  return wishes;
}

}  // namespace fwprobe::checks
