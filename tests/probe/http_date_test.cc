#include "probe/http_date.h"

#include <gtest/gtest.h>

namespace fwprobe::probe {
namespace {

using namespace std::chrono_literals;
using std::chrono::sys_days;

TEST(HttpDate, IsReadInEachForm) {
  const auto example = sys_days{1994y / 11 / 6} + 8h + 49min + 37s;
  const struct {
    std::string_view text;
    std::optional<std::chrono::sys_seconds> time;
  } rows[] = {
      {"Sun, 06 Nov 1994 08:49:37 GMT", example},
      {"Sunday, 06-Nov-94 08:49:37 GMT", example},
      {"Sun Nov  6 08:49:37 1994", example},
      {"Thu, 29 Feb 2024 23:59:60 GMT", sys_days{2024y / 3 / 1}},
      {"Fri, 31 Dec 9999 23:59:59 GMT", sys_days{9999y / 12 / 31} + 23h + 59min + 59s},
      {"Sat, 01 Jan 0000 00:00:00 GMT", sys_days{0y / 1 / 1}},
      {"", {}},
      {"yesterday", {}},
      {"Sun, 06 Nov 1994 08:49:37", {}},
      {"Sun, 06 Nov 1994 08:49:37 GMT, and more", {}},
      {"Sun, 06 Nov 19940 08:49:37 GMT", {}},
      {"Sun, 99 Nov 1994 08:49:37 GMT", {}},
      {std::string_view{"Sun, 06 Nov 1994 08:49:37 GMT\0", 30}, {}},
  };
  for (const auto& row : rows) EXPECT_EQ(http_date(row.text), row.time) << row.text;
}

}  // namespace
}  // namespace fwprobe::probe
