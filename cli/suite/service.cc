#include "cli/suite/service.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "allowlist/port_text.h"
#include "allowlist/values.h"
#include "cli/read_input.h"
#include "cli/suite/names.h"

namespace fwprobe::cli {
namespace {

using allowlist::excerpt;

std::filesystem::path path_of(const Given& given, SuiteReading& reading) {
  return given.document->file.parent_path() / reading.text(given);
}

// ---- serve

Parsed<std::string> parse_external_url(std::string_view text) {
  const auto url = probe::parse_url(text);
  if (!url) return std::unexpected{url.error().message};
  if (url->scheme != "http" && url->scheme != "https")
    return std::unexpected{fmt::format("{} is not http:// or https://", excerpt(text))};
  return std::string{text};
}

Parsed<std::vector<allowlist::PortRange>> parse_ports(std::string_view text) {
  std::vector<allowlist::PortRange> ports;
  for (std::size_t begin = 0; begin <= text.size();) {
    const auto word = text.substr(begin, text.find(',', begin) - begin);
    const auto range = allowlist::read_port_range(word);
    if (!range)
      return std::unexpected{fmt::format("{} is not a port or a range such as 8000-8100", excerpt(word))};
    ports.push_back(*range);
    begin += word.size() + 1;
  }
  return ports;
}

/// "*.example.com:443", "10.0.0.0/8:443,8443", "[2001:db8::/32]:443", each also without ports.
Parsed<monitor::AllowedTarget> parse_allowed(std::string_view text) {
  monitor::AllowedTarget allowed;
  auto where = text;
  std::optional<std::string_view> ports;
  if (text.starts_with('[')) {
    const auto close = text.find(']');
    where = text.substr(1, close == text.npos ? close : close - 1);
    const auto behind = close == text.npos ? std::string_view{} : text.substr(close + 1);
    if (!behind.empty()) ports = behind.starts_with(':') ? behind.substr(1) : behind;
  } else if (std::ranges::count(text, ':') == 1) {
    where = text.substr(0, text.find(':'));
    ports = text.substr(where.size() + 1);
  }
  if (ports) {
    auto parsed = parse_ports(*ports);
    if (!parsed) return std::unexpected{std::move(parsed.error())};
    allowed.ports = std::move(*parsed);
  }
  if (where.find_first_of("/:") != where.npos || where.find_first_not_of("0123456789.") == where.npos) {
    const auto prefix = allowlist::parse_prefix(where);
    if (!prefix) return std::unexpected{prefix.error()};
    if (prefix->host_bits)
      return std::unexpected{
          fmt::format("{} has bits set behind its length; write {}", excerpt(where), prefix->prefix.text())};
    allowed.where = prefix->prefix;
    return allowed;
  }
  allowlist::YamlNode node;
  node.kind = allowlist::YamlNode::Kind::scalar;
  node.text = where;
  auto domain = allowlist::parse_domain(node);
  if (!domain) return std::unexpected{std::move(domain.error().message)};
  allowed.where = std::move(*domain);
  return allowed;
}

OptionLayer option_layer(const Given& given, const SuiteOptions& options, SuiteReading& reading) {
  OptionLayer layer;
  for (const auto& pair : reading.pairs(given, "options of check, such as {profile: web}")) {
    if (!options.known(pair.key->text)) reading.unknown(pair, options.names());
    layer.emplace(pair.key->text, pair);
  }
  return layer;
}

void read_modules(const Given& given, Manners& manners, const SuiteOptions& options, monitor::Web& web,
                  SuiteReading& reading) {
  for (const auto& pair : reading.pairs(given, "a map of modules, such as {http_2xx: {profile: web}}")) {
    const auto name = parse_label(pair.key->text);
    if (!name) reading.fail(pair, pair.key->place, name.error());
    const auto layer = option_layer(pair, options, reading);
    auto manner = manners.of(layer, pair, reading);
    if (reading.error()) return;
    web.modules.push_back({*name, std::move(manner)});
  }
}

double read_jitter(const Given& given, SuiteReading& reading) {
  const auto jitter = whole_number<double>(reading.text(given));
  if (jitter && *jitter >= 0 && *jitter <= 1) return *jitter;
  reading.fail(given, "jitter is a part of the interval, from 0 to 1, such as 0.1");
  return 0;
}

// ---- notices

/// A value that stands in the environment or in a file, so that the suite need not hold it.
probe::Secret read_secret(const Given& given, const Variables& variables, SuiteReading& reading) {
  constexpr std::size_t longest = 16 * 1024;
  const auto name = reading.text(given);
  if (reading.error()) return {};
  std::string value;
  if (given.key->text.ends_with("-env")) {
    const auto at = variables.find(name);
    if (at == variables.end()) {
      reading.fail(given, fmt::format("the variable {} is not set; export it first", excerpt(name)));
      return {};
    }
    value = at->second;
  } else {
    auto content = read_input((given.document->file.parent_path() / name).string(), longest);
    if (!content) {
      reading.fail(given, content.error());
      return {};
    }
    value = std::move(*content);
  }
  while (!value.empty() && (value.back() == '\n' || value.back() == '\r')) value.pop_back();
  const bool printable = std::ranges::all_of(value, [](char c) { return c >= ' ' && c < '\x7f'; });
  if (value.empty() || value.size() > longest || !printable)
    reading.fail(given, "it does not hold one line of ASCII, at most 16 KiB");
  return probe::Secret{std::move(value)};
}

Parsed<monitor::ReceiverKind> parse_kind(std::string_view text) {
  using enum monitor::ReceiverKind;
  if (text == "webhook") return webhook;
  if (text == "alertmanager") return alertmanager;
  if (text == "slack") return slack;
  return std::unexpected{fmt::format("{} is not one of webhook, alertmanager and slack", excerpt(text))};
}

/// Where a receiver listens; the message never repeats it, as it may hold a credential.
void require_http(const probe::Secret& text, const Given& given, SuiteReading& reading) {
  if (reading.error()) return;
  const auto url = probe::parse_url(text.expose());
  if (!url || (url->scheme != "http" && url->scheme != "https"))
    reading.fail(given, "a receiver's URL is http://… or https://…");
}

/// The options that say how a receiver is reached.
constexpr std::string_view connection_options[] = {"ca-file", "client-cert", "client-key", "dns-server",
                                                   "ipv4",    "ipv6",        "no-proxy",   "proxy",
                                                   "resolve", "source",      "timeout"};

monitor::Receiver read_receiver(const Given& given, Manners& manners, const Variables& variables,
                                SuiteReading& reading) {
  monitor::Receiver receiver;
  OptionLayer layer;
  bool has_url = false;
  for (const auto& pair : reading.pairs(given, "a receiver is a map that begins with name:")) {
    const auto& key = pair.key->text;
    if (key == "name") {
      receiver.name = reading.value(pair, parse_label, std::string{});
    } else if (key == "type") {
      receiver.kind = reading.value(pair, parse_kind, monitor::ReceiverKind::webhook);
    } else if (key == "url" || key == "url-env" || key == "url-file") {
      if (has_url) reading.fail(pair, pair.key->place, "a receiver has one of url, url-env and url-file");
      has_url = true;
      receiver.url = key == "url" ? probe::Secret{reading.text(pair)} : read_secret(pair, variables, reading);
      require_http(receiver.url, pair, reading);
    } else if (key == "authorization-env" || key == "authorization-file") {
      if (!receiver.authorization.empty())
        reading.fail(pair, pair.key->place, "a receiver has one of authorization-env and authorization-file");
      receiver.authorization = read_secret(pair, variables, reading);
    } else if (key == "groups") {
      receiver.groups = reading.texts(pair);
    } else if (key == "tags") {
      receiver.tags = reading.texts(pair);
    } else if (std::ranges::find(connection_options, key) != std::end(connection_options)) {
      layer.emplace(key, pair);
    } else {
      std::vector<std::string> known{
          "name",   "type", "url", "url-env", "url-file", "authorization-env", "authorization-file",
          "groups", "tags"};
      known.insert(known.end(), std::begin(connection_options), std::end(connection_options));
      reading.unknown(pair, known);
    }
  }
  if (receiver.name.empty()) reading.fail(given, "name is missing");
  if (!has_url) reading.fail(given, "url is missing; write url, url-env or url-file");
  receiver.manner = manners.of(layer, given, reading);
  return receiver;
}

}  // namespace

void read_serve(const Given& given, Manners& manners, const SuiteOptions& options, monitor::Plan& plan,
                SuiteReading& reading) {
  auto& web = plan.web;
  for (const auto& pair : reading.pairs(given, "serve is a map, such as {listen: [127.0.0.1:9876]}")) {
    const auto& key = pair.key->text;
    if (key == "listen") {
      for (const auto& one : reading.values(pair))
        web.listen.push_back(reading.value(one, parse_listen, probe::TcpEndpoint{}));
    } else if (key == "allow") {
      for (const auto& one : reading.values(pair))
        web.allowed.push_back(reading.value(one, parse_allowed, monitor::AllowedTarget{}));
    } else if (key == "web-config") {
      web.config = path_of(pair, reading);
    } else if (key == "external-url") {
      web.external_url = reading.value(pair, parse_external_url, std::string{});
    } else if (key == "modules") {
      read_modules(pair, manners, options, web, reading);
    } else if (key == "database") {
      plan.history.database = path_of(pair, reading);
    } else if (key == "retention") {
      auto days = allowlist::parse_days(*pair.value, key);
      if (days)
        plan.history.retention = *days;
      else
        reading.fail(pair, days.error().place, days.error().message);
    } else if (key == "jitter") {
      plan.jitter = read_jitter(pair, reading);
    } else {
      reading.unknown(pair, {"listen", "allow", "web-config", "external-url", "modules", "database",
                             "retention", "jitter"});
    }
  }
}

void read_notices(const Given& given, Manners& manners, const Variables& variables, monitor::Notices& notices,
                  SuiteReading& reading) {
  std::set<std::string> names;
  for (const auto& pair : reading.pairs(given, "notices is a map, such as {receivers: […]}")) {
    const auto& key = pair.key->text;
    if (key == "group-wait") {
      notices.group_wait = std::chrono::duration_cast<std::chrono::milliseconds>(
          reading.value(pair, parse_duration, probe::Clock::duration{notices.group_wait}));
    } else if (key == "queue-limit") {
      notices.queue_limit = reading.number(pair, 1, 1'000'000);
    } else if (key == "receivers") {
      for (const auto& element : reading.elements(pair, "receivers is a list: - name: …")) {
        auto receiver = read_receiver(element, manners, variables, reading);
        if (!names.insert(receiver.name).second)
          reading.fail(element, fmt::format("the receiver {} is there twice", excerpt(receiver.name)));
        notices.receivers.push_back(std::move(receiver));
      }
    } else {
      reading.unknown(pair, {"group-wait", "queue-limit", "receivers"});
    }
  }
}

}  // namespace fwprobe::cli
