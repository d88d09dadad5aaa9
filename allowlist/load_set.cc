#include "allowlist/load_set.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "allowlist/list_file.h"
#include "allowlist/list_name.h"
#include "allowlist/plain_ranges.h"
#include "allowlist/publication.h"
#include "allowlist/publishers.h"
#include "allowlist/utf8.h"

namespace fwprobe::allowlist {
namespace {

using std::chrono::year_month_day;

constexpr std::size_t piece = 256 * 1024;

std::unexpected<ListError> no_read(std::string_view file, int error) {
  return std::unexpected{ListError{fmt::format("{}: {}", file, std::generic_category().message(error))}};
}

LoadedSet set_of(Allowlist list, year_month_day day) {
  LoadedSet loaded{addresses(list, day), std::move(list.notes)};
  const auto names = std::ranges::count_if(
      list.entries, [](const Entry& entry) { return std::holds_alternative<Domain>(entry.what); });
  if (names > 0)
    loaded.notes.push_back(
        fmt::format("{} {} left out: a set is of addresses", names, names == 1 ? "name is" : "names are"));
  if (loaded.addresses.empty() && std::cmp_less(names, list.entries.size()))
    loaded.notes.emplace_back("none of its prefixes is in force today: as a set it is empty");
  return loaded;
}

/// A plain list, of which `text` is the beginning.
std::expected<LoadedSet, ListError> read_plain(ListFile& file, std::string text, std::string_view name) {
  PlainRanges ranges{std::min(file.size(), most_bytes)};
  std::size_t total = text.size();
  text.erase(0, text.size() - without_bom(text).size());
  // What is left of a piece has no line's end, and is not searched anew: one line may be the whole file.
  std::size_t searched = 0;
  for (;;) {
    const auto end = std::string_view{text}.substr(searched).rfind('\n');
    const auto whole = end == std::string_view::npos ? 0 : searched + end + 1;
    if (const auto complaint = ranges.add(std::string_view{text}.substr(0, whole)))
      return std::unexpected{error_at(name, *complaint)};
    text.erase(0, whole);
    searched = text.size();
    const auto got = file.read(text, piece);
    if (!got) return no_read(name, got.error());
    total += *got;
    if (total > most_bytes)
      return std::unexpected{
          error_at(name, {{}, fmt::format("larger than {} MiB", most_bytes / (1024 * 1024))})};
    if (*got == 0) break;
  }
  if (const auto complaint = ranges.add(text)) return std::unexpected{error_at(name, *complaint)};
  if (ranges.empty())
    return std::unexpected{ListError{fmt::format(
        "{}: the list is empty; an empty list allows nothing and is most likely a mistake", name)}};
  LoadedSet loaded;
  if (const auto count = ranges.host_bits(); count > 0)
    loaded.notes.push_back(fmt::format("{} {} bits set behind the prefix length; read as the network", count,
                                       count == 1 ? "line has" : "lines have"));
  loaded.addresses = std::move(ranges).take();
  std::ranges::move(width_notes(loaded.addresses), std::back_inserter(loaded.notes));
  return loaded;
}

std::expected<LoadedSet, ListError> load_any(std::string_view name_or_file, LoadOptions options,
                                             year_month_day day) {
  options.entries = Entries::all;
  auto list = load(name_or_file, options);
  if (!list) return std::unexpected{std::move(list.error())};
  return set_of(std::move(*list), day);
}

}  // namespace

std::expected<LoadedSet, ListError> load_set(std::string_view name_or_file, const LoadOptions& options,
                                             year_month_day day) {
  const auto names = published_names();
  const bool named = std::ranges::find(names, name_or_file) != names.end() || find_publisher(name_or_file);
  if (named || name_or_file.contains('#')) return load_any(name_or_file, options, day);
  auto file = ListFile::open(std::string{name_or_file});
  if (!file) return load_any(name_or_file, options, day);  // for its message
  std::string text;
  if (const auto got = file->read(text, piece); !got) return no_read(name_or_file, got.error());
  if (!no_list(text) && is_plain(text)) return read_plain(*file, std::move(text), name_or_file);
  const auto rest = read_all(*file);
  if (!rest) return no_read(name_or_file, rest.error());
  auto list = parse_list(text + *rest, {name_or_file, {}, file->written(), {}, Entries::all});
  if (!list) return std::unexpected{std::move(list.error())};
  return set_of(std::move(*list), day);
}

PrefixSet addresses(const Allowlist& list, year_month_day day) {
  std::vector<Prefix> prefixes;
  for (const auto& entry : list.entries)
    if (const auto* prefix = std::get_if<Prefix>(&entry.what); prefix && in_force(entry, day))
      prefixes.push_back(*prefix);
  return PrefixSet{prefixes};
}

std::vector<std::string> width_notes(const PrefixSet& addresses) {
  std::vector<std::string> notes;
  if (addresses.v4().is_all())
    notes.emplace_back("every IPv4 address is listed (0.0.0.0/0): this allows everything");
  if (addresses.v6().is_all())
    notes.emplace_back("every IPv6 address is listed (::/0): this allows everything");
  return notes;
}

}  // namespace fwprobe::allowlist
