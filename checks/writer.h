#pragma once
// Who wrote a response: the server, or something between that answers for it.

#include <cstdint>
#include <optional>
#include <string>

#include "checks/stand_in.h"
#include "probe/facts/http.h"

namespace fwprobe::checks {

/// How a response compares with one that is known to come from where the service is.
enum class Authorship : std::uint8_t {
  same,     ///< nothing tells it from the other one
  unclear,  ///< it does not say who wrote it, and the other one does
  another,  ///< it bears another name in Server, lacks the other's Via, or lacks the service's own mark
};

Authorship compare_writers(const probe::HttpResponse& response, const probe::HttpResponse& control);

/// "'nginx/1.22.1'", "something that does not say its name".
std::string writer_in_words(const probe::HttpResponse& response);

/// What stands in for the server or refuses to serve at all, when this is the answer of one: a filter, a
/// portal, or a proxy that wants credentials.
std::optional<std::string> other_than_server(const probe::HttpResponse& response, const probe::Url& asked);

}  // namespace fwprobe::checks
