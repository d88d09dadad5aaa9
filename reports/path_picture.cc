#include "reports/path_picture.h"

#include <algorithm>

#include <fmt/format.h>

#include "reports/layers.h"
#include "reports/path_places.h"
#include "reports/value_text.h"

namespace fwprobe::reports {
namespace {

using checks::Check;
using checks::Finding;
using checks::Investigation;
using checks::Location;
using checks::Status;
using checks::Where;

class Painter {
 public:
  explicit Painter(const Investigation& investigation)
      : investigation_{investigation}, places_{places_of(investigation)} {}

  PathPicture paint() && {
    PathPicture picture;
    bool broken = false;
    for (const auto& layer : layers()) {
      const auto made = lane(layer);
      // A layer that was skipped says something only behind the one that broke: it was not reached.
      if (!made || (made->status == Status::skip && !broken)) continue;
      broken = broken || made->status == Status::fail || made->status == Status::error;
      picture.lanes.push_back(*made);
    }
    // That a list lacks an address stops nothing on the way.
    if (const auto* diagnosis = trouble(investigation_);
        diagnosis && check_of(*diagnosis) != Check::allowlist)
      picture.trouble = point(check_of(*diagnosis), diagnosis->location);
    picture.places = std::move(places_);
    return picture;
  }

 private:
  std::optional<std::size_t> find(PlaceKind kind) const {
    const auto at = std::ranges::find(places_, kind, &PathPlace::kind);
    if (at == places_.end()) return std::nullopt;
    return static_cast<std::size_t>(at - places_.begin());
  }
  std::size_t machine() const { return find(PlaceKind::machine).value_or(0); }
  std::size_t server() const { return places_.size() - 1; }

  /// The layer that a diagnosis is about.
  Check check_of(const checks::Diagnosis& diagnosis) const {
    for (const auto& finding : investigation_.findings)
      if (finding.cause == diagnosis.cause) return finding.check;
    return Check::environment;
  }

  Point on_path(Check check, const Location& location) const {
    if (check == Check::dns) return {find(PlaceKind::resolver).value_or(machine()), true};
    if (location.hop == 0) return {machine(), true};
    const bool behind = location.precision == checks::Precision::after;
    if (location.hop)
      for (std::size_t i = 0; i < places_.size(); ++i)
        if (places_[i].first > 0 && places_[i].first <= *location.hop && *location.hop <= places_[i].last)
          return {i, behind};
    return {find(PlaceKind::unknown).value_or(server()), false};
  }

  Point point(Check check, const Location& location) const {
    switch (location.where) {
      case Where::local:
        return {machine(), false};
      case Where::resolver:
        return {find(PlaceKind::resolver).value_or(machine()), false};
      case Where::proxy:
        return {find(PlaceKind::proxy).value_or(server()), false};
      case Where::server:
        return {server(), false};
      case Where::path:
        break;
    }
    return on_path(check, location);
  }

  /// Of the findings of this status the one that the diagnosis speaks of, else the first.
  const Finding* finding_of(Check check, Status status) const {
    const auto* diagnosis = trouble(investigation_);
    const Finding* found = nullptr;
    for (const auto& finding : investigation_.findings) {
      if (finding.check != check || finding.status != status) continue;
      if (diagnosis != nullptr && finding.cause == diagnosis->cause) return &finding;
      if (found == nullptr) found = &finding;
    }
    return found;
  }

  Point mark(Check check, Status status) const {
    const auto* finding = finding_of(check, status);
    const auto* diagnosis = trouble(investigation_);
    if (finding != nullptr && diagnosis != nullptr && finding->cause && finding->cause == diagnosis->cause)
      return point(check, diagnosis->location);
    if (finding != nullptr && finding->location) return point(check, *finding->location);
    if (check == Check::dns) return {find(PlaceKind::resolver).value_or(machine()), false};
    if (check == Check::tcp) return {find(PlaceKind::unknown).value_or(server()), false};
    return {server(), false};
  }

  std::optional<Lane> lane(const Layer& layer) const {
    const auto status = status_of(investigation_, layer.check);
    if (!status) return std::nullopt;
    const bool well = *status == Status::skip || *status == Status::pass;
    // Of a trace the places themselves say what it found; and a direct way has no proxy on it.
    if (well && layer.check == Check::path) return std::nullopt;
    if (*status == Status::skip && layer.check == Check::proxy) return std::nullopt;
    Lane made{layer.label, *status, {}, machine(), server(), {}};
    if (layer.check == Check::dns) made.to = find(PlaceKind::resolver).value_or(machine());
    if (layer.check == Check::tcp) made.to = find(PlaceKind::proxy).value_or(server());
    if (*status != Status::skip) made.took = time_of(investigation_, layer.kind);
    if (!well) made.mark = mark(layer.check, *status);
    return made;
  }

  const Investigation& investigation_;
  std::vector<PathPlace> places_;
};

std::string words(const PathPlace& place) {
  std::string text = place.title;
  for (const auto& line : place.lines) text += (&line == &place.lines.front() ? " (" : ", ") + line;
  return text + (place.lines.empty() ? "" : ")");
}

std::string words(const PathPicture& picture, const Lane& lane) {
  if (lane.status == Status::skip) return fmt::format("{}: not reached.", lane.label);
  auto text = fmt::format("{}: {}", lane.label, checks::name(lane.status));
  if (lane.took) text += fmt::format(", {}", duration_text(*lane.took));
  if (lane.mark)
    text +=
        fmt::format(", {} {}", lane.mark->behind ? "behind" : "at", picture.places[lane.mark->place].title);
  return text + ".";
}

}  // namespace

PathPicture path_picture(const Investigation& investigation) { return Painter{investigation}.paint(); }

std::string in_words(const PathPicture& picture) {
  std::string text = "From one place to the next:";
  for (const auto& place : picture.places)
    text += (&place == &picture.places.front() ? " " : "; ") + words(place);
  text += ".";
  for (const auto& lane : picture.lanes) text += " " + words(picture, lane);
  return text;
}

}  // namespace fwprobe::reports
