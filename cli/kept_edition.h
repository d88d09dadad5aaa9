#pragma once
// A publisher's list on disk, and the note beside it that says where it came from.

#include <expected>
#include <optional>
#include <string>
#include <string_view>

namespace fwprobe::cli {

struct KeptNote {
  std::string url;
  std::string etag;     ///< RFC 9110 §8.8.3, quotes included; empty: the server gave none
  std::string fetched;  ///< RFC 3339
};

/// The list's text; nothing when there is none. The error names the file; a pipe is one, as it would be
/// waited for.
std::expected<std::optional<std::string>, std::string> read_kept(const std::string& path);
/// Nothing when there is none, or none about this text: the list may be an older one that was put back.
std::optional<KeptNote> read_note(const std::string& path, std::string_view text);

/// A list that is kept, and what went wrong beside it: a note that is too old costs one download.
struct Kept {
  std::string problem;  ///< empty: nothing
};

/// Each replaces its file as a whole, the list first. The error is that the list is not kept.
std::expected<Kept, std::string> keep(const std::string& path, std::string_view text, const KeptNote& note);
/// The list that is kept is the newest: its age begins again.
Kept confirm(const std::string& path, std::string_view text, const KeptNote& note);

}  // namespace fwprobe::cli
