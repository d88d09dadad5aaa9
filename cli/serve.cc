#include "cli/serve.h"

#include <csignal>

#include <fmt/format.h>
#include <malloc.h>
#include <unistd.h>

#include "cli/values.h"
#include "text/ascii.h"

namespace fwprobe::cli {
namespace {

std::string value(const Variables& variables, const std::string& name) {
  const auto at = variables.find(name);
  return at == variables.end() ? std::string{} : at->second;
}

/// sd_notify(3), sd_watchdog_enabled(3): a watchdog that was meant for our parent is not ours.
monitor::ServiceManager service_manager(const Variables& variables) {
  std::optional<std::chrono::microseconds> watchdog;
  const auto pid = value(variables, "WATCHDOG_PID");
  const auto microseconds = whole_number<std::uint32_t>(value(variables, "WATCHDOG_USEC"));
  if (microseconds && (pid.empty() || pid == std::to_string(::getpid())))
    watchdog = std::chrono::microseconds{*microseconds};
  return monitor::ServiceManager{value(variables, "NOTIFY_SOCKET"), watchdog};
}

std::expected<std::vector<asio::ip::tcp::endpoint>, UsageError> listen_addresses(
    const ServeArguments& arguments) {
  std::vector<asio::ip::tcp::endpoint> endpoints;
  for (const auto& text : arguments.listen) {
    const auto endpoint = parse_endpoint(text);
    if (!endpoint)
      return std::unexpected{UsageError{
          fmt::format("--listen: '{}' is no address with a port; write 127.0.0.1:9115 or [::1]:9115", text)}};
    endpoints.emplace_back(endpoint->first, endpoint->second);
  }
  return endpoints;
}

}  // namespace

void define_serve_options(CLI::App& verb, ServeArguments& arguments) {
  verb.add_option("--config", arguments.config, "the suite: what is watched, and how")
      ->type_name("FILE")
      ->required();
  verb.add_option("--listen", arguments.listen,
                  "serve pages and metrics here, in place of the suite's addresses")
      ->type_name("ADDR:PORT");
  verb.add_option("--log-format", arguments.log_format, "of the lines on standard error")
      ->type_name("logfmt|json")
      ->capture_default_str();
}

ExitCode run_serve(const ServeArguments& arguments, const Variables& variables, const PlanReader& read_plan,
                   const std::function<void(monitor::Service&)>& accompany) {
  if (arguments.log_format != "logfmt" && arguments.log_format != "json")
    return wrong_usage(
        fmt::format("--log-format: '{}' is not known; write logfmt or json", arguments.log_format));
  const auto format = arguments.log_format == "json" ? monitor::LogFormat::json : monitor::LogFormat::logfmt;
  const auto listen = listen_addresses(arguments);
  if (!listen) return wrong_usage(listen.error().message);

  const auto read = [&]() -> std::expected<monitor::Plan, std::string> {
    auto plan = read_plan();
    if (!plan) return std::unexpected{plan.error().message};
    if (!listen->empty()) plan->web.listen = *listen;
    return std::move(*plan);
  };
  auto plan = read();
  if (!plan) return wrong_usage(plan.error());

  std::signal(SIGXFSZ, SIG_IGN);  // a limit on the size of files is an error of write(2), as a full disk is
  // Values are made on one thread and freed on another: with an arena for each, memory would be kept thrice.
  ::mallopt(M_ARENA_MAX, 1);

  monitor::ServiceParts parts{read, {}, monitor::Log{format, STDERR_FILENO}, service_manager(variables), {}};
  parts.drain = std::chrono::seconds{10};
  monitor::Service service{std::move(*plan), std::move(parts)};
  accompany(service);
  service.run();
  return ExitCode::passed;  // an end that was asked for
}

}  // namespace fwprobe::cli
