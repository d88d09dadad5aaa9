#include "allowlist/publishers.h"

#include <algorithm>

#include <fmt/format.h>

namespace fwprobe::allowlist {
namespace {

using std::chrono::days;

constexpr Publisher rows[] = {
#include "allowlist/publishers.inc"
};

}  // namespace

std::span<const Publisher> publishers() { return rows; }

const Publisher* find_publisher(std::string_view name) {
  const auto* row = std::ranges::find(rows, name, &Publisher::name);
  return row == std::end(rows) ? nullptr : row;
}

std::string kept_file(std::string_view directory, const Publisher& publisher) {
  return fmt::format("{}/{}", directory, publisher.file);
}

}  // namespace fwprobe::allowlist
