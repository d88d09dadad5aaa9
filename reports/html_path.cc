// The picture of the path: places along it, and one line a layer that is whole, or broken where it breaks.

#include <algorithm>

#include <fmt/format.h>

#include "reports/html_marks.h"
#include "reports/html_sections.h"
#include "reports/layers.h"
#include "reports/path_layout.h"
#include "reports/path_picture.h"
#include "reports/picture_text.h"
#include "reports/value_text.h"

namespace fwprobe::reports {
namespace {

using checks::Status;

Html line(std::string kind, Spot from, Spot to) {
  return element(
      "path", {{"class", std::move(kind)},
               {"d", fmt::format("M{} {}L{} {}", units(from.x), units(from.y), units(to.x), units(to.y))}});
}

Html circle(std::string kind, Spot at, double radius) {
  return element(
      "circle", {{"class", std::move(kind)}, {"cx", units(at.x)}, {"cy", units(at.y)}, {"r", units(radius)}});
}

Html words_at(std::string kind, Spot at, std::string_view words, std::size_t longest = 60) {
  return element("text", {{"class", std::move(kind)}, {"x", units(at.x)}, {"y", units(at.y)}},
                 text(words, longest));
}

// ---- places

/// In a square of 36 around the origin.
std::string_view shape(PlaceKind kind) {
  switch (kind) {
    case PlaceKind::machine:
      return "M-14-12h28v18h-28zM-5 12h10M0 6v6";
    case PlaceKind::resolver:
      return "M-11-13h19a3 3 0 0 1 3 3v23h-19a3 3 0 0 1-3-3zM-5-6h10M-5 0h10M-5 6h6";
    case PlaceKind::server:
      return "M-13-14h26v8h-26zM-13-4h26v8h-26zM-13 6h26v8h-26zM-9-10h.1M-9 0h.1M-9 10h.1";
    case PlaceKind::proxy:
      return "M-13-13h26v26h-26zM-8-4H7M3-8l4 4-4 4M8 5H-7M-3 1l-4 4 4 4";
    case PlaceKind::unknown:
      return "M-13 10a8 8 0 0 1-1-15.6 9 9 0 0 1 16.5-4A8.5 8.5 0 0 1 14-4.5 7.5 7.5 0 0 1 13 10z";
    case PlaceKind::hop:
    case PlaceKind::several:
    case PlaceKind::silence:
      break;
  }
  return "";
}

std::string inside(const PathPlace& place) {
  if (place.kind == PlaceKind::hop && place.first == place.last) return std::to_string(place.first);
  return "…";
}

Html sign(const PathPlace& place, Spot at) {
  if (const auto path = shape(place.kind); !path.empty())
    return element("path", {{"class", "sign"},
                            {"transform", fmt::format("translate({} {})", units(at.x), units(at.y))},
                            {"d", std::string{path}}});
  const bool heard = place.kind == PlaceKind::hop && !place.of_controls;
  Html drawn = circle(heard ? "sign" : "sign faint", at, 15);
  drawn += words_at("number", {at.x, at.y + 5}, inside(place));
  return drawn;
}

Html label(const PathLayout& plan, const PathPlace& place, double along) {
  const auto kind = plan.upright ? std::string{} : "middle";
  auto at = plan.upright ? Spot{plan.nodes + 24, along - 5} : Spot{along, plan.nodes + 40};
  Html drawn = words_at("name " + kind, at, place.title);
  std::size_t rows = 0;
  for (const auto& line : place.lines)
    for (const auto& row : label_lines(line, plan.label_columns, 2)) {
      if (++rows > plan.label_rows) return drawn;
      at.y += rows == 1 ? label_line + 1 : label_line;
      drawn += words_at("small " + kind, at, row);
    }
  return drawn;
}

std::string whole_text(const PathPlace& place) {
  auto all = place.title;
  for (const auto& line : place.lines) all += ", " + line;
  return all + (place.of_controls ? ", seen by other packets only" : "");
}

Html places(const PathLayout& plan, const PathPicture& picture) {
  Html drawn;
  for (std::size_t i = 0; i < picture.places.size(); ++i) {
    const auto& place = picture.places[i];
    Html parts = element("title", {}, text(whole_text(place)));
    parts += sign(place, plan.spot(plan.along[i], plan.nodes));
    parts += label(plan, place, plan.along[i]);
    drawn += element("g", {}, parts);
  }
  return drawn;
}

/// A firewall's sign: bricks.
Html wall(Spot at) {
  return element("path", {{"class", "wall"},
                          {"transform", fmt::format("translate({} {})", units(at.x), units(at.y))},
                          {"d", "M-10-15h20v30h-20zM-10-5h20M-10 5h20M0-15v10M-4-5v10M5-5v10M0 5v10"}});
}

// ---- lines

bool stops(const Lane& lane) { return lane.status == Status::fail || lane.status == Status::error; }

/// The places' own line: dotted to the resolver, which is asked beside the way, and behind what stops it.
Html way(const PathLayout& plan, const PathPicture& picture) {
  const bool broken = picture.trouble && std::ranges::any_of(picture.lanes, stops);
  Html drawn;
  for (std::size_t i = 1; i < plan.along.size(); ++i) {
    const bool aside = picture.places[i - 1].kind == PlaceKind::resolver;
    const bool beyond = broken && picture.trouble->place < i;
    drawn += line(beyond || aside ? "way faint" : "way", plan.spot(plan.along[i - 1], plan.nodes),
                  plan.spot(plan.along[i], plan.nodes));
  }
  return drawn;
}

Html guides(const PathLayout& plan) {
  Html drawn;
  if (plan.across.empty()) return drawn;
  const auto near = plan.upright ? plan.nodes - 20 : plan.across.front() - 14;
  const auto far = plan.upright ? plan.across.front() - 8 : plan.across.back() + 10;
  for (const auto along : plan.along) drawn += line("guide", plan.spot(along, near), plan.spot(along, far));
  return drawn;
}

Html lane(const PathLayout& plan, const Lane& lane, double across) {
  const auto kind = "lane " + status_class(lane.status);
  const auto from = plan.along[lane.from], to = plan.along[lane.to];
  if (lane.status == Status::skip) return line("lane skip", plan.spot(from, across), plan.spot(to, across));
  const auto mark = lane.mark ? plan.at(*lane.mark) : to;
  const auto end = stops(lane) ? mark : to;
  Html drawn;
  if (end != to) drawn += line("lane skip", plan.spot(end, across), plan.spot(to, across));
  drawn += line(kind, plan.spot(from, across), plan.spot(end, across));
  drawn += circle("dot " + status_class(lane.status), plan.spot(from, across), 4);
  for (std::size_t i = 0; i < plan.along.size(); ++i) {
    const auto between = plan.along[i];
    if (std::min(from, end) < between && between < std::max(from, end))
      drawn += circle("dot through " + status_class(lane.status), plan.spot(between, across), 3);
  }
  if (!stops(lane)) drawn += circle("dot " + status_class(lane.status), plan.spot(to, across), 5);
  if (lane.mark) {
    const auto at = plan.spot(mark, across);
    drawn += mark_at(lane.status, at.x, at.y);
  }
  return drawn;
}

Html lane_label(const PathLayout& plan, const Lane& lane, double across) {
  const auto fade = lane.status == Status::skip ? " faint" : "";
  if (plan.upright)
    return element("text",
                   {{"class", std::string{"name"} + fade},
                    {"transform", fmt::format("translate({} 80) rotate(-90)", units(across + 4))}},
                   lane.label);
  Html drawn = mark_at(lane.status, 12, across);
  drawn += words_at(std::string{"name"} + fade, {28, across + 4}, lane.label);
  const auto took = lane.status == Status::skip ? "not reached" : lane.took ? duration_text(*lane.took) : "";
  drawn += words_at("small", {96, across + 4}, took);
  return drawn;
}

Html band(const PathLayout& plan, const Point& trouble, Status status) {
  const auto middle = plan.at(trouble);
  const auto step = plan.along.size() > 1 ? plan.along[1] - plan.along[0] : plan.width / 2;
  const auto half = std::min(step * (trouble.behind ? 0.2 : 0.47), 64.0);
  const auto from = plan.spot(middle - half, 2);
  const auto size = plan.spot(half * 2, (plan.upright ? plan.width : plan.height) - 4);
  return element("rect", {{"class", "band " + status_class(status)},
                          {"x", units(from.x)},
                          {"y", units(from.y)},
                          {"width", units(size.x)},
                          {"height", units(size.y)},
                          {"rx", "8"}});
}

Html draw(const PathLayout& plan, const PathPicture& picture, const Section& section,
          std::string_view suffix) {
  const auto title = fmt::format("{}-path-title-{}", section.anchor, suffix);
  const auto words = fmt::format("{}-path-words-{}", section.anchor, suffix);
  Html parts = element("title", {{"id", title}}, text("The path to " + section.target.target.text()));
  parts += element("desc", {{"id", words}}, text(in_words(picture), 4000));
  if (picture.trouble) parts += band(plan, *picture.trouble, section.target.status);
  parts += guides(plan);
  parts += way(plan, picture);
  parts += places(plan, picture);
  for (std::size_t i = 0; i < picture.lanes.size(); ++i) {
    parts += lane(plan, picture.lanes[i], plan.across[i]);
    parts += lane_label(plan, picture.lanes[i], plan.across[i]);
  }
  if (picture.trouble && picture.trouble->behind) {
    const auto at = plan.spot(plan.at(*picture.trouble), plan.nodes);
    parts += element("g", {{"class", status_class(section.target.status)}}, wall(at));
  }
  return element("svg",
                 {{"class", fmt::format("path {}", suffix)},
                  {"viewBox", fmt::format("0 0 {} {}", units(plan.width), units(plan.height))},
                  {"role", "img"},
                  {"aria-labelledby", title + " " + words}},
                 parts);
}

/// What the picture shows, for those who see it alone.
Html caption(const Section& section, const PathPicture& picture) {
  Html parts;
  if (const auto* diagnosis = trouble(section.target); diagnosis != nullptr && picture.trouble) {
    const auto verb = section.target.status == Status::fail ? "It breaks " : "Noticed ";
    parts += element("b", {{"class", status_class(section.target.status)}}, mark(section.target.status),
                     text(" " + (verb + where_text(diagnosis->location))));
  }
  if (std::ranges::any_of(picture.places, &PathPlace::of_controls))
    parts += element("span", {},
                     "Dashed circles: other packets to the same address were seen there, these were not.");
  return parts.empty() ? parts : element("figcaption", {}, parts);
}

}  // namespace

Html path_section(const Section& section) {
  const auto picture = path_picture(section.target);
  return titled(section, "path", "The path",
                element("figure", {}, draw(lying(picture), picture, section, "wide"),
                        draw(standing(picture), picture, section, "narrow"), caption(section, picture)));
}

}  // namespace fwprobe::reports
