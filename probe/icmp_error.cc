// The error queue of a socket, ip(7) and ipv6(7) IP_RECVERR: who says no, and in which words.

#include <array>
#include <cstring>

#include <asio/ip/address.hpp>
#include <linux/errqueue.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "probe/tcp.h"

namespace fwprobe::probe {
namespace {

/// More than a socket can have queued for one SYN and its retransmissions.
constexpr int most_errors = 64;

asio::ip::address address_of(const sockaddr* offender) {
  if (offender->sa_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, offender, sizeof v4);
    return asio::ip::address_v4{ntohl(v4.sin_addr.s_addr)};
  }
  sockaddr_in6 v6{};
  std::memcpy(&v6, offender, sizeof v6);
  asio::ip::address_v6::bytes_type bytes;
  std::memcpy(bytes.data(), &v6.sin6_addr, bytes.size());
  return asio::ip::address_v6{bytes, v6.sin6_scope_id};
}

std::optional<IcmpError> icmp_error(const cmsghdr& header, const unsigned char* data) {
  const bool v4 = header.cmsg_level == SOL_IP && header.cmsg_type == IP_RECVERR;
  const bool v6 = header.cmsg_level == SOL_IPV6 && header.cmsg_type == IPV6_RECVERR;
  if ((!v4 && !v6) || header.cmsg_len < CMSG_LEN(sizeof(sock_extended_err) + sizeof(sockaddr))) return {};
  sock_extended_err error{};
  std::memcpy(&error, data, sizeof error);
  // Errors of our own kernel (SO_EE_ORIGIN_LOCAL) have no sender.
  if (error.ee_origin != SO_EE_ORIGIN_ICMP && error.ee_origin != SO_EE_ORIGIN_ICMP6) return {};
  const auto family =
      error.ee_origin == SO_EE_ORIGIN_ICMP ? IcmpError::Family::icmp : IcmpError::Family::icmp6;
  const auto* offender = reinterpret_cast<const sockaddr*>(data + sizeof error);
  return IcmpError{family, error.ee_type, error.ee_code, address_of(offender)};
}

}  // namespace

std::optional<IcmpError> read_icmp_error(int socket) {
  std::optional<IcmpError> newest;
  for (int i = 0; i < most_errors; ++i) {
    alignas(cmsghdr) std::array<unsigned char, 512> control{};
    std::array<char, 64> segment{};  // the offending segment's beginning, of no interest
    iovec part{segment.data(), segment.size()};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    if (recvmsg(socket, &message, MSG_ERRQUEUE | MSG_DONTWAIT) < 0) break;
    for (auto* header = CMSG_FIRSTHDR(&message); header != nullptr; header = CMSG_NXTHDR(&message, header))
      if (const auto error = icmp_error(*header, CMSG_DATA(header))) newest = error;
  }
  return newest;
}

}  // namespace fwprobe::probe
