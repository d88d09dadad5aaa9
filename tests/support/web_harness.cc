// The HTTP side of the service alone, with a board of samples and real probes, for tests that speak to its
// sockets:
//   web_harness [--config web-config.yml] [--targets N] [--ca FILE] ADDRESS:PORT...
// It says on standard output where it listens, one line for each address, and ends with SIGTERM.

#include <iostream>
#include <span>

#include <asio/bind_cancellation_slot.hpp>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/experimental/awaitable_operators.hpp>
#include <asio/signal_set.hpp>

#include "board_sample.h"
#include "checks/investigate.h"
#include "monitor/web/server.h"
#include "reports/read_report.h"
#include "reports/value_text.h"

namespace fwprobe::tests {
namespace {

class SampleBackend : public monitor::Backend {
 public:
  explicit SampleBackend(monitor::Board board) : board_{std::move(board)} {}
  monitor::Board& changeable() { return board_; }

  const monitor::Board& board() const override { return board_; }

  asio::awaitable<std::expected<std::vector<monitor::Outcome>, std::string>> history(
      std::string id, probe::WallClock::time_point, std::size_t limit) override {
    std::vector<monitor::Outcome> outcomes;
    for (std::size_t i = 0; i < std::min<std::size_t>(limit, 60) && id != "new"; ++i)
      outcomes.push_back(outcome(i % 7 == 3 ? checks::Status::fail : checks::Status::pass, {},
                                 i % 7 == 3 ? std::optional{checks::Cause::tcp_filtered} : std::nullopt,
                                 noon - std::chrono::minutes{i}));
    co_return outcomes;
  }

  asio::awaitable<std::expected<std::optional<std::string>, std::string>> report(std::string id) override {
    if (id != "good") co_return std::nullopt;
    const auto target = board_.plan.targets.front().target;
    reports::Report made;
    made.targets.push_back(co_await measure(target, board_.plan.web.modules.front().manner));
    co_return reports::render_json(made);
  }

  asio::awaitable<checks::Investigation> probe(checks::Target target, monitor::Manner manner,
                                               probe::Clock::time_point until) override {
    using namespace asio::experimental::awaitable_operators;
    asio::steady_timer timer{co_await asio::this_coro::executor, until};
    auto ended = co_await (measure(target, manner) || timer.async_wait(asio::use_awaitable));
    if (auto* measured = std::get_if<0>(&ended)) co_return std::move(*measured);
    checks::Investigation none;
    none.target = target;
    none.complete = false;
    co_return none;
  }

  asio::awaitable<std::expected<void, std::string>> reload() override {
    co_return std::expected<void, std::string>{};
  }

 private:
  static asio::awaitable<checks::Investigation> measure(checks::Target target, monitor::Manner manner) {
    checks::Observer silent;
    probe::EnvironmentMemory environment;
    auto investigation = co_await checks::investigate(target, *manner.settings, *manner.contexts, silent,
                                                      environment, manner.limits);
    investigation.settings = manner.settings;
    co_return investigation;
  }

  monitor::Board board_;
};

monitor::Module module(std::string name, checks::Profile profile, const std::string& ca) {
  checks::Settings settings;
  settings.profile = profile;
  settings.timeout = std::chrono::seconds{2};
  settings.deadline = std::chrono::seconds{10};
  settings.trace = checks::TraceMode::never;
  settings.tls.ca_file = ca;
  // Nothing answers there: every name fails at once.
  settings.dns_servers = {*reports::endpoint_from("127.0.0.1:1").transform([](const auto& pair) {
    return probe::UdpEndpoint{pair.first, pair.second};
  })};
  auto contexts = probe::TlsContexts::load(settings.tls);
  if (!contexts) throw std::runtime_error{contexts.error()};
  return {std::move(name),
          {std::make_shared<const checks::Settings>(std::move(settings)),
           std::make_shared<probe::TlsContexts>(std::move(*contexts)),
           {}}};
}

int serve(std::span<char*> arguments) {
  std::size_t more = 0;
  std::string ca;
  monitor::Web web;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string_view argument = arguments[i];
    if (argument == "--config") {
      web.config = arguments[++i];
    } else if (argument == "--targets") {
      more = std::stoul(arguments[++i]);
    } else if (argument == "--ca") {
      ca = arguments[++i];
    } else {
      const auto colon = argument.rfind(':');
      web.listen.emplace_back(
          asio::ip::make_address(std::string{argument.substr(0, colon)}),
          static_cast<std::uint16_t>(std::stoul(std::string{argument.substr(colon + 1)})));
    }
  }
  web.modules = {module("http_2xx", checks::Profile::web, ca),
                 module("tcp_connect", checks::Profile::tcp, ca),
                 module("tls_connect", checks::Profile::tls, ca)};
  for (const auto* prefix : {"127.0.0.0/8", "::1/128"}) {
    const auto parsed = allowlist::parse_prefix(prefix);
    web.allowed.push_back({parsed->prefix, {}});
  }
  web.allowed.push_back({allowlist::Domain{"test", true}, {{1, 60000}}});
  auto board = board_sample(more);
  board.plan.web = web;
  SampleBackend backend{std::move(board)};

  asio::io_context context{1};
  auto server = monitor::Server::open(context, web, backend);
  if (!server) {
    std::cerr << server.error() << '\n';
    return 2;
  }
  for (const auto& endpoint : server->endpoints())
    std::cout << reports::endpoint_text(endpoint.address(), endpoint.port()) << std::endl;

  asio::signal_set signals{context, SIGTERM, SIGINT};
  asio::cancellation_signal stop;
  signals.async_wait([&stop](const auto&, int) { stop.emit(asio::cancellation_type::terminal); });
  asio::co_spawn(context, server->run(), asio::bind_cancellation_slot(stop.slot(), asio::detached));
  context.run();
  return 0;
}

}  // namespace
}  // namespace fwprobe::tests

int main(int count, char** arguments) {
  return fwprobe::tests::serve(std::span{arguments, static_cast<std::size_t>(count)}.subspan(1));
}
