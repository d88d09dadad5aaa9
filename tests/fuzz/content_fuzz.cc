// Whatever a server answers is scanned in bounded memory and time, and what is said about it stays within the
// body. The first byte of an input chooses what the body is declared to be; the first line is a Location and
// a challenge.

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "checks/url_scan.h"

namespace {

using namespace fwprobe;
using checks::Profile;

void require(bool holds) {
  if (!holds) std::abort();
}

/// "body line 12 column 5…" names a place that exists.
void require_within(std::string_view place, std::string_view body) {
  constexpr std::string_view prefix = "body line ";
  if (!place.starts_with(prefix)) return;
  const std::string text{place.substr(prefix.size())};
  char* end = nullptr;
  const auto line = std::strtoull(text.c_str(), &end, 10);
  constexpr std::string_view between = " column ";
  require(std::string_view{end}.starts_with(between));
  const auto column = std::strtoull(end + between.size(), nullptr, 10);
  require(line >= 1 && line <= static_cast<std::size_t>(std::ranges::count(body, '\n')) + 1);
  require(column >= 1 && column <= body.size() + 1);
}

void require_limits(const checks::UrlScan& scan, std::string_view body, std::size_t bytes) {
  require(scan.urls.size() <= checks::origins_kept);
  require(scan.total <= bytes);
  std::size_t counted = 0;
  for (const auto& url : scan.urls) {
    counted += url.count;
    require(!url.places.empty() && url.places.size() <= checks::places_kept &&
            url.places.size() <= url.count);
    require(!url.origin.scheme.empty() && !url.origin.host.name.empty());
    for (const auto& place : url.places) {
      require(!place.place.empty() && place.place.size() <= checks::place_limit &&
              place.raw.size() <= checks::raw_limit);
      require_within(place.place, body);
    }
  }
  require(counted <= scan.total);
}

/// The fast look may err on one side only.
void require_fast_look(std::string_view body, const checks::UrlScan& scan, const probe::Url& base) {
  const auto asked = checks::origin_of(base);
  if (checks::may_lead_elsewhere(body, asked, asked)) return;
  for (const auto& url : scan.urls) require(url.role == checks::Role::mention || url.origin == asked);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  constexpr std::array types = {"application/json", "text/html", "text/plain", "", "image/svg+xml"};
  constexpr std::array profiles = {Profile::azure_devops_server, Profile::azure_devops_services,
                                   Profile::web};
  const std::string_view input{reinterpret_cast<const char*>(data) + 1, size - 1};
  const auto line = input.substr(0, input.find('\n'));
  const probe::Url base{.scheme = "https",
                        .has_userinfo = false,
                        .host = {"azure.example.com", {}},
                        .port = 443,
                        .path = "/",
                        .query = {}};

  probe::HttpResponse response;
  response.body = std::string{input.substr(std::min(line.size() + 1, input.size()))};
  response.headers = {{"Content-Type", types[data[0] % types.size()]}};
  const auto profile = profiles[data[0] / types.size() % profiles.size()];
  require_fast_look(response.body, checks::scan_response(response, base, profile), base);

  for (const char* name : {"Location", "Content-Location", "Link", "WWW-Authenticate"})
    response.headers.push_back({name, std::string{line}});
  require_limits(checks::scan_response(response, base, profile), response.body, 4 * size);
  return 0;
}
