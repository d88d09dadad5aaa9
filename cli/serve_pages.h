#pragma once
// The service as its HTTP side sees it.

#include "monitor/service.h"
#include "monitor/web/server.h"

namespace fwprobe::cli {

class ServiceBackend : public monitor::Backend {
 public:
  explicit ServiceBackend(monitor::Service& service) : service_{service} {}

  const monitor::Board& board() const override { return service_.board(); }
  asio::awaitable<std::expected<std::vector<monitor::Outcome>, std::string>> history(
      std::string id, probe::WallClock::time_point since, std::size_t limit) override {
    return service_.store().history(std::move(id), since, limit);
  }
  asio::awaitable<std::expected<std::optional<std::string>, std::string>> report(std::string id) override {
    return service_.store().report(std::move(id));
  }
  asio::awaitable<checks::Investigation> probe(checks::Target target, monitor::Manner manner,
                                               probe::Clock::time_point until) override {
    auto measured = co_await service_.measuring().measure(std::move(target), std::move(manner), until);
    co_return std::move(measured.investigation);
  }
  asio::awaitable<std::expected<void, std::string>> reload() override { return service_.reload(); }

 private:
  monitor::Service& service_;
};

/// For as long as the service runs: answers, and takes the files of a new plan when there is one.
asio::awaitable<void> serve_pages(monitor::Service& service, monitor::Server& server);

}  // namespace fwprobe::cli
