#include "reports/certificate_view.h"

namespace fwprobe::reports {

const probe::Certificate* own_certificate(const checks::Investigation& target) {
  const probe::Certificate* found = nullptr;
  for (const auto& handshake : target.evidence.all<probe::TlsHandshake>()) {
    const bool own = handshake->question.policy != probe::TlsPolicy::comparison &&
                     handshake->question.verify == target.target.host &&
                     !checks::is_comparison(target.evidence, handshake->question.connection);
    if (!own || handshake->chain.empty()) continue;
    const auto& leaf = handshake->chain.front();
    if (!found || leaf.not_after < found->not_after) found = &leaf;
  }
  return found;
}

}  // namespace fwprobe::reports
