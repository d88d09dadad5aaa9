#include "checks/location.h"

#include <algorithm>

#include <fmt/format.h>

#include "checks/path_view.h"

namespace fwprobe::checks {
namespace {

using probe::PathFlow;
using probe::StepAnswer;

std::string text(const Hop& hop) {
  if (hop.number == 0) return "this machine";
  if (!hop.address) return fmt::format("hop {}", hop.number);
  return fmt::format("hop {} ({})", hop.number, hop.address->to_string());
}

/// Behind `last`: that device while it forwards, or something right behind it.
Location behind(const PathView& view, const Hop& last) {
  Location location{
      last.number == 0 ? Where::local : Where::path, last.number, last.address, Precision::after, {}};
  // The next hop of another way is not the next hop of this one.
  if (view.same_way_until(last.number)) location.next = view.control_router(last.number + 1);
  return location;
}

std::string behind_in_words(const Location& location, const Hop& last) {
  auto words = fmt::format("behind {}", text(last));
  if (location.next) words += fmt::format(" and before {}", location.next->to_string());
  return words;
}

constexpr Location at_server{Where::server, {}, {}, {}, {}};

/// In a circle packets come by again and again, so the hop at which one was first met is known only if no hop
/// before it is silent.
std::optional<int> first_visit(const PathView& view, int met) {
  for (int hop = 1; hop < met; ++hop)
    if (!view.expired_at(hop)) return std::nullopt;
  return met;
}

/// SYNs vanish.
void locate_silence(const PathView& view, ConnectVerdict& verdict) {
  if (const auto loop = view.loop()) {
    verdict.cause = Cause::tcp_routing_loop;
    const auto hop = first_visit(view, loop->number);
    verdict.words += fmt::format(
        "; routers pass it round in a circle{}",
        hop ? fmt::format(" from {} on", text(*loop)) : ", one of them " + loop->address->to_string());
    verdict.location = {Where::path, hop, loop->address, Precision::at, {}};
    return;
  }
  if (const auto device = view.stays()) {
    verdict.confidence = Confidence::low;
    verdict.words += fmt::format("; {} answers every lifetime from {} on, as if it were each hop",
                                 device->address->to_string(), device->number);
    const Hop before{device->number - 1, view.router_at(device->number - 1)};
    if (before.number > 0) verdict.location = behind(view, before);
    return;
  }
  if (view.ran_out()) {
    verdict.confidence = std::min(verdict.confidence, Confidence::medium);
    verdict.words += fmt::format("; SYNs get as far as {}, where the trace ends", text(view.last_expired()));
    return;
  }
  // An answer to a later SYN shows that not all vanish; where some do, a trace cannot tell.
  if (view.nearest(StepAnswer::accepted) || view.nearest(StepAnswer::reset)) return;
  const auto last = view.last_expired();
  if (const auto failure = view.not_sent(last.number + 1)) {
    const auto why = failure->error.message();
    verdict.words += last.number == 0
                         ? fmt::format("; the way could not be traced ({})", why)
                         : fmt::format("; SYNs get as far as {}, behind which the trace could not go on ({})",
                                       text(last), why);
    return;
  }
  const auto server = view.server_distance();
  if (server && *server == last.number + 1) {
    verdict.location = at_server;
    verdict.words += fmt::format(
        "; SYNs get as far as {}, the last hop before the server, which answers other packets: they are "
        "dropped there, or their answers on the way back",
        text(last));
    return;
  }
  if (last.number == 0 && !view.control_router(1)) {
    // Neither this flow nor another was seen by any router, so that they are silent proves nothing.
    verdict.words += "; no router on the way answers, so the hop is unknown";
    return;
  }
  verdict.location = behind(view, last);
  verdict.words += fmt::format("; SYNs vanish {}", behind_in_words(verdict.location, last));
  if (!view.control_passes(last.number)) {
    verdict.confidence = std::min(verdict.confidence, Confidence::medium);
    if (view.control_tries(last.number))
      verdict.words +=
          ", where packets of other kinds end as well: it may be the last router before the server";
  } else if (!verdict.location.next) {
    verdict.confidence = std::min(verdict.confidence, Confidence::medium);
  }
}

/// Whether controls show that what answers at this distance cannot be the server: a router is there, or the
/// server answers from further away.
bool is_nearer_than_server(const PathView& view, int distance) {
  const bool router_there = view.control_router(distance).has_value() && view.same_way_until(distance - 1);
  return router_there || view.server_distance().value_or(0) > distance;
}

/// The answer, `what`, is by a device on the way, at this distance.
void locate_in_path(const PathView& view, int distance, std::string_view what, ConnectVerdict& verdict) {
  const auto before = distance - 1;
  const auto server = view.server_distance();
  const auto seen = view.last_expired();
  const Hop last{before, before == seen.number ? seen.address : view.control_router(before)};
  verdict.location = behind(view, last);
  // What answers a lifetime stands behind the hop before it only if that hop was seen to expire one.
  // A lifetime of 1 is answered by this machine, or by a first router that does not count itself.
  verdict.confidence = before > 0 && view.expired_at(before) ? Confidence::high : Confidence::medium;
  verdict.words +=
      fmt::format(" by a device {}: the {} comes back from a distance of {}{}",
                  behind_in_words(verdict.location, last), what, distance,
                  server && *server > distance ? fmt::format(", the server answers from {}", *server) : "");
}

/// An ICMP error bears the server's address; did the server write it?
void locate_servers_error(const PathView& view, ConnectVerdict& verdict) {
  const auto nearest = view.nearest(StepAnswer::unreachable);
  if (!nearest || !is_nearer_than_server(view, *nearest)) return;
  verdict.words += ", written";
  locate_in_path(view, *nearest, "message", verdict);
}

bool server_resets(const PathView& view, int distance) {
  return view.server_distance() == distance && view.expired_at(distance - 1);
}

/// A RST answers; is it the server's own?
void locate_reset(const PathView& view, ConnectVerdict& verdict) {
  const auto nearest = view.nearest(StepAnswer::reset);
  if (!nearest) return;
  if (is_nearer_than_server(view, *nearest)) {
    verdict.cause = Cause::tcp_reset_in_path;
    return locate_in_path(view, *nearest, "RST", verdict);
  }
  if (server_resets(view, *nearest)) {
    verdict.confidence = Confidence::high;
    verdict.words += fmt::format(" from the server's own distance, {}", *nearest);
  }
}

}  // namespace

ConnectVerdict located(const Case& the_case, const probe::TcpConnect& attempt, ConnectVerdict verdict) {
  const PathView view{the_case.evidence, attempt.question.remote, PathFlow::syn};
  if (!view.traced() || attempt.result.error().local) return verdict;
  verdict.evidence = view.ids();
  if (verdict.location.precision == Precision::at && verdict.location.address) {
    verdict.location.hop = view.hop_of(*verdict.location.address);
    if (verdict.cause != Cause::tcp_routing_loop) return verdict;
    // Time exceeded of a device that says so of every lifetime shows no circle.
    if (view.stays()) verdict.confidence = Confidence::low;
    if (verdict.location.hop) verdict.location.hop = first_visit(view, *verdict.location.hop);
    return verdict;
  }
  if (verdict.cause == Cause::tcp_filtered && probe::timed_out(attempt.result.error()))
    locate_silence(view, verdict);
  if (verdict.location.where == Where::server && attempt.result.error().icmp)
    locate_servers_error(view, verdict);
  if (verdict.cause == Cause::tcp_refused) locate_reset(view, verdict);
  return verdict;
}

bool resets_itself(const Evidence& evidence, const probe::TcpEndpoint& remote) {
  const PathView view{evidence, remote, PathFlow::syn};
  const auto nearest = view.nearest(StepAnswer::reset);
  return nearest && !is_nearer_than_server(view, *nearest) && server_resets(view, *nearest);
}

FlowEnd locate_hello(const Case& the_case, const probe::TcpEndpoint& remote, bool ended_by_peer) {
  const PathView view{the_case.evidence, remote, PathFlow::client_hello};
  FlowEnd end;
  if (!view.traced()) return end;
  end.evidence = view.ids();
  const auto server = view.server_distance();
  auto last = view.last_expired();
  if (ended_by_peer) {
    auto nearest = view.nearest(StepAnswer::reset);
    if (const auto closed = view.nearest(StepAnswer::closed))
      nearest = std::min(nearest.value_or(*closed), *closed);
    if (!nearest || !view.expired_at(*nearest - 1)) return end;
    last = {*nearest - 1, last.number == *nearest - 1 ? last.address : view.control_router(*nearest - 1)};
    if (server && *server <= *nearest) {
      end.location = at_server;
      end.words = fmt::format("; the end comes from the server's own distance, {}", *nearest);
      return end;
    }
  } else if (view.nearest(StepAnswer::accepted) || (last.number == 0 && !view.control_router(1))) {
    return end;
  } else if (server && *server == last.number + 1) {
    end.location = at_server;
    end.words = fmt::format("; it gets as far as {}, the last hop before the server", text(last));
    return end;
  }
  end.location = behind(view, last);
  end.confidence = server || end.location.next ? Confidence::high : Confidence::medium;
  end.words = fmt::format("; it is {} {}", ended_by_peer ? "answered by a device" : "dropped",
                          behind_in_words(end.location, last));
  return end;
}

FlowEnd locate_stand_in(const Case& the_case, probe::MeasurementId id) {
  FlowEnd end;
  end.confidence = Confidence::high;  // of the hop
  const auto* connection = underlying_connection(the_case.evidence, id);
  if (connection == nullptr || is_tunnelled(the_case.evidence, id)) return end;
  const PathView view{the_case.evidence, connection->question.remote, PathFlow::syn};
  const auto nearest = view.nearest(StepAnswer::accepted);
  if (!nearest) return end;
  end.evidence = view.ids();
  const auto before = *nearest - 1;
  const auto server = view.server_distance();
  // Ways of different lengths, or a device that plays hops: its distance is worth nothing.
  const bool is_odd = view.last_expired().number > before || view.stays() || !view.same_way_until(before);
  if (is_odd || !is_nearer_than_server(view, *nearest)) {
    if (server == nearest)
      end.words = fmt::format(
          "; other packets are answered from the same distance, {}, so that the hop is unknown", *nearest);
    return end;
  }
  if (before == 0) {
    // No lifetime is shorter than 1, so that nothing tells these two apart.
    end.words = "; this machine itself or the first router accepts the connection in the server's name";
    return end;
  }
  const Hop last{before, view.router_at(before)};
  end.location = behind(view, last);
  // Where connections to other ports are accepted as well, the device may do so for all, and pass them on.
  const bool accepts_all = server && *server <= *nearest;
  if (!view.expired_at(before) || accepts_all) end.confidence = Confidence::medium;
  end.words = fmt::format(
      "; a device {} accepts the connection in the server's name: the SYN-ACK comes back "
      "from a distance of {}{}",
      behind_in_words(end.location, last), *nearest,
      server && *server > *nearest ? fmt::format(", the server answers from {}", *server) : "");
  return end;
}

}  // namespace fwprobe::checks
