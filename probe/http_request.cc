#include "probe/http_request.h"

#include <algorithm>

#include <fmt/format.h>

#include "text/ascii.h"
#include "version.h"

namespace fwprobe::probe {
namespace {

/// A header that goes out; what it names is kept by others, so that no credential is copied more than it must
/// be.
struct Field {
  std::string_view name;
  std::string_view value;
};

void remove(std::vector<Field>& fields, std::string_view name) {
  std::erase_if(fields, [&](const Field& field) { return equal_ignoring_case(field.name, name); });
}

void replace(std::vector<Field>& fields, const std::vector<HttpHeader>& headers) {
  for (const auto& header : headers) remove(fields, header.name);
  for (const auto& header : headers) fields.push_back({header.name, header.value});
}

/// RFC 9110 §5.5: CR, LF and NUL would begin another header or message; other controls have no use.
bool has_control(std::string_view text) {
  return std::ranges::any_of(
      text, [](char c) { return (static_cast<unsigned char>(c) < ' ' && c != '\t') || c == 0x7f; });
}

std::optional<std::string> what_is_wrong_with(const Field& field) {
  if (!is_token(field.name))
    return fmt::format("the header name '{}' has a character that no name may have",
                       field.name.substr(0, 60));
  if (has_control(field.value))
    return fmt::format("the value of the header {} has a line break or another control character",
                       field.name);
  if (equal_ignoring_case(field.name, "Transfer-Encoding") ||
      (equal_ignoring_case(field.name, "Content-Length") && field.value != "0"))
    return fmt::format("the header {} announces a body, and none is sent", field.name);
  return std::nullopt;
}

/// RFC 9110 §8.6: methods that expect a body say that there is none.
bool wants_content_length(std::string_view method) {
  return method == "POST" || method == "PUT" || method == "PATCH";
}

}  // namespace

bool is_token(std::string_view text) {
  constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
  return !text.empty() &&
         std::ranges::all_of(text, [&](char c) { return is_alphanumeric(c) || marks.contains(c); });
}

std::expected<std::string, std::string> serialize(const HttpQuestion& question, const HttpSecrets& secrets) {
  const auto& request = question.request;
  const bool with_token = request.credential == Credential::token && !secrets.token.empty();
  // Over TLS to the server itself, or not at all: whoever asks for anything else has made a mistake.
  if (with_token && (request.url.scheme != "https" || question.form != RequestForm::origin))
    return std::unexpected{std::string{"the token goes over https only"}};

  const auto origin = request.url.origin();
  const auto host = origin.substr(origin.find("://") + 3);
  std::vector<Field> fields{{"Host", host},
                            {"User-Agent", "fwprobe/" FWPROBE_VERSION},
                            {"Accept", "*/*"},
                            {"Accept-Encoding", "gzip, deflate"}};
  if (wants_content_length(request.method)) fields.push_back({"Content-Length", "0"});
  replace(fields, request.headers);
  std::string authorization;
  if (with_token) {
    auto credentials = basic_credentials("", secrets.token);
    authorization.reserve(credentials.size() + 8);
    authorization.append("Basic ").append(credentials);
    overwrite(credentials.data(), credentials.size());
    remove(fields, "Authorization");
    fields.push_back({"Authorization", authorization});
  }
  if (question.form == RequestForm::absolute && !secrets.proxy_authorization.empty())
    fields.push_back({"Proxy-Authorization", secrets.proxy_authorization});
  replace(fields, secrets.user_headers);
  if (!secrets.authorization.empty()) {
    remove(fields, "Authorization");
    fields.push_back({"Authorization", secrets.authorization.expose()});
  }
  std::string length;
  if (request.zeros > 0 || !secrets.body.empty()) {
    // Whatever a user's header says of it, this is how much follows.
    length = std::to_string(secrets.body.empty() ? request.zeros : secrets.body.size());
    remove(fields, "Content-Length");
  }

  const auto target =
      question.form == RequestForm::absolute ? origin + request.url.target() : request.url.target();
  std::optional<std::string> problem;
  if (!is_token(request.method) || has_control(target) || target.find_first_of(" \t") != std::string::npos)
    problem = "the request line has a space or control character";
  auto size = request.method.size() + target.size() + secrets.body.size() + 32;
  for (const auto& field : fields) {
    if (!problem) problem = what_is_wrong_with(field);
    size += field.name.size() + field.value.size() + 4;
  }
  // Behind the judgement of the fields, which allows no other announcement of a body.
  if (!length.empty()) {
    fields.push_back({"Content-Length", length});
    size += fields.back().name.size() + length.size() + 4;
  }
  std::string bytes;
  if (!problem) {
    bytes.reserve(size);  // at once, so that no smaller buffer is left behind with a credential
    bytes.append(request.method).append(" ").append(target).append(" HTTP/1.1\r\n");
    for (const auto& [name, value] : fields) bytes.append(name).append(": ").append(value).append("\r\n");
    bytes.append("\r\n").append(secrets.body);
  }
  overwrite(authorization.data(), authorization.size());
  if (problem) return std::unexpected{std::move(*problem)};
  return bytes;
}

}  // namespace fwprobe::probe
