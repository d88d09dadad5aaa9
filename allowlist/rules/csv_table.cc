#include "allowlist/rules/csv_table.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "allowlist/utf8.h"
#include "text/ascii.h"

namespace fwprobe::allowlist {
namespace {

/// Cells of one line, taken from its beginning.
class Line {
 public:
  Line(std::string_view text, int number) : text_{text}, number_{number} {}

  std::expected<CsvRow, Complaint> cells(std::size_t most) {
    CsvRow row;
    while (true) {
      if (row.size() == most) return complain(at_, fmt::format("more than {} columns", most));
      skip_space();
      auto cell = at_ < text_.size() && text_[at_] == '"' ? quoted() : plain();
      if (!cell) return std::unexpected{std::move(cell.error())};
      row.push_back(std::move(*cell));
      if (at_ == text_.size()) return row;
      ++at_;
    }
  }

 private:
  std::unexpected<Complaint> complain(std::size_t at, std::string message) const {
    return std::unexpected{Complaint{place(at), std::move(message)}};
  }
  Place place(std::size_t at) const { return {number_, static_cast<int>(at) + 1}; }

  void skip_space() { at_ = std::min(text_.find_first_not_of(" \t", at_), text_.size()); }

  std::expected<CsvCell, Complaint> plain() {
    const auto from = at_;
    at_ = std::min(text_.find(',', from), text_.size());
    const auto raw = text_.substr(from, at_ - from);
    if (const auto quote = raw.find('"'); quote != std::string_view::npos)
      return complain(from + quote,
                      "a quote in the middle of a cell; put the whole cell in quotes, its own as \"\"");
    return CsvCell{std::string{trimmed(raw)}, place(from)};
  }

  std::expected<CsvCell, Complaint> quoted() {
    const auto from = at_++;
    std::string value;
    while (true) {
      const auto quote = text_.find('"', at_);
      if (quote == std::string_view::npos)
        return complain(from, "this quote is not closed on its line; a cell is one line");
      value += text_.substr(at_, quote - at_);
      at_ = quote + 1;
      if (at_ == text_.size() || text_[at_] != '"') break;
      value += '"';
      ++at_;
    }
    skip_space();
    if (at_ < text_.size() && text_[at_] != ',')
      return complain(at_, "text behind a closing quote; a comma should follow");
    return CsvCell{std::string{trimmed(value)}, place(from)};
  }

  std::string_view text_;
  int number_;
  std::size_t at_ = 0;
};

/// The first byte that is no printable UTF-8, or npos.
std::size_t first_unprintable(std::string_view line) {
  for (std::size_t i = 0; i < line.size();) {
    const auto next = first_utf8(line.substr(i));
    if (!next || (next->character < 0x20 && next->character != '\t') || next->character == 0x7f) return i;
    i += next->bytes;
  }
  return std::string_view::npos;
}

bool is_blank_or_comment(std::string_view line) {
  const auto rest = trimmed(line);
  return rest.empty() || rest.front() == '#';
}

}  // namespace

std::expected<std::vector<CsvRow>, Complaint> read_csv(std::string_view text, const CsvLimits& limits) {
  if (text.size() > limits.bytes)
    return std::unexpected{Complaint{{}, fmt::format("larger than {} MiB", limits.bytes / (1024 * 1024))}};
  text = without_bom(text);
  std::vector<CsvRow> rows;
  for (int number = 1; !text.empty(); ++number) {
    auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (const auto bad = first_unprintable(line); bad != std::string_view::npos)
      return std::unexpected{
          Complaint{{number, static_cast<int>(bad) + 1}, "a byte that is no printable text in UTF-8"}};
    if (is_blank_or_comment(line)) continue;
    if (rows.size() == limits.rows)
      return std::unexpected{Complaint{{number, 1}, fmt::format("more than {} rows", limits.rows)}};
    auto row = Line{line, number}.cells(limits.columns);
    if (!row) return std::unexpected{std::move(row.error())};
    rows.push_back(std::move(*row));
  }
  return rows;
}

}  // namespace fwprobe::allowlist
