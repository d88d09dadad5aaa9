#include "cli/serve.h"

#include <csignal>

#include <fmt/format.h>
#include <malloc.h>

#include "cli/allowlist.h"
#include "cli/kept_files.h"
#include "cli/open_files.h"
#include "cli/reading.h"
#include "cli/serve_pages.h"
#include "cli/suite/suite.h"
#include "cli/values.h"
#include "monitor/notices/event.h"
#include "monitor/notices/sender.h"
#include "monitor/web/web_config.h"
#include "probe/tls_library.h"
#include "reports/value_text.h"

namespace fwprobe::cli {
namespace {

std::string value(const Variables& variables, const std::string& name) {
  const auto at = variables.find(name);
  return at == variables.end() ? std::string{} : at->second;
}

monitor::ServiceManager service_manager(const Variables& variables) {
  return monitor::ServiceManager{
      value(variables, "NOTIFY_SOCKET"),
      monitor::watchdog_interval(value(variables, "WATCHDOG_USEC"), value(variables, "WATCHDOG_PID"))};
}

Parsed<monitor::LogFormat> parse_log_format(std::string_view text) {
  if (text == "logfmt") return monitor::LogFormat::logfmt;
  if (text == "json") return monitor::LogFormat::json;
  return std::unexpected{fmt::format("'{}' is not known; write logfmt or json", text)};
}

/// Read at the start and for each reload: the suite and all files that it names.
class PlanReader {
 public:
  PlanReader(const ServeArguments& arguments, const Variables& variables,
             std::vector<probe::TcpEndpoint> listen)
      : arguments_{arguments}, variables_{variables}, listen_{std::move(listen)} {}

  Parsed<monitor::Plan> operator()() const {
    auto suite = read_suite(arguments_.config, variables_);
    if (!suite) return std::unexpected{suite.error().message};
    show_notes(arguments_.config, suite->notes);
    auto plan = std::move(suite->plan);
    if (!listen_.empty()) plan.web.listen = listen_;
    if (plan.web.listen.empty())
      plan.web.listen.emplace_back(asio::ip::address_v4::loopback(), std::uint16_t{9876});
    if (!arguments_.web_config.empty()) plan.web.config = arguments_.web_config;
    if (const auto web = monitor::load_web_config(plan.web.config); !web) return std::unexpected{web.error()};
    if (auto placed = place_database(plan.history.database); !placed) return std::unexpected{placed.error()};
    plan.jobs = affordable(plan.jobs == 0 ? usual_jobs : plan.jobs, most_descriptors);
    return plan;
  }

 private:
  static constexpr std::size_t usual_jobs = 100;

  Parsed<void> place_database(std::filesystem::path& database) const {
    if (!database.empty()) return {};
    const auto folder = kept_state(variables_);
    if (folder.empty())
      return std::unexpected{
          "there is no home directory to keep the history in; write serve: {database: FILE}"};
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    if (error) return std::unexpected{fmt::format("{}: {}", folder, error.message())};
    database = folder + "/history.db";
    return {};
  }

  const ServeArguments& arguments_;
  const Variables& variables_;
  std::vector<probe::TcpEndpoint> listen_;
};

}  // namespace

void define_serve_options(CLI::App& verb, ServeArguments& arguments) {
  verb.add_option("--config", arguments.config, "the suite: what is watched, and how")
      ->type_name("FILE")
      ->required();
  verb.add_option("--listen", arguments.listen,
                  "serve pages and metrics here, in place of the suite's addresses (repeatable); default: "
                  "127.0.0.1:9876")
      ->type_name("ADDR:PORT")
      ->allow_extra_args(false);
  verb.add_option("--web-config", arguments.web_config,
                  "TLS and users, in the format of the Prometheus exporter-toolkit, in place of the suite's")
      ->type_name("FILE");
  verb.add_option("--log-format", arguments.log_format, "of the lines on standard error")
      ->type_name("logfmt|json")
      ->capture_default_str();
}

ExitCode run_serve(const ServeArguments& arguments, const Variables& variables) {
  Reading reading;
  auto format = monitor::LogFormat::logfmt;
  std::vector<probe::TcpEndpoint> listen;
  reading.one("--log-format", arguments.log_format, parse_log_format, format);
  reading.many("--listen", arguments.listen, parse_listen, listen);
  if (reading.error()) return wrong_usage(reading.error()->message);
  probe::start_tls_library();  // before there are threads and passwords, which use it too
  const PlanReader read{arguments, variables, std::move(listen)};
  auto plan = read();
  if (!plan) return wrong_usage(plan.error());

  std::signal(SIGXFSZ, SIG_IGN);  // a limit on the size of files is an error of write(2), as a full disk is
  // Values are made on one thread and freed on another: with an arena for each, memory would be kept thrice.
  ::mallopt(M_ARENA_MAX, 1);

  const auto web = plan->web;
  monitor::Service service{
      std::move(*plan),
      {read, monitor::notices_of, monitor::Log{format, STDERR_FILENO}, service_manager(variables)}};
  ServiceBackend backend{service};
  auto server = monitor::Server::open(service.context(), web, backend);
  if (!server) return wrong_usage(server.error());
  for (const auto& endpoint : server->endpoints())
    service.log().write(monitor::LogLevel::info, "listening",
                        {{"address", reports::endpoint_text(endpoint.address(), endpoint.port())}});
  service.accompany(serve_pages(service, *server));
  service.accompany(monitor::send_notices(service));
  service.run();
  return ExitCode::passed;  // an end that was asked for
}

}  // namespace fwprobe::cli
