#pragma once
// The rules behind judge_decisive(), one function a symptom.

#include "checks/azure_devops_answers.h"
#include "checks/azure_devops_verdict.h"

namespace fwprobe::checks::azure_devops {

class Judge {
 public:
  Judge(const Case& the_case, const Course& course)
      : case_{the_case},
        course_{course},
        answer_{course.decisive()},
        response_{*answer_.response()},
        marked_{bears_mark(response_)},
        error_{service_error(response_)} {}

  Verdict verdict() const;

 private:
  // The list came, or something in its place.
  Verdict listed() const;
  Verdict accepted() const;
  Verdict broken_page(const Answer& page, std::size_t number) const;

  // The token was refused: azure_devops_refusals.cc.
  Verdict sign_in() const;
  Verdict lacks_list_scope() const;
  Verdict refused() const;
  /// A 401 that Azure DevOps did not write.
  Verdict refused_by_another(const Challenges& offered) const;
  Verdict without_token() const;
  Verdict forbidden() const;
  std::vector<std::string> token_advice() const;

  // There is no such place.
  Verdict not_found() const;
  /// Something that does not know Azure DevOps.
  Verdict foreign() const;
  Verdict redirected() const;

  // The version, and what is left.
  Verdict bad_request() const;
  Verdict too_old() const;
  Verdict throttled() const;
  Verdict server_error() const;
  Verdict other_client_error() const;

  Verdict fail(Cause cause, std::string summary, Confidence confidence = Confidence::high,
               std::vector<std::string> advice = {}, Facts facts = {}) const;
  bool token_sent() const { return answer_.with_token(); }
  bool code_is_readable() const;
  /// Who wrote an answer that Azure DevOps did not write.
  std::string other() const;

  const Case& case_;
  const Course& course_;
  const Answer& answer_;
  const probe::HttpResponse& response_;
  const bool marked_;
  const ServiceError error_;
};

/// Whether Windows itself or IIS wrote the answer.
bool is_microsoft(const probe::HttpResponse& response);

}  // namespace fwprobe::checks::azure_devops
