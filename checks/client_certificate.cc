#include "checks/client_certificate.h"

#include <algorithm>

#include <fmt/format.h>

#include "checks/builders.h"
#include "checks/page.h"
#include "text/ascii.h"

namespace fwprobe::checks {
namespace {

/// What servers write in place of the page, in lower case.
constexpr std::string_view words[] = {
    // nginx, and what is built on it (ngx_http_special_response.c): none was sent; it was not accepted.
    "no required ssl certificate was sent",
    "the ssl certificate error",
    // IIS, substatus 403.7 and 403.16 (detailed errors).
    "http error 403.7",
    "http error 403.16",
    "requires your browser to have a secure sockets layer (ssl) client certificate",
    // Apache asks for it when the path is known, which TLS 1.3 clients need not take (RFC 8446 §4.2.6).
    "cannot perform post-handshake authentication",
    // Tomcat, CLIENT-CERT.
    "no client certificate chain in this request",
    "client certificate required",
    "client certificate is required",
};

/// nginx's own statuses, which an `error_page` or a proxy may send on: the certificate is bad; there is none.
bool is_status_of_nginx(std::uint16_t status) { return status == 495 || status == 496; }

bool says_so(const probe::HttpResponse& response) {
  if (is_status_of_nginx(response.status)) return true;
  if (response.status != 400 && response.status != 401 && response.status != 403) return false;
  const auto body = ascii_lower(std::string_view{response.body}.substr(0, page_read));
  const auto reason = ascii_lower(response.reason);
  return std::ranges::any_of(words, [&](auto each) {
    return body.find(each) != std::string::npos || reason.find(each) != std::string::npos;
  });
}

}  // namespace

bool lacks_client_certificate(const Case& the_case, probe::MeasurementId id) {
  const auto* handshake = underlying_handshake(the_case.evidence, id);
  return handshake != nullptr && handshake->client_certificate_requested &&
         the_case.settings.tls.client_certificate.empty();
}

std::optional<Finding> missing_client_certificate(const Case& the_case,
                                                  const Item<probe::HttpExchange>& exchange) {
  if (!exchange->result || !says_so(*exchange->result)) return std::nullopt;
  const auto* handshake = underlying_handshake(the_case.evidence, exchange.id);
  if (handshake == nullptr) return std::nullopt;
  const auto& response = *exchange->result;
  const bool sent_one = !the_case.settings.tls.client_certificate.empty();
  auto finding = problem(
      Status::fail, Check::http, exchange->question.request.url.text(),
      Cause::tls_client_certificate_required,
      fmt::format("the server {}: the answer is {} {}",
                  sent_one ? "does not accept the client certificate" : "requires a client certificate",
                  response.status, response.reason),
      {exchange.id}, {});
  finding.location = Location{Where::server, {}, {}, {}, {}};
  // Asked for in the handshake as well. IIS and Apache ask once they know the path.
  const bool asked = handshake->client_certificate_requested || is_status_of_nginx(response.status);
  finding.confidence = asked ? Confidence::high : Confidence::medium;
  return finding;
}

}  // namespace fwprobe::checks
