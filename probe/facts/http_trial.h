#pragma once
// An exchange that tries out what the way lets through; what it answers says nothing about the service.

#include <cstdint>
#include <expected>
#include <optional>

#include "probe/clock.h"
#include "probe/facts/http.h"
#include "probe/measurement_id.h"

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

}  // namespace fwprobe::probe
