#include "allowlist/rules/nft_text.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "allowlist/rules/nft_meaning.h"
#include "allowlist/rules/nft_rule_text.h"
#include "allowlist/rules/nft_tokens.h"
#include "text/ascii.h"

namespace fwprobe::allowlist::nft {
namespace {

constexpr std::string_view families[] = {"ip", "ip6", "inet", "bridge", "arp", "netdev"};

constexpr std::pair<std::string_view, int> priorities[] = {{"raw", -300}, {"mangle", -150}, {"dstnat", -100},
                                                           {"filter", 0}, {"security", 50}, {"srcnat", 100}};

using Span = std::span<const Token>;

class Reader {
 public:
  explicit Reader(const Tokens& tokens) : tokens_{tokens.all}, handles_{tokens.handles} {}

  std::expected<Listing, Complaint> read() && {
    for (skip_ends(); at_ < tokens_.size() && !complaint_; skip_ends()) command();
    if (complaint_) return std::unexpected{std::move(*complaint_)};
    return std::move(listing_);
  }

 private:
  std::string_view word(std::size_t ahead = 0) const {
    return at_ + ahead < tokens_.size() ? std::string_view{tokens_[at_ + ahead].text} : std::string_view{};
  }
  void skip_ends() {
    while (at_ < tokens_.size() && tokens_[at_].kind == Token::Kind::end) ++at_;
  }
  void refuse(std::string_view message) {
    const auto place = tokens_.empty() ? Place{} : tokens_[std::min(at_, tokens_.size() - 1)].place;
    if (!complaint_) complaint_ = Complaint{place, std::string{message}};
  }
  void skip_line() {
    while (at_ < tokens_.size() && tokens_[at_].kind != Token::Kind::end) ++at_;
  }
  /// Takes "{" of a block.
  bool open() {
    skip_ends();
    if (word() != "{") {
      refuse("a '{' is missing here");
      return false;
    }
    ++at_;
    return true;
  }
  /// Whether the block goes on; takes its "}".
  bool inside() {
    skip_ends();
    if (at_ >= tokens_.size()) refuse("the file ends inside of a block: it was cut short");
    if (complaint_) return false;
    if (word() != "}") return true;
    ++at_;
    return false;
  }

  void command() {
    if (word() == "table" || (word() == "add" && word(1) == "table")) return table();
    // What clears the rules in front of those that the file has.
    if (word() == "flush" || word() == "delete" || word() == "destroy") return skip_line();
    refuse(fmt::format(
        "{} is not read; only blocks 'table FAMILY NAME {{ … }}' are: give the output of 'nft list ruleset'",
        excerpt(word())));
  }

  void table() {
    at_ += word() == "add" ? 2 : 1;
    table_ = {};
    const bool has_family = std::ranges::find(families, word()) != std::end(families);
    table_.family = has_family ? std::string{word()} : "ip";
    if (has_family) ++at_;
    table_.table = word();
    ++at_;
    if (at_ >= tokens_.size() || tokens_[at_].kind == Token::Kind::end) return;
    if (!open()) return;
    while (inside()) {
      if (word() == "chain")
        chain();
      else if (word() == "set" || word() == "map")
        set();
      else if (word() == "flags" && word(1) == "dormant")
        dormant();
      else
        other();
    }
  }

  void dormant() {
    listing_.notes.push_back(
        {tokens_[at_].place.line,
         fmt::format("table {} {} is dormant: whether it works is not known", table_.family, table_.table),
         FlowSet::everything()});
    skip_line();
  }

  /// Objects that rules name: counters, limits, helpers.
  void other() {
    while (at_ < tokens_.size() && tokens_[at_].kind != Token::Kind::end && word() != "{") ++at_;
    if (word() != "{") return;
    int depth = 0;
    for (; at_ < tokens_.size(); ++at_) {
      if (tokens_[at_].kind != Token::Kind::sign) continue;
      depth += word() == "{" ? 1 : word() == "}" ? -1 : 0;
      if (depth == 0) break;
    }
    if (at_ >= tokens_.size()) return refuse("the file ends inside of a block: it was cut short");
    ++at_;
  }

  void chain() {
    ChainBlock block;
    block.table = table_;
    block.place = tokens_[at_].place;
    ++at_;
    block.name = word();
    ++at_;
    if (!open()) return;
    while (inside()) {
      if (word() == "type")
        base(block);
      else if (word() == "policy")
        policy(block);
      else if (word() == "comment" || word() == "flags" || word() == "devices")
        skip_line();
      else
        rule(block);
    }
    listing_.chains.push_back(std::move(block));
  }

  void base(ChainBlock& block) {
    block.type = word(1);
    for (; at_ < tokens_.size() && tokens_[at_].kind != Token::Kind::end; ++at_) {
      if (word() == "hook") block.hook = word(1);
      if (word() == "priority") block.priority = priority();
    }
  }

  int number(std::string_view text) {
    const auto value = whole_number<int>(text);
    if (!value) refuse("should be a priority, such as 0 or 'filter + 10'");
    return value.value_or(0);
  }

  /// "filter", "filter + 10", "-150"
  int priority() {
    const auto row = std::ranges::find(priorities, word(1), &std::pair<std::string_view, int>::first);
    if (row == std::end(priorities))
      return number(word(1) == "-" ? std::string{"-"} + std::string{word(2)} : word(1));
    if (word(2) == "+") return row->second + number(word(3));
    if (word(2) == "-") return row->second - number(word(3));
    if (word(2).starts_with('-') || word(2).starts_with('+'))
      return row->second + number(word(2).substr(word(2).starts_with('+') ? 1 : 0));
    return row->second;
  }

  void policy(ChainBlock& block) {
    block.drops = word(1) == "drop";
    skip_line();
  }

  void rule(ChainBlock& block) {
    const auto from = at_;
    int depth = 0;
    for (; at_ < tokens_.size(); ++at_) {
      if (tokens_[at_].kind == Token::Kind::end && depth == 0) break;
      if (tokens_[at_].kind != Token::Kind::sign) continue;
      if (word() == "}" && depth == 0) break;  // "chain c { accept }" on one line
      depth += word() == "{" ? 1 : word() == "}" ? -1 : 0;
    }
    auto line = parse_rule(Span{tokens_}.subspan(from, at_ - from));
    if (const auto handle = handles_.find(line.name.line); handle != handles_.end())
      line.name.name = handle->second;
    block.rules.push_back(std::move(line));
  }

  void set() {
    const bool is_map = word() == "map";
    SetBlock block;
    block.table = table_;
    block.line = tokens_[at_].place.line;
    ++at_;
    block.name = word();
    ++at_;
    bool verdicts = false;
    bool understood = true;
    if (!open()) return;
    while (inside()) {
      if (word() == "elements" && word(1) == "=") {
        at_ += 2;
        understood = elements(block, is_map && !verdicts);
      } else {
        for (; at_ < tokens_.size() && tokens_[at_].kind != Token::Kind::end; ++at_) {
          verdicts |= word() == "verdict";
          block.changes |= word() == "dynamic" || word() == "timeout";
        }
      }
    }
    // Rules that name it then find none, which leaves them open.
    if (understood && (!is_map || verdicts)) listing_.sets.push_back(std::move(block));
  }

  bool elements(SetBlock& block, bool skipped) {
    if (skipped) return other(), true;
    auto braces = parse_braces(Span{tokens_}.subspan(at_));
    if (!braces.understood) {
      other();
      return false;
    }
    block.elements = std::move(braces.elements);
    block.verdicts = std::move(braces.verdicts);
    at_ += braces.length;
    return true;
  }

  const std::vector<Token>& tokens_;
  const std::map<int, std::string>& handles_;
  std::size_t at_ = 0;
  TableName table_;
  Listing listing_;
  std::optional<Complaint> complaint_;
};

}  // namespace

std::expected<Listing, Complaint> parse_text(std::string_view text) {
  const auto tokens = tokens_of(text);
  if (!tokens) return std::unexpected{tokens.error()};
  return Reader{*tokens}.read();
}

bool is_text(std::string_view text) {
  constexpr std::size_t looked_at = 64 * 1024;
  if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
  const auto head = text.substr(0, looked_at);
  const auto has_line = [&](std::string_view line) {
    return head.starts_with(line) || head.contains("\n" + std::string{line});
  };
  return has_line("table ") || has_line("add table ") || has_line("flush ruleset");
}

std::expected<Ruleset, Complaint> read_text(std::string_view text, const RulesView& view) {
  auto listing = parse_text(text);
  if (!listing) return std::unexpected{std::move(listing.error())};
  return ruleset_of(*listing, view);
}

}  // namespace fwprobe::allowlist::nft
