#pragma once
// Where reports go: standard output, and files that appear whole or not at all.

#include <expected>
#include <string>
#include <string_view>

namespace fwprobe::cli {

/// All of `text` to a descriptor; the error is the system's words.
std::expected<void, std::string> write_all(int descriptor, std::string_view text);

/// Replaces `path` by a file with this text: written beside it, synced, renamed. Devices and pipes are
/// written as they are. The error names the path.
std::expected<void, std::string> write_file(const std::string& path, std::string_view text);

}  // namespace fwprobe::cli
