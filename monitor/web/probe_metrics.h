#pragma once
// What `/probe` answers: blackbox_exporter's metrics with its names, types and meanings (0.23), and ours.

#include <string>

#include "probe/clock.h"
#include "reports/report.h"

namespace fwprobe::monitor {

/// Of a report with one target. The DNS lookup's time is the longest of those for its name.
std::string render_probe(const reports::Report& report);

/// probe_ip_addr_hash: FNV-1a, 32 bits, of the address's bytes.
std::uint32_t address_hash(const asio::ip::address& address);

}  // namespace fwprobe::monitor
