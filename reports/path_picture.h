#pragma once
// The way of a target's request as places in a row, and how far each layer comes on it: what a picture of the
// path shows, whatever draws it.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "checks/investigation.h"

namespace fwprobe::reports {

enum class PlaceKind : std::uint8_t {
  resolver,
  machine,  ///< this one
  hop,
  several,  ///< hops with nothing of their own to show, or a device that answers for several
  silence,  ///< hops that nothing came from
  unknown,  ///< a stretch that was not traced, or not to its end
  proxy,
  server,
};

/// Texts are as they came.
struct PathPlace {
  PlaceKind kind = PlaceKind::unknown;
  std::string title;               ///< "Hop 2"
  std::vector<std::string> lines;  ///< its name and address, as far as they are known
  int first = 0, last = 0;         ///< hops
  bool of_controls = false;        ///< only other flows to the same address were seen there
};

/// A place, or the stretch behind it.
struct Point {
  std::size_t place = 0;
  bool behind = false;
  bool operator==(const Point&) const = default;
};

/// One layer on the way from one place to another.
struct Lane {
  std::string_view label;  ///< "TCP"
  checks::Status status = checks::Status::skip;
  std::optional<std::chrono::nanoseconds> took;
  std::size_t from = 0, to = 0;  ///< places
  std::optional<Point> mark;     ///< for fail and error where it ends, for warn what is noteworthy
};

struct PathPicture {
  std::vector<PathPlace> places;  ///< the resolver, this machine, hops, a proxy, the server
  std::vector<Lane> lanes;
  std::optional<Point> trouble;  ///< of the diagnosis
};

PathPicture path_picture(const checks::Investigation& investigation);

/// All of it in sentences, for those who do not see the picture.
std::string in_words(const PathPicture& picture);

}  // namespace fwprobe::reports
