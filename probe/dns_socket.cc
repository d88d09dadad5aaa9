#include "probe/dns_socket.h"

#include <algorithm>
#include <cerrno>

#include <asio/error.hpp>
#include <netinet/in.h>
#include <sys/socket.h>

#include "probe/tcp.h"

namespace fwprobe::probe {
namespace {

TransportFailure without_icmp(const std::error_code& error) { return {error, std::nullopt}; }

}  // namespace

DnsSocket::Inbox::Inbox() {
  for (std::size_t i = 0; i < batch; ++i) {
    parts[i] = {data[i].data(), max_datagram};
    messages[i] = {};
    messages[i].msg_hdr.msg_iov = &parts[i];
    messages[i].msg_hdr.msg_iovlen = 1;
  }
}

std::optional<TransportFailure> DnsSocket::open(const asio::ip::udp::endpoint& server,
                                                const std::optional<asio::ip::address>& source) {
  std::error_code error;
  const bool v6 = server.address().is_v6();
  if (socket_.open(server.protocol(), error); error) return without_icmp(error);
  if (socket_.non_blocking(true, error); error) return without_icmp(error);
  const int on = 1;
  if (setsockopt(socket_.native_handle(), v6 ? IPPROTO_IPV6 : IPPROTO_IP, v6 ? IPV6_RECVERR : IP_RECVERR, &on,
                 sizeof on) != 0)
    return failure();
  if (source && source->is_v6() == v6)
    if (socket_.bind({*source, 0}, error); error) return without_icmp(error);
  if (socket_.connect(server, error); error) return without_icmp(error);
  return std::nullopt;
}

void DnsSocket::close() {
  std::error_code of_no_interest;
  socket_.close(of_no_interest);
  outbox_.clear();
  outbox_sizes_.clear();
  next_ = filled_ = 0;
}

void DnsSocket::queue(std::span<const unsigned char> datagram) {
  outbox_.insert(outbox_.end(), datagram.begin(), datagram.end());
  outbox_sizes_.push_back(datagram.size());
}

std::optional<TransportFailure> DnsSocket::flush() {
  std::optional<TransportFailure> failed;
  std::size_t offset = 0;
  for (std::size_t sent = 0; sent < outbox_sizes_.size() && !failed;) {
    std::array<mmsghdr, 2 * batch> messages;
    std::array<iovec, 2 * batch> parts;
    const auto count = std::min(messages.size(), outbox_sizes_.size() - sent);
    auto at = offset;
    for (std::size_t i = 0; i < count; ++i) {
      parts[i] = {outbox_.data() + at, outbox_sizes_[sent + i]};
      messages[i] = {};
      messages[i].msg_hdr.msg_iov = &parts[i];
      messages[i].msg_hdr.msg_iovlen = 1;
      at += parts[i].iov_len;
    }
    const int done = sendmmsg(socket_.native_handle(), messages.data(), static_cast<unsigned>(count), 0);
    if (done < 0 && errno != EAGAIN) failed = failure();
    if (done < 0) break;
    for (int i = 0; i < done; ++i) offset += outbox_sizes_[sent++];
  }
  outbox_.clear();
  outbox_sizes_.clear();
  return failed;
}

std::expected<std::span<const unsigned char>, TransportFailure> DnsSocket::receive() {
  using Datagram = std::span<const unsigned char>;
  for (;;) {
    if (next_ == filled_) {
      if (batches_left_ == 0) return Datagram{};
      if (auto failed = refill()) return std::unexpected{*failed};
      if (filled_ == 0) return Datagram{};
    }
    const auto slot = next_++;
    const std::size_t size = inbox_->messages[slot].msg_len;
    if (size > 0) return Datagram{inbox_->data[slot]}.first(size);
  }
}

/// A batch that is not full was the last one for now: it saves the call that says EAGAIN.
std::optional<TransportFailure> DnsSocket::refill() {
  if (!inbox_) inbox_ = std::make_unique_for_overwrite<Inbox>();
  next_ = filled_ = 0;
  const int count = recvmmsg(socket_.native_handle(), inbox_->messages.data(), batch, MSG_DONTWAIT, nullptr);
  batches_left_ = count == static_cast<int>(batch) ? batches_left_ - 1 : 0;
  if (count < 0 && errno != EAGAIN) return failure();
  // An error queue with entries keeps the socket readable: it is emptied, and says why, also when the error
  // itself was taken by another call.
  if (count < 0) {
    const auto icmp = read_icmp_error(socket_.native_handle());
    if (icmp) return TransportFailure{asio::error::host_unreachable, icmp};
    return std::nullopt;
  }
  filled_ = static_cast<std::size_t>(count);
  return std::nullopt;
}

std::optional<TransportFailure> DnsSocket::failure() {
  const std::error_code error{errno, asio::error::get_system_category()};
  return TransportFailure{error, read_icmp_error(socket_.native_handle())};
}

}  // namespace fwprobe::probe
