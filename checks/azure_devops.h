#pragma once
// The way through an Azure DevOps server: which requests, in which order, and what each of them is for. The
// plan reads from it what to ask next, the check what was answered; both walk the same way.

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "checks/evidence.h"
#include "checks/finding.h"

namespace fwprobe::checks::azure_devops {

/// A request and its answer, as far as there is one.
struct Answer {
  probe::HttpRequest request;
  const probe::HttpExchange* exchange = nullptr;  ///< null: not asked, or not answered yet
  probe::MeasurementId id;

  /// Null also when the exchange failed.
  const probe::HttpResponse* response() const {
    return exchange && exchange->result ? &*exchange->result : nullptr;
  }
  int status() const { return response() ? response()->status : 0; }
  bool with_token() const { return request.credential == probe::Credential::token; }
};

/// Whether, and why not, the token goes with the requests.
enum class TokenUse : std::uint8_t {
  sent,
  not_given,
  kept_from_http,    ///< http would show it to everyone on the way
  kept_from_others,  ///< what answers neither bears the service's mark nor asks for a credential
};

/// Some projects, and the answer about them: one yes or no each, in this order.
struct HookAnswer {
  std::vector<std::string> projects;
  Answer answer;
};

struct Course {
  std::vector<probe::HttpRequest> requests;  ///< asked so far and the next one, in order
  std::string collection;                    ///< as it stands in the URLs, without slashes around
  std::string base;                          ///< "https://azure.example.com/tfs/DefaultCollection"
  TokenUse token = TokenUse::not_given;
  bool lacks_collection = false;  ///< none was given, so that only the product can be told

  bool interrupted = false;  ///< a request was due and has no answer (yet): its part is unknown

  Answer anonymous;              ///< connectionData without a credential: marks, challenges, realm
  std::string other_collection;  ///< the collection with its tfs/ prefix put on or taken off
  Answer elsewhere;              ///< connectionData there, after a 404
  std::vector<Answer> projects;  ///< pages of the list; the first decides about the token
  bool pages_cut = false;        ///< there are more pages than are read
  Answer options;                ///< the API's resources and their versions
  Answer repositories;
  Answer refs;                    ///< smart HTTP of one repository
  std::string repository;         ///< its name
  Answer hook_actions;            ///< the bits of the ServiceHooks permissions
  std::vector<HookAnswer> hooks;  ///< whether the token may edit subscriptions; a yes ends the asking
  bool hooks_cut = false;         ///< there are more projects than were asked about
  Answer policy;                  ///< organization policies, Azure DevOps Services only

  /// The answer that decides about service and token: the list of projects, else the anonymous one.
  const Answer& decisive() const {
    return projects.empty() || !projects.front().exchange ? anonymous : projects.front();
  }
  bool is_found_elsewhere() const;
};

/// How far the evidence leads. A request is asked only when the answers before it give a reason to.
Course course(const Case& the_case);

/// Azure DevOps Services rather than a server: by what answered, else by the host, else by the profile.
bool is_services(const Case& the_case, const Course& course);

/// Namespace ServiceHooks of the permissions: learn.microsoft.com, "Security namespace and permission
/// reference".
inline constexpr std::string_view service_hooks_namespace = "cb594ebe-87dd-4fc9-ac2c-6a10a4c92046";
}  // namespace fwprobe::checks::azure_devops
