#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "cli/usage.h"
#include "cli/values.h"

namespace fwprobe::cli {

/// Collects the first error, so that the way from arguments to settings reads as a list.
class Reading {
 public:
  template <typename T, typename Parse>
  void one(std::string_view option, const std::string& text, Parse parse, T& to) {
    if (text.empty() || error_) return;
    auto value = parse(text);
    if (value)
      to = std::move(*value);
    else
      fail(option, value.error());
  }

  template <typename T, typename Parse>
  void many(std::string_view option, const std::vector<std::string>& texts, Parse parse, std::vector<T>& to) {
    for (const auto& text : texts) {
      if (error_) return;
      auto value = parse(text);
      if (value)
        to.push_back(std::move(*value));
      else
        fail(option, value.error());
    }
  }

  void refuse(bool wrong, std::string_view message) {
    if (wrong && !error_) error_ = UsageError{std::string{message}};
  }

  const std::optional<UsageError>& error() const { return error_; }

 private:
  void fail(std::string_view option, std::string_view message) {
    error_ = UsageError{option.empty() ? std::string{message} : fmt::format("{}: {}", option, message)};
  }
  std::optional<UsageError> error_;
};

}  // namespace fwprobe::cli
