#include "probe/http_date.h"

#include <string>

namespace fwprobe::probe {

std::chrono::sys_seconds utc(const std::tm& fields) {
  using namespace std::chrono;
  const year_month_day day{year{fields.tm_year + 1900}, month{static_cast<unsigned>(fields.tm_mon + 1)},
                           std::chrono::day{static_cast<unsigned>(fields.tm_mday)}};
  return sys_days{day} + hours{fields.tm_hour} + minutes{fields.tm_min} + seconds{fields.tm_sec};
}

std::optional<std::chrono::sys_seconds> http_date(std::string_view text) {
  const std::string whole{text};
  for (const char* form :
       {"%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"}) {
    std::tm fields{};
    if (strptime(whole.c_str(), form, &fields) == whole.c_str() + whole.size()) return utc(fields);
  }
  return std::nullopt;
}

}  // namespace fwprobe::probe
