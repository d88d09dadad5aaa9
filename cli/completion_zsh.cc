// zshcompsys(1), "_arguments".

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/completion.h"

namespace fwprobe::cli {
namespace {

/// Inside single quotes, and inside the brackets of a specification.
std::string in_quotes(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\'')
      out += "'\\''";
    else if (c == '[' || c == ']' || c == ':' || c == '\\')
      (out += '\\') += c;
    else
      out += c == '\n' ? ' ' : c;
  }
  return out;
}

std::string action(const Choices& choices) {
  const auto words = choices.words.empty() ? "" : fmt::format("compadd -- {}", fmt::join(choices.words, " "));
  if (choices.files && !words.empty()) return fmt::format("{{_files; {}}}", words);
  return choices.files ? "_files" : words.empty() ? "" : fmt::format("({})", fmt::join(choices.words, " "));
}

std::string specification(const Word& option) {
  const auto value =
      option.value.empty() ? "" : fmt::format(":{}:{}", in_quotes(option.value), action(choices(option)));
  std::string lines;
  for (const auto& name : option.names)
    lines += fmt::format(" \\\n    '*{}{}[{}]{}'", name,
                         option.value.empty()     ? ""
                         : name.starts_with("--") ? "="
                                                  : "+",
                         in_quotes(option.description), value);
  return lines;
}

/// One function a verb, the inner ones first.
void add_functions(const Verb& verb, const std::string& name, std::string& script) {
  for (const auto& sub : verb.verbs) add_functions(sub, name + "_" + sub.name, script);
  script += fmt::format(
      "{}() {{\n  local curcontext=$curcontext state line\n  typeset -A opt_args\n  _arguments -C -s", name);
  for (const auto& option : verb.options) script += specification(option);
  for (const auto& argument : verb.arguments) {
    // An empty action would show a message, and that keeps zsh from putting in the option that fits.
    const auto values = action(choices(argument));
    script +=
        fmt::format(" \\\n    '*:{}:{}'", in_quotes(argument.value), values.empty() ? "{true}" : values);
  }
  if (verb.verbs.empty()) {
    script += "\n}\n\n";
    return;
  }
  script += " \\\n    '1:verb:->verb' '*::argument:->argument'\n  local -a verbs=(\n";
  for (const auto& sub : verb.verbs)
    script += fmt::format("    '{}:{}'\n", sub.name, in_quotes(sub.description));
  script +=
      "  )\n  case $state in\n    verb) _describe verb verbs ;;\n    argument)\n      case $words[1] in\n";
  for (const auto& sub : verb.verbs) script += fmt::format("        {0}) {1}_{0} ;;\n", sub.name, name);
  script += "      esac\n      ;;\n  esac\n}\n\n";
}

}  // namespace

std::string zsh_completion(const Verb& program) {
  std::string script = "#compdef fwprobe\n# Made by: fwprobe completion zsh\n\n";
  add_functions(program, "_fwprobe", script);
  return script +
         "if [[ $zsh_eval_context[-1] == loadautofunc ]]; then\n  _fwprobe \"$@\"\nelse\n  compdef _fwprobe "
         "fwprobe\nfi\n";
}

}  // namespace fwprobe::cli
