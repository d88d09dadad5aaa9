#include "checks/connect_failure.h"

#include <algorithm>
#include <array>
#include <cerrno>

#include <fmt/format.h>

#include "checks/builders.h"

namespace fwprobe::checks {
namespace {

using probe::IcmpError;

struct IcmpMeaning {
  IcmpError::Family family;
  int type;
  int code;  ///< -1: every code of the type
  Cause cause;
  std::string_view words;
};

/// ICMP destination unreachable (RFC 792, RFC 1812 §5.2.7.1), ICMPv6 (RFC 4443 §3.1), time exceeded.
constexpr IcmpMeaning meanings[] = {
    {IcmpError::Family::icmp, 3, 9, Cause::tcp_rejected,
     "communication with the network is administratively prohibited"},
    {IcmpError::Family::icmp, 3, 10, Cause::tcp_rejected,
     "communication with the host is administratively prohibited"},
    {IcmpError::Family::icmp, 3, 13, Cause::tcp_rejected, "communication is administratively prohibited"},
    {IcmpError::Family::icmp, 3, 0, Cause::tcp_net_unreachable, "network unreachable"},
    {IcmpError::Family::icmp, 3, 6, Cause::tcp_net_unreachable, "destination network unknown"},
    {IcmpError::Family::icmp, 3, 11, Cause::tcp_net_unreachable,
     "network unreachable for this type of service"},
    {IcmpError::Family::icmp, 3, 1, Cause::tcp_host_unreachable, "host unreachable"},
    {IcmpError::Family::icmp, 3, 7, Cause::tcp_host_unreachable, "destination host unknown"},
    {IcmpError::Family::icmp, 3, 12, Cause::tcp_host_unreachable,
     "host unreachable for this type of service"},
    {IcmpError::Family::icmp, 3, 2, Cause::tcp_port_unreachable, "protocol unreachable"},
    {IcmpError::Family::icmp, 3, 3, Cause::tcp_port_unreachable, "port unreachable"},
    {IcmpError::Family::icmp, 11, -1, Cause::tcp_routing_loop, "time exceeded"},
    {IcmpError::Family::icmp6, 1, 1, Cause::tcp_rejected, "communication is administratively prohibited"},
    {IcmpError::Family::icmp6, 1, 5, Cause::tcp_rejected, "source address failed ingress/egress policy"},
    {IcmpError::Family::icmp6, 1, 6, Cause::tcp_rejected, "reject route to destination"},
    {IcmpError::Family::icmp6, 1, 0, Cause::tcp_net_unreachable, "no route to destination"},
    {IcmpError::Family::icmp6, 1, 2, Cause::tcp_net_unreachable, "beyond scope of source address"},
    {IcmpError::Family::icmp6, 1, 3, Cause::tcp_host_unreachable, "address unreachable"},
    {IcmpError::Family::icmp6, 1, 4, Cause::tcp_port_unreachable, "port unreachable"},
    {IcmpError::Family::icmp6, 3, -1, Cause::tcp_routing_loop, "time exceeded"},
};

bool is_own(const asio::ip::address& address, const probe::Environment& environment) {
  return address.is_loopback() ||
         std::ranges::find(environment.addresses, address) != environment.addresses.end();
}

ConnectVerdict by_icmp(const IcmpError& icmp, const asio::ip::address& destination,
                       const probe::Environment& environment) {
  const auto* meaning = std::ranges::find_if(meanings, [&](const auto& row) {
    return row.family == icmp.family && row.type == icmp.type && (row.code == -1 || row.code == icmp.code);
  });
  ConnectVerdict verdict;
  const bool known = meaning != std::end(meanings);
  verdict.cause = known ? meaning->cause : Cause::tcp_filtered;
  verdict.confidence = known ? Confidence::high : Confidence::low;
  verdict.words = fmt::format("{} says '{}' (ICMP{} type {} code {})", icmp.sender.to_string(),
                              known ? meaning->words : "unreachable",
                              icmp.family == IcmpError::Family::icmp6 ? "v6" : "", icmp.type, icmp.code);
  if (is_own(icmp.sender, environment)) {
    // Linux reports a neighbour that does not answer as host unreachable from our own address: that is no
    // firewall.
    if (verdict.cause != Cause::tcp_host_unreachable) verdict.cause = Cause::local_blocked;
    verdict.location.where = verdict.cause == Cause::local_blocked ? Where::local : Where::path;
    if (verdict.location.where == Where::path)
      verdict.words = "nobody answers for this address on the local network (host unreachable)";
  } else if (icmp.sender == destination) {
    verdict.location.where = Where::server;
  } else {
    verdict.location = {Where::path, std::nullopt, icmp.sender, Precision::at, std::nullopt};
  }
  return verdict;
}

struct LocalMeaning {
  int error;
  Cause cause;
  std::string_view words;
};

/// errno of an attempt that this machine refused itself, connect(2), socket(2), bind(2).
constexpr LocalMeaning local_meanings[] = {
    {ENETUNREACH, Cause::local_no_route, "this machine has no route to it"},
    {EHOSTUNREACH, Cause::local_no_route, "this machine's routes make it unreachable"},
    {EADDRNOTAVAIL, Cause::local_out_of_resources, "no local port is free"},
    {EAFNOSUPPORT, Cause::local_no_route, "the source address is of the other family"},
    {EINVAL, Cause::local_no_route, "this machine has no usable route to it"},
    {EPERM, Cause::local_blocked, "this machine's firewall does not let it out"},
    {EACCES, Cause::local_blocked, "this machine's policy does not let it out"},
    {ENODEV, Cause::local_no_route, "the source interface does not exist"},
    {EMFILE, Cause::local_out_of_resources, "the process has no file descriptor left"},
    {ENFILE, Cause::local_out_of_resources, "the system has no file descriptor left"},
    {ENOBUFS, Cause::local_out_of_resources, "the kernel has no buffer left"},
    {ENOMEM, Cause::local_out_of_resources, "the kernel has no memory left"},
};

/// bind(2).
bool is_foreign(const probe::TcpSource& source, const probe::TransportFailure& failure) {
  return failure.error.value() == EADDRNOTAVAIL && !failure.icmp && source.address;
}

ConnectVerdict by_local_errno(const probe::TransportFailure& failure, const probe::TcpSource& source) {
  const auto* meaning = std::ranges::find(local_meanings, failure.error.value(), &LocalMeaning::error);
  ConnectVerdict verdict;
  verdict.location.where = Where::local;
  const bool known = meaning != std::end(local_meanings);
  verdict.cause = known ? meaning->cause : Cause::local_no_route;
  verdict.confidence = known ? Confidence::high : Confidence::low;
  verdict.words =
      fmt::format("{} ({})", known ? meaning->words : "this machine sent nothing", failure.error.message());
  if (is_foreign(source, failure)) {
    verdict.cause = Cause::local_no_route;
    verdict.words =
        fmt::format("the source address {} is not one of this machine's", source.address->to_string());
  }
  return verdict;
}

}  // namespace

ConnectVerdict judge_connect(const probe::TcpConnect& attempt, probe::Clock::duration elapsed,
                             const probe::Environment& environment, const probe::TcpSource& source) {
  const auto& failure = attempt.result.error();
  const auto destination = attempt.question.remote.address();
  if (failure.icmp) return by_icmp(*failure.icmp, destination, environment);
  if (failure.local) return by_local_errno(failure, source);

  ConnectVerdict verdict;
  if (probe::timed_out(failure)) {
    verdict.cause = Cause::tcp_filtered;
    verdict.location.where = Where::path;
    const auto syns = failure.syn_retransmits + 1;
    // A single SYN may just have been lost.
    verdict.confidence = failure.syn_retransmits > 0 ? Confidence::high : Confidence::medium;
    verdict.words = fmt::format("no answer to {} SYN{} within {}", syns, syns == 1 ? "" : "s", text(elapsed));
    return verdict;
  }
  switch (failure.error.value()) {
    case ECONNREFUSED:
    case ECONNRESET:
      verdict.cause = Cause::tcp_refused;
      verdict.location.where = Where::server;
      // Over loopback nothing stands between; elsewhere a nearer device may have written the RST.
      verdict.confidence = is_own(destination, environment) ? Confidence::high : Confidence::medium;
      verdict.words = "connection refused (RST)";
      return verdict;
    // Linux maps ICMP errors to these when the queue held no message (icmp(7)): a router said so, we do not
    // know which.
    case EHOSTUNREACH:
      verdict.cause = Cause::tcp_host_unreachable;
      break;
    case ENETUNREACH:
      verdict.cause = Cause::tcp_net_unreachable;
      break;
    case EACCES:
    case EPERM:
      verdict.cause = Cause::tcp_rejected;
      break;
    default:
      verdict.cause = Cause::tcp_filtered;
      break;
  }
  verdict.location.where = Where::path;
  verdict.confidence = Confidence::low;
  verdict.words = failure.error.message();
  return verdict;
}

std::optional<ConnectVerdict> refused_here(const probe::TransportFailure& failure,
                                           const asio::ip::address& destination,
                                           const probe::Environment& environment,
                                           const probe::TcpSource& source) {
  if (!failure.icmp) {
    const bool known = std::ranges::find(local_meanings, failure.error.value(), &LocalMeaning::error) !=
                       std::end(local_meanings);
    return known ? std::optional{by_local_errno(failure, source)} : std::nullopt;
  }
  // A service that this machine does not have answers so, too: then it is the destination that speaks.
  if (failure.icmp->sender == destination) return std::nullopt;
  auto verdict = by_icmp(*failure.icmp, destination, environment);
  return verdict.location.where == Where::local ? std::optional{std::move(verdict)} : std::nullopt;
}

Facts::value_type blamed_address(const probe::TransportFailure& failure, const asio::ip::address& destination,
                                 const probe::TcpSource& source) {
  if (is_foreign(source, failure)) return {"foreign_source", source.address->to_string()};
  return {"address", destination.to_string()};
}

Facts connect_facts(const probe::TcpConnect& attempt, const probe::Environment& environment,
                    const probe::TcpSource& source) {
  const auto& remote = attempt.question.remote;
  const auto& failure = attempt.result.error();
  Facts facts{blamed_address(failure, remote.address(), source),
              {"port", std::to_string(remote.port())},
              {"family", remote.address().is_v6() ? "IPv6" : "IPv4"}};
  const auto own =
      std::ranges::find(environment.addresses, remote.address().is_v6(), &asio::ip::address::is_v6);
  if (own != environment.addresses.end()) facts.emplace_back("source", own->to_string());
  if (failure.icmp) facts.emplace_back("sender", failure.icmp->sender.to_string());
  return facts;
}

}  // namespace fwprobe::checks
