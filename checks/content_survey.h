#pragma once
// What all responses of a case say about addresses, put together for the content check.

#include <cstddef>
#include <string>
#include <vector>

#include "checks/evidence.h"
#include "checks/plan.h"
#include "checks/url_judgement.h"
#include "checks/url_scan.h"

namespace fwprobe::checks {

/// A response, also one that broke off after its headers. The pointers are into the case's evidence.
struct Response {
  probe::MeasurementId id;
  const probe::HttpExchange* exchange = nullptr;
  const probe::HttpResponse* content = nullptr;
};

std::vector<Response> responses(const Case& the_case);

/// The URLs of one host and port with the same verdict.
struct JudgedUrls {
  Verdict verdict = Verdict::fine;
  Origin origin;
  std::size_t count = 0;
  std::string example;              ///< the first one as written
  std::vector<std::string> places;  ///< the first five
  std::vector<probe::MeasurementId> evidence;
};

/// An announced address that a client has to be able to reach.
struct AnnouncedLink {
  Origin origin;
  std::vector<probe::MeasurementId> evidence;
};

struct Survey {
  std::size_t responses = 0;
  std::size_t urls = 0;
  std::vector<JudgedUrls> judged;    ///< all that is not fine, in the order in which it was met
  std::vector<AnnouncedLink> links;  ///< one a host and port, at most `links_followed`
};

/// Journeys to what a server announces end here; more names than these are no service's own.
inline constexpr std::size_t links_followed = 8;

/// Scans every response wholly.
Survey survey_content(const Case& the_case);
/// The links alone, without scanning bodies that cannot have any: this is asked after every measurement.
std::vector<AnnouncedLink> announced_links(const Case& the_case);

/// The way to it: TCP is far enough.
Journey journey_to(const AnnouncedLink& link);

}  // namespace fwprobe::checks
