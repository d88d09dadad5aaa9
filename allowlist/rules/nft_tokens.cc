#include "allowlist/rules/nft_tokens.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "text/ascii.h"

namespace fwprobe::allowlist::nft {
namespace {

constexpr std::size_t most_tokens = 3'000'000;

bool is_word(char c) {
  return is_alphanumeric(c) || std::string_view{"_.:/-*@$+%\\"}.contains(c) ||
         static_cast<unsigned char>(c) >= 0x80;
}

class Splitter {
 public:
  explicit Splitter(std::string_view text) : text_{text} {}

  std::expected<Tokens, Complaint> split() && {
    while (at_ < text_.size()) {
      if (auto complaint = next()) return std::unexpected{std::move(*complaint)};
      if (tokens_.all.size() > most_tokens)
        return std::unexpected{Complaint{place(), fmt::format("more than {} words", most_tokens)}};
    }
    add(Token::Kind::end, "");
    return std::move(tokens_);
  }

 private:
  Place place() const { return {line_, static_cast<int>(at_ - line_begin_ + 1)}; }
  void add(Token::Kind kind, std::string text) { tokens_.all.push_back({kind, std::move(text), place()}); }

  std::optional<Complaint> next() {
    const char c = text_[at_];
    if (c == '\n' || c == ';') {
      add(Token::Kind::end, "");
      if (c == '\n') {
        ++line_;
        line_begin_ = at_ + 1;
      }
      ++at_;
    } else if (c == ' ' || c == '\t' || c == '\r') {
      ++at_;
    } else if (c == '\\' && at_ + 1 < text_.size() && text_[at_ + 1] == '\n') {
      at_ += 2;
      ++line_;
      line_begin_ = at_;
    } else if (c == '#') {
      comment();
    } else if (c == '"') {
      return quoted();
    } else if (is_word(c)) {
      word();
    } else {
      sign();
    }
    return std::nullopt;
  }

  void comment() {
    const auto end = std::min(text_.find('\n', at_), text_.size());
    const auto text = trimmed(text_.substr(at_ + 1, end - at_ - 1), " \t\r");
    constexpr std::string_view handle = "handle ";
    if (text.starts_with(handle) && std::ranges::all_of(text.substr(handle.size()), is_digit))
      tokens_.handles[line_] = std::string{text};
    at_ = end;
  }

  std::optional<Complaint> quoted() {
    const auto end = text_.find_first_of("\"\n", at_ + 1);
    if (end == std::string_view::npos || text_[end] == '\n')
      return Complaint{place(), "a quotation mark is not closed"};
    add(Token::Kind::text, std::string{text_.substr(at_ + 1, end - at_ - 1)});
    at_ = end + 1;
    return std::nullopt;
  }

  void word() {
    auto end = at_;
    while (end < text_.size() && is_word(text_[end])) ++end;
    auto text = text_.substr(at_, end - at_);
    // "25: drop", "1.2.3.4 :accept": a colon at the side is no part of an address, "::" is.
    if (text.size() > 1 && text.ends_with(':') && !text.ends_with("::")) text.remove_suffix(1);
    if (text.size() > 1 && text.starts_with(':') && !text.starts_with("::")) text = text.substr(0, 1);
    // nft's scanner has "-" and "/" in names, behind their first letter; at the side of a number or address
    // they make a range or a prefix.
    constexpr std::string_view between = "-/";
    if (text.size() > 1 && between.contains(text.front()))
      text = text.substr(0, 1);
    else if (text.size() > 1 && between.contains(text.back()) &&
             (is_digit(text.front()) || text.contains(':')))
      text.remove_suffix(1);
    const auto kind = text == ":" || text == "." || text == "-" || text == "+" || text == "/"
                          ? Token::Kind::sign
                          : Token::Kind::word;
    add(kind, std::string{text});
    at_ += text.size();
  }

  void sign() {
    const auto two = text_.substr(at_, 2);
    const bool is_two =
        two == "==" || two == "!=" || two == "<=" || two == ">=" || two == "<<" || two == ">>";
    add(Token::Kind::sign, std::string{is_two ? two : two.substr(0, 1)});
    at_ += is_two ? 2 : 1;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t line_begin_ = 0;
  int line_ = 1;
  Tokens tokens_;
};

/// Replaces variables; a definition is "define NAME = VALUE" up to the end of the line outside of braces.
std::expected<Tokens, Complaint> substitute(Tokens tokens) {
  std::map<std::string, std::vector<Token>> variables;
  std::vector<Token> out;
  const auto& all = tokens.all;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto& token = all[i];
    const bool first = i == 0 || all[i - 1].kind == Token::Kind::end;
    if (token.kind == Token::Kind::word && first && token.text == "include")
      return std::unexpected{Complaint{
          token.place, "include: the other file is not read; give the output of 'nft list ruleset'"}};
    std::vector<Token>* to = &out;
    std::size_t end = i + 1;
    std::string name;
    if (token.kind == Token::Kind::word && first && (token.text == "define" || token.text == "redefine") &&
        i + 2 < all.size()) {
      name = all[i + 1].text;
      int depth = 0;
      for (end = i + 3; end < all.size() && (depth > 0 || all[end].kind != Token::Kind::end); ++end) {
        if (all[end].kind == Token::Kind::sign)
          depth += all[end].text == "{" ? 1 : all[end].text == "}" ? -1 : 0;
      }
    }
    std::vector<Token> value;
    if (!name.empty()) to = &value;
    for (auto j = name.empty() ? i : i + 3; j < end; ++j) {
      const auto& one = all[j];
      if (one.kind != Token::Kind::word || !one.text.starts_with('$')) {
        to->push_back(one);
        continue;
      }
      const auto variable = variables.find(one.text.substr(1));
      if (variable == variables.end())
        return std::unexpected{
            Complaint{one.place, fmt::format("{} is not defined in front of it", excerpt(one.text))}};
      for (auto part : variable->second) {
        part.place = one.place;
        to->push_back(std::move(part));
      }
      if (out.size() > most_tokens || value.size() > most_tokens)
        return std::unexpected{Complaint{one.place, fmt::format("more than {} words", most_tokens)}};
    }
    if (!name.empty()) variables[name] = std::move(value);
    i = end - 1;
  }
  tokens.all = std::move(out);
  return tokens;
}

}  // namespace

std::expected<Tokens, Complaint> tokens_of(std::string_view text) {
  auto tokens = Splitter{text}.split();
  if (!tokens) return tokens;
  return substitute(std::move(*tokens));
}

}  // namespace fwprobe::allowlist::nft
