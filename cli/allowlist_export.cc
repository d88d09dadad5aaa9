// `fwprobe allowlist export`.

#include <algorithm>

#include <fmt/format.h>

#include "allowlist/exports/export.h"
#include "cli/allowlist.h"
#include "cli/output_options.h"
#include "cli/values.h"

namespace fwprobe::cli {
namespace {

using allowlist::ExportFormat;

const ExportFormat* format_named(std::string_view name) {
  const auto formats = allowlist::export_formats();
  const auto at = std::ranges::find(formats, name, &ExportFormat::name);
  return at == formats.end() ? nullptr : &*at;
}

/// --port values; "any" stands alone.
std::expected<allowlist::ExportPorts, std::string> ports_of(const std::vector<std::string>& texts) {
  allowlist::ExportPorts ports;
  for (const auto& text : texts) {
    if (text == "any") {
      ports.any = true;
      continue;
    }
    auto range = parse_port_range(text);
    if (!range) return std::unexpected{range.error()};
    ports.ports.push_back(*range);
  }
  if (ports.any && !ports.ports.empty())
    return std::unexpected{std::string{"'any' and ports exclude each other"}};
  return ports;
}

}  // namespace

void define_export(CLI::App& verb, AllowlistArguments& arguments) {
  verb.add_option("LIST", arguments.list, "a list's name, a file, or - for standard input")
      ->type_name("NAME|FILE")
      ->required();
  std::string formats;
  for (const auto& format : allowlist::export_formats())
    formats += fmt::format("{}{}: {}", formats.empty() ? "" : ";\n", format.name, format.what);
  verb.add_option("--as", arguments.format, formats)
      ->type_name(names_of(allowlist::export_formats()))
      ->required();
  repeatable(verb.add_option("--port", arguments.ports,
                             "for entries that name no ports: PORT or FIRST-LAST (repeatable), or any")
                 ->type_name("PORT"));
  verb.add_option("--name", arguments.name, "of sets, chains and rules, behind 'allow-'; default: the list's")
      ->type_name("NAME");
}

ExitCode run_export(const AllowlistArguments& arguments, const Variables& variables) {
  const auto* format = format_named(arguments.format);
  if (!format)
    return wrong_usage(fmt::format("--as: '{}' is not a format; write {}", arguments.format,
                                   names_of(allowlist::export_formats(), ", ")));
  const auto ports = ports_of(arguments.ports);
  if (!ports) return wrong_usage("--port: " + ports.error());
  const auto list = load_list(arguments.list, variables, allowlist::Entries::of_one_direction);
  if (!list) return wrong_usage(list.error().message);
  const auto wanted = allowlist::plan_export(*list, *format, *ports, arguments.name, today());
  if (!wanted) return wrong_usage(wanted.error());
  if (const auto names = std::ranges::count_if(
          list->entries,
          [](const auto& entry) { return std::holds_alternative<allowlist::Domain>(entry.what); });
      names > 0 && format->of != ExportFormat::Of::entries)
    show_notes(arguments.list, {fmt::format("{} {} left out: these rules are of addresses", names,
                                            names == 1 ? "name is" : "names are")});
  if (format->of == ExportFormat::Of::addresses && wanted->groups.size() > 1)
    show_notes(arguments.list,
               {fmt::format("it is for {} different sets of ports, and {} has addresses alone: "
                            "what matches it opens its ports to all of them",
                            wanted->groups.size(), format->name)});
  return show(format->render(*wanted));
}

}  // namespace fwprobe::cli
