#include "checks/page.h"

#include <algorithm>
#include <optional>

#include "checks/text_forms.h"
#include "text/ascii.h"

namespace fwprobe::checks {
namespace {

constexpr std::size_t text_kept = 200;
constexpr std::size_t leads_kept = 8;

bool is_html(const probe::HttpResponse& response) {
  if (const auto type = probe::header(response.headers, "Content-Type")) {
    const auto lower = ascii_lower(*type);
    return lower.find("text/html") != std::string::npos || lower.find("xhtml") != std::string::npos;
  }
  const auto begin = ascii_lower(std::string_view{response.body}.substr(0, 512));
  return begin.find("<html") != std::string::npos || begin.find("<!doctype html") != std::string::npos;
}

/// Tags left out, character references replaced, blanks as one space.
std::string plain(std::string_view html) {
  std::string text;
  bool in_tag = false;
  for (const char c : html) {
    if (text.size() >= 4 * text_kept) break;
    if (c == '<')
      in_tag = true;
    else if (c == '>' && in_tag)
      in_tag = false;
    else if (!in_tag)
      text.push_back(c);
  }
  std::string line;
  for (const char c : decode_entities(text).text) {
    const bool blank = c == ' ' || c == '\t' || c == '\r' || c == '\n';
    if (blank && (line.empty() || line.back() == ' ')) continue;
    if (line.size() == text_kept) break;
    line.push_back(blank ? ' ' : c);
  }
  return std::string{trimmed(line)};
}

/// The content of the first element of a name; `lower` is `html` in lower case.
std::string element(std::string_view html, std::string_view lower, std::string_view name) {
  const std::string opening = "<" + std::string{name};
  for (auto at = lower.find(opening); at != std::string_view::npos; at = lower.find(opening, at + 1)) {
    const auto behind = at + opening.size();
    if (behind < lower.size() && lower[behind] != '>' && lower[behind] != ' ' && lower[behind] != '\t' &&
        lower[behind] != '\r' && lower[behind] != '\n')
      continue;  // <h1> is meant, not <h10>
    const auto begin = lower.find('>', behind);
    if (begin == std::string_view::npos) return {};
    const auto end = lower.find("</" + std::string{name}, begin);
    return plain(html.substr(begin + 1, end == std::string_view::npos ? text_kept : end - begin - 1));
  }
  return {};
}

/// "5; url=https://portal.example/": the value of Refresh, as a header and in <meta>.
std::string_view refresh_target(std::string_view value) {
  const auto lower = ascii_lower(value);
  const auto at = lower.find("url=");
  if (at == std::string::npos) return {};
  return trimmed(value.substr(at + 4), " \t'\"");
}

/// What is assigned or given next: between the quotes behind '=' or '('.
std::string_view quoted_after(std::string_view text) {
  const auto sign = text.find_first_not_of(" \t\r\n");
  if (sign == std::string_view::npos || (text[sign] != '=' && text[sign] != '(')) return {};
  const auto open = text.find_first_not_of(" \t\r\n=(");
  if (open == std::string_view::npos || (text[open] != '"' && text[open] != '\'')) return {};
  const auto close = text.find(text[open], open + 1);
  return close == std::string_view::npos ? std::string_view{} : text.substr(open + 1, close - open - 1);
}

class Leads {
 public:
  explicit Leads(const probe::Url& base) : base_{base} {}

  void add(std::string_view reference) {
    if (reference.empty() || found_.size() >= leads_kept) return;
    auto url = probe::resolve(base_, reference);
    if (url && std::ranges::find(found_, *url) == found_.end()) found_.push_back(std::move(*url));
  }

  void add_refreshes(std::string_view html, std::string_view lower) {
    for (auto at = lower.find("http-equiv"); at != std::string_view::npos;
         at = lower.find("http-equiv", at + 1)) {
      const auto end = std::min(lower.find('>', at), lower.size());
      const auto begin = lower.rfind('<', at);
      if (begin == std::string_view::npos) continue;
      const auto tag = lower.substr(begin, end - begin);
      const auto content = tag.find("content");
      if (tag.find("refresh") == std::string_view::npos || content == std::string_view::npos) continue;
      add(decode_entities(
              refresh_target(quoted_after(html.substr(begin + content + 7, end - begin - content - 7))))
              .text);
    }
  }

  /// location = "…", location.href = "…", location.replace("…"), location.assign("…").
  void add_scripts(std::string_view html, std::string_view lower) {
    constexpr std::string_view word = "location";
    for (auto at = lower.find(word); at != std::string_view::npos; at = lower.find(word, at + 1)) {
      auto behind = at + word.size();
      for (const std::string_view part : {".href", ".replace", ".assign"})
        if (lower.substr(behind).starts_with(part)) behind += part.size();
      add(quoted_after(html.substr(behind)));
    }
  }

  std::vector<probe::Url> take() && { return std::move(found_); }

 private:
  const probe::Url& base_;
  std::vector<probe::Url> found_;
};

bool has_password_field(std::string_view lower) {
  for (const std::string_view field : {"type=\"password\"", "type='password'", "type=password"})
    if (lower.find(field) != std::string_view::npos) return true;
  return false;
}

}  // namespace

Page read_page(const probe::HttpResponse& response, const probe::Url& asked) {
  Page page;
  Leads leads{asked};
  if (const auto location = probe::header(response.headers, "Location");
      location && response.status >= 300 && response.status < 400)
    leads.add(*location);
  if (const auto refresh = probe::header(response.headers, "Refresh")) leads.add(refresh_target(*refresh));
  if (is_html(response)) {
    const auto html = std::string_view{response.body}.substr(0, page_read);
    page.body = ascii_lower(html);
    page.title = element(html, page.body, "title");
    page.heading = element(html, page.body, "h1");
    page.asks_for_password = has_password_field(page.body);
    leads.add_refreshes(html, page.body);
    leads.add_scripts(html, page.body);
  }
  page.leads_to = std::move(leads).take();
  return page;
}

bool is_sign_in_page(const Page& page) {
  if (page.asks_for_password) return true;
  const auto title = ascii_lower(page.title);
  return std::ranges::any_of(std::initializer_list<std::string_view>{"sign in", "sign-in", "signin", "log in",
                                                                     "login", "log on", "logon"},
                             [&](auto words) { return title.find(words) != std::string::npos; });
}

}  // namespace fwprobe::checks
