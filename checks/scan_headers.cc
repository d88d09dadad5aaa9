// URLs in header fields: Location and Content-Location (RFC 9110 §10.2.2, §8.7), Link (RFC 8288), and the
// realms of WWW-Authenticate (RFC 9110 §11.6.1).

#include <algorithm>

#include "checks/challenge.h"
#include "checks/url_collector.h"
#include "checks/url_scan.h"

namespace fwprobe::checks {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool is_field(const probe::HttpHeader& header, std::string_view name) {
  return std::ranges::equal(header.name, name, {}, lower, lower);
}

void look_into(std::string_view value, std::string_view place, Role role, UrlCollector& into) {
  if (value.empty()) return;
  const auto& kept = into.look_into(value, role, Form::reference);
  for (const auto& one : kept) into.name_place(one, place);
}

/// The targets of `<target>; rel="next", <target>; …`; a target holds no ">".
void scan_links(std::string_view value, UrlCollector& into) {
  while (true) {
    const auto open = value.find('<');
    if (open == std::string_view::npos) return;
    const auto close = value.find('>', open);
    look_into(value.substr(open + 1, close == std::string_view::npos ? close : close - open - 1),
              "header Link", Role::mention, into);
    if (close == std::string_view::npos) return;
    value.remove_prefix(close + 1);
  }
}

}  // namespace

void scan_headers(const std::vector<probe::HttpHeader>& headers, Profile profile, UrlCollector& into) {
  for (const auto& header : headers) {
    if (is_field(header, "Location")) {
      look_into(header.value, "header Location", Role::self_link, into);
    } else if (is_field(header, "Content-Location")) {
      look_into(header.value, "header Content-Location", Role::self_link, into);
    } else if (is_field(header, "Link")) {
      scan_links(header.value, into);
    } else if (is_field(header, "WWW-Authenticate")) {
      for (const auto& realm : realms(header.value))
        look_into(realm, "realm of WWW-Authenticate", role_of_field("realm", profile), into);
    }
  }
}

}  // namespace fwprobe::checks
