#pragma once
// Golden files: what a report looked like when someone last read it. `FWPROBE_UPDATE_GOLDEN=1 ctest -R
// reports` in the build folder writes them anew; read the difference before you commit it.

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

#include <gtest/gtest.h>

namespace fwprobe::tests {

inline void expect_golden(const std::string& name, const std::string& text,
                          const std::string& folder = "reports") {
  const std::string path = std::string{SOURCE_DIR} + "/tests/" + folder + "/golden/" + name;
  if (std::getenv("FWPROBE_UPDATE_GOLDEN") != nullptr) std::ofstream{path} << text;
  std::ostringstream golden;
  golden << std::ifstream{path}.rdbuf();
  EXPECT_EQ(text, golden.str()) << path;
}

}  // namespace fwprobe::tests
