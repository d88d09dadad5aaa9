#pragma once
// Finds the URLs that a response names: in its headers and in its body, be it JSON, HTML or any text.
//
// What is a URL: scheme "://" authority, in plain text or escaped as such texts are: "http:\/\/localhost" and
// "\u006c" (JSON and JavaScript), "https%3A%2F%2Flocalhost" (in queries, up to three times encoded), "&#x2F;"
// (HTML), "http://%6cocalhost" (RFC 3986 §3.2.2). It may be the whole text or stand inside of it.
// "//host/path" counts where a reference is expected (HTML attributes, headers, self-links), "git@host:path"
// in any text, and "user@host:path" in self-links. vstfs: and file: name no host to reach. The host is judged
// after parsing, so that "http://localhost@real-host/" leads to real-host and the word localhost is no URL.
//
// What is left out, because it is written for people and not followed by clients: HTML comments; the text of
// code, pre, samp and kbd elements; the attributes placeholder, title, alt, label, cite, summary, aria-* and
// xmlns*; <meta name="description">; and in JSON the values of description, summary, comment, example(s),
// documentation, placeholder, helpText, tooltip, hint, releaseNotes, $comment, as well as consumerInputs and
// publisherInputs (a service hook's settings belong to its user). Of the access mappings of Azure DevOps,
// ServerAccessMapping is left out: by it the server's own machines reach each other, and
// http://localhost:8080 is its default.
//
// Time and memory are linear in the body, whatever is in it.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "checks/url_judgement.h"
#include "probe/facts/http.h"

namespace fwprobe::checks {

/// One occurrence.
struct UrlPlace {
  std::string raw;    ///< as written, without user, password, query; at most 256 bytes
  std::string place;  ///< "body /value/0/url" (RFC 6901), "body line 12 column 5", "header Location",
                      ///< "realm of WWW-Authenticate"; at most 256 bytes
};

/// All URLs of one origin and role.
struct FoundUrl {
  Origin origin;
  Role role = Role::mention;
  std::size_t count = 0;
  std::vector<UrlPlace> places;  ///< the first five
};

/// The URLs that can be wrong: every self-link, and those whose host is local or private. Mentions of public
/// hosts are only counted.
struct UrlScan {
  std::vector<FoundUrl> urls;  ///< at most 1000: up to 500 local or private, up to 500 others
  std::size_t total = 0;       ///< URLs seen, also those not kept
};

inline constexpr std::size_t places_kept = 5;
inline constexpr std::size_t raw_limit = 256;
inline constexpr std::size_t place_limit = 256;
inline constexpr std::size_t origins_kept = 1000;

class UrlCollector;

/// One part of a response each; they add to what `into` has.
void scan_json(std::string_view body, Profile profile, UrlCollector& into);
void scan_html(std::string_view body, UrlCollector& into);
/// `from`: where to begin (what comes before is only counted for the line number).
void scan_text(std::string_view body, UrlCollector& into, std::size_t from = 0);
void scan_headers(const std::vector<probe::HttpHeader>& headers, Profile profile, UrlCollector& into);

/// Headers and body, the body read as what it is rather than as what it says it is. `base`: the request's
/// URL.
UrlScan scan_response(const probe::HttpResponse& response, const probe::Url& base, Profile profile);

/// The headers alone.
UrlScan scan_response_headers(const probe::HttpResponse& response, const probe::Url& base, Profile profile);

/// Whether the body holds a URL of another origin than these two: a fast look without the body's structure.
/// It may say yes where scan_response() finds nothing that matters, but not the other way round.
bool may_lead_elsewhere(std::string_view body, const Origin& first, const Origin& second);

}  // namespace fwprobe::checks
