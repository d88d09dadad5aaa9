#pragma once
// Plain lists of any length as sets, without a value for each line.

#include <optional>
#include <string_view>
#include <vector>

#include "allowlist/prefix_set.h"
#include "allowlist/yaml_tree.h"

namespace fwprobe::allowlist {

/// Takes a plain list (plain_lines.h) in pieces.
class PlainRanges {
 public:
  /// `bytes`: about how long the list is; 0 when that is not known.
  explicit PlainRanges(std::size_t bytes = 0) : bytes_{bytes} {}
  /// Whole lines.
  std::optional<Complaint> add(std::string_view lines);
  bool empty() const { return v4_.empty() && v6_.empty(); }
  std::size_t host_bits() const { return host_bits_; }
  PrefixSet take() &&;

 private:
  std::optional<Complaint> add_line(std::string_view line);
  void reserve_like(std::size_t read);

  std::vector<Range<std::uint32_t>> v4_;
  std::vector<Range<Uint128>> v6_;
  std::size_t bytes_;
  int line_ = 1;
  std::size_t host_bits_ = 0;  ///< lines with bits behind the prefix' length
};

}  // namespace fwprobe::allowlist
