#include "probe/tcp_progress.h"

#include <algorithm>
#include <cstddef>

// The C library's tcp_info ends before the fields that are wanted here, and the two headers exclude each
// other.
#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

namespace fwprobe::probe {

std::optional<TcpProgress> tcp_progress(int socket) {
  tcp_info info{};
  socklen_t size = sizeof info;
  if (getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return {};
  if (size < offsetof(tcp_info, tcpi_bytes_acked) + sizeof info.tcpi_bytes_acked) return {};
  int queued = 0;
  if (ioctl(socket, SIOCOUTQ, &queued) != 0) queued = 0;
  return TcpProgress{info.tcpi_bytes_acked, static_cast<std::uint64_t>(std::max(queued, 0)),
                     info.tcpi_total_retrans, info.tcpi_probes,
                     std::chrono::milliseconds{info.tcpi_last_ack_recv}};
}

}  // namespace fwprobe::probe
