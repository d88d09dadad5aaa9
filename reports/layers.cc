#include "reports/layers.h"

#include <algorithm>

#include <fmt/format.h>

#include "reports/measurement_json.h"

namespace fwprobe::reports {

using checks::Check;
using checks::Investigation;
using checks::Status;

namespace {

constexpr Layer table[] = {
    {Check::dns, "DNS", "dns"},       {Check::tcp, "TCP", "tcp"}, {Check::path, "PATH", {}},
    {Check::proxy, "PROXY", "proxy"}, {Check::tls, "TLS", "tls"}, {Check::http, "HTTP", "http"},
    {Check::content, "CONTENT", {}},  {Check::api, "API", {}},    {Check::ssh, "SSH", "ssh"},
};

}  // namespace

std::span<const Layer> layers() { return table; }

std::optional<Status> status_of(const Investigation& investigation, Check check) {
  std::optional<Status> worst;
  for (const auto& finding : investigation.findings)
    if (finding.check == check) worst = std::max(worst.value_or(Status::skip), finding.status);
  return worst;
}

std::optional<std::chrono::nanoseconds> time_of(const Investigation& investigation, std::string_view kind) {
  for (const auto& measurement : investigation.evidence.measurements())
    if (kind_name(measurement.fact) == kind) return measurement.time.elapsed;
  return std::nullopt;
}

std::string where_text(const checks::Location& location) {
  using checks::Where;
  switch (location.where) {
    case Where::local:
      return "on this machine";
    case Where::resolver:
      return "at the resolver";
    case Where::proxy:
      return "at the proxy";
    case Where::server:
      return "at the server";
    case Where::path:
      break;
  }
  std::string text = location.precision == checks::Precision::at ? "on the path, at" : "on the path, behind";
  text += location.hop ? fmt::format(" hop {}", *location.hop) : " a device";
  if (location.address) text += fmt::format(" ({})", location.address->to_string());
  if (location.next) text += ", in front of " + location.next->to_string();
  return text;
}

std::string_view who_text(checks::Responsible responsible) {
  using checks::Responsible;
  switch (responsible) {
    case Responsible::network:
      return "whoever runs the network or its firewall";
    case Responsible::server:
      return "whoever runs the server";
    case Responsible::dns:
      return "whoever runs the DNS";
    case Responsible::client:
      return "whoever runs this machine or its settings";
    case Responsible::vendor:
      return "the vendor of the service";
  }
  return "";
}

std::string_view fault_text(checks::Fault fault) {
  using checks::Fault;
  switch (fault) {
    case Fault::none:
      return "no fault";
    case Fault::here:
      return "here: at this vantage or on its way";
    case Fault::there:
      return "there: at the control's vantage or on its way";
    case Fault::server:
      return "the same for both: at the server";
    case Fault::unknown:
      break;
  }
  return "cannot tell";
}

const checks::Diagnosis* trouble(const Investigation& investigation) {
  return investigation.diagnosis && investigation.status != Status::pass ? &*investigation.diagnosis
                                                                         : nullptr;
}

}  // namespace fwprobe::reports
