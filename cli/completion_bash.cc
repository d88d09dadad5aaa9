// bash(1), "Programmable Completion".

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/completion.h"

namespace fwprobe::cli {
namespace {

constexpr auto head = R"(# bash completion for fwprobe, made by: fwprobe completion bash
_fwprobe_files() {
  compopt -o filenames 2>/dev/null
  mapfile -t COMPREPLY < <(compgen -f -- "$1")
}

_fwprobe_words() {
  mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -W "$2" -- "$1")
}

_fwprobe() {
  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} verb= i
  # Bash takes '=' for a word of its own: --format=json is three.
  if [[ $cur == = ]]; then
    cur=
  elif [[ $prev == = ]]; then
    prev=${COMP_WORDS[COMP_CWORD - 2]}
  fi
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; ++i)); do
    case "$verb/${COMP_WORDS[i]}" in
)";

constexpr auto tail = R"(  esac
}
complete -F _fwprobe fwprobe
)";

std::string reply(const Choices& choices) {
  std::string text;
  if (choices.files) text += R"(_fwprobe_files "$cur"; )";
  if (!choices.words.empty())
    text += fmt::format(R"(_fwprobe_words "$cur" "{}"; )", fmt::join(choices.words, " "));
  return text + "return";
}

void add_values(const Verb& verb, const std::string& path, std::string& script) {
  for (const auto& option : verb.options) {
    if (option.value.empty()) continue;
    std::string patterns;
    for (const auto& name : option.names)
      patterns += fmt::format("{}\"{} {}\"", patterns.empty() ? "" : " | ", path, name);
    script += fmt::format("    {}) {} ;;\n", patterns, reply(choices(option)));
  }
  for (const auto& sub : verb.verbs) add_values(sub, path + "/" + sub.name, script);
}

void add_words(const Verb& verb, const std::string& path, std::string& script) {
  std::vector<std::string> options;
  for (const auto& option : verb.options)
    options.insert(options.end(), option.names.begin(), option.names.end());
  std::vector<std::string> words;
  bool files = false;
  for (const auto& sub : verb.verbs) words.push_back(sub.name);
  for (const auto& argument : verb.arguments) {
    const auto some = choices(argument);
    files = files || some.files;
    words.insert(words.end(), some.words.begin(), some.words.end());
  }
  script +=
      fmt::format("    \"{}\")\n      if [[ $cur == -* ]]; then\n        _fwprobe_words \"$cur\" \"{}\"\n",
                  path, fmt::join(options, " "));
  if (files || !words.empty()) script += fmt::format("      else\n        {}\n", reply({words, files}));
  script += "      fi\n      ;;\n";
  for (const auto& sub : verb.verbs) add_words(sub, path + "/" + sub.name, script);
}

}  // namespace

std::string bash_completion(const Verb& program) {
  const auto paths = verb_paths(program);
  std::string script = head;
  script +=
      fmt::format("      {}) verb+=\"/${{COMP_WORDS[i]}}\" ;;\n    esac\n  done\n", fmt::join(paths, " | "));
  script += "  case \"$verb $prev\" in\n";
  add_values(program, "", script);
  script += "  esac\n  case \"$verb\" in\n";
  add_words(program, "", script);
  return script + tail;
}

}  // namespace fwprobe::cli
