#include "checks/path_plan.h"

#include <algorithm>
#include <string>

#include <fmt/format.h>

#include "checks/interception.h"
#include "checks/path_view.h"
#include "checks/resolution.h"
#include "checks/stand_in.h"

namespace fwprobe::checks {
namespace {

using probe::PathFlow;
using probe::PathQuestion;

/// The first addresses stand for the others; all of a name's would make us look like a scanner.
constexpr std::size_t most_traced = 4;
/// Where traceroute begins: no service listens there, so the host itself says port unreachable.
constexpr std::uint16_t traceroute_port = 33434;

class Traces {
 public:
  Traces(const Case& the_case, const std::vector<probe::Question>& overdue)
      : case_{the_case}, overdue_{overdue} {}

  std::vector<Planned> questions() && {
    const auto& target = case_.target;
    const auto proxy = case_.settings.proxies.choose(name(target.scheme), target.host, target.port).server;
    const auto& host = proxy ? proxy->host : target.host;
    const auto port = proxy ? proxy->port : target.port;
    const auto addresses = resolve_host(case_, host).addresses;
    for (std::size_t i = 0; i < std::min(addresses.size(), most_traced); ++i)
      // Nothing stands between this machine and itself.
      if (!addresses[i].is_loopback()) trace({addresses[i], port});
    return std::move(questions_);
  }

 private:
  /// What was seen of a connection, and what a trace of it decides.
  struct Reason {
    const char* seen;
    const char* question;
  };
  static constexpr Reason silence{"the SYN is not answered", "which hop is the last that sees it?"};
  static constexpr Reason rst{"a RST answers the SYN", "from which distance does it come?"};
  static constexpr Reason servers_error{"an ICMP error bears the server's address",
                                        "from which distance does it come?"};
  static constexpr Reason stand_in{"something answers in place of the server",
                                   "from which distance is the connection accepted?"};

  void trace(const probe::TcpEndpoint& remote) {
    if (case_.settings.trace == TraceMode::always) ask(remote, PathFlow::syn, "every path is to be traced");
    const auto attempts = case_.evidence.all<probe::TcpConnect>();
    const probe::TcpConnect* failed = nullptr;
    bool accepted = false;
    for (const auto& attempt : attempts) {
      if (attempt->question.remote != remote || attempt->question.purpose == probe::TcpPurpose::compare)
        continue;
      if (attempt->result) accepted = true;
      if (!attempt->result && failed == nullptr) failed = attempt.fact;
    }
    if (accepted && is_stood_in_for(remote)) with_controls(remote, stand_in);
    if (accepted) return trace_hello(remote);
    if (failed != nullptr && !failed->result) return trace_failed(*failed);
    const auto waits_for = [&](const probe::Question& question) {
      const auto* connect = std::get_if<probe::TcpQuestion>(&question);
      return connect != nullptr && connect->remote == remote;
    };
    if (std::ranges::any_of(overdue_, waits_for)) with_controls(remote, silence);
  }

  void trace_failed(const probe::TcpConnect& attempt) {
    const auto& failure = attempt.result.error();
    const auto& remote = attempt.question.remote;
    if (failure.local) return;
    if (!failure.icmp)
      return with_controls(remote, failure.error == std::errc::connection_refused ? rst : silence);
    const auto& own = case_.evidence.environment().addresses;
    const auto& sender = failure.icmp->sender;
    if (std::ranges::find(own, sender) != own.end()) return;
    // A firewall may say no in the server's name; then only other flows show who is there.
    if (sender == remote.address()) return with_controls(remote, servers_error);
    ask(remote, PathFlow::syn,
        fmt::format("{} says that it is not reachable: at which hop is that?", sender.to_string()));
  }

  /// Silence and a RST say nothing about who is there; other flows to the same address show what they pass.
  void with_controls(const probe::TcpEndpoint& remote, const Reason& reason) {
    constexpr std::uint16_t https = 443, http = 80;
    const auto control = fmt::format("{} on port {}: how far do other packets to this address come?",
                                     reason.seen, remote.port());
    ask(remote, PathFlow::syn, fmt::format("{}: {}", reason.seen, reason.question));
    ask({remote.address(), remote.port() == https ? http : https}, PathFlow::syn, control);
    ask({remote.address(), traceroute_port}, PathFlow::udp, control);
  }

  /// A device that inspects TLS, a filter's page or a portal was met on a connection there.
  bool is_stood_in_for(const probe::TcpEndpoint& remote) const {
    const auto& evidence = case_.evidence;
    const auto goes_there = [&](probe::MeasurementId id) {
      const auto* base = underlying_connection(evidence, id);
      return base != nullptr && base->question.remote == remote &&
             base->question.purpose != probe::TcpPurpose::compare && !is_tunnelled(evidence, id);
    };
    return std::ranges::any_of(evidence.all<probe::TlsHandshake>(),
                               [&](const auto& handshake) {
                                 return handshake->result && goes_there(handshake.id) &&
                                        handshake->question.policy == probe::TlsPolicy::standard &&
                                        find_inspection(case_, handshake).found;
                               }) ||
           std::ranges::any_of(evidence.all<probe::HttpExchange>(), [&](const auto& exchange) {
             if (!exchange->result || !goes_there(exchange.id) ||
                 exchange->question.form == probe::RequestForm::absolute)
               return false;
             const auto who = find_stand_in(*exchange->result, exchange->question.request.url);
             return who && who->kind != StandIn::Kind::firewall;
           });
  }

  /// A ClientHello that was not answered, on a connection that was.
  void trace_hello(const probe::TcpEndpoint& remote) {
    const auto* unanswered = unanswered_hello(remote);
    if (unanswered == nullptr) return;
    ask(remote, PathFlow::syn,
        "nothing came back on the ClientHello: which routers are on the way, and how far is the server?");
    // How far the server is bounds the sweep: each of its steps is a connection to it.
    const auto distance = PathView{case_.evidence, remote, PathFlow::client_hello}.server_distance();
    if (!distance) return;
    auto hello = *unanswered;
    hello.connection = {};
    questions_.push_back({PathQuestion{remote, PathFlow::client_hello, *distance, std::move(hello)},
                          "nothing came back on the ClientHello: which hop is the last that sees it?"});
  }

  const probe::TlsQuestion* unanswered_hello(const probe::TcpEndpoint& remote) const {
    const auto goes_to_remote = [&](const probe::TlsQuestion& question) {
      const auto* base = case_.evidence.find<probe::TcpConnect>(question.connection);
      return question.policy == probe::TlsPolicy::standard && base != nullptr &&
             base->question.remote == remote && base->question.purpose != probe::TcpPurpose::compare;
    };
    for (const auto& question : overdue_) {
      const auto* hello = std::get_if<probe::TlsQuestion>(&question);
      if (hello != nullptr && goes_to_remote(*hello)) return hello;
    }
    for (const auto& handshake : case_.evidence.all<probe::TlsHandshake>())
      if (goes_to_remote(handshake->question) && !handshake->result &&
          ended_on_client_hello(handshake->result.error()))
        return &handshake->question;
    return nullptr;
  }

  void ask(const probe::TcpEndpoint& remote, PathFlow flow, std::string because) {
    questions_.push_back({PathQuestion{remote, flow, case_.settings.hops, {}}, std::move(because)});
  }

  const Case& case_;
  const std::vector<probe::Question>& overdue_;
  std::vector<Planned> questions_;
};

}  // namespace

std::vector<Planned> path_questions(const Case& the_case, const std::vector<probe::Question>& overdue) {
  if (the_case.settings.trace == TraceMode::never) return {};
  return Traces{the_case, overdue}.questions();
}

}  // namespace fwprobe::checks
