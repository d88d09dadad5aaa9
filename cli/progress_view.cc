#include "cli/progress_view.h"

#include <algorithm>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "cli/live_lines.h"
#include "reports/value_text.h"

namespace fwprobe::cli {
namespace {

constexpr std::size_t most_rows = 8;

std::string endpoint(const probe::TcpEndpoint& remote) {
  return reports::endpoint_text(remote.address(), remote.port());
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

constexpr std::array layer_names{"DNS", "TCP", "PROXY", "TLS", "HTTP", "SSH"};
constexpr std::size_t no_layer = layer_names.size();

/// The layer of each alternative of probe::Question, which are in the order of probe::Fact.
constexpr std::array<std::size_t, std::variant_size_v<probe::Question>> layer_of_kind{
    no_layer /* environment */,
    0 /* DNS */,
    1 /* TCP */,
    no_layer /* path */,
    2 /* tunnel */,
    3 /* TLS */,
    4 /* HTTP */,
    5 /* SSH */,
    4 /* trial */,
    1 /* idle */,
};

/// Whether the network gave what was asked for; what that means for the target is for the checks to say.
struct Success {
  bool operator()(const probe::Environment&) const { return true; }
  bool operator()(const probe::DnsLookup& lookup) const { return !lookup.addresses.empty(); }
  bool operator()(const probe::PathTrace&) const { return true; }
  bool operator()(const probe::IdleWatch&) const { return true; }
  template <typename Fact>
  bool operator()(const Fact& fact) const {
    return fact.result.has_value();
  }
};

/// The text's first columns, with an ellipsis where it was cut; each code point is a column here.
std::string fitted(std::string_view text, int columns) {
  const auto starts = [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; };
  if (std::ranges::count_if(text, starts) <= columns) return std::string{text};
  std::string out;
  int used = 0;
  for (const char c : text) {
    if (starts(c) && ++used == columns) break;
    out += c;
  }
  return out + "…";
}

std::string_view verdict(checks::Status status) {
  switch (status) {
    case checks::Status::pass:
      return "✓ passed";
    case checks::Status::warn:
      return "! passed with warnings";
    case checks::Status::fail:
      return "✗ failed";
    case checks::Status::error:
    case checks::Status::skip:
      break;
  }
  return "? could not be measured";
}

}  // namespace

ProgressView::Row& ProgressView::row_of(const checks::Target& target) {
  const auto found = std::ranges::find(rows_, &target, &Row::target);
  return found != rows_.end() ? *found : rows_.emplace_back(Row{&target, target.text(), {}, {}, {}});
}

void ProgressView::asking(const checks::Target& target, const probe::Question& question) {
  auto& row = row_of(target);
  if (const auto layer = layer_of_kind[question.index()]; layer != no_layer) ++row.layers[layer].asked;
  row.doing = words(question);
}

void ProgressView::answered(const checks::Target& target, const probe::Measurement& measurement) {
  const auto layer = layer_of_kind[measurement.fact.index()];
  if (layer == no_layer) return;
  auto& [asked, answered, good] = row_of(target).layers[layer];
  ++answered;
  good += std::visit(Success{}, measurement.fact) ? 1 : 0;
}

void ProgressView::finished(const checks::Target& target, checks::Status status) {
  ++done_;
  failed_ += status == checks::Status::fail || status == checks::Status::error ? 1 : 0;
  auto& row = row_of(target);
  row.target = nullptr;
  row.status = status;
  row.doing = verdict(status);
  if (targets_ > most_rows) std::erase_if(rows_, [](const Row& r) { return r.target == nullptr; });
}

std::string ProgressView::line(const Row& row) {
  static_assert(layer_names.size() == layer_count);
  auto text = row.text;
  for (std::size_t i = 0; i < row.layers.size(); ++i) {
    const auto& [asked, answered, good] = row.layers[i];
    if (asked == 0) continue;
    text += fmt::format("  {} {}", good > 0 ? "✓" : answered < asked ? "…" : "✗", layer_names[i]);
  }
  return text + "  " + row.doing;
}

std::string ProgressView::bar(int columns, probe::Clock::time_point now) const {
  auto text = fmt::format(" {} of {} targets", done_, targets_);
  if (failed_ > 0) text += fmt::format(", {} failed", failed_);
  if (done_ > 0 && done_ < targets_) {
    const auto left = (now - started_) / done_ * (targets_ - done_);
    text += fmt::format(", about {} s left", std::chrono::ceil<std::chrono::seconds>(left).count());
  }
  const auto room = std::min(30, columns - static_cast<int>(text.size()) - 2);
  if (room < 5) return fitted(text.substr(1), columns);
  return progress_bar(done_, targets_, static_cast<std::size_t>(room)) + text;
}

bool ProgressView::few(ScreenSize screen) const {
  return targets_ <= most_rows && targets_ * 2 <= static_cast<std::size_t>(screen.rows);
}

std::vector<std::string> ProgressView::lines(ScreenSize screen, probe::Clock::time_point now) const {
  std::vector<std::string> lines;
  if (few(screen)) {
    for (const auto& row : rows_) lines.push_back(fitted(line(row), screen.columns));
  } else {
    lines.push_back(bar(screen.columns, now));
    const auto running = std::ranges::find_if(rows_, [](const Row& row) { return row.target != nullptr; });
    if (running != rows_.end() && screen.rows >= 4) lines.push_back(fitted(line(*running), screen.columns));
  }
  return lines;
}

}  // namespace fwprobe::cli
