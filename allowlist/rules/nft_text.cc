#include "allowlist/rules/nft_text.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <map>
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
    while (!at_end()) ++at_;
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
    if (word() == "flush" || word() == "delete" || word() == "destroy") return clear();
    refuse(fmt::format(
        "{} is not read; only blocks 'table FAMILY NAME {{ … }}' are: give the output of 'nft list ruleset'",
        excerpt(word())));
  }

  static bool is_family(std::string_view text) {
    return std::ranges::find(families, text) != std::end(families);
  }
  bool at_end() const { return at_ >= tokens_.size() || tokens_[at_].kind == Token::Kind::end; }

  /// "inet filter", "filter"
  TableName table_name() {
    TableName name{"ip", {}};
    if (is_family(word())) name.family = tokens_[at_++].text;
    name.table = word();
    ++at_;
    return name;
  }

  /// Commands that clear what is there before; at a file's beginning that is nothing of the file's own.
  void clear() {
    const auto from = at_;
    const bool deletes = word() != "flush";
    if (!deletes && word(1) == "ruleset") {
      const auto family = is_family(word(2)) ? word(2) : std::string_view{};
      forget([&](const TableName& table) { return family.empty() || table.family == family; });
      return skip_line();
    }
    if (deletes && word(1) == "table") {
      at_ += 2;
      const auto name = table_name();
      if (at_end()) return forget([&](const TableName& table) { return table == name; });
      at_ = from;
    }
    if (!listing_.chains.empty() || !listing_.sets.empty())
      return refuse(fmt::format("{} behind rules is not read: give the output of 'nft list ruleset'",
                                excerpt(fmt::format("{} {}", word(), word(1)))));
    skip_line();
  }

  template <typename Which>
  void forget(const Which& which) {
    std::erase_if(listing_.dormant, which);
    forget(listing_.chains, chains_at_, which);
    forget(listing_.sets, sets_at_, which);
  }

  /// Family, table and name of blocks, and where they are among them.
  using Places = std::map<std::array<std::string, 3>, std::size_t>;

  template <typename Block, typename Which>
  static void forget(std::vector<Block>& blocks, Places& places, const Which& which) {
    std::erase_if(blocks, [&](const auto& block) { return which(block.table); });
    places.clear();
    for (std::size_t i = 0; i < blocks.size(); ++i)
      places[{blocks[i].table.family, blocks[i].table.table, blocks[i].name}] = i;
  }

  /// The chain or set of the table that is open: blocks of one name are one (nft(8), "add").
  template <typename Block>
  Block& block_named(std::vector<Block>& blocks, Places& places) {
    const auto place = tokens_[at_].place;
    ++at_;
    const std::string name{word()};
    ++at_;
    const auto [row, fresh] = places.try_emplace({table_.family, table_.table, name}, blocks.size());
    if (!fresh) return blocks[row->second];
    auto& block = blocks.emplace_back();
    block.table = table_;
    block.name = name;
    block.place = place;
    return block;
  }

  void table() {
    at_ += word() == "add" ? 2 : 1;
    table_ = table_name();
    // A table without the flag is awake again (measured, nftables 1.0.6).
    listing_.dormant.erase(table_);
    if (at_end()) return;
    if (!open()) return;
    while (inside()) {
      if (word() == "chain")
        chain();
      else if (word() == "set" || word() == "map")
        set();
      else if (word() == "flags")
        flags();
      else
        other();
    }
  }

  void flags() {
    for (; !at_end(); ++at_)
      if (word() == "dormant") listing_.dormant.insert(table_);
  }

  /// Objects that rules name: counters, limits, helpers.
  void other() {
    while (!at_end() && word() != "{") ++at_;
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
    auto& block = block_named(listing_.chains, chains_at_);
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
  }

  void base(ChainBlock& block) {
    block.type = word(1);
    for (; !at_end(); ++at_) {
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
    auto& block = block_named(listing_.sets, sets_at_);
    bool verdicts = !block.verdicts.empty();
    if (!open()) return;
    while (inside()) {
      if (word() == "elements" && word(1) == "=") {
        at_ += 2;
        elements(block, is_map && !verdicts);
      } else {
        for (; !at_end(); ++at_) {
          verdicts |= word() == "verdict";
          block.changes |= word() == "dynamic" || word() == "timeout";
        }
      }
    }
    if (is_map && !verdicts) block.known = false;
  }

  void elements(SetBlock& block, bool skipped) {
    if (skipped) return other();
    auto braces = parse_braces(Span{tokens_}.subspan(at_));
    if (!braces.understood) {
      block.known = false;
      return other();
    }
    std::ranges::move(braces.elements, std::back_inserter(block.elements));
    std::ranges::move(braces.verdicts, std::back_inserter(block.verdicts));
    at_ += braces.length;
  }

  const std::vector<Token>& tokens_;
  const std::map<int, std::string>& handles_;
  std::size_t at_ = 0;
  TableName table_;
  Listing listing_;
  Places chains_at_;
  Places sets_at_;
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
  const auto head = text.substr(0, looked_at);
  const auto has_line = [&](std::string_view line) {
    return head.starts_with(line) || head.contains("\n" + std::string{line});
  };
  return has_line("table ") || has_line("add table ") || has_line("flush ruleset");
}

std::expected<Ruleset, Complaint> read_text(std::string_view text, const RulesView& view) {
  auto listing = parse_text(text);
  if (!listing) return std::unexpected{std::move(listing.error())};
  return ruleset_of(std::move(*listing), view);
}

}  // namespace fwprobe::allowlist::nft
