#include "reports/html_marks.h"

#include <fmt/format.h>

namespace fwprobe::reports {

using checks::Status;

namespace {

struct Sign {
  std::string_view word;
  std::string_view path;  ///< in a square of 16
};

Sign sign(Status status) {
  switch (status) {
    case Status::pass:
      return {"passed", "M4 8.5l2.7 2.7L12 5.4"};
    case Status::warn:
      return {"warned", "M8 3.6v5.4M8 11.8v.6"};
    case Status::fail:
      return {"failed", "M5 5l6 6M11 5l-6 6"};
    case Status::error:
      return {"not measured", "M5.8 6.2a2.2 2.2 0 1 1 3.2 2c-.7.4-1 .8-1 1.5M8 12v.4"};
    case Status::skip:
      break;
  }
  return {"not reached", "M5 8h6"};
}

Html disc(Status status) {
  Html shapes = element("circle", {{"cx", "8"}, {"cy", "8"}, {"r", "8"}});
  shapes += element("path", {{"d", std::string{sign(status).path}}});
  return shapes;
}

}  // namespace

std::string status_class(Status status) { return std::string{checks::name(status)}; }

std::string_view status_word(Status status) { return sign(status).word; }

Html mark(Status status) {
  return element(
      "svg", {{"class", "mark " + status_class(status)}, {"viewBox", "0 0 16 16"}, {"aria-hidden", "true"}},
      disc(status));
}

Html mark_at(Status status, double x, double y) {
  return element("g",
                 {{"class", "mark " + status_class(status)},
                  {"transform", fmt::format("translate({} {}) scale(1.125)", units(x - 9), units(y - 9))}},
                 disc(status));
}

std::string units(double value) {
  auto text = fmt::format("{:.1f}", value);
  if (text.ends_with(".0")) text.resize(text.size() - 2);
  return text;
}

std::string percent(double part) { return units(part * 100) + "%"; }

}  // namespace fwprobe::reports
