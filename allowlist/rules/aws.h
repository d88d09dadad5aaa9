#pragma once
// AWS: `aws ec2 describe-security-groups`, `describe-security-group-rules` and `describe-network-acls`.

#include "allowlist/rules/formats.h"

namespace fwprobe::allowlist {

bool is_aws_groups(std::string_view text);
/// The groups of one network interface, which allow what any of them allows. Of a file that holds several,
/// the selectors group=ID|NAME say which, or group=all.
std::expected<Ruleset, Complaint> read_aws_groups(std::string_view text, const RulesView& view);

bool is_aws_acl(std::string_view text);
/// One network ACL, acl=ID of several. It keeps no state: what comes back needs a rule for the client's port,
/// which may be any from 1024 to 65535 unless client-ports=FIRST-LAST says otherwise.
std::expected<Ruleset, Complaint> read_aws_acl(std::string_view text, const RulesView& view);

}  // namespace fwprobe::allowlist
