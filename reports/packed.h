#pragma once
// Large and binary texts inside a report: gzip (RFC 1952) in Base64 (RFC 4648 §4), as `base64 -d | zcat`
// reads it.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace fwprobe::reports {

std::string packed(std::string_view bytes);
/// Nothing when it is not what packed() makes, or when more than `limit` bytes come out of it.
std::optional<std::string> unpacked(std::string_view text, std::size_t limit);

/// Nothing when it is not Base64 with its padding.
std::optional<std::string> from_base64(std::string_view text);

}  // namespace fwprobe::reports
