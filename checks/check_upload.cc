// The check of --upload: does a large body get to the server?

#include <algorithm>

#include <fmt/format.h>

#include "checks/azure_devops_answers.h"
#include "checks/builders.h"
#include "checks/checks.h"
#include "checks/opt_in.h"
#include "checks/writer.h"

namespace fwprobe::checks {
namespace {

constexpr std::uint16_t content_too_large = 413;  // RFC 9110 §15.5.14

class Judge {
 public:
  explicit Judge(const Case& the_case) : case_{the_case}, trials_{upload_trials(the_case)} {}

  Finding judge() const {
    if (!trials_.small) return unsettled("no request got so far");
    const auto& small = *trials_.small->fact;
    if (!small.result) return unsettled("a POST with a small body is not answered either");
    if (const auto who = other_than_server(*small.result, small.question.request.url))
      return unsettled(fmt::format("{} answers a POST with a small body as well", *who));
    if (small.result->status == content_too_large)
      return unsettled("a POST with a small body is refused as well (413)");
    if (!trials_.large) return unsettled("the large body was not sent");
    return (*trials_.large)->result ? answered() : unanswered();
  }

 private:
  const probe::HttpResponse& small() const { return *(*trials_.small)->result; }
  const probe::HttpTrial& large() const { return *trials_.large->fact; }
  std::uint64_t size() const { return large().question.request.zeros; }
  /// Of the body, as near as can be told: the kernel counts the head and TLS records as well.
  std::uint64_t acknowledged() const {
    return std::min(large().delivery.acknowledged, large().delivery.sent);
  }

  Finding answered() const {
    const auto& response = *large().result;
    const auto& url = large().question.request.url;
    if (const auto who = find_stand_in(response, url)) {
      const auto where = who->kind == StandIn::Kind::firewall ? Where::server : Where::path;
      return blocked(fmt::format("{} answers {} to the large body, and not to the small one", who->product,
                                 response.status),
                     who->confidence, where, who->product);
    }
    const auto authorship = compare_writers(response, small());
    if (response.status == content_too_large) return too_large(response, authorship);
    const bool refused = response.status >= 400 && response.status != small().status;
    if (refused && authorship == Authorship::another)
      return blocked(
          fmt::format("{} {} by {} to the large body, {} by {} to the small one", response.status,
                      response.reason, writer_in_words(response), small().status, writer_in_words(small())),
          Confidence::medium, Where::path, "the device that answers as " + writer_in_words(response));
    if (large().delivery.sent < size())
      return passed(fmt::format(
          "the server answered {} before the end of the body, of which {} of {} bytes were sent: so much "
          "gets through, and the rest was not tried",
          response.status, large().delivery.sent, size()));
    const auto note = response.status == small().status
                          ? std::string{"as to a small body"}
                          : fmt::format("and {} to a small body", small().status);
    return passed(fmt::format("{} bytes got through in {}; the answer is {}, {}", size(),
                              text(trials_.large->time.elapsed), response.status, note));
  }

  Finding too_large(const probe::HttpResponse& response, Authorship authorship) const {
    if (azure_devops::bears_mark(response)) {
      auto finding = problem(Status::fail, Check::http, subject(), Cause::http_client_error,
                             fmt::format("the service itself refuses a body of {} bytes (413)", size()),
                             ids(), {{"status", "413"}});
      finding.location = Location{Where::server, {}, {}, {}, {}};
      return finding;
    }
    const auto words = fmt::format("413 {} by {} to {} bytes, while a small body is answered {}",
                                   response.reason, writer_in_words(response), size(), small().status);
    if (authorship == Authorship::another)
      return blocked(fmt::format("{} by {}", words, writer_in_words(small())), Confidence::medium,
                     Where::path, "the device that answers as " + writer_in_words(response));
    return blocked(
        words + "; nothing tells whether that is the server's own limit or that of a proxy in front of it",
        Confidence::low, Where::server,
        "the server " + writer_in_words(response) + ", or a reverse proxy in front of it");
  }

  Finding unanswered() const {
    const auto& failure = large().result.error();
    if (failure.kind != probe::HttpFailure::Kind::transport || !failure.transport)
      return unsettled(fmt::format("the answer to the large body cannot be read: {}", failure.detail));
    if (!failure.detail.empty()) return unsettled(failure.detail);  // nothing was sent
    const bool control = trials_.small_again && (*trials_.small_again)->result;
    if (!control)
      return unsettled(trials_.small_again
                           ? "after the large body a small one is not answered any more either"
                           : "it was not tried whether a small body still gets through afterwards");
    const bool all = large().delivery.sent == size() && large().delivery.acknowledged >= size();
    const auto got = fmt::format("about {} of {} bytes", acknowledged(), size());
    if (probe::closed_by_peer(*failure.transport)) {
      const auto how = probe::reset_by_peer(*failure.transport) ? "reset" : "closed";
      if (failure.received > 0)
        return unsettled(fmt::format("the answer to the large body was cut: connection {}", how));
      return blocked(
          fmt::format(
              "the connection is {} after {}, without an answer; small bodies are answered before and after",
              how, got),
          Confidence::medium, Where::path, {});
    }
    if (!probe::timed_out(*failure.transport))
      return blocked(
          fmt::format("the connection fails after {}: {}", got, failure.transport->error.message()),
          Confidence::medium, Where::path, {});
    // What still moved when the target's time was over is slow, not stuck.
    if (large().delivery.quiet < case_.settings.timeout / 2)
      return unsettled(fmt::format(
          "after {} the target's time was over while the body still moved; give more with --deadline", got));
    if (all) return not_answered();
    auto finding = blocked(
        fmt::format(
            "the body stalls after {}: nothing more is acknowledged for {}; small bodies are answered before "
            "and after",
            got, text(large().delivery.quiet)),
        Confidence::medium, Where::path, {});
    // A path that drops full-size segments stops the first of them.
    constexpr std::uint64_t first_segments = 16UL * 1024;
    if (acknowledged() < first_segments) {
      finding.confidence = Confidence::low;
      finding.summary +=
          ". So early it may as well be full-size packets that vanish (tcp.path_mtu_black_hole)";
    }
    return finding;
  }

  /// It has arrived; whether something still looks at it or the server is slow is not told.
  Finding not_answered() const {
    auto finding = problem(
        Status::warn, Check::http, subject(), Cause::http_timeout,
        fmt::format("all {} bytes were acknowledged, and no answer came within {}; a small body is answered",
                    size(), text(large().delivery.quiet)),
        ids(), facts({}));
    finding.confidence = Confidence::low;
    finding.location = Location{Where::server, {}, {}, {}, {}};
    return finding;
  }

  Facts facts(std::string device) const {
    const auto& url = large().question.request.url;
    Facts known{{"host", url.host.name},
                {"port", std::to_string(url.port)},
                {"path", url.target()},
                {"size", std::to_string(size())},
                {"device", device.empty() ? "the proxies, web filters and web application firewalls between"
                                          : std::move(device)}};
    if (const auto* base = underlying_connection(case_.evidence, trials_.large->id))
      known.emplace_back("address", base->question.remote.address().to_string());
    // A refusal by the announced length says nothing about where the limit is.
    if (!large().result && acknowledged() > 0)
      known.emplace_back("acknowledged", std::to_string(acknowledged()));
    return known;
  }

  Finding blocked(std::string words, Confidence confidence, Where where, std::string device) const {
    auto finding = problem(Status::fail, Check::http, subject(), Cause::http_upload_blocked, std::move(words),
                           ids(), facts(std::move(device)));
    finding.confidence = confidence;
    finding.location = Location{where, {}, {}, {}, {}};
    return finding;
  }

  Finding passed(std::string words) const { return pass(Check::http, subject(), std::move(words), ids()); }
  Finding unsettled(std::string why) const {
    return skip(Check::http, subject(), "--upload says nothing: " + std::move(why), ids());
  }
  std::string subject() const { return case_.target.text(); }

  Ids ids() const {
    Ids all;
    for (const auto* trial : {&trials_.small, &trials_.large, &trials_.small_again})
      if (*trial) all.push_back((*trial)->id);
    return all;
  }

  const Case& case_;
  UploadTrials trials_;
};

}  // namespace

Findings check_upload(const Case& the_case) {
  if (!the_case.settings.upload) return {};
  if (!is_http(the_case.target.scheme))
    return {skip(Check::http, the_case.target.text(), "--upload says nothing: the target speaks no HTTP")};
  return {Judge{the_case}.judge()};
}

}  // namespace fwprobe::checks
