#include "checks/finding.h"

#include <algorithm>

#include "text/enum_name.h"

namespace fwprobe::checks {

std::string_view name(Status status) {
  static constexpr std::string_view names[] = {"skip", "pass", "warn", "fail", "error"};
  return enum_name(names, status);
}

std::string_view name(Check check) {
  static constexpr std::string_view names[] = {"environment", "dns",     "tcp", "path", "proxy",    "tls",
                                               "http",        "content", "api", "ssh",  "allowlist"};
  return enum_name(names, check);
}

std::string_view name(Confidence confidence) {
  static constexpr std::string_view names[] = {"low", "medium", "high"};
  return enum_name(names, confidence);
}

std::string_view name(Where where) {
  static constexpr std::string_view names[] = {"local", "resolver", "path", "proxy", "server"};
  return enum_name(names, where);
}

std::string_view name(Precision precision) {
  static constexpr std::string_view names[] = {"at", "after"};
  return enum_name(names, precision);
}

Status worst(const std::vector<Finding>& findings) {
  // A target that fails has an answer; that something else could not be measured does not take it back.
  const auto has = [&](Status status) {
    return std::ranges::find(findings, status, &Finding::status) != findings.end();
  };
  if (has(Status::fail)) return Status::fail;
  if (has(Status::error)) return Status::error;
  return has(Status::warn) ? Status::warn : Status::pass;
}

}  // namespace fwprobe::checks
