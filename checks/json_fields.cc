#include "checks/json_fields.h"

#include <cstdint>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace fwprobe::checks {
namespace {

constexpr std::size_t max_values = 20'000;
constexpr std::size_t max_length = 8 * 1024;
/// No place that a check asks for is deeper; what lies below is read and forgotten.
constexpr std::size_t max_depth = 16;

using Pattern = std::vector<std::string_view>;

Pattern split(std::string_view pointer) {
  Pattern parts;
  while (!pointer.empty()) {
    pointer.remove_prefix(1);  // the slash
    const auto end = std::min(pointer.find('/'), pointer.size());
    parts.push_back(pointer.substr(0, end));
    pointer.remove_prefix(end);
  }
  return parts;
}

/// The parser's events (nlohmann::json_sax); keeps the path to the current value and the scalars asked for.
class Reader {
 public:
  Reader(std::span<const std::string_view> wanted, JsonFields& found) : found_{found} {
    for (const auto pointer : wanted) patterns_.push_back(split(pointer));
  }

  bool null() { return skip(); }
  bool boolean(bool value) { return keep(value ? "true" : "false"); }
  bool number_integer(std::int64_t value) { return keep(std::to_string(value)); }
  bool number_unsigned(std::uint64_t value) { return keep(std::to_string(value)); }
  bool number_float(double, const std::string& text) { return keep(text); }
  bool string(const std::string& text) { return keep(text); }
  bool binary(nlohmann::json::binary_t&) { return skip(); }

  bool start_object(std::size_t) {
    if (depth_ == 0) found_.is_object = true;
    return open(Kind::object);
  }
  bool key(const std::string& name) {
    if (depth_ <= max_depth) path_.back().key = name;
    return true;
  }
  bool end_object() { return close(); }
  bool start_array(std::size_t) { return open(Kind::array); }
  bool end_array() {
    if (depth_ <= max_depth) {
      const auto length = std::to_string(path_.back().index);
      path_.pop_back();
      --depth_;
      store(length);
      next();
      return true;
    }
    return close();
  }
  bool parse_error(std::size_t, const std::string&, const nlohmann::json::exception&) { return false; }

 private:
  enum class Kind : std::uint8_t { object, array };
  struct Level {
    Kind kind;
    std::string key;
    std::size_t index = 0;
  };

  bool open(Kind kind) {
    if (++depth_ <= max_depth) path_.push_back({kind, {}, 0});
    return true;
  }
  bool close() {
    if (depth_-- <= max_depth) path_.pop_back();
    next();
    return true;
  }
  bool skip() {
    next();
    return true;
  }
  bool keep(std::string_view text) {
    store(text);
    next();
    return true;
  }
  /// The value that just ended was one element of its array.
  void next() {
    if (depth_ > 0 && depth_ <= max_depth && path_.back().kind == Kind::array) ++path_.back().index;
  }

  void store(std::string_view text) {
    if (depth_ > max_depth || !is_wanted()) return;
    if (text.size() > max_length || found_.values.size() >= max_values) {
      found_.cut = true;
      return;
    }
    std::string pointer;
    for (const auto& level : path_) pointer.append("/").append(name(level));
    found_.values.insert_or_assign(std::move(pointer), std::string{text});
  }

  static std::string name(const Level& level) {
    return level.kind == Kind::array ? std::to_string(level.index) : level.key;
  }

  bool is_wanted() const {
    return std::ranges::any_of(patterns_, [&](const Pattern& pattern) {
      if (pattern.size() != path_.size()) return false;
      for (std::size_t i = 0; i < pattern.size(); ++i)
        if (pattern[i] != "*" && (path_[i].kind == Kind::array || path_[i].key != pattern[i])) return false;
      return true;
    });
  }

  JsonFields& found_;
  std::vector<Pattern> patterns_;
  std::vector<Level> path_;  ///< at most max_depth levels
  std::size_t depth_ = 0;
};

}  // namespace

std::optional<std::string_view> JsonFields::at(std::string_view pointer) const {
  const auto found = values.find(pointer);
  if (found == values.end()) return std::nullopt;
  return found->second;
}

JsonFields read_json(std::string_view text, std::span<const std::string_view> wanted) {
  JsonFields found;
  Reader reader{wanted, found};
  found.valid = nlohmann::json::sax_parse(text.begin(), text.end(), &reader);
  return found;
}

}  // namespace fwprobe::checks
