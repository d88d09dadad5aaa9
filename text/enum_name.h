#pragma once
// The names of an enumeration's values, in the order of the values.

#include <cstddef>
#include <string_view>

namespace fwprobe {

/// Empty for a value that is no enumerator, as numbers read from a file or a database can be.
template <typename Enum, std::size_t N>
constexpr std::string_view enum_name(const std::string_view (&names)[N], Enum value) {
  const auto place = static_cast<std::size_t>(value);
  return place < N ? names[place] : std::string_view{};
}

}  // namespace fwprobe
