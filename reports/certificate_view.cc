#include "reports/certificate_view.h"

#include <algorithm>

namespace fwprobe::reports {

std::vector<const probe::Certificate*> own_certificates(const checks::Investigation& target) {
  std::vector<const probe::Certificate*> found;
  for (const auto& handshake : target.evidence.all<probe::TlsHandshake>()) {
    const bool own = handshake->question.policy != probe::TlsPolicy::comparison &&
                     handshake->question.verify == target.target.host &&
                     !checks::is_comparison(target.evidence, handshake->question.connection);
    if (own && !handshake->chain.empty()) found.push_back(&handshake->chain.front());
  }
  return found;
}

const probe::Certificate* own_certificate(const checks::Investigation& target) {
  const auto all = own_certificates(target);
  const auto first =
      std::ranges::min_element(all, {}, [](const auto* certificate) { return certificate->not_after; });
  return first == all.end() ? nullptr : *first;
}

}  // namespace fwprobe::reports
