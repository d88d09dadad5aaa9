// The root cause among the findings: the earliest broken thing on the way that the request has to go
// (docs/causes.md).

#include <algorithm>

#include <fmt/format.h>

#include "checks/builders.h"
#include "checks/checks.h"

namespace fwprobe::checks {
namespace {

/// Where on the way a finding's cause lies. The layers are in order; two causes of the API come before what
/// the responses say, since responses of another service, or below another path, say nothing about this one.
int place(const Finding& finding) {
  const auto layer = static_cast<int>(finding.check) * 2;
  // The request went on with one of the answers; when something stops it on that way, that is the cause.
  if (finding.cause == Cause::dns_disagreement) return static_cast<int>(Check::allowlist) * 2 - 1;
  // What the direct way met is why the proxy is needed.
  if (finding.cause == Cause::proxy_required) return static_cast<int>(Check::tcp) * 2 - 1;
  // A wrong clock harms nothing before the first certificate is looked at.
  if (finding.cause == Cause::local_clock_skew) return static_cast<int>(Check::tls) * 2 - 1;
  if (finding.cause == Cause::api_not_the_service || finding.cause == Cause::api_url_has_path)
    return static_cast<int>(Check::http) * 2 + 1;
  return layer;
}

/// Among addresses that fail, each in its own way, the one whose cause is surest; but that only some fail
/// explains more than what each of them met. Elsewhere sureness decides nothing.
int doubt(const Finding& finding) {
  if (finding.check != Check::tcp) return 0;
  return finding.cause == Cause::tcp_partial ? -1 : 2 - static_cast<int>(finding.confidence);
}

/// The first finding of a status that has a cause; its layer counts first, then the check's own order.
const Finding* earliest(const Findings& findings, Status status) {
  const Finding* best = nullptr;
  const auto precedence = [](const Finding& finding) { return std::pair{place(finding), doubt(finding)}; };
  for (const auto& finding : findings)
    if (finding.status == status && finding.cause &&
        (best == nullptr || precedence(finding) < precedence(*best)))
      best = &finding;
  return best;
}

/// What else is wrong, so that nobody thinks that all is said.
std::string also(const Findings& findings, const Finding& chosen) {
  constexpr std::size_t shown = 3;
  std::vector<std::string> others;
  for (const auto& finding : findings) {
    if (finding.status != chosen.status || !finding.cause || finding.cause == chosen.cause) continue;
    auto other = fmt::format("{} ({})", row(*finding.cause).code, finding.subject);
    if (std::ranges::find(others, other) == others.end()) others.push_back(std::move(other));
  }
  if (others.empty()) return {};
  const auto more = others.size() - std::min(others.size(), shown);
  others.resize(others.size() - more);
  return fmt::format(" Also found: {}{}.", fmt::join(others, ", "),
                     more > 0 ? fmt::format(" and {} more", more) : "");
}

std::string explanation(const Findings& findings, const Finding& finding) {
  auto words = fmt::format("{}: {}. {}", finding.subject, finding.summary, row(*finding.cause).meaning);
  if (finding.confidence == Confidence::low)
    words += " The evidence does not decide this alone; this is the more general of what it allows.";
  return words + also(findings, finding);
}

/// Where a check does not say it, its layer does.
Location location(const Finding& finding) {
  if (finding.location) return *finding.location;
  switch (finding.check) {
    case Check::environment:
      return {Where::local, {}, {}, {}, {}};
    case Check::dns:
      return {Where::resolver, {}, {}, {}, {}};
    case Check::path:
      return {Where::path, {}, {}, {}, {}};
    case Check::proxy:
      return {Where::proxy, {}, {}, {}, {}};
    default:
      return {Where::server, {}, {}, {}, {}};
  }
}

Diagnosis unmeasured(const Findings& findings) {
  Diagnosis diagnosis;
  diagnosis.title = "Could not be measured";
  diagnosis.location.where = Where::local;
  diagnosis.responsible = Responsible::client;
  for (const auto& finding : findings)
    if (finding.status == Status::error)
      diagnosis.explanation += (diagnosis.explanation.empty() ? "" : "; ") + finding.summary;
  diagnosis.remedy = {"Run the check again, with more time if it ended by its deadline (--deadline)."};
  return diagnosis;
}

}  // namespace

std::optional<Diagnosis> diagnose(const Case& the_case, const Findings& findings) {
  const auto status = worst(findings);
  if (status == Status::pass) return std::nullopt;
  const auto* root = earliest(findings, status);
  if (root == nullptr) return unmeasured(findings);
  const auto& cause = row(*root->cause);
  return Diagnosis{root->cause,     std::string{cause.title}, explanation(findings, *root),
                   location(*root), root->confidence,         cause.responsible,
                   root->remedy,    root->evidence,           flow_to_allow(the_case, findings, *root)};
}

}  // namespace fwprobe::checks
