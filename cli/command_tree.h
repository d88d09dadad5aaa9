#pragma once
// The command line as data, taken from its definitions: what completions and the manual page are made of.

#include <string>
#include <string_view>
#include <vector>

#include <CLI/App.hpp>

namespace fwprobe::cli {

/// An option, or an argument that stands for itself; its names are empty then.
struct Word {
  std::vector<std::string> names;  ///< "-4", "--ipv4"
  std::string value;               ///< "DUR", "auto|always|never", "NAME|FILE"; empty: it takes none
  std::string initial;             ///< the value that is meant without it; empty: none
  std::string description;
  std::string group;
  std::vector<std::string> words;  ///< values that are known, beside those in `value`
  std::string kind;                ///< of an argument, what its value is: "FILE", "NAME|FILE"
};

struct Verb {
  std::string name;
  std::string description;
  std::vector<Word> options;
  std::vector<Word> arguments;
  std::vector<Verb> verbs;
};

/// The program itself, with its verbs inside.
Verb describe(const CLI::App& app);

/// Says which values are known for every word whose value or kind is called so: "CAUSE".
void give_words(Verb& verb, std::string_view value, const std::vector<std::string>& words);

/// Of all verbs: "/check", "/allowlist", "/allowlist/show".
std::vector<std::string> verb_paths(const Verb& program);

/// What a value may be, by its name: parts in lower case are words to write as they are, FILE is a file.
struct Choices {
  std::vector<std::string> words;
  bool files = false;
};
Choices choices(const Word& word);

}  // namespace fwprobe::cli
