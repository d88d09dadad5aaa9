// The check of --methods: does something between let only some request methods through?

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "checks/builders.h"
#include "checks/checks.h"
#include "checks/opt_in.h"
#include "checks/writer.h"

namespace fwprobe::checks {
namespace {

/// What one method met that GET did not.
struct Block {
  std::string method;
  std::string words;
  Confidence confidence = Confidence::medium;
  std::string device;  ///< that is known to refuse; empty: somewhere on the way
  Where where = Where::path;
};

class Judge {
 public:
  explicit Judge(const Case& the_case) : case_{the_case}, trials_{method_trials(the_case)} {}

  Finding judge() const {
    if (!trials_.get) return unsettled("no request got so far");
    const auto& get = *trials_.get->fact;
    if (!get.result) return unsettled("GET of the same path is not answered either");
    if (const auto who = other_than_server(*get.result, get.question.request.url))
      return unsettled(fmt::format("{} answers GET as well", *who));

    std::vector<Block> blocks;
    std::vector<std::string> notes;
    for (const auto& trial : trials_.others) look_at(*trial->fact, blocks, notes);
    if (blocks.empty() && trials_.others.empty()) return unsettled("no other method was asked");
    return blocks.empty() ? passed(notes) : blocked(blocks);
  }

 private:
  void look_at(const probe::HttpTrial& trial, std::vector<Block>& blocks,
               std::vector<std::string>& notes) const {
    const auto& method = trial.question.request.method;
    if (!trial.result) {
      if (auto block = no_answer(trial))
        blocks.push_back(std::move(*block));
      else
        notes.push_back(method + " is not answered, and GET is not any more either");
      return;
    }
    const auto& response = *trial.result;
    if (auto block = refusal(trial, response)) return blocks.push_back(std::move(*block));
    const auto allow = probe::header(response.headers, "Allow");
    notes.push_back(fmt::format("{} {}{}", method, response.status,
                                allow ? fmt::format(" (allows {})", allow->substr(0, 60)) : ""));
  }

  std::optional<Block> no_answer(const probe::HttpTrial& trial) const {
    const bool control = trials_.get_again && (*trials_.get_again)->result;
    if (!control) return std::nullopt;
    const auto& failure = trial.result.error();
    const auto& method = trial.question.request.method;
    if (failure.received > 0 || !failure.transport)
      return Block{method, "what comes back is no complete HTTP response", Confidence::low, {}, Where::path};
    if (!failure.detail.empty()) return std::nullopt;  // nothing was sent
    if (probe::reset_by_peer(*failure.transport))
      return Block{method, "the connection is reset", Confidence::medium, {}, Where::path};
    if (probe::closed_by_peer(*failure.transport))
      return Block{method, "the connection is closed", Confidence::medium, {}, Where::path};
    return Block{method, "no answer", Confidence::medium, {}, Where::path};
  }

  std::optional<Block> refusal(const probe::HttpTrial& trial, const probe::HttpResponse& response) const {
    const auto& request = trial.question.request;
    if (const auto who = find_stand_in(response, request.url))
      return Block{request.method, fmt::format("{} answers {}", who->product, response.status),
                   who->confidence, who->product,
                   who->kind == StandIn::Kind::firewall ? Where::server : Where::path};
    // 406 is what ModSecurity's rules answer.
    const auto status = response.status;
    if (status != 403 && status != 405 && status != 406 && status != 501) return std::nullopt;
    const auto& get = *(*trials_.get)->result;
    const auto authorship = compare_writers(response, get);
    if (authorship == Authorship::same) return std::nullopt;
    // Whoever lists what the resource allows knows the resource (RFC 9110 §15.5.6): the server's own words,
    // by another of its parts.
    if (status == 405 && probe::header(response.headers, "Allow")) return std::nullopt;
    return Block{
        request.method,
        fmt::format("{} by {}, while GET is answered by {}", status, writer_in_words(response),
                    writer_in_words(get)),
        authorship == Authorship::another ? Confidence::medium : Confidence::low,
        authorship == Authorship::another ? "the device that answers as " + writer_in_words(response) : "",
        Where::path};
  }

  Finding passed(const std::vector<std::string>& notes) const {
    return pass(Check::http, subject(),
                fmt::format("every method is answered as GET ({}) is, by the same server: {}",
                            (*trials_.get)->result->status, fmt::join(notes, ", ")),
                ids());
  }

  Finding blocked(const std::vector<Block>& blocks) const {
    std::vector<std::string> methods, words;
    const Block* surest = &blocks.front();
    for (const auto& block : blocks) {
      methods.push_back(block.method);
      words.push_back(fmt::format("{}: {}", block.method, block.words));
      if (block.confidence > surest->confidence) surest = &block;
    }
    const bool doubtful = surest->confidence == Confidence::low;
    auto finding = problem(
        doubtful ? Status::warn : Status::fail, Check::http, subject(), Cause::http_method_blocked,
        fmt::format("{}{}", fmt::join(words, "; "),
                    doubtful ? "; it may be the server itself that says no more about its refusals" : ""),
        ids(),
        {{"methods", fmt::format("{}", fmt::join(methods, ", "))},
         {"host", case_.target.host.name},
         {"device", surest->device.empty() ? "the proxies, web filters and web application firewalls between"
                                           : surest->device}});
    finding.confidence = surest->confidence;
    finding.location = Location{surest->where, {}, {}, {}, {}};
    return finding;
  }

  Finding unsettled(std::string why) const {
    return skip(Check::http, subject(), "--methods says nothing: " + std::move(why), ids());
  }

  std::string subject() const {
    return trials_.get ? (*trials_.get)->question.request.url.text() : case_.target.text();
  }

  Ids ids() const {
    Ids all;
    if (trials_.get) all.push_back(trials_.get->id);
    for (const auto& trial : trials_.others) all.push_back(trial->id);
    if (trials_.get_again) all.push_back(trials_.get_again->id);
    return all;
  }

  const Case& case_;
  MethodTrials trials_;
};

}  // namespace

Findings check_methods(const Case& the_case) {
  if (!the_case.settings.methods) return {};
  if (!is_http(the_case.target.scheme))
    return {skip(Check::http, the_case.target.text(), "--methods says nothing: the target speaks no HTTP")};
  return {Judge{the_case}.judge()};
}

}  // namespace fwprobe::checks
