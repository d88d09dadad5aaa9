#include "allowlist/rules/nft_rule_text.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "text/ascii.h"

namespace fwprobe::allowlist::nft {
namespace {

constexpr std::pair<std::string_view, Verdict> decisions[] = {
    {"accept", Verdict::accept}, {"drop", Verdict::drop}, {"return", Verdict::return_},
    {"continue", Verdict::next}, {"jump", Verdict::jump}, {"goto", Verdict::go_to}};

constexpr std::pair<std::string_view, Operator> operators[] = {
    {"==", Operator::equal},     {"eq", Operator::equal},   {"!=", Operator::not_equal},
    {"ne", Operator::not_equal}, {"!", Operator::no_bit},   {"<", Operator::less},
    {"lt", Operator::less},      {">", Operator::greater},  {"gt", Operator::greater},
    {"<=", Operator::at_most},   {"le", Operator::at_most}, {">=", Operator::at_least},
    {"ge", Operator::at_least}};

/// With two operands of bits.
constexpr std::string_view bit_operators[] = {"&",   "and", "|",      "or", "^",
                                              "xor", "<<",  "lshift", ">>", "rshift"};

/// Words that begin a left side of two words; the second one is the field.
constexpr std::string_view headers[] = {"ip",   "ip6",    "tcp",   "udp", "th",     "sctp", "dccp", "udplite",
                                        "icmp", "icmpv6", "ether", "arp", "vlan",   "ah",   "esp",  "comp",
                                        "igmp", "gre",    "meta",  "ct",  "socket", "rt"};
/// Of "meta", which may be left out.
constexpr std::string_view meta_words[] = {"iif",      "iifname", "oif",     "oifname",  "mark",
                                           "skuid",    "skgid",   "iiftype", "oiftype",  "iifgroup",
                                           "oifgroup", "nfproto", "l4proto", "protocol", "pkttype"};

template <typename Table>
bool is_in(const Table& table, std::string_view word) {
  return std::ranges::find(table, word) != std::end(table);
}
template <typename Second, std::size_t size>
bool is_in(const std::pair<std::string_view, Second> (&table)[size], std::string_view word) {
  return std::ranges::find(table, word, &std::pair<std::string_view, Second>::first) != std::end(table);
}

/// Whether nft takes the word for one of its own wherever it stands without quotes.
bool is_reserved(std::string_view word) {
  constexpr std::string_view statements[] = {"reject", "counter", "log", "map", "vmap"};
  return is_in(statements, word) || is_in(decisions, word) || is_in(operators, word) ||
         is_in(bit_operators, word);
}

Value word_or_range(const std::string& text) {
  constexpr std::string_view address = "0123456789abcdefABCDEF.:/";
  const auto dash = text.find('-');
  const bool range = dash != std::string::npos && dash > 0 && dash + 1 < text.size() &&
                     text.find_first_not_of(address) == dash &&
                     text.find_first_not_of(address, dash + 1) == std::string::npos;
  if (!range) return {Value::Kind::word, text, {}};
  return {Value::Kind::range,
          {},
          {{Value::Kind::word, text.substr(0, dash), {}}, {Value::Kind::word, text.substr(dash + 1), {}}}};
}

class Parser {
 public:
  explicit Parser(std::span<const Token> tokens) : tokens_{tokens} {}

  RuleLine rule() && {
    if (!tokens_.empty()) rule_.name.line = tokens_.front().place.line;
    for (std::size_t last = 0; more();) {
      const auto from = at_;
      if (!statement() || at_ == from) not_understood(from, last);
      last = from;
    }
    return std::move(rule_);
  }

  Braces braces() && {
    Braces result;
    result.understood = set(result);
    result.length = at_;
    return result;
  }

 private:
  bool more() const { return at_ < tokens_.size(); }
  std::string_view peek(std::size_t ahead = 0) const {
    return at_ + ahead < tokens_.size() && tokens_[at_ + ahead].kind != Token::Kind::text
               ? std::string_view{tokens_[at_ + ahead].text}
               : std::string_view{};
  }
  bool take(std::string_view word) {
    if (peek() != word || word.empty()) return false;
    ++at_;
    return true;
  }
  void skip_ends() {
    while (more() && tokens_[at_].kind == Token::Kind::end) ++at_;
  }

  template <typename What>
  void add(What what, std::string text = {}) {
    rule_.statements.push_back({std::move(what), std::move(text)});
  }

  /// All words from here on, which are taken.
  std::string rest() {
    std::string text;
    for (; more(); ++at_) text += (text.empty() ? "" : " ") + tokens_[at_].text;
    return text;
  }

  /// The rule's own comment is its end; a map's elements may have others.
  bool more_before_comment() const { return more() && (peek() != "comment" || at_ + 2 < tokens_.size()); }

  /// From the statement at `from` on. A condition in front of it, at `last`, may go on there: "meta mark 1
  /// xor 3".
  void not_understood(std::size_t from, std::size_t last) {
    auto& statements = rule_.statements;
    const bool condition = !statements.empty() && std::holds_alternative<Match>(statements.back().what);
    if (condition) statements.pop_back();
    at_ = condition ? last : from;
    add(NotUnderstood{}, rest());
  }

  std::string since(std::size_t from) const {
    std::string text;
    for (auto i = from; i < at_; ++i) text += (text.empty() ? "" : " ") + tokens_[i].text;
    return text;
  }

  bool statement() {
    if (take("comment")) {
      if (!more()) return false;
      rule_.name.comment = tokens_[at_++].text;
      return true;
    }
    if (auto found = decision()) {
      add(std::move(*found));
      return true;
    }
    if (peek() == "reject") return reject();
    if (take("counter")) return options({"packets", "bytes", "name"}), add(Harmless{}), true;
    if (take("log")) return log();
    if (take("notrack")) return add(Untracked{}), true;
    if (peek() == "limit" || peek() == "quota" || (peek() == "ct" && peek(1) == "count")) return limit();
    if (peek() == "masquerade" || peek() == "snat") return source_translation();
    if (peek() == "dnat" || peek() == "redirect") return translation();
    if ((peek() == "add" || peek() == "update" || peek() == "delete") && peek(1).starts_with('@')) {
      const auto text = fmt::format("{} {}", peek(), peek(1));
      at_ += 2;
      if (!skip_braces()) return false;
      // It ends the rule where the packet has no such field, or the set is full.
      add(Condition{}, text);
      return true;
    }
    if (peek() == "flow" && peek(1) == "add") return at_ += 3, add(Harmless{}), true;
    return match();
  }

  void options(std::initializer_list<std::string_view> names) {
    while (more() && is_in(names, peek()) && at_ + 1 < tokens_.size()) at_ += 2;
  }

  /// "log prefix "x" flags tcp sequence,options flags skuid"
  bool log() {
    for (auto from = at_; more(); from = at_) {
      options({"prefix", "level", "group", "snaplen", "queue-threshold"});
      if (take("flags")) {
        if (!take("tcp")) take("ip");
        do ++at_;
        while (take(","));
      }
      if (at_ == from) break;
    }
    add(Harmless{});
    return true;
  }

  /// "limit rate over 10/second burst 5 packets", "quota over 5 mbytes", "ct count over 10"
  bool limit() {
    constexpr std::string_view words[] = {"quota",   "count", "rate",   "over",   "until", "burst", "limit",
                                          "packets", "bytes", "kbytes", "mbytes", "used",  "name"};
    const auto from = at_;
    take("ct");
    while (more() && (is_in(words, peek()) || is_digits(peek().substr(0, 1)) || peek().contains("bytes/") ||
                      tokens_[at_].kind == Token::Kind::text))
      ++at_;
    add(Condition{}, since(from));
    return true;
  }

  std::optional<Decision> decision() {
    const auto row = std::ranges::find(decisions, peek(), &std::pair<std::string_view, Verdict>::first);
    if (row == std::end(decisions)) return std::nullopt;
    const bool target = row->second == Verdict::jump || row->second == Verdict::go_to;
    if (target && at_ + 1 >= tokens_.size()) return std::nullopt;
    ++at_;
    return Decision{row->second, target ? tokens_[at_++].text : std::string{}};
  }

  bool reject() {
    ++at_;
    Decision decision{Verdict::reject};
    if (take("with")) {
      decision.reject_with = peek();
      if (peek() == "tcp") decision.reject_with = "tcp reset";
      ++at_;
      take("type");
      if (more()) ++at_;
    }
    add(std::move(decision));
    return true;
  }

  bool translation() {
    const std::string name{peek()};
    ++at_;
    if (peek() == "ip" || peek() == "ip6") ++at_;
    Value address{Value::Kind::word, {}, {}};
    Value port{Value::Kind::word, {}, {}};
    if (take("to")) {
      if (take("[")) {
        address.text = peek();
        at_ += 2;  // and the bracket
      } else if (peek() != ":") {
        const std::string_view text = peek();
        const auto colon = text.find(':');
        const bool v4_port = colon != std::string_view::npos && text.find('.') < colon;
        address.text = text.substr(0, v4_port ? colon : text.size());
        if (v4_port) port.text = text.substr(colon + 1);
        ++at_;
      }
      if (take(":")) {
        port.text = peek();
        ++at_;
      }
    }
    // They choose among several addresses, and the source's port.
    while (take("persistent") || take("random") || take("fully-random") || take(",")) {
    }
    if (more_before_comment()) address.kind = Value::Kind::other;  // a map
    while (more_before_comment()) ++at_;
    add(Translation{std::move(address), std::move(port)}, name);
    return true;
  }

  /// "snat ip to 192.0.2.1:1024-2048 persistent", "masquerade random"
  bool source_translation() {
    const auto from = at_++;
    SourceTranslation translation;
    if (peek() == "ip" || peek() == "ip6") translation.family = peek();
    for (; more_before_comment(); ++at_) translation.by_map |= peek() == "map";
    add(std::move(translation), since(from));
    return true;
  }

  std::optional<Field> field() {
    if (!more()) return std::nullopt;
    const std::string first{peek()};
    if (is_in(meta_words, first)) {
      ++at_;
      return with_mask("meta " + first);
    }
    if (first == "fib") return fib();
    if (!is_in(headers, first) || at_ + 1 >= tokens_.size()) return std::nullopt;
    at_ += 2;
    const std::string second{tokens_[at_ - 1].text};
    if (first == "ct" && (second == "original" || second == "reply") && more())
      return Field{"ct " + second + " " + tokens_[at_++].text, {}};
    if (second == "option") return option(first);
    return with_mask(first + " " + second);
  }

  /// "tcp option maxseg size"
  std::optional<Field> option(const std::string& protocol) {
    constexpr std::string_view parts[] = {"kind", "length", "size",  "count",
                                          "left", "right",  "tsval", "tsecr"};
    if (!more()) return std::nullopt;
    Field field{protocol + " option " + tokens_[at_++].text, {}};
    if (is_in(parts, peek())) ++at_;
    return field;
  }

  /// "fib saddr . iif oif"
  std::optional<Field> fib() {
    const auto from = at_;
    at_ += 2;
    while (take(".")) ++at_;
    if (!more()) return std::nullopt;
    ++at_;
    return Field{since(from), {}};
  }

  /// The field, with a mask where one is written behind it.
  std::optional<Field> with_mask(std::string name) {
    if (!take("&") && !take("and")) return Field{std::move(name), {}};
    auto mask = operand();
    return mask ? std::optional{Field{std::move(name), std::move(mask)}} : std::nullopt;
  }

  /// "syn", "(syn | ack)"
  std::optional<Value> operand() {
    if (!take("(")) return single();
    auto inner = flags();
    return take(")") ? inner : std::nullopt;
  }

  /// A word, "192.0.2.0 / 24", "400 - 500", with blanks or without.
  std::optional<Value> single() {
    auto first = plain();
    if (!first || !take("-")) return first;
    auto last = plain();
    if (!last) return std::nullopt;
    return Value{Value::Kind::range, {}, {std::move(*first), std::move(*last)}};
  }

  std::optional<Value> plain() {
    const bool quoted = more() && tokens_[at_].kind == Token::Kind::text;
    if (!quoted && (!more() || tokens_[at_].kind != Token::Kind::word || is_reserved(peek())))
      return std::nullopt;
    auto value = word_or_range(tokens_[at_++].text);
    // Behind flags "/" is in front of a mask.
    if (peek() == "/" && is_digits(peek(1)) && value.text.find_first_of(".:") != std::string::npos) {
      value.text += fmt::format("/{}", peek(1));
      at_ += 2;
    }
    return value;
  }

  /// "syn", "syn | ack", "established,related"
  std::optional<Value> flags() {
    Value value{Value::Kind::list, {}, {}};
    do {
      auto one = single();
      if (!one) return std::nullopt;
      value.parts.push_back(std::move(*one));
    } while (take("|") || take("or") || take(","));
    return value.parts.size() == 1 ? value.parts.front() : value;
  }

  bool match() {
    std::vector<Field> fields;
    do {
      auto one = field();
      if (!one) return false;
      fields.push_back(std::move(*one));
    } while (take("."));
    if (take("vmap")) return verdict_map(std::move(fields));
    if (peek() == "set") return mangle(fields.front().name);
    const bool is_flags =
        fields.size() == 1 &&
        (fields[0].name == "ct state" || fields[0].name == "ct status" || fields[0].name == "tcp flags");
    auto op = Operator::equal;
    const auto row = std::ranges::find(operators, peek(), &std::pair<std::string_view, Operator>::first);
    const bool written = row != std::end(operators);
    if (written) {
      op = row->second;
      ++at_;
    }
    auto right = value(fields.size());
    if (!right || (!written && fields[0].mask)) return false;
    if (!written && is_flags && right->kind != Value::Kind::set && !fields[0].mask) op = Operator::any_bit;
    if (is_flags && take("/")) {
      fields[0].mask = flags();
      if (!fields[0].mask) return false;
      if (!written) op = Operator::equal;
    }
    add(Match{std::move(fields), op, std::move(*right)});
    return true;
  }

  std::optional<Value> value(std::size_t fields) {
    if (!more()) return std::nullopt;
    if (peek() == "{") {
      Braces braces;
      if (!set(braces) || !braces.verdicts.empty()) return std::nullopt;
      return Value{Value::Kind::set, {}, std::move(braces.elements)};
    }
    if (peek().starts_with('@')) return Value{Value::Kind::reference, tokens_[at_++].text.substr(1), {}};
    if (peek() == "(") return operand();
    if (fields > 1) return key();
    return flags();
  }

  /// A key of one word, or several with dots between.
  std::optional<Value> key() {
    Value value{Value::Kind::concat, {}, {}};
    do {
      auto one = single();
      if (!one) return std::nullopt;
      value.parts.push_back(std::move(*one));
    } while (take("."));
    return value.parts.size() == 1 ? value.parts.front() : value;
  }

  bool set(Braces& result) {
    if (!take("{")) return false;
    for (skip_ends(); more() && peek() != "}"; skip_ends()) {
      if (peek() == "{") {  // a variable's own braces
        if (!set(result)) return false;
      } else if (!element(result)) {
        return false;
      }
      skip_ends();
      if (!take(",")) break;
    }
    skip_ends();
    return take("}");
  }

  bool element(Braces& result) {
    auto one = peek() == "*" ? std::nullopt : key();
    if (!one) return false;
    while (take("counter") || take("timeout") || take("expires") || take("comment")) {
      // "counter packets 5 bytes 300", "timeout 1h"
      if (tokens_[at_ - 1].text == "counter")
        options({"packets", "bytes"});
      else
        ++at_;
    }
    if (!take(":")) {
      result.elements.push_back(std::move(*one));
      return true;
    }
    skip_ends();
    auto end = decision();
    if (!end) return false;
    result.verdicts.push_back({std::move(*one), std::move(*end)});
    return true;
  }

  bool skip_braces() {
    if (!take("{")) return false;
    int depth = 1;
    for (; more() && depth > 0; ++at_) depth += peek() == "{" ? 1 : peek() == "}" ? -1 : 0;
    return depth == 0;
  }

  bool verdict_map(std::vector<Field> fields) {
    VerdictMap map{std::move(fields), {}, {}};
    if (peek().starts_with('@')) {
      map.reference = tokens_[at_++].text.substr(1);
    } else {
      Braces braces;
      if (!set(braces) || !braces.elements.empty()) return false;
      map.elements = std::move(braces.verdicts);
    }
    add(std::move(map));
    return true;
  }

  /// "set" and its value, behind a field: "meta mark set ct mark or 0x1"
  bool mangle(const std::string& name) {
    Change change{name, {}};
    do {
      ++at_;
      while (take("(")) continue;
      if (!source(change)) return false;
      while (take(")")) continue;
    } while (is_in(bit_operators, peek()));
    add(std::move(change), fmt::format("{} set", name));
    return true;
  }

  /// A field that is read, or numbers and words.
  bool source(Change& change) {
    const auto from = at_;
    if (auto read = field()) {
      change.from.push_back(std::move(read->name));
      return true;
    }
    at_ = from;
    return flags().has_value();
  }

  std::span<const Token> tokens_;
  std::size_t at_ = 0;
  RuleLine rule_;
};

}  // namespace

RuleLine parse_rule(std::span<const Token> tokens) { return Parser{tokens}.rule(); }
Braces parse_braces(std::span<const Token> tokens) { return Parser{tokens}.braces(); }

}  // namespace fwprobe::allowlist::nft
