#pragma once
// "aws.json#service=EC2|S3,region=eu-west-1": a list, and which part of it is meant.

#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace fwprobe::allowlist {

/// One of the values is enough.
struct Filter {
  std::string key;
  std::vector<std::string> values;
};

struct ListName {
  std::string name;  ///< of a list or file
  std::vector<Filter> filters;
};

/// The error is a sentence: what is wrong, what would be right. Whether a file has a '#' in its name is for
/// the caller to look at first.
std::expected<ListName, std::string> parse_list_name(std::string_view text);

}  // namespace fwprobe::allowlist
