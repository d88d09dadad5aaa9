#include <algorithm>

#include <fmt/format.h>
#include <openssl/x509_vfy.h>

#include "checks/builders.h"
#include "checks/certificate.h"
#include "checks/interception.h"
#include "checks/location.h"

namespace fwprobe::checks {
namespace {

using probe::Certificate;
using probe::TlsHandshake;

struct Chain {
  const Case& the_case;
  const Item<TlsHandshake>& handshake;
  const std::string& subject;
  const Facts& facts;

  const probe::VerifyError* error(std::initializer_list<int> codes) const {
    const auto& errors = handshake->verify_errors;
    const auto at = std::ranges::find_if(
        errors, [&](const auto& e) { return std::ranges::find(codes, e.code) != codes.end(); });
    return at == errors.end() ? nullptr : &*at;
  }
  /// The certificate at a depth of the path, as far as it was presented. Servers send chains in any order and
  /// with more than is needed; where a path was built, its subjects say which it is.
  const Certificate* at(int depth) const {
    const auto index = static_cast<std::size_t>(std::max(depth, 0));
    const auto& path = handshake->verified_path;
    if (index < path.size()) {
      const auto named = std::ranges::find(handshake->chain, path[index], &Certificate::subject);
      return named == handshake->chain.end() ? nullptr : &*named;
    }
    return index < handshake->chain.size() ? &handshake->chain[index] : nullptr;
  }
  /// Its subject also when it was not presented: a root is this machine's own.
  std::string subject_at(int depth) const {
    const auto index = static_cast<std::size_t>(std::max(depth, 0));
    if (const auto* certificate = at(depth)) return certificate->subject;
    return index < handshake->verified_path.size() ? handshake->verified_path[index] : "?";
  }
  Finding problem_with(Status status, Cause cause, std::string summary, Facts more,
                       Confidence confidence = Confidence::high) const {
    auto known = facts;
    known.insert(known.end(), more.begin(), more.end());
    auto finding = problem(status, Check::tls, subject, cause, std::move(summary), {handshake.id}, known);
    finding.location = Location{Where::server, {}, {}, {}, {}};
    finding.confidence = confidence;
    return finding;
  }
};

std::string which(int depth) { return depth <= 0 ? "the certificate" : "an issuer's certificate"; }

std::string names_of(const Certificate& leaf) {
  constexpr std::size_t shown = 8;
  std::vector<std::string> names = leaf.dns_names;
  for (const auto& address : leaf.ip_names) names.push_back(address.to_string());
  if (names.empty()) return "no name at all";
  std::string all;
  for (std::size_t i = 0; i < std::min(shown, names.size()); ++i) all += (i == 0 ? "" : ", ") + names[i];
  if (names.size() > shown) all += fmt::format(" and {} more", names.size() - shown);
  return all;
}

std::optional<Finding> revoked(const Chain& chain) {
  if (chain.handshake->ocsp != probe::OcspStatus::revoked &&
      chain.error({X509_V_ERR_CERT_REVOKED}) == nullptr)
    return std::nullopt;
  const auto& detail = chain.handshake->ocsp_detail;
  const auto* leaf = chain.at(0);
  return chain.problem_with(Status::fail, Cause::tls_certificate_revoked,
                            fmt::format("the certificate is revoked{}{}", detail.empty() ? "" : ": ", detail),
                            {{"subject", leaf != nullptr ? leaf->subject : ""},
                             {"revocation", detail.empty() ? "its authority revoked it" : detail}});
}

std::optional<Finding> out_of_validity(const Chain& chain) {
  if (const auto* error = chain.error({X509_V_ERR_CERT_HAS_EXPIRED})) {
    const auto* certificate = chain.at(error->depth);
    const auto end = certificate != nullptr ? date(certificate->not_after) : std::string{};
    const auto expired = certificate != nullptr ? "expired on " + end : std::string{"has expired"};
    return chain.problem_with(
        Status::fail, Cause::tls_certificate_expired,
        fmt::format("{} '{}' {}", which(error->depth), chain.subject_at(error->depth), expired),
        {{"subject", chain.subject_at(error->depth)}, {"not_after", end}});
  }
  if (const auto* error = chain.error({X509_V_ERR_CERT_NOT_YET_VALID})) {
    const auto* certificate = chain.at(error->depth);
    const auto begin = certificate != nullptr ? date(certificate->not_before) : std::string{};
    const auto not_yet =
        certificate != nullptr ? fmt::format("is valid from {} on", begin) : std::string{"is not valid yet"};
    return chain.problem_with(
        Status::fail, Cause::tls_certificate_not_yet_valid,
        fmt::format("{} '{}' {}", which(error->depth), chain.subject_at(error->depth), not_yet),
        {{"subject", chain.subject_at(error->depth)}, {"not_before", begin}});
  }
  return std::nullopt;
}

std::optional<Finding> weak(const Chain& chain) {
  const auto* error =
      chain.error({X509_V_ERR_EE_KEY_TOO_SMALL, X509_V_ERR_CA_KEY_TOO_SMALL, X509_V_ERR_CA_MD_TOO_WEAK});
  if (error == nullptr) return std::nullopt;
  const auto* certificate = chain.at(error->depth);
  const auto weakness = certificate == nullptr ? error->text
                                               : fmt::format("{} {} bits, {}", certificate->key_type,
                                                             certificate->key_bits, certificate->signature);
  return chain.problem_with(
      Status::fail, Cause::tls_certificate_weak,
      fmt::format("{} is too weak: {}", which(error->depth), weakness),
      {{"subject", certificate != nullptr ? certificate->subject : ""}, {"weakness", weakness}});
}

/// Whether a good handshake of the same case brought a certificate of this subject along: another address of
/// the service, for example.
bool sent_elsewhere(const Chain& chain, const std::string& subject) {
  return std::ranges::any_of(chain.the_case.evidence.all<TlsHandshake>(), [&](const auto& other) {
    return other.id != chain.handshake.id && other->result && other->verify_errors.empty() &&
           std::ranges::find(other->chain, subject, &Certificate::subject) != other->chain.end();
  });
}

/// The certificate at which the path stops because its issuer is missing. No path is told then, but the leaf
/// is the first, and each issuer's name is the next one's subject.
const Certificate& end_of_path(const std::vector<Certificate>& certificates) {
  const auto* last = &certificates.front();
  for (std::size_t step = 0; step < certificates.size() && !last->self_issued; ++step) {
    const auto next = std::ranges::find(certificates, last->issuer, &Certificate::subject);
    if (next == certificates.end()) break;
    last = &*next;
  }
  return *last;
}

bool is_untrusted(const Chain& chain) {
  return chain.error({X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN,
                      X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
                      X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, X509_V_ERR_CERT_UNTRUSTED}) != nullptr;
}

/// Where the device's root is trusted it works here, and fails wherever clients bring their own roots.
Finding intercepted(const Chain& chain, const Interception& interception) {
  const bool trusted = !is_untrusted(chain);
  const auto end = locate_stand_in(chain.the_case, chain.handshake.id);
  auto finding = chain.problem_with(
      trusted ? Status::warn : Status::fail, Cause::tls_intercepted,
      fmt::format("{}; {}{}", interception.summary,
                  trusted ? "its root is trusted here, and not by clients with roots of their own"
                          : "it is not trusted here",
                  end.words),
      {{"product", interception.product}, {"issuer", interception.issuer}},
      std::min(interception.confidence, end.confidence));
  finding.location = end.location;
  std::ranges::copy(interception.also, std::back_inserter(finding.evidence));
  std::ranges::copy(end.evidence, std::back_inserter(finding.evidence));
  return finding;
}

/// Whom the presented chain leaves off with: the issuer that is not there, or not trusted.
std::optional<Finding> untrusted(const Chain& chain) {
  if (!is_untrusted(chain) || chain.handshake->chain.empty()) return std::nullopt;
  const auto& certificates = chain.handshake->chain;
  const auto& last = end_of_path(certificates);
  const Facts more{{"issuer", last.issuer}, {"subject", certificates.front().subject}};
  if (certificates.front().self_issued)
    return chain.problem_with(
        Status::fail, Cause::tls_certificate_self_signed,
        fmt::format("the certificate '{}' is self-signed and not trusted here", certificates.front().subject),
        more);
  if (last.self_issued)
    return chain.problem_with(Status::fail, Cause::tls_certificate_untrusted,
                              fmt::format("the chain ends in '{}', which is not trusted here", last.subject),
                              more);
  if (sent_elsewhere(chain, last.issuer))
    return chain.problem_with(
        Status::fail, Cause::tls_certificate_incomplete_chain,
        fmt::format("the server does not send the certificate of '{}'; another address of the service does",
                    last.issuer),
        more);
  // A root was sent that nothing leads to: what stands between them is missing.
  const bool beside_a_root = std::ranges::any_of(certificates, &Certificate::self_issued);
  if (beside_a_root)
    return chain.problem_with(
        Status::fail, Cause::tls_certificate_incomplete_chain,
        fmt::format("the certificate of '{}' is missing between those that the server sends", last.issuer),
        more, Confidence::medium);
  // The chain stops at a certificate whose issuer is neither sent nor known. Public authorities sign leaves
  // with intermediates only (CA/Browser Forum Baseline Requirements §6.1.7), and log them; but against roots
  // of the user's own that proves nothing. Else a leaf alone may as well come from a private root that needs
  // no intermediate, and that this machine should trust.
  const bool roots_given = !chain.the_case.settings.tls.ca_file.empty();
  if (certificates.size() == 1 && certificates.front().public_log && !roots_given)
    return chain.problem_with(Status::fail, Cause::tls_certificate_incomplete_chain,
                              fmt::format("the server does not send the certificate of '{}'", last.issuer),
                              more);
  auto finding = chain.problem_with(
      Status::fail, Cause::tls_certificate_untrusted,
      fmt::format("the chain ends at '{}', whose issuer '{}' is not trusted here and was not sent",
                  last.subject, last.issuer),
      more, certificates.size() == 1 ? Confidence::low : Confidence::medium);
  if (certificates.size() > 1) return finding;
  auto known = chain.facts;
  known.insert(known.end(), more.begin(), more.end());
  const auto other = remedy(Cause::tls_certificate_incomplete_chain, known);
  finding.remedy.insert(finding.remedy.end(), other.begin(), other.end());
  return finding;
}

std::optional<Finding> misnamed(const Chain& chain) {
  if (chain.error({X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH}) == nullptr ||
      chain.at(0) == nullptr)
    return std::nullopt;
  const auto names = names_of(*chain.at(0));
  return chain.problem_with(Status::fail, Cause::tls_certificate_name_mismatch,
                            fmt::format("the certificate does not name {}; it names {}",
                                        chain.handshake->question.verify.name, names),
                            {{"names", names}});
}

std::optional<Finding> otherwise_unverified(const Chain& chain) {
  const auto& errors = chain.handshake->verify_errors;
  if (errors.empty()) return std::nullopt;
  return chain.problem_with(
      Status::fail, Cause::tls_certificate_untrusted,
      fmt::format("verification says: {}", errors.front().text),
      {{"issuer", chain.handshake->chain.empty() ? "" : chain.handshake->chain.back().issuer}},
      Confidence::medium);
}

std::optional<Finding> expires_soon(const Chain& chain) {
  const auto limit = chain.handshake.time.started + chain.the_case.settings.expiry_warning;
  for (const auto& certificate : chain.handshake->chain) {
    // Servers send certificates that no path needs, expired cross-signatures above all; those end nothing.
    const auto& path = chain.handshake->verified_path;
    if (!path.empty() && std::ranges::find(path, certificate.subject) == path.end()) continue;
    if (certificate.not_after < chain.handshake.time.started) continue;
    // A root that servers send along needs no validity of its own; trust in it is the client's.
    if (certificate.self_issued && &certificate != &chain.handshake->chain.front()) continue;
    if (certificate.not_after > limit) continue;
    return chain.problem_with(
        Status::warn, Cause::tls_certificate_expires_soon,
        fmt::format("the certificate '{}' expires on {}", certificate.subject, date(certificate.not_after)),
        {{"subject", certificate.subject}, {"not_after", date(certificate.not_after)}});
  }
  return std::nullopt;
}

}  // namespace

Findings check_certificate(const Case& the_case, const Item<TlsHandshake>& handshake,
                           const std::string& subject, const Facts& facts) {
  const Chain chain{the_case, handshake, subject, facts};
  Findings findings;
  Findings guesses;
  // All that is wrong is said; what has to be mended first stands first. While nobody vouches for a
  // certificate its dates and its name prove little, and to renew a self-signed one mends nothing. A wrong
  // name says that another server's certificate came, whose dates do not matter then.
  const auto inspection = find_inspection(the_case, handshake);
  if (inspection.found) findings.push_back(intercepted(chain, *inspection.found));
  for (const auto judge : {revoked, untrusted, misnamed, weak, out_of_validity}) {
    if (judge == untrusted && inspection.found) continue;  // who issued it says why it is not trusted
    auto finding = judge(chain);
    if (!finding) continue;
    if (judge == untrusted && !inspection.hint.empty()) finding->summary += "; " + inspection.hint;
    (finding->confidence == Confidence::low ? guesses : findings).push_back(std::move(*finding));
  }
  // That nobody vouches for it may be all but certain, or a guess; what is certain goes before a guess.
  std::ranges::move(guesses, std::back_inserter(findings));
  if (findings.empty())
    if (auto finding = otherwise_unverified(chain)) findings.push_back(std::move(*finding));
  if (findings.empty())
    if (auto finding = expires_soon(chain)) findings.push_back(std::move(*finding));
  return findings;
}

}  // namespace fwprobe::checks
