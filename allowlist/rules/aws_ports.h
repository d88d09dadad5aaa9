#pragma once
// Protocol and ports as security groups and network ACLs have them.

#include "allowlist/flow_set.h"
#include "allowlist/rules/json_fields.h"

namespace fwprobe::allowlist {

struct AwsTraffic {
  Protocols protocols = Protocols::all();
  Ports ports = Ports::all();
  std::string doubt;  ///< a condition that flows do not have
  std::string text;   ///< "tcp 443"
};

/// Where the ports stand: in the object itself, or in a member of it.
struct PortKeys {
  std::string_view first;
  std::string_view last;
  std::string_view within = {};
};

/// How an export of AWS gets all pages.
constexpr std::string_view all_pages = "run aws without --max-items and --no-paginate";

bool is_icmp(const Protocols& protocols);

/// Absent ports, or -1, are all.
AwsTraffic read_aws_traffic(JsonFields& fields, const JsonNode& object, std::string_view protocol_key,
                            const PortKeys& keys);

}  // namespace fwprobe::allowlist
