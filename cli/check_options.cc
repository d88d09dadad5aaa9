#include "cli/check_options.h"

#include <algorithm>
#include <array>

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <fmt/format.h>

#include "cli/kept_files.h"
#include "cli/reading.h"
#include "cli/values.h"

namespace fwprobe::cli {
namespace {

Parsed<checks::TraceMode> parse_trace(std::string_view text) {
  using checks::TraceMode;
  if (text == "auto") return TraceMode::automatic;
  if (text == "always") return TraceMode::always;
  if (text == "never") return TraceMode::never;
  return std::unexpected{fmt::format("'{}' is not one of auto, always and never", text)};
}

Parsed<allowlist::Prefix> parse_expected_prefix(std::string_view text) {
  const auto parsed = allowlist::parse_prefix(text);
  if (!parsed) return std::unexpected{parsed.error()};
  if (parsed->host_bits)
    return std::unexpected{
        fmt::format("'{}' has bits set behind its length; write {}", text, parsed->prefix.text())};
  return parsed->prefix;
}

Parsed<checks::Profile> parse_profile(std::string_view text) {
  if (const auto profile = checks::profile_from(text)) return *profile;
  return std::unexpected{fmt::format(
      "'{}' is not a profile; write web, azure-devops-services, azure-devops-server, tcp, tls or ssh", text)};
}

/// The profile decides how far a target is asked: `--profile tls` on https://host asks no HTTP.
Parsed<checks::Target> with_profile(checks::Target target, std::optional<checks::Profile> profile) {
  using checks::Profile, checks::Scheme;
  if (!profile) return target;
  const bool needs_http = *profile != Profile::tcp && *profile != Profile::tls && *profile != Profile::ssh;
  if (needs_http && !checks::is_http(target.scheme))
    return std::unexpected{fmt::format("'{}' speaks no HTTP, which profile {} needs; write https://{}",
                                       target.text(), checks::name(*profile), target.host.name)};
  if (*profile == Profile::tcp) target.scheme = Scheme::tcp;
  if (*profile == Profile::tls) target.scheme = Scheme::tls;
  if (*profile == Profile::ssh) target.scheme = Scheme::ssh;
  return target;
}

/// "DefaultCollection", "tfs/DefaultCollection".
Parsed<std::string> parse_collection(std::string_view text) {
  const auto wrong = [&](std::string_view why) {
    return std::unexpected{fmt::format(
        "'{}' {}; write its name, such as DefaultCollection or tfs/DefaultCollection", text, why)};
  };
  if (text.contains("://")) return wrong("is a URL, not a collection or organization");
  if (std::ranges::any_of(text, [](char c) { return (c >= 0 && c < ' ') || c == '\x7f'; }))
    return wrong("contains a control character");
  if (text.find_first_not_of('/') == text.npos) return wrong("names no collection");
  for (std::size_t begin = 0; begin <= text.size();) {
    const auto segment = text.substr(begin, text.find('/', begin) - begin);
    // Dot segments would lead to another place (RFC 3986 §5.2.4).
    if (segment == "." || segment == "..") return wrong("leads to another path");
    begin += segment.size() + 1;
  }
  return std::string{text};
}

bool lacks_family(const std::vector<asio::ip::address>& addresses, checks::Family family) {
  return std::ranges::none_of(
      addresses, [&](const auto& address) { return address.is_v6() == (family == checks::Family::ipv6); });
}

/// -4 or -6 against the addresses on the command line, for a target that no proxy resolves: nothing could be
/// measured.
void refuse_other_family(std::span<const checks::Target> targets, const checks::Settings& settings,
                         Reading& read) {
  if (!settings.family) return;
  const bool v6 = settings.family == checks::Family::ipv6;
  const auto only = fmt::format("is of {}, and only {} is asked for (-{}, or the family of --source)",
                                v6 ? "IPv4" : "IPv6", v6 ? "IPv6" : "IPv4", v6 ? 6 : 4);
  for (const auto& target : targets) {
    if (settings.proxies.choose(name(target.scheme), target.host, target.port).server) continue;
    if (target.host.address)
      read.refuse(lacks_family({*target.host.address}, *settings.family),
                  fmt::format("'{}' {}; leave it out", target.text(), only));
    for (const auto& given : settings.overrides)
      if (given.name == target.host.name)
        read.refuse(lacks_family(given.addresses, *settings.family),
                    fmt::format("--resolve: every address of {} {}; leave it out", given.name, only));
  }
}

checks::ProxySource proxy_source(const CheckArguments& arguments, const Variables& variables) {
  using Kind = checks::ProxySource::Kind;
  if (arguments.no_proxy) return {Kind::none, "--no-proxy", {}};
  if (!arguments.proxy.empty()) return {Kind::option, arguments.proxy, {}};
  checks::ProxySource source{Kind::environment, {}, {}};
  for (const auto& [name, value] : variables) source.variables.push_back({name, value});
  return source;
}

/// The PEM file of --client-cert may hold the key, too.
std::string key_file(const CheckArguments& arguments) {
  return arguments.client_key.empty() ? arguments.client_cert : arguments.client_key;
}

}  // namespace

void define_network_options(CLI::App& verb, CheckArguments& a) {
  repeatable(
      verb.add_option(
              "--dns-server", a.dns_servers,
              "ask this resolver, ADDR[:PORT] (repeatable: answers are compared); default: the system's")
          ->type_name("ADDR[:PORT]"))
      ->group(names_group);
  repeatable(verb.add_option("--resolve", a.overrides,
                             "HOST=ADDR[,ADDR…]: use these addresses instead of asking DNS")
                 ->type_name("HOST=ADDR"))
      ->group(names_group);
  verb.add_flag("-4,--ipv4", a.ipv4, "only IPv4")->group(names_group);
  verb.add_flag("-6,--ipv6", a.ipv6, "only IPv6")->group(names_group);
  verb.add_option("--source", a.source, "measure from this local ADDR or INTERFACE")
      ->type_name("ADDR|INTERFACE")
      ->group(connection_group);
  verb.add_option("--timeout", a.timeout, "for one network step, such as 500ms or 5s")
      ->type_name("DUR")
      ->group(connection_group)
      ->capture_default_str();
}

void define_check_options(CLI::App& verb, CheckArguments& a) {
  verb.add_option("TARGET", a.targets,
                  "https://host[:port]/path, http://…, tcp://host:port, tls://host:port, ssh://host[:port], "
                  "or host[:port]")
      ->required();

  define_network_options(verb, a);
  const std::string names = names_group;
  verb.add_flag("--expect-public", a.expect_public, "the name must resolve to publicly routable addresses")
      ->group(names);
  verb.add_flag("--expect-private", a.expect_private, "the name must resolve to private addresses")
      ->group(names);
  repeatable(verb.add_option("--expect-address", a.expected_addresses,
                             "the name must resolve inside this PREFIX (repeatable)")
                 ->type_name("PREFIX"))
      ->group(names);

  const std::string connection = connection_group;
  verb.add_option("--attempts", a.attempts, "connect to each address N times")
      ->type_name("N")
      ->group(connection)
      ->check(CLI::Range(1, 100));
  verb.add_option("--proxy", a.proxy, "go through this proxy: http://[user:password@]host:port or socks5://…")
      ->type_name("URL")
      ->group(connection);
  verb.add_flag("--no-proxy", a.no_proxy, "ignore the environment's proxy")->group(connection);
  verb.add_option("--deadline", a.deadline, "for a whole target, without the silence of --idle")
      ->type_name("DUR")
      ->group(connection)
      ->capture_default_str();
  verb.add_option("--trace", a.trace, "locate the blocking hop: auto (when something fails), always or never")
      ->type_name("auto|always|never")
      ->group(connection)
      ->capture_default_str();

  const std::string tls = "TLS";
  verb.add_option("--ca-file", a.ca_file, "trust these roots (PEM) in place of the system's")
      ->type_name("FILE")
      ->group(tls);
  verb.add_option("--client-cert", a.client_cert, "client certificate (PEM)")->type_name("FILE")->group(tls);
  verb.add_option("--client-key", a.client_key, "its key (PEM); default: the certificate's file")
      ->type_name("FILE")
      ->group(tls);
  verb.add_option("--sni", a.sni, "server name to send, and to verify, in place of the host")
      ->type_name("NAME")
      ->group(tls);

  repeatable(verb.add_option(
                     "--ssh-fingerprint", a.ssh_fingerprints,
                     "the SSH host key must be this, SHA256:… as 'ssh-keygen -lf' prints it (repeatable: one "
                     "of these)")
                 ->type_name("SHA256:…"))
      ->group("SSH");

  const std::string http = "HTTP and API";
  repeatable(verb.add_option("--header", a.headers,
                             "request header 'Name: value' (repeatable); sent to the target's origin only")
                 ->type_name("'Name: value'"))
      ->group(http);
  verb.add_option("--expect-status", a.expected_statuses, "accepted statuses, such as 200,204,3xx")
      ->type_name("CODES")
      ->group(http);
  verb.add_option("--profile", a.profile,
                  "web, azure-devops-services, azure-devops-server, tcp, tls, ssh; default: by the target")
      ->type_name("web|azure-devops-services|azure-devops-server|tcp|tls|ssh")
      ->group(http);
  verb.add_option("--collection", a.collection,
                  "Azure DevOps collection or organization, with its tfs/ prefix where there is one")
      ->type_name("NAME")
      ->group(http);
  auto* sources = verb.add_option_group("Access token", "never an argument's value");
  sources->add_option("--token-env", a.token.variable, "take the access token from this environment variable")
      ->type_name("VAR");
  sources->add_option("--token-file", a.token.file, "take it from this file")->type_name("FILE");
  sources->add_flag("--token-stdin", a.token.standard_input, "take it from standard input");
  sources->require_option(0, 1);

  const std::string trials = "Trials: only when asked for";
  verb.add_option(
          "--idle", a.idle,
          "keep a connection silent for DUR, such as 5m, then use it again: does a firewall forget it? "
          "The target's deadline is longer by DUR")
      ->type_name("DUR")
      ->group(trials);
  verb.add_option("--upload", a.upload,
                  "POST so many zero bytes to the target's URL, such as 512KiB or 10MiB (at most 100MiB), "
                  "without a token: does a large request get through?")
      ->type_name("SIZE")
      ->group(trials);
  verb.add_flag("--methods", a.methods,
                "ask OPTIONS, POST, PUT, PATCH and DELETE of /.well-known/fwprobe-method-test, which is "
                "nothing, without a token: does something between let only GET through?")
      ->group(trials);

  const std::string lists = "Allowlists";
  repeatable(verb.add_option("--allowlist", a.allowlists,
                             "compare with this published list, NAME or FILE (repeatable)")
                 ->type_name("NAME|FILE"))
      ->group(lists);
  repeatable(
      verb.add_option("--egress", a.egress, "this machine's address as the outside sees it (repeatable)")
          ->type_name("ADDR"))
      ->group(lists);

  define_output_options(verb, a.output);
  verb.add_option("--site", a.site, "label of this vantage point")->type_name("NAME")->group(output_group);
}

std::expected<checks::Settings, UsageError> understand_settings(const CheckArguments& a,
                                                                const Variables& variables) {
  checks::Settings settings;
  Reading read;

  read.refuse(a.ipv4 && a.ipv6, "-4 and -6 exclude each other; leave both out to measure both families");
  read.refuse(a.expect_public && a.expect_private, "--expect-public and --expect-private exclude each other");
  read.refuse(!a.proxy.empty() && a.no_proxy, "--proxy and --no-proxy exclude each other");
  read.refuse(!a.client_key.empty() && a.client_cert.empty(), "--client-key needs --client-cert");
  read.one("--trace", a.trace, parse_trace, settings.trace);

  std::optional<checks::Profile> profile;
  const auto some_profile = [](std::string_view text) -> Parsed<std::optional<checks::Profile>> {
    const auto parsed = parse_profile(text);
    if (!parsed) return std::unexpected{parsed.error()};
    return std::optional{*parsed};
  };
  read.one("--profile", a.profile, some_profile, profile);
  settings.profile = profile;
  const bool azure =
      profile == checks::Profile::azure_devops_server || profile == checks::Profile::azure_devops_services;
  read.refuse(azure && a.collection.empty(),
              "--collection is missing: an Azure DevOps profile needs the collection or organization, such "
              "as DefaultCollection");
  const bool any_token = !a.token.variable.empty() || !a.token.file.empty() || a.token.standard_input;
  read.refuse(!azure && !a.collection.empty(),
              "--collection needs --profile azure-devops-server or azure-devops-services");
  read.refuse(
      !azure && any_token,
      "a token needs --profile azure-devops-server or azure-devops-services; other profiles send none");

  read.many("--dns-server", a.dns_servers, parse_resolver, settings.dns_servers);
  read.many("--resolve", a.overrides, parse_override, settings.overrides);
  read.one("--collection", a.collection, parse_collection, settings.collection);
  read.many("--expect-address", a.expected_addresses, parse_expected_prefix, settings.expected_addresses);
  read.many("--header", a.headers, parse_header, settings.headers);
  read.many("--ssh-fingerprint", a.ssh_fingerprints, parse_fingerprint, settings.ssh_fingerprints);
  read.many("--egress", a.egress, parse_address, settings.egress);
  read.many(
      "--allowlist", a.allowlists,
      [&](std::string_view text) -> Parsed<allowlist::Allowlist> {
        auto list = allowlist::load(text, {kept_lists(variables)});
        if (!list) return std::unexpected{list.error().message};
        return std::move(*list);
      },
      settings.allowlists);
  read.one("--source", a.source, parse_source, settings.source);
  read.one("--expect-status", a.expected_statuses, parse_statuses, settings.expected_status);
  read.one("--timeout", a.timeout, parse_duration, settings.timeout);
  read.one("--deadline", a.deadline, parse_duration, settings.deadline);
  const auto silence = [](std::string_view text) -> Parsed<std::optional<probe::Clock::duration>> {
    const auto parsed = parse_duration(text);
    if (!parsed) return std::unexpected{parsed.error()};
    if (*parsed < std::chrono::seconds{1} || *parsed > std::chrono::hours{24})
      return std::unexpected{fmt::format("'{}' is not between 1s and 24h", text)};
    return std::optional{*parsed};
  };
  read.one("--idle", a.idle, silence, settings.idle);
  const auto body = [](std::string_view text) -> Parsed<std::optional<std::uint64_t>> {
    const auto parsed = parse_size(text);
    if (!parsed) return std::unexpected{parsed.error()};
    return std::optional{*parsed};
  };
  read.one("--upload", a.upload, body, settings.upload);
  read.one(
      "--sni", a.sni,
      [](std::string_view text) -> Parsed<std::string> {
        const auto host = probe::parse_host(text);
        if (!host) return std::unexpected{host.error().message};
        if (host->address)
          return std::unexpected{
              fmt::format("'{}' is an address; a server name is a host name (RFC 6066 §3)", text)};
        return host->name;
      },
      settings.server_name);
  if (read.error()) return std::unexpected{*read.error()};

  auto proxies_from = proxy_source(a, variables);
  auto proxies = checks::proxy_rules(proxies_from);
  if (!proxies) return std::unexpected{UsageError{std::move(proxies.error())}};
  auto token = read_token(a.token, variables);
  if (!token) return std::unexpected{token.error()};

  settings.proxies = std::move(*proxies);
  settings.proxy_source = checks::without_credentials(std::move(proxies_from));
  settings.token = std::move(*token);
  settings.attempts = a.attempts;
  settings.methods = a.methods;
  settings.tls = {a.ca_file, a.client_cert, key_file(a)};
  settings.site = a.site;
  const auto family = family_asked(a, settings.source);
  if (!family) return std::unexpected{family.error()};
  settings.family = *family;
  if (a.expect_public) settings.name_scope = checks::NameScope::expect_public;
  if (a.expect_private) settings.name_scope = checks::NameScope::expect_private;
  return settings;
}

std::expected<std::optional<checks::Family>, UsageError> family_asked(const CheckArguments& a,
                                                                      const probe::TcpSource& source) {
  using checks::Family;
  std::optional<Family> asked;
  if (a.ipv4) asked = Family::ipv4;
  if (a.ipv6) asked = Family::ipv6;
  if (!source.address) return asked;
  const auto bound = source.address->is_v6() ? Family::ipv6 : Family::ipv4;
  if (asked.value_or(bound) == bound) return bound;
  return std::unexpected{UsageError{fmt::format("--source: {} is not of the family that -{} asks for",
                                                source.address->to_string(), a.ipv6 ? 6 : 4)}};
}

std::expected<checks::Target, std::string> understand_target(std::string_view text,
                                                             const checks::Settings& settings) {
  auto target = checks::parse_target(text);
  if (!target) return target;
  return with_profile(std::move(*target), settings.profile);
}

std::optional<UsageError> misfit(std::span<const checks::Target> targets, const checks::Settings& settings) {
  Reading read;
  read.refuse(
      !settings.ssh_fingerprints.empty() &&
          std::ranges::none_of(targets, [](const auto& t) { return t.scheme == checks::Scheme::ssh; }),
      "--ssh-fingerprint needs an ssh:// target");
  const bool no_http =
      std::ranges::any_of(targets, [](const auto& target) { return !checks::is_http(target.scheme); });
  read.refuse(no_http && (settings.upload || settings.methods),
              "--upload and --methods need targets that speak HTTP: https:// or http://");
  refuse_other_family(targets, settings, read);
  return read.error();
}

std::expected<CheckJob, UsageError> understand(const CheckArguments& a, const Variables& variables) {
  CheckJob job;
  Reading read;
  understand_output(a.output, read, job.output);
  if (read.error()) return std::unexpected{*read.error()};
  auto settings = understand_settings(a, variables);
  if (!settings) return std::unexpected{std::move(settings.error())};
  job.settings = std::move(*settings);
  read.many(
      "", a.targets, [&](std::string_view text) { return understand_target(text, job.settings); },
      job.targets);
  if (read.error()) return std::unexpected{*read.error()};
  if (auto wrong = misfit(job.targets, job.settings)) return std::unexpected{std::move(*wrong)};
  return job;
}

}  // namespace fwprobe::cli
