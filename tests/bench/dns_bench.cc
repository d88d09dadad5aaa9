// CPU (user and system) per name for 10,000 names, 100 in flight, from an unbound on loopback: our resolver
// beside a plain poll() loop around c-ares. The server's CPU does not count; wall time is the server's as
// much as ours.

#include <array>
#include <memory>
#include <stdexcept>
#include <string>

#include <ares.h>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>
#include <benchmark/benchmark.h>
#include <poll.h>
#include <sys/resource.h>

#include "probe/dns.h"
#include "tests/support/servers.h"

namespace fwprobe::probe {
namespace {

constexpr int names = 10'000;
constexpr int in_flight = 100;

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

std::string name_of(int number) { return "host-" + std::to_string(number) + ".bench.test"; }

/// unbound with an answer for every name below bench.test.
class Server {
 public:
  Server() : address_{tests::own_loopback()}, port_{tests::free_port(address_)} {
    folder_.write("unbound.conf",
                  "server:\n  interface: " + address_.to_string() + "@" + std::to_string(port_) +
                      "\n  do-daemonize: no\n  chroot: \"\"\n  username: \"\"\n  pidfile: \"\"\n"
                      "  use-syslog: no\n  access-control: 127.0.0.0/8 allow\n"
                      "  local-zone: bench.test. redirect\n"
                      "  local-data: \"bench.test. 300 IN A 192.0.2.1\"\n");
    server_ = std::make_unique<tests::Process>(
        folder_, std::vector<std::string>{"/usr/sbin/unbound", "-d", "-c", folder_.path("unbound.conf")});
    if (!tests::listens(*server_, {address_, port_})) throw std::runtime_error{server_->log()};
  }
  asio::ip::udp::endpoint endpoint() const { return {address_, port_}; }

 private:
  tests::TempFolder folder_;
  asio::ip::address_v4 address_;
  std::uint16_t port_;
  std::unique_ptr<tests::Process> server_;
};

struct Tally {
  int answered = 0;
  int sent = 0;
};

/// Asks for names, one after another, as long as there are any.
asio::awaitable<void> ask_on(Resolver& resolver, asio::ip::udp::endpoint server, int& next, Tally& tally) {
  while (next < names) {
    DnsQuestion question{name_of(next++), DnsType::a, server, DnsTransport::udp};
    const auto lookup = co_await resolver.lookup(std::move(question), std::chrono::seconds{60});
    if (lookup.status == DnsStatus::answered) ++tally.answered;
    tally.sent += lookup.attempts;
  }
}

/// `askers` coroutines share the names.
template <int askers>
Tally ask_resolver(const asio::ip::udp::endpoint& server) {
  asio::io_context context{1};
  Resolver resolver{context.get_executor(), server};
  Tally tally;
  int next = 0;
  for (int i = 0; i < askers; ++i)
    asio::co_spawn(context, ask_on(resolver, server, next, tally), asio::detached);
  context.run();
  return tally;
}

struct PlainLoop {
  ares_channel channel = nullptr;
  int started = 0;
  int ended = 0;
  Tally tally;

  void start() {
    ++started;
    ares_query(
        channel, name_of(started - 1).c_str(), 1, 1,
        [](void* self, int status, int timeouts, unsigned char*, int) {
          auto& loop = *static_cast<PlainLoop*>(self);
          ++loop.ended;
          loop.tally.answered += status == ARES_SUCCESS;
          loop.tally.sent += 1 + timeouts;
        },
        this);
  }
};

Tally ask_plainly(const asio::ip::udp::endpoint& server) {
  PlainLoop loop;
  if (ares_init(&loop.channel) != ARES_SUCCESS) throw std::bad_alloc{};
  ares_set_servers_ports_csv(loop.channel,
                             (server.address().to_string() + ":" + std::to_string(server.port())).c_str());
  while (loop.ended < names) {
    while (loop.started < names && loop.started - loop.ended < in_flight) loop.start();
    ares_socket_t socket = ARES_SOCKET_BAD;
    ares_getsock(loop.channel, &socket, 1);
    pollfd wait{socket, POLLIN, 0};
    poll(&wait, 1, 100);
    ares_process_fd(loop.channel, socket, ARES_SOCKET_BAD);
  }
  ares_destroy(loop.channel);
  return loop.tally;
}

template <Tally (*ask)(const asio::ip::udp::endpoint&)>
void cpu_per_name(benchmark::State& state) {
  static const Server server;
  Tally tally;
  double used = 0;
  for (auto _ : state) {
    const auto before = cpu_seconds();
    tally = ask(server.endpoint());
    const auto after = cpu_seconds();
    state.SetIterationTime(after - before);
    used += after - before;
    if (tally.answered != names) state.SkipWithError("not every name was answered");
  }
  state.counters["us_per_name"] = used * 1e6 / names / static_cast<double>(state.iterations());
  state.counters["sent_again"] = tally.sent - names;
}

BENCHMARK(cpu_per_name<ask_resolver<in_flight>>)
    ->Name("resolver")
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK(cpu_per_name<ask_resolver<names>>)
    ->Name("resolver, every name at once")
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK(cpu_per_name<ask_plainly>)->Name("plain c-ares")->UseManualTime()->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace fwprobe::probe
