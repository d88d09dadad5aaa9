// The error queue of a socket, ip(7) and ipv6(7) IP_RECVERR: who says no, and in which words.

#include <array>
#include <cstring>
#include <span>

#include <asio/ip/address.hpp>
#include <linux/errqueue.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "probe/icmp_extension.h"
#include "probe/tcp.h"

namespace fwprobe::probe {
namespace {

/// More than a socket can have queued for one SYN and its retransmissions.
constexpr int most_errors = 64;

/// Of an ICMP message: RFC 1812 §4.3.2.3 allows 576 bytes, RFC 4443 §2.4 1280.
constexpr std::size_t longest_message = 1280;

/// Linux gives a datagram from behind its UDP header on, a segment with its TCP header.
std::size_t stripped_header(int socket) {
  constexpr std::size_t udp_header = 8;
  int type = 0;
  socklen_t size = sizeof type;
  return getsockopt(socket, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_DGRAM ? udp_header : 0;
}

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

/// What an error queue's message holds beside its control data: the packet that met the error, without its IP
/// header (and, of a datagram, its UDP header), and what the sender of the error added.
struct Quoted {
  std::span<const unsigned char> bytes;
  std::size_t stripped = 0;  ///< bytes of the packet's headers that are not there, but for the IP header
};

std::vector<MplsLabel> labels_in(const Quoted& quoted, const sock_extended_err& error) {
  const auto announced = error.ee_rfc4884.len;
  if (announced > 0 && announced <= quoted.bytes.size())
    return mpls_labels(quoted.bytes.subspan(announced), Extension::announced);
  // Routers older than RFC 4884 put it behind 128 bytes of the packet, and say no length (§5.5).
  const std::size_t ip_header = error.ee_origin == SO_EE_ORIGIN_ICMP6 ? 40 : 20;
  const std::size_t assumed = 128 - ip_header - quoted.stripped;
  if (announced > 0 || quoted.bytes.size() <= assumed) return {};
  return mpls_labels(quoted.bytes.subspan(assumed), Extension::assumed);
}

std::optional<IcmpError> icmp_error(const cmsghdr& header, const unsigned char* data, const Quoted& quoted) {
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
  return IcmpError{family, error.ee_type, error.ee_code, address_of(offender), labels_in(quoted, error)};
}

}  // namespace

std::optional<IcmpError> read_icmp_error(int socket) {
  const auto stripped = stripped_header(socket);
  std::optional<IcmpError> newest;
  for (int i = 0; i < most_errors; ++i) {
    alignas(cmsghdr) std::array<unsigned char, 512> control{};
    std::array<unsigned char, longest_message> packet{};
    iovec part{packet.data(), packet.size()};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    const auto size = recvmsg(socket, &message, MSG_ERRQUEUE | MSG_DONTWAIT);
    if (size < 0) break;
    const Quoted quoted{std::span{packet}.first(static_cast<std::size_t>(size)), stripped};
    for (auto* header = CMSG_FIRSTHDR(&message); header != nullptr; header = CMSG_NXTHDR(&message, header))
      if (const auto error = icmp_error(*header, CMSG_DATA(header), quoted)) newest = error;
  }
  return newest;
}

}  // namespace fwprobe::probe
