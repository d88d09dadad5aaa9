#pragma once
// A request as the pages see it: decoded once, at the edge, out of what the HTTP library has read.

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "monitor/web/answer.h"

namespace fwprobe::monitor {

struct Field {
  std::string name;
  std::string value;
};

struct Request {
  std::string method;
  std::string path;                                        ///< decoded, begins with '/'
  std::vector<std::pair<std::string, std::string>> query;  ///< decoded, in order
  std::vector<Field> fields;                               ///< of the header, in order

  /// The first value of a parameter; empty when it is not there, as for blackbox_exporter.
  std::string_view parameter(std::string_view name) const;
  /// The only value of a header field, names compared without case; nothing when there is none, or several.
  std::optional<std::string_view> field(std::string_view name) const;
};

inline constexpr std::size_t longest_request_target = 8 * 1024;
inline constexpr std::size_t longest_request_header = 16 * 1024;
inline constexpr std::size_t most_parameters = 64;

/// `target` in origin-form or absolute-form (RFC 9112 §3.2). The error is the answer to send: 400, 413, 414
/// or 431.
std::expected<Request, Answer> read_request(std::string_view method, std::string_view target,
                                            std::vector<Field> fields, std::size_t body_bytes);

/// "%41" is "A"; nothing for '%' without two hexadecimal digits, for NUL, and for what is not UTF-8.
std::optional<std::string> percent_decoded(std::string_view text);
/// Fit for a path segment or a query's name or value.
std::string percent_encoded(std::string_view text);

}  // namespace fwprobe::monitor
