#pragma once
// The addresses behind the words that a rule of an NSG has in place of prefixes.

#include <string_view>

#include "allowlist/rules/platform.h"

namespace fwprobe::allowlist {

/// The side of a flow on which the group's own subnet or interface is, and the other one.
enum class NsgSide : std::uint8_t { near, far };

/// Addresses of the virtual network, its peers and its branches are among these: public ones are taken to be
/// elsewhere.
PrefixSet perhaps_in_virtual_network();

/// Whether a rule's address is a service tag: "Internet", "AzureCloud.westeurope".
bool is_service_tag(std::string_view text);

/// Adds what is known of a tag without Microsoft's files: the near side is always in the virtual network; on
/// the far side public addresses are taken to be outside it, and private ones may be in it or not.
void add_service_tag(Addresses& addresses, std::string_view tag, NsgSide side);

/// Health probes have addresses that look public and that nothing outside Azure can have: a rule that lets
/// them in lets nobody in.
void set_apart_azures_own(Addresses& addresses);

}  // namespace fwprobe::allowlist
