#include "checks/hello.h"

namespace fwprobe::checks {

probe::Host verified_name(const Case& the_case, const probe::Host& host) {
  const auto& given = the_case.settings.server_name;
  if (given.empty() || host != the_case.target.host) return host;
  return {given, std::nullopt};
}

probe::TlsQuestion hello(const Case& the_case, Scheme scheme, const probe::Host& host,
                         probe::MeasurementId connection) {
  auto verify = verified_name(the_case, host);
  auto server_name = verify.address ? std::string{} : verify.name;
  auto alpn = is_http(scheme) ? std::vector<std::string>{"http/1.1"} : std::vector<std::string>{};
  return {connection, std::move(server_name), std::move(verify), probe::TlsPolicy::standard, std::move(alpn)};
}

}  // namespace fwprobe::checks
