#include "monitor/web/request.h"

#include <algorithm>

#include <fmt/format.h>

#include "checks/text_forms.h"
#include "probe/host.h"
#include "text/ascii.h"

namespace fwprobe::monitor {
namespace {

/// Whether two digits follow each '%'.
bool is_percent_encoded(std::string_view text) {
  for (auto at = text.find('%'); at != std::string_view::npos; at = text.find('%', at + 3))
    if (at + 2 >= text.size() || hex_digit(text[at + 1]) < 0 || hex_digit(text[at + 2]) < 0) return false;
  return true;
}

/// In queries '+' is a space (WHATWG URL §5.1), which is how browsers' forms and curl send one.
std::optional<std::string> form_decoded(std::string_view text) {
  std::string spaced{text};
  std::ranges::replace(spaced, '+', ' ');
  return percent_decoded(spaced);
}

/// RFC 9112 §3.2.2: a server must take absolute-form too.
std::optional<std::string_view> origin_form(std::string_view target) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!equal_ignoring_case(target.substr(0, scheme.size()), scheme)) continue;
    const auto slash = target.find_first_of("/?", scheme.size());
    if (slash == std::string_view::npos || target[slash] == '?') return "/";
    return target.substr(slash);
  }
  if (!target.starts_with('/')) return std::nullopt;
  return target;
}

}  // namespace

std::string_view Request::parameter(std::string_view name) const {
  const auto at =
      std::ranges::find(query, name, [](const auto& pair) { return std::string_view{pair.first}; });
  return at == query.end() ? std::string_view{} : std::string_view{at->second};
}

std::optional<std::string_view> Request::field(std::string_view name) const {
  std::optional<std::string_view> found;
  for (const auto& field : fields) {
    if (!equal_ignoring_case(field.name, name)) continue;
    if (found) return std::nullopt;
    found = trimmed(field.value);
  }
  return found;
}

std::optional<std::string> percent_decoded(std::string_view text) {
  if (!is_percent_encoded(text)) return std::nullopt;
  auto decoded = probe::percent_decoded(text);
  if (decoded.contains('\0') || !checks::is_valid_utf8(decoded)) return std::nullopt;
  return decoded;
}

std::string percent_encoded(std::string_view text) {
  constexpr std::string_view unreserved =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
  std::string encoded;
  for (const char c : text) {
    if (unreserved.find(c) != std::string_view::npos)
      encoded += c;
    else
      encoded += fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return encoded;
}

std::expected<Request, Answer> read_request(std::string_view method, std::string_view target,
                                            std::vector<Field> fields, std::size_t body_bytes) {
  if (target.size() > longest_request_target)
    return std::unexpected{
        plain(414, fmt::format("the URL is longer than {} bytes", longest_request_target))};
  std::size_t header_bytes = 0;
  for (const auto& field : fields) header_bytes += field.name.size() + field.value.size();
  if (header_bytes > longest_request_header)
    return std::unexpected{
        plain(431, fmt::format("the header is larger than {} bytes", longest_request_header))};
  if (body_bytes > 0) return std::unexpected{plain(413, "no request here has a body; send none")};

  auto form = origin_form(target);
  if (!form) return std::unexpected{plain(400, "the request target is no path; it begins with '/'")};
  *form = form->substr(0, form->find('#'));
  const auto question = form->find('?');
  auto path = percent_decoded(form->substr(0, question));
  if (!path) return std::unexpected{plain(400, "the path is not percent-encoded UTF-8")};

  Request request{std::string{method}, std::move(*path), {}, std::move(fields)};
  if (question == std::string_view::npos) return request;
  for (auto rest = form->substr(question + 1); !rest.empty();) {
    const auto end = std::min(rest.find('&'), rest.size());
    const auto pair = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (pair.empty()) continue;
    const auto equals = std::min(pair.find('='), pair.size());
    auto name = form_decoded(pair.substr(0, equals));
    auto value = form_decoded(pair.substr(std::min(equals + 1, pair.size())));
    if (!name || !value) return std::unexpected{plain(400, "the query is not percent-encoded UTF-8")};
    if (request.query.size() == most_parameters)
      return std::unexpected{
          plain(400, fmt::format("the query has more than {} parameters", most_parameters))};
    request.query.emplace_back(std::move(*name), std::move(*value));
  }
  return request;
}

}  // namespace fwprobe::monitor
