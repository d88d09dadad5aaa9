#include "allowlist/rules/iptables_words.h"

#include <algorithm>
#include <utility>

namespace fwprobe::allowlist::iptables {
namespace {

constexpr std::pair<std::string_view, std::string_view> same_names[] = {{"-s", "source"},
                                                                        {"--src", "source"},
                                                                        {"-d", "destination"},
                                                                        {"--dst", "destination"},
                                                                        {"-p", "protocol"},
                                                                        {"--proto", "protocol"},
                                                                        {"-i", "in-interface"},
                                                                        {"-o", "out-interface"},
                                                                        {"-j", "jump"},
                                                                        {"-g", "goto"},
                                                                        {"-m", "match"},
                                                                        {"-f", "fragment"},
                                                                        {"--destination-port", "dport"},
                                                                        {"--source-port", "sport"},
                                                                        {"--destination-ports", "dports"},
                                                                        {"--source-ports", "sports"},
                                                                        {"--state", "ctstate"}};

std::string plain_name(const std::string& word) {
  const auto* row =
      std::ranges::find(same_names, word, &std::pair<std::string_view, std::string_view>::first);
  if (row != std::end(same_names)) return std::string{row->second};
  return word.substr(std::min(word.find_first_not_of('-'), word.size()));
}

bool is_option(const std::string& word) {
  return word.size() > 1 && word[0] == '-' && (word[1] == '-' || (word[1] < '0' || word[1] > '9'));
}

/// Words of the user's, which may look like options: iptables-save puts "-f" into no quotes.
constexpr std::string_view with_text[] = {"comment",     "log-prefix", "nflog-prefix",
                                          "ulog-prefix", "string",     "hex-string"};

bool waits_for_text(const std::vector<Option>& options) {
  return !options.empty() && options.back().values.empty() &&
         std::ranges::find(with_text, options.back().name) != std::end(with_text);
}

}  // namespace

std::expected<std::vector<std::string>, std::string> split(std::string_view line) {
  std::vector<std::string> words;
  std::string word;
  bool open = false;
  bool quoted = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (quoted && c == '\\' && i + 1 < line.size()) {
      word += line[++i];
    } else if (c == '"') {
      quoted = !quoted;
      open = true;
    } else if (!quoted && (c == ' ' || c == '\t' || c == '\r')) {
      if (open) words.push_back(std::exchange(word, {}));
      open = false;
    } else {
      word += c;
      open = true;
    }
  }
  if (quoted) return std::unexpected{"a quotation mark is not closed"};
  if (open) words.push_back(std::move(word));
  return words;
}

std::vector<Option> options_of(std::span<const std::string> words) {
  std::vector<Option> options;
  bool negated = false;
  for (const auto& word : words) {
    const bool is_text = waits_for_text(options);
    if (word == "!" && !is_text) {
      // Very old versions wrote it behind the option.
      const bool behind = !options.empty() && options.back().values.empty() && options.back().name != "syn" &&
                          options.back().name != "fragment" && &word != &words.back() &&
                          !is_option(*(&word + 1));
      if (behind)
        options.back().negated = true;
      else
        negated = true;
    } else if (is_option(word) && !is_text) {
      options.push_back({plain_name(word), std::exchange(negated, false), {}});
    } else if (!options.empty()) {
      options.back().values.push_back(word);
    } else {
      options.push_back({"", false, {word}});
    }
  }
  return options;
}

}  // namespace fwprobe::allowlist::iptables
