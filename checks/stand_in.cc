#include "checks/stand_in.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "checks/azure_devops_answers.h"
#include "checks/builders.h"
#include "checks/location.h"
#include "checks/page.h"
#include "checks/signature.h"
#include "text/ascii.h"

namespace fwprobe::checks {
namespace {

using Kind = StandIn::Kind;

enum class Place : std::uint8_t { status, title, heading, body, goes, header };

struct PlacedMark {
  Place place;
  std::string_view name;  ///< of a header
  std::string pattern;    ///< in lower case, as a page's body is; elsewhere case makes no difference
};

struct Product {
  Kind kind;
  Sureness sureness;
  std::string_view name;
  std::vector<std::vector<PlacedMark>> ways;  ///< to know it; all marks of one must hold
};

std::vector<std::vector<PlacedMark>> read_ways(std::string_view lines) {
  constexpr std::string_view places[] = {"status", "title", "heading", "body", "goes"};
  std::vector<std::vector<PlacedMark>> ways;
  while (!lines.empty()) {
    auto line = next_line(lines);
    for (auto& way = ways.emplace_back(); !line.empty();) {
      const auto mark = next_mark(line);
      // What is none of them is a header's name.
      way.push_back({static_cast<Place>(std::ranges::find(places, mark.place) - std::begin(places)),
                     mark.place, ascii_lower(mark.pattern)});
    }
  }
  return ways;
}

/// Read once, for every answer of every target is held against all of it.
const std::vector<Product>& products() {
  static const std::vector<Product> rows{
#define PAGE(kind, sureness, name, marks) {Kind::kind, Sureness::sureness, name, read_ways(marks)},
#include "checks/block_pages.inc"
#undef PAGE
  };
  return rows;
}

struct Answer {
  const probe::HttpResponse& response;
  const probe::Url& asked;
  Page page;
  std::string status = std::to_string(response.status);

  /// Another host, or another port of it; from http to https is no other place.
  bool leaves(const probe::Url& url) const {
    if (url.host != asked.host) return true;
    const auto is_usual = [](const probe::Url& each) {
      return each.port == (each.scheme == "https" ? 443 : 80);
    };
    return url.port != asked.port && !(is_usual(url) && is_usual(asked));
  }

  bool has_header(const PlacedMark& mark) const {
    return std::ranges::any_of(response.headers, [&](const probe::HttpHeader& header) {
      return equal_ignoring_case(header.name, mark.name) && is_like(header.value, mark.pattern);
    });
  }

  /// `lead`: where the answer sends its client, when that is the mark.
  bool holds(const PlacedMark& placed, const probe::Url** lead) const {
    const auto& pattern = placed.pattern;
    switch (placed.place) {
      case Place::status:
        return status == pattern;
      case Place::title:
        return !page.title.empty() && is_like(page.title, pattern);
      case Place::heading:
        return !page.heading.empty() && is_like(page.heading, pattern);
      case Place::body:
        return !page.body.empty() && page.body.find(pattern) != std::string::npos;
      case Place::goes:
        for (const auto& url : page.leads_to) {
          if (!leaves(url) || !is_like(url.text(), pattern)) continue;
          *lead = &url;
          return true;
        }
        return false;
      case Place::header:
        return has_header(placed);
    }
    return false;
  }
};

/// The header by which a product's operators find an answer in their logs.
std::string reference(const probe::HttpResponse& response) {
  constexpr std::size_t longest = 120;
  for (const std::string_view name : {"CF-RAY", "X-Azure-Ref", "X-Amz-Cf-Id", "X-Iinfo"})
    if (const auto value = probe::header(response.headers, name); value && value->size() <= longest)
      return fmt::format("{} {}", name, *value);
  return {};
}

std::string what_it_says(const probe::HttpResponse& response, const Page& page) {
  auto words = fmt::format("{} {}", response.status, response.reason);
  if (!page.title.empty()) words += fmt::format(", '{}'", page.title);
  return words;
}

}  // namespace

std::optional<StandIn> find_stand_in(const probe::HttpResponse& response, const probe::Url& asked) {
  if (azure_devops::bears_mark(response)) return std::nullopt;
  const Answer answer{.response = response, .asked = asked, .page = read_page(response, asked)};
  const Product* best = nullptr;
  const probe::Url* best_lead = nullptr;
  for (const auto& product : products()) {
    const probe::Url* lead = nullptr;
    const auto holds = [&](const PlacedMark& mark) { return answer.holds(mark, &lead); };
    if (!std::ranges::any_of(product.ways, [&](const auto& way) { return std::ranges::all_of(way, holds); }))
      continue;
    if (best != nullptr && (best->sureness == Sureness::certain || product.sureness == Sureness::likely))
      continue;
    best = &product;
    best_lead = lead;
  }
  if (best == nullptr) return std::nullopt;
  return StandIn{best->kind, std::string{best->name},
                 best->sureness == Sureness::certain ? Confidence::high : Confidence::medium,
                 best_lead != nullptr ? best_lead->origin() : asked.origin(), reference(response)};
}

Finding stand_in_finding(const Case& the_case, const Item<probe::HttpExchange>& exchange,
                         const StandIn& who) {
  const auto& url = exchange->question.request.url;
  const auto& response = *exchange->result;
  Facts facts{{"host", url.host.name}, {"port", std::to_string(url.port)}, {"path", url.target()}};
  if (const auto* connection = underlying_connection(the_case.evidence, exchange.id))
    facts.emplace_back("address", connection->question.remote.address().to_string());
  const auto said = what_it_says(response, read_page(response, url));
  Cause cause = Cause::http_block_page;
  std::string summary;
  Location location{Where::path, {}, {}, {}, {}};
  switch (who.kind) {
    case Kind::filter:
      facts.emplace_back("filter", who.product);
      summary = fmt::format("{} answers in place of the server: {}", who.product, said);
      break;
    case Kind::firewall:
      facts.emplace_back("waf", who.product);
      facts.emplace_back("reference", who.reference);
      summary = fmt::format("{}, in front of the server, refuses the request: {}", who.product, said);
      location.where = Where::server;
      break;
    case Kind::portal:
      cause = Cause::http_captive_portal;
      facts.emplace_back("product", who.product);
      facts.emplace_back("portal", who.portal);
      summary = fmt::format("{} answers in place of the server: {}{}", who.product, said,
                            who.portal == url.origin() ? "" : fmt::format("; it leads to {}", who.portal));
      break;
  }
  // What went to a configured proxy as it was may have been answered by that proxy.
  if (exchange->question.form == probe::RequestForm::absolute && location.where == Where::path)
    location.where = Where::proxy;
  auto finding =
      problem(Status::fail, Check::http, url.text(), cause, std::move(summary), {exchange.id}, facts);
  finding.confidence = who.confidence;
  finding.location = location;
  if (location.where == Where::path) {
    const auto end = locate_stand_in(the_case, exchange.id);
    finding.summary += end.words;
    finding.confidence = std::min(finding.confidence, end.confidence);
    finding.location = end.location;
    finding.evidence.insert(finding.evidence.end(), end.evidence.begin(), end.evidence.end());
  }
  return finding;
}

}  // namespace fwprobe::checks
