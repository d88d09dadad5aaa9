#include "cli/rules_options.h"

#include <algorithm>
#include <chrono>

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <fmt/format.h>

#include "allowlist/utf8.h"
#include "cli/read_input.h"
#include "cli/reading.h"

namespace fwprobe::cli {
namespace {

using allowlist::Direction;

constexpr std::size_t largest_file = 50 * 1024 * 1024;

/// "203.0.113.10:443", "[2001:db8::10]:443".
Parsed<probe::TcpEndpoint> parse_service(std::string_view text) {
  const auto endpoint = parse_endpoint(text);
  if (!endpoint)
    return std::unexpected{
        fmt::format("'{}' is no service; write 203.0.113.10:443 or [2001:db8::10]:443", text)};
  const auto& [address, port] = *endpoint;
  if (address.is_unspecified())
    return std::unexpected{
        fmt::format("'{}' is no address that a packet goes to; write one of the service's", text)};
  // No such packet is on the wire (RFC 4291 §2.5.5.2), and rules for IPv4 decide.
  if (address.is_v6() && address.to_v6().is_v4_mapped())
    return std::unexpected{
        fmt::format("'{}' is an IPv4 address; write {}:{}", text,
                    asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6()).to_string(), port)};
  return probe::TcpEndpoint{address, port};
}

Parsed<Direction> parse_direction(std::string_view text) {
  if (text == "inbound") return Direction::inbound;
  if (text == "outbound") return Direction::outbound;
  return std::unexpected{fmt::format("'{}' is no direction; write inbound or outbound", text)};
}

Parsed<allowlist::Prefix> parse_sources(std::string_view text) {
  auto prefix = allowlist::parse_prefix(text);
  if (!prefix) return std::unexpected{prefix.error()};
  return prefix->prefix;
}

/// "aws.json#group=sg-1,region=eu-west-1"; a file whose own name has a '#' can be read from standard input.
Parsed<std::pair<std::string, std::vector<allowlist::Selector>>> parse_rules_name(std::string_view text) {
  const auto hash = text.find('#');
  std::pair<std::string, std::vector<allowlist::Selector>> parsed{std::string{text.substr(0, hash)}, {}};
  if (hash == std::string_view::npos) return parsed;
  for (auto rest = text.substr(hash + 1);;) {
    const auto part = rest.substr(0, rest.find(','));
    const auto equals = part.find('=');
    if (equals == std::string_view::npos || equals == 0)
      return std::unexpected{fmt::format("'{}' names no part; write FILE#KEY=VALUE", text)};
    parsed.second.push_back({std::string{part.substr(0, equals)}, std::string{part.substr(equals + 1)}});
    if (part.size() == rest.size()) return parsed;
    rest.remove_prefix(part.size() + 1);
  }
}

std::expected<void, UsageError> read_files(const RulesArguments& arguments, const allowlist::RulesView& base,
                                           RulesJob& job) {
  for (const auto& written : arguments.rules) {
    const auto named = parse_rules_name(written);
    if (!named) return std::unexpected{UsageError{"--rules: " + named.error()}};
    auto text = read_input(named->first, largest_file);
    if (!text) return std::unexpected{UsageError{"--rules: " + text.error()}};
    auto view = base;
    view.selectors = named->second;
    const auto origin = named->first == standard_input ? "standard input" : named->first;
    auto ruleset = allowlist::read_rules(*text, origin, view);
    if (!ruleset) return std::unexpected{UsageError{ruleset.error().message}};
    job.rulesets.push_back(std::move(*ruleset));
    job.texts.emplace_back(allowlist::without_bom(*text));
  }
  return {};
}

}  // namespace

void define_rules_options(CLI::App& verb, RulesArguments& a) {
  repeatable(
      verb.add_option("--rules", a.rules,
                      "a firewall's export: nftables (JSON, text), iptables-save, AWS, Azure, Google Cloud, "
                      "CSV; - reads standard input (repeatable: all of them have to let a flow through)"))
      ->required()
      ->type_name("FILE");
  verb.add_option("--allowlist", a.allowlist, "a published list's name, or a file")
      ->required()
      ->type_name("NAME|FILE");
  repeatable(verb.add_option("--service", a.services,
                             "ADDR:PORT that the published sources have to reach (repeatable)"))
      ->type_name("ADDR:PORT");
  verb.add_option("--direction", a.direction, "of the list; default: the list's own")
      ->type_name("inbound|outbound");
  verb.add_option("--interface", a.interface,
                  "this firewall's interface towards the published addresses, for rules that name one")
      ->type_name("NAME");
  verb.add_flag("--behind", a.behind,
                "the service (or the source) is behind the firewall: packets are forwarded by it");
  verb.add_option("--format", a.format, "what standard output gets")
      ->type_name("text|json")
      ->group(output_group)
      ->capture_default_str();
}

void define_verify_options(CLI::App& verb, RulesArguments& a) {
  define_rules_options(verb, a);
  repeatable(
      verb.add_option("--source", a.sources,
                      "outbound: address or prefix that the flows come from; default: any (repeatable)"))
      ->type_name("PREFIX");
  verb.add_flag("--strict", a.strict, "warnings fail")->group(output_group);
}

std::expected<RulesJob, UsageError> understand(const RulesArguments& a) {
  Reading read;
  RulesJob job;
  std::vector<probe::TcpEndpoint> services;
  std::vector<allowlist::Prefix> sources;
  auto direction = Direction::inbound;
  read.many("--service", a.services, parse_service, services);
  read.many("--source", a.sources, parse_sources, sources);
  read.one("--direction", a.direction, parse_direction, direction);
  read.one("--format", a.format, parse_document_format, job.format);
  read.refuse(std::ranges::count(a.rules, standard_input) > 1,
              "--rules: standard input can be read once only");
  if (read.error()) return std::unexpected{*read.error()};
  allowlist::LoadOptions options;
  if (!a.direction.empty()) options.direction = direction;
  auto list = allowlist::load(a.allowlist, options);
  if (!list) return std::unexpected{UsageError{"--allowlist: " + list.error().message}};
  job.list = std::move(*list);
  if (!a.direction.empty()) job.list.direction = direction;
  const bool inbound = job.list.direction == Direction::inbound;
  read.refuse(inbound && services.empty(),
              "--service: an inbound list needs the service that is to be reached, ADDR:PORT");
  read.refuse(!inbound && !services.empty(),
              "--service: an outbound list's entries are the destinations; leave it out");
  read.refuse(inbound && !sources.empty(),
              "--source: an inbound list's entries are the sources; leave it out");
  if (read.error()) return std::unexpected{*read.error()};

  allowlist::RulesView view{.direction = job.list.direction,
                            .interface = {},
                            .selectors = {},
                            .position = a.behind ? allowlist::Position::behind : allowlist::Position::host};
  if (!a.interface.empty()) view.interface = a.interface;
  if (auto files = read_files(a, view, job); !files) return std::unexpected{files.error()};
  checks::RulesQuestion question;
  if (!sources.empty()) question.sources = allowlist::PrefixSet{sources};
  question.position = view.position;
  question.day = std::chrono::floor<std::chrono::days>(std::chrono::system_clock::now());
  if (!inbound) job.questions.push_back(question);
  for (const auto& service : services) {
    question.service = service;
    job.questions.push_back(question);
  }
  job.strict = a.strict;
  return job;
}

}  // namespace fwprobe::cli
