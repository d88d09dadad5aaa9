// The certificate chain that the peer presented: who vouches for whom, until when, and where that ends.

#include <algorithm>

#include <fmt/format.h>

#include "reports/html_marks.h"
#include "reports/html_sections.h"
#include "reports/value_text.h"

namespace fwprobe::reports {
namespace {

using checks::Status;
using probe::Certificate;
using probe::TlsHandshake;
using probe::WallClock;

constexpr std::size_t most_chains = 4;
constexpr std::size_t most_certificates = 8;  ///< of one chain
constexpr std::size_t most_names = 12;

Html joined(std::string_view name, std::string_view value) {
  return element("div", {}, element("dt", {}, name), element("dd", {}, text(value, 200)));
}

std::string names_of(const Certificate& certificate) {
  auto names = certificate.dns_names;
  for (const auto& address : certificate.ip_names) names.push_back(address.to_string());
  if (names.empty()) return "no name";
  std::string all;
  for (std::size_t i = 0; i < std::min(names.size(), most_names); ++i)
    all += (i == 0 ? "" : ", ") + printable(names[i], 80);
  return names.size() > most_names ? fmt::format("{} and {} more", all, names.size() - most_names) : all;
}

/// Its days as a bar, and the day of the measurement on it.
Html validity(const Certificate& certificate, WallClock::time_point now) {
  // In hours, as the difference of two days far apart has no room in the clock's own unit.
  using Hours = std::chrono::duration<double, std::ratio<3600>>;
  const auto hours = [](WallClock::time_point time) { return Hours{time.time_since_epoch()}.count(); };
  const auto begin = std::min(hours(certificate.not_before), hours(now));
  const auto end = std::max({hours(certificate.not_after), hours(now), begin + 1});
  const auto part = [&](WallClock::time_point time) {
    return 0.02 + 0.96 * (hours(time) - begin) / (end - begin);
  };
  const bool valid = certificate.not_before <= now && now <= certificate.not_after;
  const auto from = part(certificate.not_before);
  const auto length = std::max(0.0, part(certificate.not_after) - from);
  Html drawn = element(
      "rect", {{"class", "span"}, {"x", "0"}, {"y", "5"}, {"width", "100%"}, {"height", "4"}, {"rx", "2"}});
  drawn += element("rect", {{"class", valid ? "bar pass" : "bar fail"},
                            {"x", percent(from)},
                            {"y", "4"},
                            {"width", percent(length)},
                            {"height", "6"},
                            {"rx", "3"}});
  drawn += element("circle", {{"class", "now"}, {"cx", percent(part(now))}, {"cy", "7"}, {"r", "5"}});
  return element("svg", {{"class", "validity"}, {"aria-hidden", "true"}}, drawn);
}

std::string validity_words(const Certificate& certificate, WallClock::time_point now) {
  const auto words = fmt::format("{} to {}", date(certificate.not_before), date(certificate.not_after));
  if (now < certificate.not_before) return words + ", not yet valid";
  return words + (now > certificate.not_after ? ", expired" : "");
}

/// The link to the issuer: whole or broken.
Html arrow(Status status) {
  Html drawn = element("path", {{"d", status == Status::pass ? "M12 2v34" : "M12 2v8M12 30v6"}});
  drawn += element("path", {{"d", "M7 30l5 7 5-7"}});
  if (status != Status::pass) drawn += mark_at(status, 12, 19);
  return element(
      "svg", {{"class", "link " + status_class(status)}, {"viewBox", "0 0 24 40"}, {"aria-hidden", "true"}},
      drawn);
}

std::vector<const probe::VerifyError*> errors_at(const TlsHandshake& fact, std::size_t depth) {
  std::vector<const probe::VerifyError*> errors;
  for (const auto& error : fact.verify_errors) {
    // One behind the chain's end is about the missing issuer of its last certificate.
    const auto at = std::min(static_cast<std::size_t>(std::max(error.depth, 0)), fact.chain.size() - 1);
    if (at == depth) errors.push_back(&error);
  }
  return errors;
}

Html card(const TlsHandshake& fact, std::size_t depth, WallClock::time_point now) {
  const auto& certificate = fact.chain[depth];
  const auto errors = errors_at(fact, depth);
  Html parts = element("p", {{"class", "role"}},
                       depth == 0                ? "Server's certificate"
                       : certificate.self_issued ? "Root, as presented"
                                                 : "Intermediate");
  parts += element("p", {{"class", "name"}}, text(certificate.subject, 200));
  for (const auto* error : errors)
    parts += element("p", {{"class", "wrong"}}, mark(Status::fail), text(" " + error->text, 200));
  parts += validity(certificate, now);
  Html rows;
  if (depth == 0) rows += joined("For", names_of(certificate));
  rows += joined("Valid", validity_words(certificate, now));
  rows += joined("Issuer", certificate.issuer);
  rows += joined("Key", fmt::format("{} {} bits, {}", certificate.key_type, certificate.key_bits,
                                    certificate.signature));
  rows += joined("SHA-256", certificate.sha256);
  parts += element("dl", {}, rows);
  return element("li", {{"class", errors.empty() ? "pass" : "fail"}}, parts);
}

Html joint(Status status) {
  return element("li", {{"class", "joint"}, {"aria-hidden", "true"}}, arrow(status));
}

/// Where trust comes from, or that it comes from nowhere.
Html anchor(const TlsHandshake& fact) {
  const bool found = !fact.verified_path.empty();
  Html parts = element("p", {{"class", "role"}}, found ? "Trusted root" : "No trusted root");
  if (found)
    parts += element("p", {{"class", "name"}}, text(fact.verified_path.back(), 200));
  else
    parts += element("p", {{"class", "wrong"}}, mark(Status::fail),
                     " nobody who is trusted vouches for this chain");
  parts += element("p", {},
                   fact.trusted_roots.empty() ? text("This machine has no trusted roots.")
                                              : text("Among those of " + fact.trusted_roots, 200));
  return element("li", {{"class", status_class(found ? Status::pass : Status::fail)}}, parts);
}

Html chain(const TlsHandshake& fact, WallClock::time_point now) {
  const auto link = [](bool whole) { return joint(whole ? Status::pass : Status::fail); };
  const auto& presented = fact.chain;
  const auto shown = std::min(presented.size(), most_certificates);
  Html cards;
  for (std::size_t depth = 0; depth < shown; ++depth) {
    if (depth > 0) cards += link(presented[depth - 1].issuer == presented[depth].subject);
    cards += card(fact, depth, now);
  }
  if (shown < presented.size())
    cards += element("li", {}, text(fmt::format("… {} more certificates", presented.size() - shown)));
  cards += link(!fact.verified_path.empty());
  cards += anchor(fact);
  return element("ol", {{"class", "chain"}}, cards);
}

std::string where(const checks::Investigation& target, const checks::Item<TlsHandshake>& item) {
  const auto& name = item->question.server_name;
  auto words = name.empty() ? std::string{"Without a server name"} : printable(name, 120);
  if (const auto* tcp = checks::underlying_connection(target.evidence, item.id))
    words += " at " + endpoint_text(tcp->question.remote.address(), tcp->question.remote.port());
  return fmt::format("{} ({})", words, id_text(item.id));
}

}  // namespace

Html certificates_section(const Section& section) {
  Html content;
  std::vector<std::string> seen;
  for (const auto& item : section.target.evidence.all<TlsHandshake>()) {
    if (item->chain.empty() || std::ranges::find(seen, item->chain.front().sha256) != seen.end()) continue;
    seen.push_back(item->chain.front().sha256);
    if (seen.size() > most_chains) continue;
    content += element(fmt::format("h{}", section.level + 2), {}, where(section.target, item));
    content += chain(*item.fact, item.time.started);
  }
  if (seen.size() > most_chains)
    content +=
        element("p", {{"class", "more"}}, text(fmt::format("… {} more chains", seen.size() - most_chains)));
  return titled(section, "certificates", "Certificates", content);
}

}  // namespace fwprobe::reports
