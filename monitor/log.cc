#include "monitor/log.h"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <poll.h>
#include <unistd.h>

#include "reports/escape.h"
#include "reports/value_text.h"

namespace fwprobe::monitor {
namespace {

constexpr std::size_t longest_text = 1000;
constexpr double lines_per_second = 20;
constexpr double most_at_once = 200;

std::string_view name(LogLevel level) {
  switch (level) {
    case LogLevel::info:
      break;
    case LogLevel::warn:
      return "warn";
    case LogLevel::error:
      return "error";
  }
  return "info";
}

std::string json_text(std::string_view text) {
  return nlohmann::json(reports::printable(text, longest_text)).dump();
}

/// Quoted where a blank, a quote or a '=' would end it; the quoting that logfmt has is JSON's.
std::string logfmt_text(std::string_view text) {
  const auto shown = reports::printable(text, longest_text);
  const bool plain = !shown.empty() && shown.find_first_of(" \"=\\") == std::string::npos;
  return plain ? shown : nlohmann::json(shown).dump();
}

class Line {
 public:
  explicit Line(LogFormat format) : format_{format} {}

  void add(std::string_view key, std::string_view text) {
    add_raw(key, format_ == LogFormat::json ? json_text(text) : logfmt_text(text));
  }
  void add(std::string_view key, std::int64_t number) { add_raw(key, fmt::format("{}", number)); }

  std::string take() && { return (format_ == LogFormat::json ? "{" + text_ + "}" : text_) + "\n"; }

 private:
  void add_raw(std::string_view key, std::string_view value) {
    const bool json = format_ == LogFormat::json;
    if (!text_.empty()) text_ += json ? "," : " ";
    text_ += json ? fmt::format("\"{}\":{}", key, value) : fmt::format("{}={}", key, value);
  }

  LogFormat format_;
  std::string text_;
};

/// A pipe that is ready takes PIPE_BUF bytes without blocking (pipe(7)); a line is shorter.
bool is_ready(int descriptor) {
  pollfd wanted{descriptor, POLLOUT, 0};
  return ::poll(&wanted, 1, 0) == 1 && (wanted.revents & POLLOUT) != 0;
}

}  // namespace

std::string log_line(LogFormat format, probe::WallClock::time_point time, LogLevel level,
                     std::string_view event, std::initializer_list<LogField> fields) {
  Line line{format};
  line.add("time", reports::rfc3339(time));
  line.add("level", name(level));
  line.add("event", event);
  for (const auto& field : fields)
    std::visit([&](const auto& value) { line.add(field.key, value); }, field.value);
  return std::move(line).take();
}

void Log::write(LogLevel level, std::string_view event, std::initializer_list<LogField> fields) {
  const auto now = probe::Clock::now();
  const std::chrono::duration<double> passed = now - last_;
  last_ = now;
  allowance_ = std::min(most_at_once, allowance_ + passed.count() * lines_per_second);
  if (allowance_ < 1 || !is_ready(descriptor_)) {
    ++left_out_;
    return;
  }
  --allowance_;
  const auto time = probe::WallClock::now();
  std::string text;
  if (left_out_ > 0)
    text = log_line(format_, time, LogLevel::warn, "log lines left out", {{"left_out", left_out_}});
  left_out_ = 0;
  text += log_line(format_, time, level, event, fields);
  // Whoever reads may be gone; there is nobody else to tell.
  if (::write(descriptor_, text.data(), text.size()) != static_cast<ssize_t>(text.size())) ++left_out_;
}

}  // namespace fwprobe::monitor
