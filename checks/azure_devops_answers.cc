#include "checks/azure_devops_answers.h"

#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>

#include "checks/json_fields.h"

namespace fwprobe::checks::azure_devops {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool equal_without_case(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, {}, lower, lower);
}

/// The first occurrence of `wanted`, case not regarded.
std::size_t find_without_case(std::string_view text, std::string_view wanted) {
  const auto found = std::ranges::search(text, wanted, {}, lower, lower);
  return found.empty() ? std::string_view::npos : static_cast<std::size_t>(found.begin() - text.begin());
}

bool contains_without_case(std::string_view text, std::string_view wanted) {
  return find_without_case(text, wanted) != std::string_view::npos;
}

std::string_view value_of(const probe::HttpResponse& response, std::string_view name) {
  return probe::header(response.headers, name).value_or(std::string_view{});
}

/// Error pages are small; what stands behind this is not read.
std::string_view beginning(std::string_view body) { return body.substr(0, 64 * 1024); }

std::string percent_decode(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned value = 0;
    if (text[i] == '%' && i + 2 < text.size() &&
        std::from_chars(text.data() + i + 1, text.data() + i + 3, value, 16).ptr == text.data() + i + 3) {
      decoded.push_back(static_cast<char>(value));
      i += 2;
    } else {
      decoded.push_back(text[i]);
    }
  }
  return decoded;
}

/// Whitespace runs as one space, at most 400 bytes, not cut inside a UTF-8 sequence.
std::string one_line(std::string_view text) {
  constexpr std::size_t limit = 400;
  std::string line;
  for (const char c : text) {
    const bool space = c == ' ' || c == '\t' || c == '\r' || c == '\n';
    if (space && (line.empty() || line.back() == ' ')) continue;
    line.push_back(space ? ' ' : c);
    if (line.size() > limit) break;
  }
  if (line.size() > limit) {
    line.resize(limit);
    while (!line.empty() && (static_cast<unsigned char>(line.back()) & 0xC0) == 0x80) line.pop_back();
    if (!line.empty() && (static_cast<unsigned char>(line.back()) & 0x80) != 0) line.pop_back();
    line += "…";
  }
  while (line.ends_with(' ')) line.pop_back();
  return line;
}

std::string_view html_title(std::string_view page) {
  const auto open = find_without_case(page, "<title");
  if (open == std::string_view::npos) return {};
  const auto begin = page.find('>', open);
  if (begin == std::string_view::npos) return {};
  const auto rest = page.substr(begin + 1);
  return rest.substr(0, find_without_case(rest, "</title"));
}

/// Where the service or a page says what is wrong: the header, the JSON message, the page.
bool says(const probe::HttpResponse& response, std::string_view text) {
  return contains_without_case(percent_decode(value_of(response, "X-TFS-ServiceError")), text) ||
         contains_without_case(beginning(response.body), text);
}

}  // namespace

bool bears_mark(const probe::HttpResponse& response) {
  constexpr std::array<std::string_view, 3> marks{"X-TFS-ProcessId", "X-VSS-E2EID", "ActivityId"};
  return std::ranges::any_of(marks, [&](auto mark) { return !value_of(response, mark).empty(); });
}

std::string log_key(const probe::HttpResponse& response) {
  constexpr std::size_t longest = 64;  // a GUID has 36
  for (const std::string_view name : {"ActivityId", "X-VSS-E2EID"})
    if (const auto key = value_of(response, name); !key.empty() && key.size() <= longest)
      return fmt::format("{} {}", name, key);
  return {};
}

std::string_view writer(const probe::HttpResponse& response) {
  return value_of(response, "Server").substr(0, 100);
}

bool Challenges::offers(std::string_view scheme) const {
  return std::ranges::any_of(schemes,
                             [&](const auto& offered) { return equal_without_case(offered, scheme); });
}

std::string Challenges::text() const { return fmt::format("{}", fmt::join(schemes, ", ")); }

Challenges challenges(const probe::HttpResponse& response) {
  constexpr std::size_t most = 16;
  Challenges found;
  for (const auto line : probe::header_values(response.headers, "WWW-Authenticate")) {
    bool quoted = false;
    std::size_t begin = 0;
    for (std::size_t i = 0; i <= line.size() && found.schemes.size() < most; ++i) {
      if (i < line.size() && line[i] == '\\' && quoted)
        ++i;
      else if (i < line.size() && line[i] == '"')
        quoted = !quoted;
      if (i < line.size() && (quoted || line[i] != ',')) continue;
      // Between two commas stands a scheme, perhaps with its first parameter, or one more parameter.
      auto item = line.substr(std::min(begin, line.size()), i - begin);
      begin = i + 1;
      item.remove_prefix(std::min(item.find_first_not_of(" \t"), item.size()));
      const auto word = item.substr(0, item.find_first_of(" \t="));
      const auto behind = item.substr(word.size());
      if (!word.empty() && !behind.starts_with('=')) found.schemes.emplace_back(word);
    }
  }
  return found;
}

bool is_html(const probe::HttpResponse& response) {
  const auto type = value_of(response, "Content-Type");
  if (!type.empty()) return contains_without_case(type, "text/html") || contains_without_case(type, "xhtml");
  return contains_without_case(response.body.substr(0, 512), "<html");
}

bool is_sign_in(const probe::HttpResponse& response) {
  const bool marked = bears_mark(response);
  if (response.status >= 300 && response.status < 400) {
    const auto location = value_of(response, "Location");
    return (marked && contains_without_case(location, "/_signin")) ||
           contains_without_case(location, ".visualstudio.com/_signin") ||
           contains_without_case(location, "https://login.microsoftonline.com/") ||
           !value_of(response, "X-TFS-FedAuthRealm").empty();
  }
  if (response.status / 100 != 2 || !is_html(response)) return false;
  // 203 means "transformed by a proxy" (RFC 9110 §15.3.4); the service itself uses it for its sign-in page.
  // Without its marks, only the title tells it from the page of a portal in between.
  const auto title = html_title(beginning(response.body));
  const bool asks = contains_without_case(title, "sign in");
  return marked ? asks || response.status == 203 : asks && contains_without_case(title, "Azure DevOps");
}

bool ServiceError::contains(std::string_view text) const { return contains_without_case(message, text); }

ServiceError service_error(const probe::HttpResponse& response) {
  static constexpr std::string_view wanted[] = {"/message", "/typeKey", "/value/Message", "/Message"};
  ServiceError error;
  const auto json = read_json(beginning(response.body), wanted);
  if (json.valid) {
    error.type = one_line(json.at("/typeKey").value_or(std::string_view{}));
    for (const std::string_view place : {"/message", "/Message", "/value/Message"})
      if (error.message.empty()) error.message = one_line(json.at(place).value_or(std::string_view{}));
  }
  if (error.message.empty())
    error.message = one_line(percent_decode(value_of(response, "X-TFS-ServiceError")));
  if (error.message.empty() && is_html(response))
    error.message = one_line(html_title(beginning(response.body)));
  return error;
}

bool says_expired(const probe::HttpResponse& response) {
  return says(response, "Personal Access Token used has expired");
}

bool says_anonymous(const probe::HttpResponse& response) {
  return says(response, "not available for anonymous access");
}

std::string deployment_type(const probe::HttpResponse& response) {
  static constexpr std::string_view wanted[] = {"/deploymentType"};
  const auto json = read_json(response.body, wanted);
  return std::string{json.at("/deploymentType").value_or(std::string_view{})};
}

bool is_ref_advertisement(const probe::HttpResponse& response) {
  if (response.status != 200) return false;
  const auto type = value_of(response, "Content-Type");
  if (!equal_without_case(type.substr(0, type.find(';')), "application/x-git-upload-pack-advertisement"))
    return false;
  return response.body.starts_with("001e# service=git-upload-pack") ||
         response.body.starts_with("000eversion 2") || response.body.starts_with("000eversion 1");
}

}  // namespace fwprobe::checks::azure_devops
