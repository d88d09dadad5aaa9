#pragma once
// How the answers of Azure DevOps read: its own marks, its challenges, its error texts and its lists.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "probe/facts/http.h"

namespace fwprobe::checks::azure_devops {

/// Whether the service itself wrote this answer: it bears X-TFS-ProcessId, X-VSS-E2EID or ActivityId. An
/// answer without them was written by something in between until shown otherwise.
bool bears_mark(const probe::HttpResponse& response);

/// By which the server's admin finds the request in the log: "ActivityId 5fed5113-…"; empty when it has none.
std::string log_key(const probe::HttpResponse& response);

/// Who wrote the answer, by its Server header: "nginx/1.22.1"; empty when it does not say.
std::string_view writer(const probe::HttpResponse& response);

/// The authentication schemes that an answer offers (RFC 9110 §11.6.1), in one or several header lines.
struct Challenges {
  std::vector<std::string> schemes;  ///< as written, in order
  bool offers(std::string_view scheme) const;
  std::string text() const;  ///< "Negotiate, NTLM"
};
Challenges challenges(const probe::HttpResponse& response);

bool is_html(const probe::HttpResponse& response);

/// A page or a redirect that asks a person to sign in, in place of an answer.
bool is_sign_in(const probe::HttpResponse& response);

/// The error envelope of the REST API, its older forms, and what HTML error pages say.
struct ServiceError {
  std::string type;     ///< typeKey: "VssVersionOutOfRangeException"
  std::string message;  ///< one line of at most 400 bytes; of the body, else of X-TFS-ServiceError
  bool contains(std::string_view text) const;  ///< in the message, case not regarded
};
ServiceError service_error(const probe::HttpResponse& response);

/// Whether the answer says that the access token has expired, as JSON, header or page.
bool says_expired(const probe::HttpResponse& response);
/// Whether it says that no credential arrived: "Resource not available for anonymous access".
bool says_anonymous(const probe::HttpResponse& response);

struct Project {
  std::string id;
  std::string name;
};

/// An answer to `_apis/projects`.
struct ProjectList {
  std::vector<Project> projects;  ///< at most 1000
  std::size_t count = 0;
  bool has_documented_shape = false;  ///< {"count": N, "value": [{"id", "name", …}, …]}
  bool is_json = false;
};
ProjectList project_list(std::string_view body);

struct Repository {
  std::string id, name, project, remote_url;
};

/// An answer to `_apis/git/repositories`: the first one that can be cloned, if any.
struct RepositoryList {
  std::optional<Repository> usable;
  std::size_t count = 0;
  bool has_documented_shape = false;
};
RepositoryList repository_list(std::string_view body);

/// What connectionData says about the deployment: "hosted", "onPremises"; empty when it does not.
std::string deployment_type(const probe::HttpResponse& response);

/// The bit of EditSubscriptions in an answer to _apis/securitynamespaces: the bits are read, not assumed.
std::optional<std::string> edit_subscriptions_bit(std::string_view body);

/// An answer to _apis/permissions about `count` tokens; nothing when it is not one true or false for each.
std::optional<std::vector<bool>> permissions(std::string_view body, std::size_t count);

/// Whether these are the refs of a repository over smart HTTP (gitprotocol-http(5), gitprotocol-v2(5)).
bool is_ref_advertisement(const probe::HttpResponse& response);

}  // namespace fwprobe::checks::azure_devops
