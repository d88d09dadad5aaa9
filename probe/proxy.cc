#include "probe/proxy.h"

#include "probe/http_connect.h"
#include "probe/socks5.h"

namespace fwprobe::probe {

asio::awaitable<Tunnelled> open_tunnel(TunnelQuestion question, Connection connection,
                                       const ProxyServer& proxy, Clock::duration timeout) {
  const auto deadline = Clock::now() + timeout;
  std::expected<TunnelOpen, TunnelFailure> result;
  switch (question.kind) {
    case ProxyKind::http:
      result = co_await http_connect(question, connection, proxy, deadline);
      break;
    case ProxyKind::socks5:
      result = co_await socks5_connect(question, connection, proxy, deadline);
      break;
  }
  ProxyTunnel fact{std::move(question), std::move(result)};
  if (!fact.result) {
    proxy.password.scrub(fact.result.error().first_bytes);
    co_return Tunnelled{std::move(fact), std::nullopt};
  }
  co_return Tunnelled{std::move(fact), std::move(connection)};
}

}  // namespace fwprobe::probe
