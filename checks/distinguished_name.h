#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace fwprobe::checks {

/// One part of a certificate's name: {"CN", "Zscaler Root CA"}.
struct NameAttribute {
  std::string type;
  std::string value;
};

/// The parts of an RFC 2253 text, in its order and unescaped; parts without '=' are left out. What is not
/// well-formed is read as far as it can be.
std::vector<NameAttribute> parse_name(std::string_view text);

/// Short for a sentence: the common name, else the organizational unit or organization, else the text.
std::string short_name(std::string_view text);

}  // namespace fwprobe::checks
