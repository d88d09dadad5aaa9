#pragma once
// Measurements in one line, and a case made of them, for the tables of the checks' tests.

#include <cerrno>
#include <string>
#include <vector>

#include <asio/error.hpp>
#include <fmt/format.h>

#include "checks/checks.h"
#include "probe/endpoint.h"

namespace fwprobe::checks::measured {

using namespace std::chrono_literals;

inline asio::ip::address ip(const char* text) { return asio::ip::make_address(text); }
/// As the probes give it: an errno in Asio's category.
inline std::error_code system_error(int number) { return {number, asio::error::get_system_category()}; }
inline probe::WallClock::time_point noon() {
  return std::chrono::sys_days{std::chrono::year{2026} / 6 / 15} + std::chrono::hours{12};
}

inline const probe::UdpEndpoint resolver_a{ip("192.0.2.53"), 53};
inline const probe::UdpEndpoint resolver_b{ip("192.0.2.54"), 53};

/// A target, the settings, and what was measured. The machine has addresses and routes of both families and
/// asks one resolver.
struct Scene {
  explicit Scene(const char* text) : target{*parse_target(text)} {
    machine.host = "build-7";
    machine.question.names = {target.host.name};
    machine.addresses = {ip("10.1.2.3"), ip("2001:db8:1::3")};
    machine.ipv4_route = machine.ipv6_route = true;
    machine.resolver.servers = {resolver_a};
  }

  /// Each of these takes and gives the scene, so that a row reads from left to right.
  Scene& add(probe::Fact fact, probe::Clock::duration elapsed = 20ms) {
    facts.push_back({std::move(fact), elapsed});
    return *this;
  }
  template <typename Change>
  Scene& with(Change change) {
    change(*this);
    return *this;
  }

  /// The evidence holds the environment as m1, then the facts in order from m2 on.
  Evidence evidence() const {
    Evidence all;
    std::uint32_t id = 1;
    all.add({{id}, {noon(), 1ms}, machine});
    for (const auto& [fact, elapsed] : facts) all.add({{++id}, {noon(), elapsed}, fact});
    return all;
  }
  Findings judged_by(Findings (*check)(const Case&)) const {
    const auto all = evidence();
    return check({target, settings, all});
  }
  std::optional<Diagnosis> diagnosis(const Findings& findings) const {
    const auto all = evidence();
    return diagnose({target, settings, all}, findings);
  }
  /// The id of the fact that was added last.
  probe::MeasurementId last() const { return {static_cast<std::uint32_t>(facts.size()) + 1}; }

  Target target;
  Settings settings;
  probe::Environment machine;
  std::vector<std::pair<probe::Fact, probe::Clock::duration>> facts;
};

/// What a table expects of one finding: "fail tcp.refused server medium", "fail tcp.rejected path 192.0.2.1
/// high", "pass", "skip", "error".
inline std::string brief(const Finding& finding) {
  auto text = std::string{name(finding.status)};
  if (!finding.cause) return text;
  text += fmt::format(" {}", row(*finding.cause).code);
  if (finding.location) {
    text += fmt::format(" {}", name(finding.location->where));
    if (finding.location->address) text += " " + finding.location->address->to_string();
  }
  return text + fmt::format(" {}", name(finding.confidence));
}

inline std::vector<std::string> brief(const Findings& findings) {
  std::vector<std::string> all;
  for (const auto& finding : findings) all.push_back(brief(finding));
  return all;
}

/// Every summary of every finding, for a look into the words.
inline std::string words(const Findings& findings) {
  std::string all;
  for (const auto& finding : findings) all += finding.summary + "\n";
  return all;
}

inline std::string steps(const Findings& findings) {
  std::string all;
  for (const auto& finding : findings)
    for (const auto& step : finding.remedy) all += step + "\n";
  return all;
}

// ---- DNS ------------------------------------------------------------------------------------------------

inline probe::DnsLookup lookup(const char* name, probe::DnsType type, probe::DnsStatus status,
                               probe::UdpEndpoint resolver = resolver_a,
                               probe::DnsTransport transport = probe::DnsTransport::udp) {
  probe::DnsLookup made;
  made.question = {name, type, resolver, transport};
  made.status = status;
  return made;
}
inline probe::DnsLookup answer(const char* name, std::vector<const char*> addresses,
                               probe::UdpEndpoint resolver = resolver_a) {
  auto made = lookup(name, ip(addresses.front()).is_v6() ? probe::DnsType::aaaa : probe::DnsType::a,
                     probe::DnsStatus::answered, resolver);
  for (const auto* address : addresses) made.addresses.push_back({ip(address), 300s});
  return made;
}

// ---- TCP ------------------------------------------------------------------------------------------------

inline probe::TcpQuestion to(const char* address, std::uint16_t port, int attempt = 1,
                             probe::TcpPurpose purpose = probe::TcpPurpose::reach) {
  return {{ip(address), port}, purpose, attempt};
}
inline probe::TcpConnect connected(probe::TcpQuestion question) {
  return {std::move(question), probe::TcpEstablished{}};
}
inline probe::TcpConnect ended(probe::TcpQuestion question, bool reset, std::string greeting = {}) {
  probe::TcpEstablished established;
  established.early_end = probe::EarlyEnd{3ms, reset};
  established.greeting = std::move(greeting);
  return {std::move(question), established};
}
inline probe::TcpQuestion listening(probe::TcpQuestion question) {
  question.purpose = probe::TcpPurpose::listen;
  return question;
}
inline probe::TcpConnect refused(probe::TcpQuestion question, std::error_code error,
                                 std::optional<probe::IcmpError> icmp = {}) {
  return {std::move(question), std::unexpected{probe::ConnectFailure{{error, std::move(icmp)}, 0, false}}};
}
inline probe::TcpConnect silent(probe::TcpQuestion question, std::uint32_t retransmits = 2) {
  return {std::move(question),
          std::unexpected{probe::ConnectFailure{{asio::error::timed_out, {}}, retransmits, false}}};
}
/// This machine itself sent nothing.
inline probe::TcpConnect not_sent(probe::TcpQuestion question, int number) {
  return {std::move(question), std::unexpected{probe::ConnectFailure{{system_error(number), {}}, 0, true}}};
}
inline probe::IcmpError icmp(std::uint8_t type, std::uint8_t code, const char* sender) {
  const auto from = ip(sender);
  return {from.is_v6() ? probe::IcmpError::Family::icmp6 : probe::IcmpError::Family::icmp, type, code, from};
}

// ---- TLS ------------------------------------------------------------------------------------------------

inline probe::TransportFailure closed() { return {asio::error::eof, {}}; }
inline probe::TransportFailure reset() { return {asio::error::connection_reset, {}}; }
inline probe::TransportFailure deadline() { return {asio::error::timed_out, {}}; }

inline probe::TlsQuestion hello(std::uint32_t connection, const Target& target,
                                probe::TlsPolicy policy = probe::TlsPolicy::standard) {
  return {{connection}, target.host.address ? "" : target.host.name, target.host, policy, {}};
}
inline probe::Certificate certificate(std::string subject, std::string issuer) {
  probe::Certificate made;
  made.self_issued = subject == issuer;
  made.subject = std::move(subject);
  made.issuer = std::move(issuer);
  made.dns_names = {"azure.example.com"};
  made.not_before = noon() - 24h * 30;
  made.not_after = noon() + 24h * 60;
  made.key_type = "RSA";
  made.key_bits = 2048;
  made.signature = "sha256WithRSAEncryption";
  return made;
}
inline probe::TlsHandshake shaken(probe::TlsQuestion question, std::vector<probe::Certificate> chain,
                                  std::vector<probe::VerifyError> errors = {}) {
  probe::TlsHandshake made;
  made.question = std::move(question);
  made.chain = std::move(chain);
  made.verify_errors = std::move(errors);
  made.result = probe::TlsSession{"TLSv1.3", "TLS_AES_128_GCM_SHA256", "X25519", "", false};
  return made;
}
inline probe::TlsHandshake failed(probe::TlsQuestion question, probe::TlsFailure failure) {
  probe::TlsHandshake made;
  made.question = std::move(question);
  made.result = std::unexpected{std::move(failure)};
  return made;
}

// ---- HTTP -----------------------------------------------------------------------------------------------

inline probe::HttpExchange exchange(std::uint32_t connection, const char* url) {
  probe::HttpExchange made;
  made.question.connection = {connection};
  made.question.request.url = *probe::parse_url(url);
  return made;
}
inline probe::HttpExchange answered(std::uint32_t connection, const char* url, std::uint16_t status,
                                    std::vector<probe::HttpHeader> headers = {}) {
  auto made = exchange(connection, url);
  probe::HttpResponse response;
  response.status = status;
  response.reason = "Reason";
  response.headers = std::move(headers);
  made.result = std::move(response);
  return made;
}
inline probe::HttpExchange unanswered(std::uint32_t connection, const char* url, probe::HttpFailure failure) {
  auto made = exchange(connection, url);
  made.result = std::unexpected{std::move(failure)};
  return made;
}

}  // namespace fwprobe::checks::measured
