#pragma once
// What is public knowledge and therefore tells nothing about whoever measured: the names and addresses of the
// tables that judging reads.

#include <optional>
#include <string_view>

#include <asio/ip/address.hpp>

#include "checks/distinguished_name.h"

namespace fwprobe::checks {

/// A host of a published allowlist or of a site whose authorities or keys are published, or a name below it.
bool is_public_host(std::string_view name);
/// An address inside a published allowlist, or of a DNS filter.
bool is_public_address(const asio::ip::address& address);
/// The mark by which a certificate's authority or an inspecting product is known: "Zscaler*"; none when this
/// part of a name is no such.
std::optional<std::string_view> authority_mark(const NameAttribute& attribute);
/// "SHA256:…"
bool is_public_fingerprint(std::string_view fingerprint);

}  // namespace fwprobe::checks
