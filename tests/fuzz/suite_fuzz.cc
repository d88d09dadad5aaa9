// A suite file, as far as it is read without other files: whatever it holds, it is a plan or a mistake with a
// place.

#include <cstddef>
#include <cstdint>
#include <set>
#include <string_view>

#include "cli/suite/names.h"
#include "cli/suite/suite.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace fwprobe::cli;
  // A value could name any file of the machine that runs this, some of which never end.
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  if (text.contains('/') && (text.contains("file") || text.contains("client") || text.contains("allowlist")))
    return 0;
  const Variables variables{{"A", "value"}, {"EMPTY", ""}};
  auto document = parse_document(text, "suite", variables);
  if (!document) return 0;
  std::deque<SuiteDocument> documents;
  documents.push_back(std::move(*document));
  const auto suite = understand_suite(documents, variables);
  if (!suite) {
    if (!suite.error().message.starts_with("suite:")) __builtin_trap();
    return 0;
  }
  std::set<std::string_view> ids;
  for (const auto& watched : suite->plan.targets) {
    if (!ids.insert(watched.id).second || !parse_id(watched.id)) __builtin_trap();
    if (!watched.manner.settings || !watched.manner.contexts) __builtin_trap();
  }
  return 0;
}
