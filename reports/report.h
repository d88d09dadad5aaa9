#pragma once
// One run's results, the value that every reporter renders.

#include <optional>
#include <string>
#include <vector>

#include <asio/ip/address.hpp>

#include "checks/investigation.h"
#include "probe/clock.h"

namespace fwprobe::reports {

struct Vantage {
  std::string host;
  std::optional<std::string> site;
  std::vector<asio::ip::address> addresses;
  std::vector<asio::ip::address> egress;
};

struct Report {
  std::string run_id;  ///< RFC 9562 UUID, version 4
  probe::WallClock::time_point started;
  probe::WallClock::time_point finished;
  bool complete = true;
  Vantage vantage;
  std::vector<checks::Investigation> targets;

  checks::Status status() const;  ///< the worst of the targets: fail before error (docs: exit codes)
};

/// How the text report is laid out.
struct TextStyle {
  bool color = false;
  int width = 80;
  bool verbose = false;  ///< every finding and measurement, not only what matters
};

/// For people: verdict first, then the layers, the cause, the evidence, and what to do.
std::string render_text(const Report& report, const TextStyle& style);
/// One document of schema fwprobe/report/v1 (docs/report.schema.json).
std::string render_json(const Report& report);

}  // namespace fwprobe::reports
