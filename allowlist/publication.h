#pragma once
// From what a publisher's file says to the list that was asked for.

#include <chrono>
#include <expected>
#include <optional>
#include <span>
#include <string_view>

#include "allowlist/formats/format.h"
#include "allowlist/list_name.h"

namespace fwprobe::allowlist {

/// Where a list came from, for its name, its age and its messages.
struct Origin {
  std::string_view file;       ///< for messages
  std::string_view publisher;  ///< a row of publishers.inc; "" for anyone's file
  std::chrono::year_month_day written;
  std::span<const Filter> filters;
  Entries entries = Entries::of_one_direction;
  std::optional<Direction> direction = {};  ///< where neither the file nor its filters say one
};

/// `tree` is the one that the publication's nodes are of; none when it is not from JSON.
std::expected<Allowlist, ListError> make_list(const Publication& publication, const Origin& origin,
                                              const JsonTree* tree);

/// A list in our own format that is written as JSON. At most 200,000 entries.
std::expected<Allowlist, ListError> parse_own_json(const JsonTree& tree, std::string_view origin);

/// The part of a list in our own format that the filters choose: `direction` and `family`.
std::expected<Allowlist, ListError> choose(Allowlist list, const Origin& origin);

/// A list from the content of a file in any format; which one it is says the content.
std::expected<Allowlist, ListError> parse_list(std::string_view text, const Origin& origin);
/// The same from JSON that is read already.
std::expected<Allowlist, ListError> parse_list(const JsonTree& tree, const Origin& origin);

/// "FILE:LINE:COLUMN: what is wrong".
ListError error_at(std::string_view file, const Complaint& complaint);
/// What is no text in UTF-8 by its first bytes: UTF-16, compressed files, a PDF.
std::optional<Complaint> no_text(std::string_view text);
/// The first place that is not UTF-8, or a zero byte.
std::optional<Complaint> no_utf8(std::string_view text);
/// What every reader of lists refuses: no text, web pages, nothing.
std::optional<Complaint> no_list(std::string_view text);
/// Whether it is neither JSON nor YAML nor CSV, as far as its beginning says.
bool is_plain(std::string_view text);

}  // namespace fwprobe::allowlist
