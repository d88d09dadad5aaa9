#include "probe/failure.h"

#include <asio/error.hpp>

namespace fwprobe::probe {

bool timed_out(const TransportFailure& failure) {
  // The kernel's own ETIMEDOUT (all SYN retransmissions unanswered) has the same value and the same meaning.
  return failure.error == asio::error::timed_out;
}

bool reset_by_peer(const TransportFailure& failure) {
  return failure.error == asio::error::connection_reset || failure.error == asio::error::broken_pipe;
}

bool closed_by_peer(const TransportFailure& failure) {
  return failure.error == asio::error::eof || reset_by_peer(failure);
}

}  // namespace fwprobe::probe
