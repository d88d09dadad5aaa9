#include "cli/suite/options.h"

#include <algorithm>
#include <array>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <fmt/format.h>

#include "cli/check_options.h"

namespace fwprobe::cli {
namespace {

/// A suite runs without anybody at its standard input.
constexpr std::string_view not_in_suites[] = {"help", "token-stdin"};

/// Of each pair only one can be meant.
constexpr std::pair<std::string_view, std::string_view> exclusive[] = {{"ipv4", "ipv6"},
                                                                       {"expect-public", "expect-private"},
                                                                       {"proxy", "no-proxy"},
                                                                       {"token-env", "token-file"}};

void collect(const CLI::App& app, std::vector<const CLI::Option*>& all) {
  for (const auto* option : app.get_options())
    if (!option->get_lnames().empty() && option->get_group() != output_group) all.push_back(option);
  for (const auto* group : app.get_subcommands([](const CLI::App*) { return true; })) collect(*group, all);
}

/// The options as the suite writes them: 'timeout' in place of '--timeout'.
std::string in_suite_words(std::string message, const SuiteOptions& options) {
  for (auto at = message.find("--"); at != message.npos; at = message.find("--", at + 1)) {
    const auto end = message.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-", at + 2);
    if (options.known(message.substr(at + 2, end == message.npos ? end : end - at - 2))) message.erase(at, 2);
  }
  return message;
}

/// The first option that the message names, where it stands; null when it names none of the layer.
const Given* blamed(const std::string& message, const OptionLayer& layer) {
  for (auto at = message.find("--"); at != message.npos; at = message.find("--", at + 2)) {
    const auto end = message.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-", at + 2);
    const auto option = layer.find(message.substr(at + 2, end == message.npos ? end : end - at - 2));
    if (option != layer.end()) return &option->second;
  }
  return nullptr;
}

/// "timeout 3s, header Authorization, no-proxy": what a header says and who logs in to a proxy is nobody's
/// business.
std::string shown(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words) {
    const auto equals = word.find('=');
    const auto name = word.substr(2, equals == word.npos ? equals : equals - 2);
    auto value = equals == word.npos ? std::string{} : word.substr(equals + 1);
    if (name == "header") value.erase(std::min(value.find(':'), value.size()));
    if (name == "proxy")
      if (const auto at = value.rfind('@'), begin = value.find("://"); at != value.npos && begin < at)
        value.erase(begin + 3, at - begin - 2);
    text += fmt::format("{}{}{}{}", text.empty() ? "" : ", ", name, value.empty() ? "" : " ", value);
  }
  return text;
}

}  // namespace

SuiteOptions::SuiteOptions() {
  CLI::App app;
  CheckArguments arguments;
  define_check_options(app, arguments);
  std::vector<const CLI::Option*> all;
  collect(app, all);
  for (const auto* option : all) {
    const auto& name = option->get_lnames().front();
    if (std::ranges::find(not_in_suites, name) != std::end(not_in_suites)) continue;
    const auto kind = option->get_items_expected_max() == 0  ? Kind::flag
                      : option->get_items_expected_max() > 1 ? Kind::repeatable
                                                             : Kind::single;
    const auto type = option->get_type_name();
    kinds_.emplace(name, Option{kind, type == "FILE", type == "NAME|FILE"});
  }
}

std::vector<std::string> SuiteOptions::names() const {
  std::vector<std::string> all;
  for (const auto& [name, kind] : kinds_) all.push_back(name);
  return all;
}

std::vector<std::string> SuiteOptions::words(const OptionLayer& layer, SuiteReading& reading) const {
  std::vector<std::string> words;
  for (const auto& [name, given] : layer) {
    const auto& option = kinds_.find(name)->second;
    if (option.kind == Kind::flag) {
      if (reading.flag(given)) words.push_back("--" + name);
      continue;
    }
    const auto values =
        option.kind == Kind::repeatable ? reading.texts(given) : std::vector{reading.text(given)};
    for (const auto& value : values) {
      const auto beside = given.document->file.parent_path() / value;
      const bool is_file = option.file || (option.list && std::filesystem::exists(beside));
      words.push_back(fmt::format("--{}={}", name, is_file ? beside.string() : value));
    }
  }
  return words;
}

void overlay(OptionLayer& wider, const OptionLayer& narrower) {
  for (const auto& [one, other] : exclusive) {
    if (narrower.contains(one)) wider.erase(std::string{other});
    if (narrower.contains(other)) wider.erase(std::string{one});
  }
  for (const auto& [name, given] : narrower) wider.insert_or_assign(name, given);
}

monitor::Manner Manners::of(const OptionLayer& layer, const Given& what, SuiteReading& reading) {
  auto words = options_.words(layer, reading);
  if (reading.error()) return {};
  const auto known = made_.find(words);
  if (known != made_.end()) return known->second;

  const auto wrong = [&](const std::string& message) {
    const auto* given = blamed(message, layer);
    reading.fail(given != nullptr ? *given : what, in_suite_words(message, options_));
    return monitor::Manner{};
  };
  CLI::App app;
  CheckArguments arguments;
  define_check_options(app, arguments);
  app.get_option("TARGET")->required(false);
  try {
    app.parse(std::vector<std::string>{words.rbegin(), words.rend()});  // CLI11 takes them from the back
  } catch (const CLI::ParseError& error) {
    return wrong(error.what());
  }
  auto settings = understand_settings(arguments, variables_);
  if (!settings) return wrong(settings.error().message);
  settings->site = site_;
  monitor::Manner manner;
  manner.contexts = contexts(settings->tls, what, reading);
  manner.settings = std::make_shared<const checks::Settings>(std::move(*settings));
  manner.options = std::make_shared<const std::string>(shown(words));
  made_.emplace(std::move(words), manner);
  return manner;
}

std::shared_ptr<probe::TlsContexts> Manners::contexts(const probe::TlsCredentials& credentials,
                                                      const Given& what, SuiteReading& reading) {
  auto& made = contexts_[{credentials.ca_file, credentials.client_certificate, credentials.client_key}];
  if (made) return made;
  auto loaded = probe::TlsContexts::load(credentials);
  if (loaded)
    made = std::make_shared<probe::TlsContexts>(std::move(*loaded));
  else
    reading.fail(what, loaded.error());
  return made;
}

}  // namespace fwprobe::cli
