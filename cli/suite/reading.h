#pragma once
// Walking through a suite's trees: the first thing that is wrong is kept with its place, and what follows it
// is read for nothing.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/suite/document.h"
#include "cli/values.h"

namespace fwprobe::cli {

/// A key and its value, and the file in which they stand.
struct Given {
  const SuiteDocument* document = nullptr;
  const allowlist::YamlNode* key = nullptr;  ///< of an element of a list: the element itself
  const allowlist::YamlNode* value = nullptr;
};

class SuiteReading {
 public:
  const std::optional<UsageError>& error() const { return error_; }

  void fail(const Given& given, std::string_view message) { fail(given, given.value->place, message); }
  void fail(const Given& given, allowlist::Place place, std::string_view message) {
    if (!error_) error_ = wrong_at(given.document->file, place, message);
  }

  /// The pairs of a map, none twice and none without a value; nothing after an error.
  std::vector<Given> pairs(const Given& given, std::string_view right);
  /// The elements of a list; nothing after an error.
  std::vector<Given> elements(const Given& given, std::string_view right);
  /// One value, not empty.
  std::string text(const Given& given);
  /// One, or a list of them: [a, b].
  std::vector<Given> values(const Given& given);
  std::vector<std::string> texts(const Given& given);

  /// A value read by a function of cli/values.h; `initial` after an error.
  template <typename Parse, typename T>
  T value(const Given& given, Parse parse, T initial) {
    const auto word = text(given);
    if (error_) return initial;
    auto parsed = parse(word);
    if (parsed) return std::move(*parsed);
    fail(given, parsed.error());
    return initial;
  }
  bool flag(const Given& given);
  /// A whole number between two, both included.
  std::size_t number(const Given& given, std::size_t least, std::size_t most);

  /// "unknown key", with the one that was probably meant.
  void unknown(const Given& given, const std::vector<std::string>& known);

 private:
  std::optional<UsageError> error_;
};

}  // namespace fwprobe::cli
