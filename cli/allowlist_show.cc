// `fwprobe allowlist list` and `show`.

#include <algorithm>

#include <fmt/format.h>
#include <sys/stat.h>

#include "allowlist/port_text.h"
#include "allowlist/publishers.h"
#include "cli/allowlist.h"
#include "cli/kept_files.h"
#include "reports/escape.h"
#include "reports/value_text.h"

namespace fwprobe::cli {
namespace {

using allowlist::Allowlist;
using allowlist::Entry;
using reports::printable;

std::string row(std::string_view name, std::string_view direction, std::string_view age,
                std::string_view title) {
  return fmt::format("{:<20} {:<9} {:<12} {}\n", name, direction, age, title);
}

/// The day on which a kept list was fetched, or "-".
std::string fetched(const std::string& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) return "-";
  const std::chrono::sys_seconds written{std::chrono::seconds{status.st_mtim.tv_sec}};
  return reports::date(std::chrono::year_month_day{std::chrono::floor<std::chrono::days>(written)});
}

std::string ports_text(const Entry& entry) {
  if (entry.ports.empty()) return fmt::format("{}/any", reports::name(entry.protocol));
  std::string text;
  for (const auto& range : entry.ports)
    text += fmt::format("{}{}", text.empty() ? "" : ",", allowlist::text(range));
  return fmt::format("{}/{}", reports::name(entry.protocol), text);
}

std::string dates_text(const Entry& entry) {
  return (entry.since ? ", since " + reports::date(*entry.since) : "") +
         (entry.until ? ", until " + reports::date(*entry.until) : "");
}

std::string line(const Entry& entry) {
  const auto* prefix = std::get_if<allowlist::Prefix>(&entry.what);
  const auto what = prefix ? prefix->text() : entry.published;
  const auto spelling = entry.host_bits ? fmt::format(" (published as {})", entry.published) : "";
  auto text = fmt::format("{:<36} {:<12} {}{}{}", printable(what), ports_text(entry),
                          printable(entry.purpose), spelling, dates_text(entry));
  text.erase(text.find_last_not_of(' ') + 1);
  return text + "\n";
}

std::string head(const Allowlist& list) {
  const auto inbound = list.direction == allowlist::Direction::inbound;
  std::string text = fmt::format("{}: {}\n", printable(list.name), printable(list.title));
  if (!list.publisher.empty()) text += fmt::format("publisher  {}\n", printable(list.publisher));
  if (!list.source.empty()) text += fmt::format("source     {}\n", printable(list.source));
  text += fmt::format("retrieved  {}{}\n", reports::date(list.retrieved),
                      list.fresh_for ? fmt::format(", fresh for {} {}", list.fresh_for->count(),
                                                   list.fresh_for->count() == 1 ? "day" : "days")
                                     : "");
  text += fmt::format("direction  {}\n", !list.says_direction ? "the list does not say"
                                         : inbound            ? "inbound: sources to let in"
                                                              : "outbound: destinations to reach");
  const auto set = allowlist::addresses(list, today());
  const auto names = std::ranges::count_if(
      list.entries, [](const Entry& entry) { return std::holds_alternative<allowlist::Domain>(entry.what); });
  text += fmt::format("entries    {}: {} IPv4 and {} IPv6 addresses in force today, {} {}\n\n",
                      list.entries.size(), allowlist::PrefixSet{set.v4(), {}}.size().text(),
                      allowlist::PrefixSet{{}, set.v6()}.size().text(), names, names == 1 ? "name" : "names");
  return text;
}

}  // namespace

void define_lists(CLI::App& /*verb*/, AllowlistArguments& /*arguments*/) {}

ExitCode run_lists(const AllowlistArguments& /*arguments*/, const Variables& variables) {
  auto text = row("NAME", "DIRECTION", "RETRIEVED", "TITLE");
  for (const auto name : allowlist::published_names()) {
    const auto list = allowlist::load(name);
    if (!list) return wrong_usage(list.error().message);
    text += row(name, reports::name(list->direction), reports::date(list->retrieved), list->title);
  }
  const auto kept = kept_lists(variables);
  for (const auto& publisher : allowlist::publishers())
    text += row(publisher.name, reports::name(publisher.direction), fetched(kept_file(kept, publisher)),
                publisher.title);
  return show(text + "\n'-': not fetched yet; 'fwprobe allowlist update NAME' does.\n");
}

void define_show(CLI::App& verb, AllowlistArguments& arguments) {
  verb.add_option("LIST", arguments.list, "a list's name, a file, or - for standard input")
      ->type_name("NAME|FILE")
      ->required();
}

ExitCode run_show(const AllowlistArguments& arguments, const Variables& variables) {
  const auto list = load_list(arguments.list, variables, allowlist::Entries::all);
  if (!list) return wrong_usage(list.error().message);
  auto text = head(*list);
  for (const auto& entry : list->entries) text += line(entry);
  return show(text);
}

}  // namespace fwprobe::cli
