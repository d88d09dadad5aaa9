// complete(1) of fish.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/completion.h"

namespace fwprobe::cli {
namespace {

std::string in_quotes(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') out += '\\';
    out += c == '\n' ? ' ' : c;
  }
  return out + "'";
}

void add_verb(const Verb& verb, const std::string& path, std::string& script) {
  const auto here = fmt::format("complete -c fwprobe -n '__fwprobe_at \"{}\"'", path);
  for (const auto& option : verb.options) {
    script += here;
    for (const auto& name : option.names)
      script += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
    if (!option.value.empty()) {
      const auto some = choices(option);
      script += some.files ? " -r -F" : " -x";
      if (!some.words.empty()) script += fmt::format(" -a '{}'", fmt::join(some.words, " "));
    }
    script += fmt::format(" -d {}\n", in_quotes(option.description));
  }
  for (const auto& argument : verb.arguments) {
    const auto some = choices(argument);
    if (some.files) script += here + " -F\n";
    if (!some.words.empty()) script += fmt::format("{} -a '{}'\n", here, fmt::join(some.words, " "));
  }
  for (const auto& sub : verb.verbs) {
    script += fmt::format("{} -a {} -d {}\n", here, sub.name, in_quotes(sub.description));
    add_verb(sub, path + "/" + sub.name, script);
  }
}

}  // namespace

std::string fish_completion(const Verb& program) {
  const auto paths = verb_paths(program);
  auto script = fmt::format(R"(# fish completion for fwprobe, made by: fwprobe completion fish
function __fwprobe_at --description 'whether the verbs typed so far are these'
    set -l verb ''
    for word in (commandline -opc)[2..-1]
        switch "$verb/$word"
            case {}
                set verb "$verb/$word"
        end
    end
    test "$verb" = "$argv[1]"
end
complete -c fwprobe -f
)",
                            fmt::join(paths, " "));
  add_verb(program, "", script);
  return script;
}

}  // namespace fwprobe::cli
