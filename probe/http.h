#pragma once
// HTTP/1.1 exchanges (RFC 9110, RFC 9112) on a connection that another measurement opened.

#include <optional>
#include <string>
#include <vector>

#include <asio/awaitable.hpp>

#include "probe/clock.h"
#include "probe/connection.h"
#include "probe/facts/http.h"
#include "probe/secret.h"

namespace fwprobe::probe {

/// What is added to a request on the wire and never recorded.
struct HttpSecrets {
  std::vector<HttpHeader> user_headers;  ///< `--header`; may replace the ones of the request
  Secret token;                          ///< for Credential::token: Basic with an empty user (RFC 7617)
  Secret authorization;                  ///< the whole value of Authorization; empty: none
  std::string body;                      ///< of the request, in place of its zeros
  std::string proxy_authorization;       ///< for absolute-form: the whole value of Proxy-Authorization
  /// Blanks in `text` whatever of this a server may have echoed: the token, and the values of the user's
  /// headers except short ones and those of headers that are public by their name (Accept, Origin, …).
  void scrub(std::string& text) const;
};

struct Exchanged {
  HttpExchange fact;
  std::optional<Connection> connection;  ///< when it can carry another request
  Delivery delivery;
};

/// One request and its response within `timeout` (the response's body included). A request with a body may
/// take until `until` as long as it moves: then `timeout` is for the time in which nothing is acknowledged.
/// No `Expect: 100-continue` is sent: it asks for the very answer that leaves the body at home (RFC 9110
/// §10.1.1), and proxies that do not know it refuse or delay the request.
asio::awaitable<Exchanged> exchange(HttpQuestion question, Connection connection, const HttpSecrets& secrets,
                                    Clock::duration timeout, HttpLimits limits = {},
                                    Clock::time_point until = {});

}  // namespace fwprobe::probe
