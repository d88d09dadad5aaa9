#include "monitor/notices/digest.h"

#include <algorithm>
#include <cctype>
#include <tuple>

#include <fmt/format.h>

namespace fwprobe::monitor {
namespace {

EventKind kind_of(const Told& told) {
  const auto& event = told.event;
  if (event.flapping) return EventKind::flapping;
  if (told.changes > 1 && event.from == event.to) return EventKind::flapped;
  const auto before = event.from ? concern(*event.from) : Concern::none;
  const auto now = concern(event.to);
  if (now < before) return EventKind::recovered;
  if (now == before) return EventKind::changed;
  return now == Concern::failure ? EventKind::failed : EventKind::warned;
}

/// `later` on top of what is told already of the same target.
void add(Told& told, Event later) {
  later.from = told.event.from;
  later.flapping = later.flapping || told.event.flapping;
  told.event = std::move(later);
  ++told.changes;
}

}  // namespace

std::string_view name(EventKind kind) {
  constexpr std::array<std::string_view, event_kinds> names{"failed",   "warned",  "changed",
                                                            "flapping", "flapped", "recovered"};
  return names.at(static_cast<std::size_t>(kind));
}

std::string Digest::title() const {
  std::string title;
  for (std::size_t i = 0; i < count.size(); ++i) {
    if (count[i] == 0) continue;
    title += fmt::format("{}{} {}", title.empty() ? "" : ", ", count[i], name(static_cast<EventKind>(i)));
  }
  return title;
}

Digest digest_of(std::vector<Event> events) {
  std::ranges::sort(events, {}, [](const Event& event) { return std::tie(event.at, event.id); });
  Digest digest;
  std::map<std::string, std::size_t, std::less<>> place;
  for (auto& event : events) {
    const auto [at, is_new] = place.try_emplace(event.id, digest.told.size());
    if (is_new)
      digest.told.push_back({EventKind::changed, std::move(event), 1});
    else
      add(digest.told[at->second], std::move(event));
  }
  for (auto& told : digest.told) {
    told.kind = kind_of(told);
    ++digest.count.at(static_cast<std::size_t>(told.kind));
    if (told.event.to.cause && concern(told.event.to) != Concern::none)
      ++digest.causes[checks::row(*told.event.to.cause).code];
  }
  std::ranges::sort(digest.told, {},
                    [](const Told& told) { return std::tie(told.kind, told.event.at, told.event.id); });
  return digest;
}

std::string verdict_text(const Verdict& verdict) {
  std::string text{checks::name(verdict.status)};
  std::ranges::transform(text, text.begin(),
                         [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  if (verdict.cause) text.append(" ").append(checks::row(*verdict.cause).code);
  const bool good = verdict.status == checks::Status::pass || verdict.status == checks::Status::warn;
  if (good != verdict.as_expected) text += verdict.as_expected ? ", as expected" : ", not as expected";
  return text;
}

}  // namespace fwprobe::monitor
