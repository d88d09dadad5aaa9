#include "allowlist/rules/json_fields.h"

#include <algorithm>

#include <fmt/format.h>

#include "text/ascii.h"

namespace fwprobe::allowlist {
namespace {

bool same_key(std::string_view a, std::string_view b, KeyCase key_case) {
  return key_case == KeyCase::exact ? a == b : equal_ignoring_case(a, b);
}

std::optional<std::int64_t> whole_number(const JsonNode& node) {
  if (const auto* number = node.as<std::int64_t>()) return *number;
  const auto* text = node.as<std::string_view>();
  if (text == nullptr) return std::nullopt;
  return fwprobe::whole_number<std::int64_t>(*text);
}

}  // namespace

const JsonNode* JsonFields::find(const JsonNode& object, std::string_view key) {
  const auto* members = object.as<JsonObject>();
  if (members == nullptr) return nullptr;
  const JsonNode* found = nullptr;
  for (const auto& node : members->members) {
    if (!same_key(node.key, key, key_case_)) continue;
    if (found != nullptr) refuse(node, fmt::format("is the same key as {}", excerpt(found->key)));
    found = &node;
  }
  return found == nullptr || found->is_null() ? nullptr : found;
}

std::optional<std::string_view> JsonFields::text(const JsonNode& object, std::string_view key) {
  const auto* node = find(object, key);
  if (node == nullptr) return std::nullopt;
  if (const auto* text = node->as<std::string_view>()) return *text;
  refuse_kind(*node, "a string");
  return std::nullopt;
}

std::optional<std::int64_t> JsonFields::whole(const JsonNode& object, std::string_view key,
                                              std::int64_t least, std::int64_t most) {
  const auto* node = find(object, key);
  if (node == nullptr) return std::nullopt;
  const auto number = whole_number(*node);
  if (number && least <= *number && *number <= most) return number;
  refuse(*node, fmt::format("should be a whole number from {} to {}", least, most));
  return std::nullopt;
}

std::optional<bool> JsonFields::flag(const JsonNode& object, std::string_view key) {
  const auto* node = find(object, key);
  if (node == nullptr) return std::nullopt;
  if (const auto* flag = node->as<bool>()) return *flag;
  refuse_kind(*node, "true or false");
  return std::nullopt;
}

std::span<const JsonNode> JsonFields::array(const JsonNode& object, std::string_view key) {
  const auto* node = find(object, key);
  if (node == nullptr) return {};
  if (const auto* array = node->as<JsonArray>()) return *array;
  refuse_kind(*node, "an array");
  return {};
}

std::vector<const JsonNode*> JsonFields::texts(const JsonNode& object, std::string_view key) {
  std::vector<const JsonNode*> found;
  const auto* node = find(object, key);
  if (node == nullptr) return found;
  if (node->as<std::string_view>() != nullptr) {
    found.push_back(node);
    return found;
  }
  const auto* array = node->as<JsonArray>();
  if (array == nullptr) {
    refuse_kind(*node, "a string or an array of strings");
    return found;
  }
  for (const auto& item : *array) {
    if (item.as<std::string_view>() == nullptr) {
      refuse_kind(item, "a string");
      break;
    }
    found.push_back(&item);
  }
  return found;
}

std::string_view JsonFields::need_text(const JsonNode& object, std::string_view key) {
  const auto found = text(object, key);
  if (!found && need_object(object)) refuse(object, fmt::format("has no {}", key));
  return found.value_or("");
}

std::span<const JsonNode> JsonFields::need_array(const JsonNode& object, std::string_view key,
                                                 std::string_view advice) {
  if (need_object(object) && find(object, key) == nullptr)
    refuse(object, fmt::format("has no {}{}{}", key, advice.empty() ? "" : "; ", advice));
  return array(object, key);
}

void JsonFields::refuse_page(const JsonNode& root, std::string_view key, std::string_view advice) {
  if (!text(root, key).value_or("").empty())
    refuse(*find(root, key), fmt::format("the export goes on behind this; {}", advice));
}

bool JsonFields::need_object(const JsonNode& node) {
  if (node.as<JsonObject>() != nullptr) return true;
  refuse_kind(node, "an object");
  return false;
}

void JsonFields::refuse(const JsonNode& node, std::string_view message) {
  if (!complaint_) complaint_ = tree_.complaint(node, message);
}

void JsonFields::refuse_kind(const JsonNode& node, std::string_view wanted) {
  refuse(node, fmt::format("is {}; should be {}", kind(node), wanted));
}

}  // namespace fwprobe::allowlist
