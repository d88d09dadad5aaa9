#pragma once
// What the checks say: findings, and the diagnosis that is made of them.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <asio/ip/address.hpp>

#include "checks/cause.h"
#include "checks/flow.h"
#include "probe/measurement_id.h"

namespace fwprobe::checks {

/// Best to worst, except `skip`, which never decides.
enum class Status : std::uint8_t { skip, pass, warn, fail, error };

/// The layers in the order in which a request meets them.
enum class Check : std::uint8_t {
  environment,
  dns,
  tcp,
  path,
  proxy,
  tls,
  http,
  content,
  api,
  ssh,
  allowlist
};

enum class Confidence : std::uint8_t { low, medium, high };

enum class Where : std::uint8_t { local, resolver, path, proxy, server };
enum class Precision : std::uint8_t { at, after };

struct Location {
  Where where = Where::server;
  std::optional<int> hop;
  std::optional<asio::ip::address> address;
  std::optional<Precision> precision;
  std::optional<asio::ip::address> next;
};

/// One verdict. Texts hold what the network said as it came; reporters escape it.
struct Finding {
  Check check = Check::environment;
  std::string subject;  ///< "203.0.113.9:443", "azure.example.com", a URL
  Status status = Status::pass;
  std::optional<Cause> cause;  ///< set for warn and fail; may be set for error
  std::string summary;         ///< one line
  std::vector<probe::MeasurementId> evidence;
  std::vector<std::string> remedy;
  Confidence confidence = Confidence::high;
  std::optional<Location> location;
};

/// The one root cause of a target that did not pass.
struct Diagnosis {
  std::optional<Cause> cause;  ///< none when nothing could be measured and no cause is known
  std::string title;
  std::string explanation;
  Location location;
  Confidence confidence = Confidence::low;
  Responsible responsible = Responsible::network;
  std::vector<std::string> remedy;
  std::vector<probe::MeasurementId> evidence;
  std::optional<Flow> flow;  ///< to be let through, when a rule mends the cause
};

std::string_view name(Status status);
std::string_view name(Check check);
std::string_view name(Confidence confidence);
std::string_view name(Where where);
std::string_view name(Precision precision);

/// What the findings make of their target: fail before error before warn; `skip` and an empty list count as
/// pass.
Status worst(const std::vector<Finding>& findings);

}  // namespace fwprobe::checks
