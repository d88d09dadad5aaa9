#include "allowlist/rules/nft_json.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <span>
#include <utility>

#include <fmt/format.h>

#include "allowlist/rules/json_fields.h"
#include "allowlist/rules/json_tree.h"
#include "allowlist/rules/nft_meaning.h"

namespace fwprobe::allowlist::nft {
namespace {

/// The one member of {"match": {…}}.
const JsonNode* only_member(const JsonNode& node) {
  const auto* object = node.as<JsonObject>();
  return object != nullptr && object->members.size() == 1 ? &object->members.front() : nullptr;
}

std::string word_of(const JsonNode& node) {
  if (const auto* text = node.as<std::string_view>()) return std::string{*text};
  if (const auto* number = node.as<std::int64_t>()) return fmt::format("{}", *number);
  if (const auto* flag = node.as<bool>()) return *flag ? "exists" : "missing";
  return {};
}

std::string text_member(const JsonNode& node, std::string_view key) {
  const auto* found = member(node, key);
  return found == nullptr ? std::string{} : word_of(*found);
}

Value word(std::string text) { return {Value::Kind::word, std::move(text), {}}; }

Value value_of(const JsonNode& node);

Value several(Value::Kind kind, const JsonNode& nodes) {
  Value value{kind, {}, {}};
  if (const auto* array = nodes.as<JsonArray>()) {
    for (const auto& part : *array) value.parts.push_back(value_of(part));
    return value;
  }
  value.parts.push_back(value_of(nodes));
  return value;
}

/// A limit or quota of an element, which the kernel asks whenever it finds the element (nft_lookup_eval()).
bool has_condition(const JsonNode& element) {
  constexpr std::string_view plain[] = {"val", "timeout", "expires", "comment", "counter", "last"};
  const auto* object = element.as<JsonObject>();
  return object != nullptr && std::ranges::any_of(object->members, [&](const JsonNode& part) {
           return std::ranges::find(plain, part.key) == std::end(plain);
         });
}

/// An object of one member: a prefix, a range, a set, …
Value compound(const JsonNode& inner) {
  if (inner.key == "prefix")
    return word(fmt::format("{}/{}", text_member(inner, "addr"), text_member(inner, "len")));
  if (inner.key == "range") return several(Value::Kind::range, inner);
  if (inner.key == "set") return several(Value::Kind::set, inner);
  if (inner.key == "|") return several(Value::Kind::list, inner);
  if (inner.key == "concat") return several(Value::Kind::concat, inner);
  if (inner.key == "elem" && !has_condition(inner))
    if (const auto* element = member(inner, "val")) return value_of(*element);
  return {Value::Kind::other, std::string{inner.key}, {}};
}

Value value_of(const JsonNode& node) {
  if (node.as<JsonArray>() != nullptr) return several(Value::Kind::list, node);
  if (node.as<JsonObject>() != nullptr) {
    const auto* inner = only_member(node);
    return inner != nullptr ? compound(*inner) : Value{Value::Kind::other, "an object", {}};
  }
  auto text = word_of(node);
  if (text.starts_with('@')) return {Value::Kind::reference, text.substr(1), {}};
  return word(std::move(text));
}

/// "saddr . iif"
std::string fib_flags(const JsonNode& fib) {
  const auto* flags = member(fib, "flags");
  if (flags == nullptr) return {};
  const auto* several = flags->as<JsonArray>();
  std::string text;
  for (const auto& flag : several != nullptr ? std::span{*several} : std::span{flags, 1})
    text += (text.empty() ? "" : " . ") + word_of(flag);
  return text;
}

/// A left side: "ip saddr", "ct state", …
std::string name_of(const JsonNode& inner) {
  if (inner.key == "payload" && member(inner, "protocol") != nullptr) {
    const auto field = fmt::format("{} {}", text_member(inner, "protocol"), text_member(inner, "field"));
    // Of the packet that is inside of this one.
    return member(inner, "tunnel") == nullptr ? field
                                              : fmt::format("{} {}", text_member(inner, "tunnel"), field);
  }
  if (inner.key == "meta" || inner.key == "ct" || inner.key == "socket" || inner.key == "rt")
    return fmt::format("{} {}", inner.key, text_member(inner, "key"));
  if (inner.key == "fib") return fmt::format("fib {} {}", fib_flags(inner), text_member(inner, "result"));
  if (inner.key == "exthdr" || inner.key == "tcp option")
    return fmt::format("{} {}", inner.key, text_member(inner, "name"));
  return std::string{inner.key};
}

std::vector<Field> fields_of(const JsonNode& node) {
  const auto* inner = only_member(node);
  if (inner == nullptr) return {{"an expression", {}}};
  const auto* operands = inner->as<JsonArray>();
  if (inner->key == "concat" && operands != nullptr) {
    std::vector<Field> fields;
    for (const auto& part : *operands) std::ranges::move(fields_of(part), std::back_inserter(fields));
    return fields;
  }
  if (inner->key == "&" && operands != nullptr && operands->size() == 2) {
    auto fields = fields_of(operands->front());
    if (fields.size() == 1) fields.front().mask = value_of(operands->back());
    return fields;
  }
  return {{name_of(*inner), {}}};
}

constexpr std::pair<std::string_view, Operator> operators[] = {
    {"==", Operator::equal},   {"!=", Operator::not_equal}, {"in", Operator::any_bit},
    {"!", Operator::no_bit},   {"<", Operator::less},       {">", Operator::greater},
    {"<=", Operator::at_most}, {">=", Operator::at_least}};

constexpr std::pair<std::string_view, Verdict> decisions[] = {
    {"accept", Verdict::accept},  {"drop", Verdict::drop},     {"reject", Verdict::reject},
    {"return", Verdict::return_}, {"continue", Verdict::next}, {"jump", Verdict::jump},
    {"goto", Verdict::go_to}};

std::optional<Decision> decision_of(const JsonNode& inner) {
  const auto row = std::ranges::find(decisions, inner.key, &std::pair<std::string_view, Verdict>::first);
  if (row == std::end(decisions)) return std::nullopt;
  return Decision{row->second, text_member(inner, "target"), text_member(inner, "type")};
}

constexpr std::string_view harmless[] = {"counter",        "log",  "ct helper", "ct timeout",
                                         "ct expectation", "flow", "last",      "secmark"};
constexpr std::string_view conditions[] = {"limit", "quota", "ct count", "meter"};

Statement match_of(const JsonNode& inner) {
  const auto* left = member(inner, "left");
  const auto* right = member(inner, "right");
  const auto op = text_member(inner, "op");
  const auto row = std::ranges::find(operators, op, &std::pair<std::string_view, Operator>::first);
  if (left == nullptr || right == nullptr || row == std::end(operators))
    return {Condition{}, fmt::format("a match with the operator '{}'", op)};
  return {Match{fields_of(*left), row->second, value_of(*right)}, {}};
}

/// [[key, {"drop": null}], …]; nothing when it has another shape.
std::optional<std::vector<MapElement>> verdicts_of(const JsonNode& node) {
  const auto* rows = node.as<JsonArray>();
  if (rows == nullptr) return std::nullopt;
  std::vector<MapElement> elements;
  for (const auto& row : *rows) {
    const auto* pair = row.as<JsonArray>();
    if (pair == nullptr || pair->size() != 2) return std::nullopt;
    const auto* inner = only_member(pair->back());
    const auto decision = inner == nullptr ? std::nullopt : decision_of(*inner);
    if (!decision) return std::nullopt;
    elements.push_back({value_of(pair->front()), *decision});
  }
  return elements;
}

Statement vmap_of(const JsonNode& inner) {
  const auto* key = member(inner, "key");
  const auto* data = member(inner, "data");
  if (key == nullptr || data == nullptr) return {NotUnderstood{}, "a vmap without key or data"};
  VerdictMap map{fields_of(*key), {}, {}};
  if (const auto* reference = data->as<std::string_view>();
      reference != nullptr && reference->starts_with('@')) {
    map.reference = reference->substr(1);
    return {std::move(map), {}};
  }
  const auto* set = member(*data, "set");
  auto elements = set == nullptr ? std::nullopt : verdicts_of(*set);
  if (!elements) return {NotUnderstood{}, "a vmap that was not understood"};
  map.elements = std::move(*elements);
  return {std::move(map), {}};
}

Statement translation_of(const JsonNode& inner) {
  const auto part = [&](std::string_view key) {
    const auto* node = member(inner, key);
    return node == nullptr ? word({}) : value_of(*node);
  };
  return {Translation{part("addr"), part("port")}, std::string{inner.key}};
}

Statement source_translation_of(const JsonNode& inner) {
  const auto* address = member(inner, "addr");
  return {SourceTranslation{text_member(inner, "family"),
                            address != nullptr && member(*address, "map") != nullptr},
          fmt::format("{} by a map", inner.key)};
}

/// Rules of iptables-nft: their matches and targets have no arguments in this form (measured,
/// nftables 1.0.6).
Statement xt_of(const JsonNode& inner) {
  const auto name = text_member(inner, "name");
  if (name == "comment" || name == "LOG" || name == "NFLOG") return {Harmless{}, {}};
  if (name == "REJECT") return {Decision{Verdict::reject}, {}};
  const auto text =
      fmt::format("xt {} {} (its arguments are in iptables-save only)", text_member(inner, "type"), name);
  if (text_member(inner, "type") == "match") return {Condition{}, text};
  return {NotUnderstood{}, text};
}

/// The fields that an expression is made of; nothing when it has more than those, numbers and operators.
std::optional<std::vector<std::string>> operands_of(const JsonNode& node) {
  constexpr std::string_view of_bits[] = {"|", "&", "^", "<<", ">>"};
  constexpr std::string_view of_packets[] = {"meta", "ct", "rt", "payload"};
  const auto* inner = only_member(node);
  if (node.as<JsonObject>() == nullptr) return std::vector<std::string>{};
  if (inner == nullptr) return std::nullopt;
  if (std::ranges::find(of_packets, inner->key) != std::end(of_packets)) return std::vector{name_of(*inner)};
  const auto* parts = inner->as<JsonArray>();
  if (parts == nullptr || std::ranges::find(of_bits, inner->key) == std::end(of_bits)) return std::nullopt;
  std::vector<std::string> fields;
  for (const auto& part : *parts) {
    auto more = operands_of(part);
    if (!more) return std::nullopt;
    std::ranges::move(*more, std::back_inserter(fields));
  }
  return fields;
}

Statement mangle_of(const JsonNode& inner) {
  const auto* key = member(inner, "key");
  const auto name =
      key == nullptr || only_member(*key) == nullptr ? std::string{} : name_of(*only_member(*key));
  const auto* value = member(inner, "value");
  auto text = fmt::format("{} set", name);
  auto from = value == nullptr ? std::nullopt : operands_of(*value);
  if (!from) return {NotUnderstood{}, std::move(text)};
  return {Change{name, std::move(*from)}, std::move(text)};
}

Statement statement_of(const JsonNode& node) {
  const auto* inner = only_member(node);
  if (inner == nullptr) return {NotUnderstood{}, "a statement that was not understood"};
  const std::string key{inner->key};
  const auto is_in = [&](const auto& table) { return std::ranges::find(table, key) != std::end(table); };
  if (key == "match") return match_of(*inner);
  if (key == "vmap") return vmap_of(*inner);
  if (key == "dnat" || key == "redirect") return translation_of(*inner);
  if (key == "snat" || key == "masquerade") return source_translation_of(*inner);
  if (key == "xt") return xt_of(*inner);
  if (key == "mangle") return mangle_of(*inner);
  // It ends the rule where the packet has no such field, or the set is full.
  if (key == "set") return {Condition{}, fmt::format("set {}", text_member(*inner, "set"))};
  if (key == "notrack") return {Untracked{}, {}};
  if (is_in(harmless)) return {Harmless{}, {}};
  if (is_in(conditions)) return {Condition{}, key};
  if (const auto decision = decision_of(*inner)) return {*decision, {}};
  return {NotUnderstood{}, key};
}

class Reader {
 public:
  explicit Reader(const JsonTree& tree) : tree_{tree}, fields_{tree} {}

  std::expected<Listing, Complaint> read() && {
    for (const auto& node : fields_.need_array(tree_.root(), "nftables")) {
      const auto* inner = only_member(node);
      if (inner == nullptr)
        fields_.refuse(node, "should be an object with one key, as 'nft -j list ruleset' writes it");
      else
        add(*inner);
      if (fields_.complaint()) return std::unexpected{*fields_.complaint()};
    }
    if (fields_.complaint()) return std::unexpected{*fields_.complaint()};
    return std::move(listing_);
  }

 private:
  void add(const JsonNode& inner) {
    constexpr std::pair<std::string_view, void (Reader::*)(const JsonNode&)> kinds[] = {
        {"table", &Reader::add_table},    {"chain", &Reader::add_chain}, {"rule", &Reader::add_rule},
        {"set", &Reader::add_set},        {"map", &Reader::add_set},     {"meter", &Reader::add_set},
        {"element", &Reader::add_element}};
    constexpr std::string_view others[] = {"metainfo",  "flowtable",      "counter", "quota",
                                           "ct helper", "ct timeout",     "limit",   "secmark",
                                           "synproxy",  "ct expectation", "tunnel"};
    const auto* kind = std::ranges::find(kinds, inner.key, [](const auto& row) { return row.first; });
    if (kind != std::end(kinds)) return (this->*kind->second)(inner);
    // A command, such as {"add": …}, would change what is there.
    if (std::ranges::find(others, inner.key) == std::end(others))
      fields_.refuse(inner, "is nothing that 'nft -j list ruleset' writes, whose output alone is read");
  }

  void add_table(const JsonNode& inner) {
    const TableName table{std::string{fields_.need_text(inner, "family")},
                          std::string{fields_.need_text(inner, "name")}};
    for (const auto* flag : fields_.texts(inner, "flags"))
      if (word_of(*flag) == "dormant") listing_.dormant.insert(table);
  }

  TableName table_of(const JsonNode& inner) {
    return {std::string{fields_.need_text(inner, "family")}, std::string{fields_.need_text(inner, "table")}};
  }

  void add_chain(const JsonNode& inner) {
    ChainBlock chain;
    chain.table = table_of(inner);
    chain.name = fields_.need_text(inner, "name");
    chain.place = tree_.place(inner);
    chain.type = fields_.text(inner, "type").value_or("");
    chain.hook = fields_.text(inner, "hook").value_or("");
    chain.priority = static_cast<int>(fields_.whole(inner, "prio", INT32_MIN, INT32_MAX).value_or(0));
    chain.drops = fields_.text(inner, "policy") == "drop";
    listing_.chains.push_back(std::move(chain));
  }

  void add_rule(const JsonNode& inner) {
    const auto table = table_of(inner);
    const auto name = fields_.need_text(inner, "chain");
    if (fields_.complaint()) return;
    const auto is_it = [&](const auto& chain) { return chain.name == name && chain.table == table; };
    // A listing has a chain's rules together.
    if (current_ >= listing_.chains.size() || !is_it(listing_.chains[current_]))
      current_ =
          static_cast<std::size_t>(std::ranges::find_if(listing_.chains, is_it) - listing_.chains.begin());
    if (current_ == listing_.chains.size())
      return fields_.refuse(inner,
                            fmt::format("is of the chain {}, which is not in front of it", excerpt(name)));
    RuleLine rule;
    rule.name = {fields_.line(inner), {}, std::string{fields_.text(inner, "comment").value_or("")}};
    if (const auto handle = fields_.whole(inner, "handle", 0, INT64_MAX))
      rule.name.name = fmt::format("handle {}", *handle);
    for (const auto& node : fields_.need_array(inner, "expr")) rule.statements.push_back(statement_of(node));
    listing_.chains[current_].rules.push_back(std::move(rule));
  }

  void add_set(const JsonNode& inner) {
    SetBlock set;
    set.table = table_of(inner);
    set.name = fields_.need_text(inner, "name");
    set.place = tree_.place(inner);
    for (const auto* flag : fields_.texts(inner, "flags"))
      set.changes |= word_of(*flag) == "dynamic" || word_of(*flag) == "timeout";
    const auto* elements = member(inner, "elem");
    if (inner.key == "map" && fields_.text(inner, "map") != "verdict")
      set.known = false;
    else if (elements != nullptr)
      add_elements(*elements, set);
    if (inner.key == "map" && !set.elements.empty())
      return fields_.refuse(*elements, "should be pairs of a key and a verdict");
    listing_.sets.push_back(std::move(set));
  }

  void add_element(const JsonNode& inner) {
    const auto table = table_of(inner);
    const auto name = fields_.need_text(inner, "name");
    const auto set = std::ranges::find_if(
        listing_.sets, [&](const auto& row) { return row.name == name && row.table == table; });
    if (set == listing_.sets.end())
      return fields_.refuse(inner,
                            fmt::format("is of the set {}, which is not in front of it", excerpt(name)));
    if (const auto* elements = fields_.find(inner, "elem")) add_elements(*elements, *set);
  }

  static void add_elements(const JsonNode& nodes, SetBlock& set) {
    if (auto verdicts = verdicts_of(nodes))
      std::ranges::move(*verdicts, std::back_inserter(set.verdicts));
    else
      std::ranges::move(several(Value::Kind::set, nodes).parts, std::back_inserter(set.elements));
  }

  const JsonTree& tree_;
  JsonFields fields_;
  Listing listing_;
  std::size_t current_ = 0;  ///< the chain of the last rule
};

}  // namespace

std::expected<Listing, Complaint> parse_json(std::string_view text) {
  const auto tree = JsonTree::parse(text);
  if (!tree) return std::unexpected{tree.error()};
  return Reader{*tree}.read();
}

bool is_json(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  return first != std::string_view::npos && text[first] == '{' &&
         text.substr(first, 200).contains("\"nftables\"");
}

std::expected<Ruleset, Complaint> read_json(std::string_view text, const RulesView& view) {
  auto listing = parse_json(text);
  if (!listing) return std::unexpected{std::move(listing.error())};
  return ruleset_of(std::move(*listing), view);
}

}  // namespace fwprobe::allowlist::nft
