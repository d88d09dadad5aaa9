#pragma once
// An exchange that tries out what the way lets through; what it answers says nothing about the service.

#include <cstdint>
#include <optional>

#include <asio/awaitable.hpp>

#include "probe/http.h"

namespace fwprobe::probe {

enum class TrialPurpose : std::uint8_t {
  idle,    ///< before and after a silence
  upload,  ///< a large body
  method,  ///< another method than GET
};

struct TrialQuestion {
  MeasurementId connection{};
  HttpRequest request;
  RequestForm form = RequestForm::origin;
  TrialPurpose purpose = TrialPurpose::method;
  int turn = 1;  ///< 1, 2, …: the same request at another time
  bool operator==(const TrialQuestion&) const = default;
};

struct HttpTrial {
  TrialQuestion question;
  std::optional<Clock::duration> first_byte;
  Delivery delivery;
  std::expected<HttpResponse, HttpFailure> result;
};

struct Tried {
  HttpTrial fact;
  std::optional<Connection> connection;  ///< when it can carry another request
};

/// As exchange(), see there for `timeout` and `until`. Of a response's body at most 64 KiB are kept.
asio::awaitable<Tried> try_out(TrialQuestion question, Connection connection, const HttpSecrets& secrets,
                               Clock::duration timeout, Clock::time_point until);

}  // namespace fwprobe::probe
