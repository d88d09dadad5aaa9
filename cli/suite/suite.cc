#include "cli/suite/suite.h"

#include <algorithm>
#include <chrono>
#include <unordered_map>

#include <fmt/format.h>

#include "checks/reach_plan.h"
#include "cli/check_options.h"
#include "cli/kept_files.h"
#include "cli/suite/levels.h"
#include "cli/suite/names.h"
#include "cli/suite/service.h"

namespace fwprobe::cli {
namespace {

using allowlist::excerpt, allowlist::YamlNode;

constexpr std::size_t most_targets = 100'000;
constexpr std::size_t most_jobs = 100'000;

std::chrono::year_month_day today() {
  return std::chrono::floor<std::chrono::days>(std::chrono::system_clock::now());
}

std::optional<std::string> site_of(const SuiteDocument& suite, SuiteReading& reading) {
  const Given root{&suite, &suite.root, &suite.root};
  for (const auto& pair : reading.pairs(root, "a suite is a map"))
    if (pair.key->text == "site") return reading.value(pair, parse_label, std::string{});
  return std::nullopt;
}

class SuiteReader {
 public:
  SuiteReader(const std::deque<SuiteDocument>& documents, const Variables& variables)
      : documents_{documents},
        variables_{variables},
        site_{site_of(documents.back(), reading_).value_or("")},
        manners_{options_, variables_, site_} {
    suite_.plan.site = site_;
  }

  std::expected<Suite, UsageError> read() && {
    // Defaults and groups hold for the targets of every file, so they are read first.
    for (const auto& document : documents_) read_levels(document);
    for (const auto& document : documents_) read_targets(document);
    const auto& suite = documents_.back();
    if (suite_.plan.targets.empty())
      reading_.fail({&suite, &suite.root, &suite.root},
                    "there is no target; write 'targets:' with a list of them");
    check_misfits();
    if (reading_.error()) return std::unexpected{*reading_.error()};
    return std::move(suite_);
  }

 private:
  static Given root(const SuiteDocument& document) { return {&document, &document.root, &document.root}; }

  void read_levels(const SuiteDocument& document) {
    const bool is_suite = &document == &documents_.back();
    for (const auto& pair : reading_.pairs(root(document), "a suite is a map")) {
      const auto& key = pair.key->text;
      if (key == "include" || key == "targets") continue;
      if (key == "defaults")
        overlay(defaults_, level(pair));
      else if (key == "groups")
        read_groups(pair);
      else if (!is_suite && std::ranges::find(suite_keys, key) != std::end(suite_keys))
        reading_.fail(pair, pair.key->place,
                      fmt::format("{} stands in the suite itself, not in a file that it includes", key));
      else if (key == "site")
        continue;
      else if (key == "jobs")
        suite_.plan.jobs = reading_.number(pair, 1, most_jobs);
      else if (key == "per-destination")
        suite_.plan.per_destination = reading_.number(pair, 1, most_jobs);
      else if (key == "serve")
        read_serve(pair, manners_, options_, suite_.plan, reading_);
      else if (key == "notices")
        read_notices(pair, manners_, variables_, suite_.plan.notices, reading_);
      else
        reading_.unknown(pair, {"include", "defaults", "groups", "targets", "site", "jobs", "per-destination",
                                "serve", "notices"});
    }
  }

  /// A map of what a level may say, and of nothing else.
  Level level(const Given& given) {
    Level level;
    for (const auto& pair : reading_.pairs(given, "a map of options, such as {timeout: 3s}"))
      if (!read_level(level, pair, options_, reading_)) unknown(pair, {});
    return level;
  }

  /// `known`: beside what a level may say.
  void unknown(const Given& pair, std::vector<std::string> known) {
    const auto& key = pair.key->text;
    if (key == "token-stdin")
      return reading_.fail(pair, pair.key->place,
                           "nobody stands at a suite's standard input; write token-env or token-file");
    const auto keys = level_keys(options_);
    known.insert(known.end(), keys.begin(), keys.end());
    reading_.unknown(pair, known);
  }

  void read_groups(const Given& given) {
    for (const auto& pair : reading_.pairs(given, "groups is a map from a group's name to its options")) {
      if (const auto name = parse_label(pair.key->text); !name)
        reading_.fail(pair, pair.key->place, name.error());
      overlay(groups_[pair.key->text], level(pair));
    }
  }

  void read_targets(const SuiteDocument& document) {
    for (const auto& pair : reading_.pairs(root(document), "a suite is a map")) {
      if (pair.key->text != "targets") continue;
      for (const auto& element : reading_.elements(pair, "targets is a list: - https://host/")) {
        read_entry(element);
        if (reading_.error()) return;
      }
    }
  }

  void read_entry(const Given& element) {
    if (element.value->kind == YamlNode::Kind::scalar) return add(element, element, Level{}, {});
    std::optional<Given> target, id, name;
    Level own;
    for (const auto& pair : reading_.pairs(element, "a target is a text or a map that begins with target:")) {
      const auto& key = pair.key->text;
      if (key == "target")
        target = pair;
      else if (key == "id")
        id = pair;
      else if (key == "name")
        name = pair;
      else if (!read_level(own, pair, options_, reading_))
        unknown(pair, {"target", "id", "name"});
    }
    if (reading_.error()) return;
    if (target) return add(element, *target, own, {id, name});
    const auto at = own.options.find("allowlist");
    if (at == own.options.end())
      return reading_.fail(element,
                           "a target needs 'target: https://host/', or 'allowlist: NAME' for all of a list");
    if (id || name)
      return reading_.fail(element, "the targets of a list have their own ids and names; leave these out");
    const auto list = at->second;
    own.options.erase(at);
    add_list(list, own);
  }

  struct Names {
    std::optional<Given> id, name;
  };

  /// What holds for an entry: defaults, then its group's, then its own.
  Level whole(const Level& own, const Given& element) {
    auto all = defaults_;
    const auto group = own.group ? own.group : defaults_.group;
    if (group) {
      const auto at = groups_.find(*group);
      if (at != groups_.end()) {
        overlay(all, at->second);
        all.group = group;
      } else if (!groups_.empty()) {
        std::vector<std::string> names;
        for (const auto& [name, level] : groups_) names.push_back(name);
        const auto meant = nearest(*group, names);
        if (!meant.empty())
          reading_.fail(element,
                        fmt::format("there is no group {}; did you mean '{}'?", excerpt(*group), meant));
      }
    }
    overlay(all, own);
    return all;
  }

  void add(const Given& element, const Given& text, const Level& own, const Names& names) {
    const auto all = whole(own, element);
    auto manner = manners_.of(all.options, element, reading_);
    if (reading_.error()) return;
    const auto target = reading_.value(
        text, [&](std::string_view word) { return understand_target(word, *manner.settings); },
        checks::Target{});
    if (reading_.error()) return;
    monitor::Watched watched;
    watched.target = target;
    watched.manner = std::move(manner);
    watched.id = names.id ? reading_.value(*names.id, parse_id, std::string{}) : id_of(target.text());
    watched.name = names.name ? reading_.value(*names.name, parse_label, std::string{}) : target.text();
    watch(element, std::move(watched), all, names.id.has_value());
  }

  void watch(const Given& element, monitor::Watched watched, const Level& all, bool own_id) {
    if (reading_.error()) return;
    const auto& place = element.value->place;
    if (const auto [first, fresh] = ids_.try_emplace(watched.id, element); !fresh) {
      const auto& there = first->second;
      const auto where = fmt::format("{}:{}", there.document->file.string(), there.value->place.line);
      return reading_.fail(
          element, place,
          own_id ? fmt::format("the id {} is there twice, first at {}", excerpt(watched.id), where)
                 : fmt::format("{} is there twice, first at {}; to watch it in two ways give one an 'id'",
                               excerpt(watched.target.text()), where));
    }
    if (suite_.plan.targets.size() == most_targets)
      return reading_.fail(element, place,
                           fmt::format("more than {} targets; make it several suites", most_targets));
    watched.group = all.group.value_or("");
    watched.tags = all.tags;
    watched.expect = all.expect.value_or(checks::Expectation{});
    watched.interval = all.interval.value_or(watched.interval);
    watched.confirm = all.confirm.value_or(watched.confirm);
    suite_.plan.targets.push_back(std::move(watched));
    origins_.push_back(element);
  }

  /// Every entry of an outbound list at which somebody must answer: names, and prefixes of one address. In a
  /// wider prefix nobody knows which addresses have a host, so that silence would be no news.
  void add_list(const Given& given, Level own) {
    const auto name = reading_.text(given);
    const auto beside = given.document->file.parent_path() / name;
    const auto list =
        allowlist::load(std::filesystem::exists(beside) ? beside.string() : name, {kept_lists(variables_)});
    if (!list) return reading_.fail(given, list.error().message);
    if (list->direction != allowlist::Direction::outbound)
      return reading_.fail(
          given, fmt::format("{} lists sources to let in; only outbound lists have targets", list->name));
    if (!own.group) own.group = list->name;
    const auto all = whole(own, given);
    const auto manner = manners_.of(all.options, given, reading_);
    if (reading_.error()) return;
    checks::ReachChoice choice;
    choice.sample = 1;
    choice.family = manner.settings->family;
    choice.day = today();
    const auto plans = checks::plan_reach(*list, choice);
    if (!plans) return reading_.fail(given, plans.error());
    LeftOut left_out;
    for (const auto& plan : *plans) add_reach(given, plan, all, manner, left_out);
    for (const auto& [why, entries] : left_out)
      suite_.notes.push_back(fmt::format(
          "{}: {}{} not watched: {}", list->name, entries.front(),
          entries.size() == 1 ? std::string{" is"} : fmt::format(" and {} more are", entries.size() - 1),
          why));
  }

  /// Entries as published, by the reason.
  using LeftOut = std::map<std::string, std::vector<std::string>>;

  void add_reach(const Given& given, const checks::ReachPlan& plan, const Level& all,
                 const monitor::Manner& manner, LeftOut& left_out) {
    auto hosts = plan.hosts;
    auto skipped = plan.skipped;
    if (const auto* prefix = std::get_if<allowlist::Prefix>(&plan.entry->what); prefix && skipped.empty()) {
      if (prefix->network() == prefix->last())
        hosts.push_back(prefix->network().to_string());
      else
        skipped = "nobody knows which of its addresses have a host ('fwprobe allowlist check' tries some)";
    }
    if (!skipped.empty()) return left_out[skipped].push_back(plan.entry->published);
    for (const auto& host : hosts)
      for (const auto port : plan.ports) {
        const auto text = host.contains(':') ? fmt::format("tcp://[{}]:{}", host, port)
                                             : fmt::format("tcp://{}:{}", host, port);
        const auto target = understand_target(text, *manner.settings);
        if (!target) return reading_.fail(given, target.error());
        monitor::Watched watched;
        watched.target = *target;
        watched.manner = manner;
        watched.id = id_of(target->text());
        watched.name = plan.entry->purpose.empty() ? target->text() : plan.entry->purpose;
        // Lists name one host for several purposes, and a suite may name it besides.
        if (!ids_.contains(watched.id)) watch(given, std::move(watched), all, false);
      }
  }

  /// What a manner asks of targets that cannot have it: of all that share it, as `check` has them on one
  /// command line.
  void check_misfits() {
    std::map<const checks::Settings*, std::vector<std::size_t>> sharing;
    for (std::size_t i = 0; i < suite_.plan.targets.size(); ++i)
      sharing[suite_.plan.targets[i].manner.settings.get()].push_back(i);
    for (const auto& [settings, indices] : sharing) {
      const bool every_one = settings->ssh_fingerprints.empty();
      std::vector<checks::Target> together;
      for (const auto i : indices) {
        together.push_back(suite_.plan.targets[i].target);
        if (!every_one) continue;
        if (const auto wrong = misfit(std::span{&together.back(), 1}, *settings))
          return reading_.fail(origins_[i], wrong->message);
      }
      if (const auto wrong = misfit(together, *settings))
        return reading_.fail(origins_[indices.front()], wrong->message);
    }
  }

  static constexpr std::string_view suite_keys[] = {"site", "jobs", "per-destination", "serve", "notices"};

  const std::deque<SuiteDocument>& documents_;
  const Variables& variables_;
  SuiteReading reading_;
  SuiteOptions options_;
  std::string site_;
  Manners manners_;
  Level defaults_;
  std::map<std::string, Level> groups_;
  std::unordered_map<std::string, Given> ids_;
  std::vector<Given> origins_;  ///< of each target
  Suite suite_;
};

}  // namespace

std::expected<Suite, UsageError> understand_suite(const std::deque<SuiteDocument>& documents,
                                                  const Variables& variables) {
  return SuiteReader{documents, variables}.read();
}

std::expected<Suite, UsageError> read_suite(const std::filesystem::path& file, const Variables& variables) {
  const auto documents = load_documents(file, variables);
  if (!documents) return std::unexpected{documents.error()};
  return understand_suite(*documents, variables);
}

}  // namespace fwprobe::cli
