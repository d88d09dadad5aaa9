#include "cli/command_tree.h"

#include <algorithm>
#include <cctype>
#include <ranges>

namespace fwprobe::cli {
namespace {

/// "N:INT in [1 - 100]" as CLI11 says it.
std::string without_validator(const std::string& type) { return type.substr(0, type.find(":INT in ")); }

Word word_of(const CLI::Option& option, const std::string& group) {
  Word word;
  for (const auto& name : option.get_snames()) word.names.push_back("-" + name);
  for (const auto& name : option.get_lnames()) word.names.push_back("--" + name);
  if (word.names.empty())
    word = {{}, option.get_name(true), {}, {}, {}, {}, option.get_type_name()};
  else if (option.get_items_expected_max() > 0)
    word.value = without_validator(option.get_type_name());
  word.initial = option.get_default_str();
  word.description = option.get_description();
  word.group = group;
  return word;
}

/// Options of a group that CLI11 keeps as an app without a name belong to the verb itself.
void add_options(const CLI::App& app, Verb& verb) {
  for (const auto* option : app.get_options()) {
    if (option == app.get_help_ptr() && app.get_name().empty()) continue;  // the verb has it already
    auto word = word_of(*option, app.get_name().empty() ? app.get_group() : option->get_group());
    (word.names.empty() ? verb.arguments : verb.options).push_back(std::move(word));
  }
  for (const auto* sub : app.get_subcommands([](const CLI::App*) { return true; })) {
    if (sub->get_name().empty())
      add_options(*sub, verb);
    else
      verb.verbs.push_back(describe(*sub));
  }
}

void add_paths(const Verb& verb, const std::string& path, std::vector<std::string>& paths) {
  for (const auto& sub : verb.verbs) {
    const auto inside = path + "/" + sub.name;
    paths.push_back(inside);
    add_paths(sub, inside, paths);
  }
}

}  // namespace

Verb describe(const CLI::App& app) {
  Verb verb{app.get_name(), app.get_description(), {}, {}, {}};
  add_options(app, verb);
  return verb;
}

void give_words(Verb& verb, std::string_view value, const std::vector<std::string>& words) {
  for (auto* several : {&verb.options, &verb.arguments})
    for (auto& word : *several)
      if (word.value == value || word.kind == value) word.words = words;
  for (auto& sub : verb.verbs) give_words(sub, value, words);
}

std::vector<std::string> verb_paths(const Verb& program) {
  std::vector<std::string> paths;
  add_paths(program, {}, paths);
  return paths;
}

Choices choices(const Word& word) {
  Choices found{word.words};
  for (const auto* alternatives : {&word.value, &word.kind})
    for (const auto part : *alternatives | std::views::split('|')) {
      const std::string text{std::string_view{part}};
      if (text.ends_with("FILE"))
        found.files = true;
      else if (!text.empty() && std::islower(static_cast<unsigned char>(text.front())) != 0)
        found.words.push_back(text);
    }
  return found;
}

}  // namespace fwprobe::cli
