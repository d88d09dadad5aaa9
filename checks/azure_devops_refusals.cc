// The token was refused, or none was sent: by whom, and why?

#include <fmt/format.h>

#include "checks/azure_devops_judge.h"

namespace fwprobe::checks::azure_devops {
namespace {

constexpr std::string_view proxy_advice =
    "If the token works from inside, the reverse proxy in front of the server is at fault: let it hand the "
    "Authorization header on.";
constexpr std::string_view list_scope = "Project and team (Read)";

/// Something between us and the service shows itself: the Via header (RFC 9110 §7.6.3), or a Server header
/// that is not IIS's.
bool passed_a_proxy(const probe::HttpResponse& response) {
  return probe::header(response.headers, "Via").has_value() ||
         (!writer(response).empty() && !is_microsoft(response));
}

}  // namespace

Verdict Judge::sign_in() const {
  if (!token_sent()) return without_token();
  // Services refuse a scope in the same way as a token: 401, 403, 203 or a redirect.
  if (code_is_readable()) return lacks_list_scope();
  return fail(
      Cause::api_token_invalid,
      fmt::format("{}: the service asks to sign in, so it does not accept the token", describe(response_)),
      Confidence::high, token_advice());
}

Verdict Judge::lacks_list_scope() const {
  return fail(Cause::api_token_scope,
              "the token reads code, but not the list of projects: it lacks Project and team (Read)",
              Confidence::high, {}, {{"scope", std::string{list_scope}}});
}

Verdict Judge::refused() const {
  const auto offered = challenges(response_);
  const bool windows_only =
      !offered.offers("Basic") && (offered.offers("Negotiate") || offered.offers("NTLM"));
  if (token_sent() && says_expired(response_))
    return fail(Cause::api_token_invalid, "the token has expired", Confidence::high,
                {"Renew the token, or make a new one, in User settings → Personal access tokens."});
  if (windows_only) {
    return fail(Cause::api_basic_auth_disabled,
                fmt::format("401 that offers {} only; a token travels as Basic", offered.text()),
                token_sent() && (marked_ || is_microsoft(response_)) ? Confidence::high : Confidence::medium);
  }
  if (!marked_) return refused_by_another(offered);
  if (!token_sent()) return without_token();
  if (code_is_readable()) return lacks_list_scope();
  if (says_anonymous(response_)) {
    return fail(Cause::api_token_invalid,
                "the service says that no credential arrived, although a token was sent", Confidence::low,
                token_advice());
  }
  if (error_.type == "UnauthorizedRequestException") {
    return fail(Cause::api_token_invalid,
                fmt::format("the token is refused in this collection{}", quote(error_.message)),
                Confidence::medium, {"Or add the token's account to this organization or collection."});
  }
  return fail(Cause::api_token_invalid, fmt::format("the token is not accepted{}", quote(error_.message)),
              passed_a_proxy(response_) ? Confidence::medium : Confidence::high, token_advice());
}

Verdict Judge::refused_by_another(const Challenges& offered) const {
  if (is_microsoft(response_) && offered.offers("Basic")) {
    // The application's own 401 bears its marks; IIS Basic Authentication takes the header away from it.
    const bool service_shown = course_.anonymous.response() && bears_mark(*course_.anonymous.response());
    return fail(
        Cause::api_basic_auth_disabled,
        fmt::format("IIS ({}) asks for Basic credentials itself, so that no token reaches Azure DevOps",
                    writer(response_)),
        service_shown ? Confidence::high : Confidence::medium);
  }
  return fail(Cause::http_unauthorized,
              fmt::format("{} asks for credentials ({}); Azure DevOps did not write this answer", other(),
                          offered.schemes.empty() ? "no scheme named" : offered.text()),
              Confidence::low, {std::string{proxy_advice}});
}

Verdict Judge::without_token() const {
  if (course_.token == TokenUse::kept_from_http) {
    return fail(Cause::api_token_missing,
                "the server demands a token, and it was not sent: http would show it to everyone on the way",
                Confidence::high, {"Ask over https; bind a certificate to the site if it has none."});
  }
  return fail(Cause::api_token_missing, "the server demands a token, and none was given");
}

Verdict Judge::forbidden() const {
  if (token_sent() && says_expired(response_)) return refused();
  if (error_.contains("VS403463")) {
    return fail(
        Cause::http_forbidden,
        fmt::format("Microsoft Entra Conditional Access refuses this address{}", quote(error_.message)),
        Confidence::high,
        {"Add this run's egress address, and the vendor's published ones, to a named location of the "
         "policy."});
  }
  if (!marked_) {
    return fail(Cause::http_forbidden,
                fmt::format("403 from {}; Azure DevOps did not write this answer", other()), Confidence::low);
  }
  if (!token_sent())
    return fail(Cause::http_forbidden, fmt::format("403{}", quote(error_.message)), Confidence::medium);
  return fail(Cause::api_token_scope,
              code_is_readable()
                  ? "the token reads code, but not the list of projects: it lacks Project and team (Read)"
                  : fmt::format("the token is known, but may not list projects{}", quote(error_.message)),
              code_is_readable() ? Confidence::high : Confidence::medium,
              {"Check that the token's account is a member of a project."},
              {{"scope", std::string{list_scope}}});
}

std::vector<std::string> Judge::token_advice() const {
  std::vector<std::string> advice;
  if (is_services(case_, course_)) {
    advice.emplace_back(
        "Tokens for \"All accessible organizations\" end on 2026-12-01: use one that is made for this "
        "organization.");
  }
  if (says_anonymous(response_) || passed_a_proxy(response_)) advice.emplace_back(proxy_advice);
  return advice;
}

}  // namespace fwprobe::checks::azure_devops
