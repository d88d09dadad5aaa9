#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace fwprobe::checks {

/// The realms of all challenges in one WWW-Authenticate value, unquoted: `Negotiate, Basic realm="a, b",
/// Digest realm=c`. Realms belong in quotes (RFC 9110 §11.5); those without are read up to the next comma or
/// space.
std::vector<std::string> realms(std::string_view value);

}  // namespace fwprobe::checks
