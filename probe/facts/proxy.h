#pragma once
// Tunnels through a proxy, as they are asked for: HTTP CONNECT (RFC 9110 §9.3.6) and SOCKS5 (RFC 1928, RFC
// 1929).

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <vector>

#include "probe/facts/http.h"
#include "probe/failure.h"
#include "probe/measurement_id.h"
#include "probe/secret.h"
#include "probe/url.h"

namespace fwprobe::probe {

enum class ProxyKind : std::uint8_t { http, socks5 };

struct ProxyServer {
  ProxyKind kind = ProxyKind::http;
  Host host;
  std::uint16_t port = 0;
  std::string user;
  Secret password;
};

struct TunnelQuestion {
  MeasurementId connection{};  ///< the TCP connection to the proxy
  ProxyKind kind = ProxyKind::http;
  Host host;  ///< where to; the proxy resolves the name
  std::uint16_t port = 0;
  std::string scheme;  ///< what will go through it, for the rules that chose the proxy: "https"
  bool operator==(const TunnelQuestion&) const = default;
};

struct TunnelOpen {
  std::uint16_t status = 0;  ///< of the CONNECT answer; 0 for SOCKS5
};

struct TunnelFailure {
  std::optional<TransportFailure> transport;  ///< the proxy closed, reset, or said nothing until the deadline
  std::optional<HttpResponse> response;       ///< of CONNECT: status, headers, the body's beginning (16 KiB)
  std::vector<std::string> auth_schemes;      ///< that a 407 offers, or that a SOCKS5 proxy chose
  std::optional<std::uint8_t> socks_reply;    ///< REP of RFC 1928 §6
  bool socks_auth_failed = false;             ///< no acceptable method (0xFF), or RFC 1929 status ≠ 0
  std::string detail;       ///< what is wrong with an answer that is neither HTTP nor SOCKS5, or with a login
  std::string first_bytes;  ///< of an answer that is neither, at most 64
};

struct ProxyTunnel {
  TunnelQuestion question;
  std::expected<TunnelOpen, TunnelFailure> result;
};

/// RFC 1928 §6's words for a reply code.
std::string socks_reply_name(std::uint8_t code);

}  // namespace fwprobe::probe
