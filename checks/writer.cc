#include "checks/writer.h"

#include <fmt/format.h>

#include "checks/azure_devops_answers.h"
#include "text/ascii.h"

namespace fwprobe::checks {
namespace {

/// The first product of the Server header (RFC 9110 §10.2.4), without its version, in lower case.
std::string product(const probe::HttpResponse& response) {
  const auto server = probe::header(response.headers, "Server").value_or("");
  auto name = ascii_lower(server.substr(0, server.find_first_of("/ (")));
  // HTTP.sys answers for IIS what it does not hand on.
  if (name == "microsoft-httpapi") return "microsoft-iis";
  return name;
}

}  // namespace

Authorship compare_writers(const probe::HttpResponse& response, const probe::HttpResponse& control) {
  const bool marked = azure_devops::bears_mark(response);
  if (marked) return Authorship::same;
  if (azure_devops::bears_mark(control)) return Authorship::another;
  const auto one = product(response), other = product(control);
  if (one != other) return one.empty() ? Authorship::unclear : Authorship::another;
  // Every proxy that the server's own answer came through has put its name there (RFC 9110 §7.6.3).
  const bool had_via = probe::header(control.headers, "Via").has_value();
  if (had_via && !probe::header(response.headers, "Via")) return Authorship::another;
  return Authorship::same;
}

std::string writer_in_words(const probe::HttpResponse& response) {
  constexpr std::size_t longest = 60;
  const auto server = probe::header(response.headers, "Server");
  if (!server || server->empty()) return "something that does not say its name";
  return fmt::format("'{}'", server->substr(0, longest));
}

std::optional<std::string> other_than_server(const probe::HttpResponse& response, const probe::Url& asked) {
  constexpr std::uint16_t proxy_authentication_required = 407;
  if (response.status == proxy_authentication_required) return "a proxy that wants credentials";
  if (const auto who = find_stand_in(response, asked)) return who->product;
  return std::nullopt;
}

}  // namespace fwprobe::checks
