#include "cli/progress.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <unistd.h>

#include "cli/output.h"
#include "cli/terminal.h"
#include "reports/value_text.h"

namespace fwprobe::cli {
namespace {

std::string endpoint(const asio::ip::tcp::endpoint& remote) {
  const auto address = remote.address().to_string();
  return fmt::format(fmt::runtime(remote.address().is_v6() ? "[{}]:{}" : "{}:{}"), address, remote.port());
}

/// What a question is about, in a few words.
std::string words(const probe::Question& question) {
  struct Words {
    std::string operator()(const probe::EnvironmentQuestion&) const {
      return "reading this machine's settings";
    }
    std::string operator()(const probe::DnsQuestion& q) const {
      return fmt::format("DNS {} {}", reports::name(q.type), q.name);
    }
    std::string operator()(const probe::TcpQuestion& q) const { return "TCP " + endpoint(q.remote); }
    std::string operator()(const probe::PathQuestion& q) const { return "path to " + endpoint(q.remote); }
    std::string operator()(const probe::TunnelQuestion& q) const { return "proxy tunnel to " + q.host.name; }
    std::string operator()(const probe::TlsQuestion& q) const {
      return "TLS handshake with " + q.verify.name;
    }
    std::string operator()(const probe::HttpQuestion& q) const {
      return q.request.method + " " + q.request.url.path;
    }
    std::string operator()(const probe::SshQuestion&) const { return "SSH identification and host key"; }
    std::string operator()(const probe::TrialQuestion& q) const {
      return q.request.zeros == 0 ? fmt::format("trying {} {}", q.request.method, q.request.url.path)
                                  : fmt::format("trying {} {} with {} bytes", q.request.method,
                                                q.request.url.path, q.request.zeros);
    }
    std::string operator()(const probe::IdleQuestion& q) const {
      const auto until = probe::WallClock::now() + q.silence;
      return fmt::format("keeping a connection silent until {:%H:%M:%S} UTC",
                         fmt::gmtime(probe::WallClock::to_time_t(until)));
    }
  };
  return std::visit(Words{}, question);
}

}  // namespace

void Progress::asking(const checks::Target& target, const probe::Question& question) {
  if (mode_ == Mode::silent) return;
  // Ten lines a second are all that an eye can follow, and a healthy check should not pay for more.
  const auto now = probe::Clock::now();
  const bool lasts = std::holds_alternative<probe::IdleQuestion>(question);
  if (!lasts && shown_ && now - last_ < std::chrono::milliseconds{100}) return;
  last_ = now;
  show(fmt::format("{}: {} …", target.text(), words(question)));
}

void Progress::show(const std::string& text) {
  const auto width = static_cast<std::size_t>(terminal_width(STDERR_FILENO));
  // Names and paths are ASCII by now; cutting bytes is cutting columns, but for the ellipsis.
  shown_ = write_all(STDERR_FILENO, "\r\x1b[K" + (text.size() < width ? text : text.substr(0, width - 1)))
               .has_value();
}

void Progress::clear() {
  if (shown_ && write_all(STDERR_FILENO, "\r\x1b[K")) shown_ = false;
}

}  // namespace fwprobe::cli
