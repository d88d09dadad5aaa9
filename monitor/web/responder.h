#pragma once
// A request's answer, from who asks to what the service knows; without a socket.

#include <memory>

#include "monitor/web/aside.h"
#include "monitor/web/backend.h"
#include "monitor/web/gatekeeper.h"
#include "monitor/web/router.h"

namespace fwprobe::monitor {

struct ResponderLimits {
  std::size_t probes = 128;  ///< of /probe at the same time
  std::size_t aside = 16;    ///< passwords and reports that wait for their turn
};

class Responder {
 public:
  Responder(Backend& backend, WebConfig config, ResponderLimits limits = {});

  asio::awaitable<Answer> respond(std::expected<Request, Answer> request);
  /// For requests that come from now on.
  void configure(WebConfig config);

 private:
  asio::awaitable<Answer> answer(MetricsWanted wanted);
  asio::awaitable<Answer> answer(HistoryWanted wanted);
  asio::awaitable<Answer> answer(ReportWanted wanted);
  asio::awaitable<Answer> answer(ProbeRequest wanted);
  asio::awaitable<Answer> answer(ReloadWanted wanted);
  asio::awaitable<Answer> answer(Answer ready);

  Backend& backend_;
  ResponderLimits limits_;
  Aside aside_;
  std::shared_ptr<Gatekeeper> gate_;  ///< shared with the requests that it has begun to judge
  std::size_t probing_ = 0;
};

}  // namespace fwprobe::monitor
