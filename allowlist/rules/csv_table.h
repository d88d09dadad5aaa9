#pragma once
// A CSV file (RFC 4180) as rows of cells with places.

#include <cstddef>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "allowlist/yaml_tree.h"

namespace fwprobe::allowlist {

struct CsvCell {
  std::string text;  ///< without its quotes and the space around it
  Place place;
};
using CsvRow = std::vector<CsvCell>;

struct CsvLimits {
  std::size_t bytes = 50 * 1024 * 1024;
  std::size_t rows = 200'001;  ///< with the header
  std::size_t columns = 64;
};

/// In UTF-8, with or without BOM, lines ended by LF or CRLF. Empty lines and lines that begin with '#' are
/// skipped, and the last line may have no end (RFC 4180 §2). Refused: control characters, a quote in the
/// middle of a cell, and a line break in a cell.
std::expected<std::vector<CsvRow>, Complaint> read_csv(std::string_view text, const CsvLimits& limits = {});

}  // namespace fwprobe::allowlist
