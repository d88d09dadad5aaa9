#include "reports/read_report.h"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "reports/escape.h"
#include "reports/measurement_json.h"
#include "reports/settings_json.h"

namespace fwprobe::reports {
namespace {

constexpr int deepest = 64;
constexpr std::size_t most_values = 4'000'000;
constexpr std::size_t most_unpacked = 256 * 1024 * 1024;
/// The checks compare measurements with one another, so that their time grows with the square.
constexpr std::size_t most_measurements = 10'000;

std::string position(std::string_view text, std::size_t byte) {
  const auto before = text.substr(0, std::min(byte > 0 ? byte - 1 : 0, text.size()));
  const auto line_begin = before.rfind('\n') + 1;  // npos + 1 is 0
  return fmt::format("{}:{}", std::ranges::count(before, '\n') + 1, before.size() - line_begin + 1);
}

/// The library's words without its own prefix and position.
std::string reason(const nlohmann::json::exception& error) {
  std::string_view what = error.what();
  for (const std::string_view mark : {"] ", "column ", ": "})
    if (const auto at = what.find(mark); at != what.npos) what.remove_prefix(at + mark.size());
  return printable(what, 200);
}

/// Walks through the text before anything is built of it. (The library's parser with a callback would do both
/// at once, in quadratic time.)
class Survey : public nlohmann::json_sax<Document> {
 public:
  explicit Survey(std::string_view text) : text_{text} {}
  /// What is wrong, behind the file's name.
  std::string take_complaint() && { return std::move(complaint_); }

  bool null() override { return count(); }
  bool boolean(bool) override { return count(); }
  bool number_integer(std::int64_t) override { return count(); }
  bool number_unsigned(std::uint64_t) override { return count(); }
  bool number_float(double, const std::string&) override { return count(); }
  bool string(std::string&) override { return count(); }
  bool binary(Document::binary_t&) override { return count(); }
  bool key(std::string&) override { return count(); }
  bool start_object(std::size_t) override { return descend(); }
  bool start_array(std::size_t) override { return descend(); }
  bool end_object() override { return ascend(); }
  bool end_array() override { return ascend(); }
  bool parse_error(std::size_t at, const std::string&, const Document::exception& error) override {
    complaint_ = fmt::format("{}: not JSON: {}; expected a report as 'fwprobe check --format json' writes it",
                             position(text_, at), reason(error));
    return false;
  }

 private:
  bool stop(std::string_view what) {
    complaint_ = fmt::format(" {}: this is no report of fwprobe", what);
    return false;
  }
  bool count() { return ++values_ <= most_values || stop("more than 4 million values"); }
  bool descend() { return (++depth_ <= deepest || stop("nested deeper than 64 levels")) && count(); }
  bool ascend() {
    --depth_;
    return true;
  }

  std::string_view text_;
  std::size_t values_ = 0;
  int depth_ = 0;
  std::string complaint_;
};

std::expected<Document, std::string> parse(std::string_view text) {
  Survey survey{text};
  if (!Document::sax_parse(text, &survey)) return std::unexpected{std::move(survey).take_complaint()};
  return Document::parse(text);
}

/// What a target says of itself.
struct Recorded {
  checks::Target target;
  bool complete = true;
  std::optional<checks::Expectation> expected;
  std::vector<probe::Measurement> measurements;
};

}  // namespace

static void fields(Reader& io, Vantage& vantage) {
  io("host", vantage.host);
  io("site", vantage.site);
  io("addresses", vantage.addresses);
  io("egress_addresses", vantage.egress);
}

/// As `check` takes it from the command line.
template <>
struct Form<checks::Target> {
  static bool read(const Document& json, checks::Target& target) {
    return read_text(json, target, checks::parse_target);
  }
  static std::string right() { return "a target, such as https://host/ or tcp://host:443"; }
};

template <>
struct Form<checks::Cause> {
  static bool read(const Document& json, checks::Cause& cause) {
    return read_text(json, cause, checks::cause_from);
  }
  static std::string right() { return "a cause, such as tcp.filtered"; }
};

static void fields(Reader& io, checks::Expectation& expected) {
  std::string status;
  io("status", status);
  io("cause", expected.cause);
  if (status == checks::name(checks::Status::fail))
    expected.status = checks::Status::fail;
  else if (status != checks::name(checks::Status::pass))
    io.refuse("status", "is pass or fail");
}

namespace {

void fields(Reader& io, Recorded& recorded) {
  io("target", recorded.target);
  io("complete", recorded.complete);
  io.added("expected", recorded.expected);
  io("measurements", recorded.measurements);
}

class ReportReader {
 public:
  ReportReader(const Document& document, Reading& reading) : document_{document}, reading_{reading} {}

  Report read() {
    const Place root;
    if (!document_.is_object()) {
      reading_.fail(root, "the document is not an object");
      return {};
    }
    Reader io{document_, root, reading_};
    schema(io);
    io("run", *this);
    if (io.has("allowlists")) io("allowlists", lists_);
    targets(io, root);
    return std::move(report_);
  }

  friend void fields(Reader& io, ReportReader& self) {
    io("id", self.report_.run_id);
    io("started", self.report_.started);
    io("finished", self.report_.finished);
    require_plausible(io, "started", self.report_.started);
    require_plausible(io, "finished", self.report_.finished);
    io("complete", self.report_.complete);
    io("vantage", self.report_.vantage);
  }

 private:
  static void schema(Reader& io) {
    std::string name;
    io("schema", name);
    constexpr std::string_view ours = "fwprobe/report/v1", any = "fwprobe/report/v";
    if (io.reading().failed() || name == ours) return;
    io.refuse("schema",
              printable(name, 60) + (name.starts_with(any)
                                         ? " is of a newer fwprobe; this one reads fwprobe/report/v1"
                                         : " is not read here; fwprobe/report/v1 is"));
  }

  void targets(Reader& io, const Place& root) {
    if (reading_.failed()) return;
    const auto at = document_.find("targets");
    const Place place{&root, "targets"};
    if (at == document_.end() || !at->is_array() || at->empty())
      return io.refuse("targets", "is an array with at least one target");
    for (std::size_t i = 0; i < at->size() && !reading_.failed(); ++i)
      target((*at)[i], Place{&place, {}, i, true});
  }

  void target(const Document& json, const Place& place) {
    Recorded recorded;
    if (json.is_object())
      if (const auto at = json.find("measurements"); at != json.end() && at->size() > most_measurements)
        return reading_.fail(place, fmt::format("more than {} measurements", most_measurements));
    Reader{json, place, reading_}.read(json, place, recorded);
    if (reading_.failed()) return;
    auto& investigation = report_.targets.emplace_back();
    investigation.target = std::move(recorded.target);
    investigation.complete = recorded.complete;
    if (recorded.expected && recorded.expected->status == checks::Status::fail)
      investigation.held = checks::Held{*recorded.expected, {}, {}};
    investigation.settings = settings(json, place);
    std::set<probe::MeasurementId> ids;
    for (auto& measurement : recorded.measurements) {
      if (!ids.insert(measurement.id).second)
        return reading_.fail(place, fmt::format("{} is the id of two measurements", id_text(measurement.id)));
      investigation.evidence.add(std::move(measurement));
    }
  }

  /// One value for all targets that have the same.
  std::shared_ptr<const checks::Settings> settings(const Document& json, const Place& target) {
    const Place place{&target, "settings"};
    const auto at = json.find("settings");
    if (at == json.end() || !at->is_object()) {
      reading_.fail(place, "is missing: what was asked is not known; check the target again");
      return {};
    }
    auto& shared = settings_[at->dump(-1, ' ', false, Document::error_handler_t::replace)];
    if (!shared) {
      checks::Settings read;
      Reader io{*at, place, reading_};
      read_settings(io, read, lists_);
      read.site = report_.vantage.site.value_or("");
      shared = std::make_shared<const checks::Settings>(std::move(read));
    }
    return shared;
  }

  const Document& document_;
  Reading& reading_;
  Report report_;
  std::vector<allowlist::Allowlist> lists_;
  std::map<std::string, std::shared_ptr<const checks::Settings>> settings_;
};

}  // namespace

std::string excerpt(const Document& json) {
  if (json.is_object()) return "an object";
  if (json.is_array()) return "an array";
  return printable(json.dump(-1, ' ', false, Document::error_handler_t::replace), 60);
}

std::expected<Report, std::string> read_report(std::string_view text, std::string_view origin) {
  if (text.size() > report_limit)
    return std::unexpected{fmt::format("{}: larger than 64 MiB: this is no report of fwprobe", origin)};
  const auto document = parse(text);
  if (!document) return std::unexpected{fmt::format("{}:{}", origin, document.error())};
  Reading reading{most_unpacked};
  auto report = ReportReader{*document, reading}.read();
  if (reading.failed()) return std::unexpected{fmt::format("{}: {}", origin, *reading.error())};
  return report;
}

}  // namespace fwprobe::reports
