// The SSH check: does an SSH server identify itself (RFC 4253 §4.2), can a client of today agree with it on
// algorithms (§7.1), and is its host key the published one?

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "checks/builders.h"
#include "checks/checks.h"
#include "checks/ssh_algorithms.h"
#include "checks/ssh_host_key.h"

namespace fwprobe::checks {
namespace {

using Banner = Item<probe::SshBanner>;

constexpr Location at_the_server{Where::server, {}, {}, {}, {}};
constexpr std::size_t most_said = 80;

std::string subject(const Case& the_case, const Banner& banner) {
  if (const auto* connection = underlying_connection(the_case.evidence, banner.id))
    return text(connection->question.remote);
  return host_port(the_case.target.host.name, the_case.target.port);
}

/// What OpenSSH writes in place of its identification (sshd_config(5): MaxStartups, PerSourcePenalties).
bool turns_away(std::string_view first_bytes) {
  return first_bytes.starts_with("Exceeded MaxStartups") ||
         first_bytes.starts_with("Not allowed at this time");
}

/// The beginning of an identification that never came whole; a greeting may stand before it (RFC 4253 §4.2).
bool breaks_off(const probe::SshFailure& failure) {
  constexpr std::string_view mark = "SSH-";
  if (!failure.transport) return false;
  const std::string_view said = failure.first_bytes;
  const auto last_line = said.substr(said.rfind('\n') + 1);  // npos + 1 is the beginning
  return !last_line.empty() && (last_line.starts_with(mark) || mark.starts_with(last_line));
}

std::string end_in_words(const probe::SshFailure& failure, const Banner& banner) {
  const bool closed = failure.transport && probe::closed_by_peer(*failure.transport);
  if (!failure.first_bytes.empty())
    return fmt::format("connected, and the identification broke off: '{}', then {}",
                       failure.first_bytes.substr(0, most_said),
                       closed ? std::string{"the connection was closed"}
                              : fmt::format("nothing more within {}", text(banner.time.elapsed)));
  return closed ? "connected, and closed without an identification"
                : fmt::format("connected, and no identification came within {}", text(banner.time.elapsed));
}

/// "a, b, c and 4 more"
std::string listed(const std::vector<std::string>& names) {
  constexpr std::size_t most = 8;
  if (names.empty()) return "nothing";
  const auto shown = std::min(most, names.size());
  auto text =
      fmt::format("{}", fmt::join(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(shown), ", "));
  if (shown < names.size()) text += fmt::format(" and {} more", names.size() - shown);
  return text;
}

std::string listed(const std::vector<probe::SshHostKey>& keys) {
  std::vector<std::string> texts;
  for (const auto& key : keys) texts.push_back(fmt::format("{} {}", key.type, key.fingerprint));
  return listed(texts);
}

std::string listed(const PublishedKeys& published) {
  std::vector<std::string> texts;
  for (const auto& key : published.keys) texts.push_back(key.fingerprint);
  return listed(texts);
}

/// What is said of one connection, and of the others to the same endpoint.
class Judge {
 public:
  Judge(const Case& the_case, const Banner& banner)
      : case_{the_case}, banner_{banner}, where_{subject(the_case, banner)} {}

  Finding finding() const {
    if (!banner_->result) return without_identification(banner_->result.error());
    const auto& identification = *banner_->result;
    if (!probe::speaks_ssh2(identification))
      return nothing_in_common_with(
          fmt::format("the server speaks only version {} of SSH, and clients speak 2.0",
                      identification.protocol),
          "SSH " + identification.protocol, "SSH 2.0");

    const auto published = published_keys(case_);
    const auto compared = comparison(published);
    if (!published.keys.empty() && compared.match == HostKeyMatch::another)
      return mismatch(published, compared);
    if (const auto& offer = banner_->offer)
      if (const auto lists = nothing_in_common(*offer, current_clients()))
        return nothing_in_common_with(
            fmt::format("no matching {}: the server offers only {}", lists->what, listed(*lists->server)),
            listed(*lists->server), listed(*lists->client));
    if (const auto& failure = banner_->key_failure; failure && !is_ours(*failure))
      return key_exchange_failed(*failure);
    return key_is_right_or_unknown(published, compared);
  }

 private:
  Facts facts() const {
    return {{"host", case_.target.host.name},
            {"address", where_.substr(0, where_.rfind(':'))},
            {"port", std::to_string(case_.target.port)}};
  }

  Finding failed(Cause cause, std::string summary, Confidence confidence, const Facts& facts) const {
    auto made = problem(Status::fail, Check::ssh, where_, cause, std::move(summary), {banner_.id}, facts);
    made.location = at_the_server;
    made.confidence = confidence;
    return made;
  }

  Finding without_identification(const probe::SshFailure& failure) const {
    const auto said = failure.first_bytes.substr(0, most_said);
    if (turns_away(failure.first_bytes))
      return failed(Cause::ssh_banner_timeout,
                    fmt::format("the SSH server turns this client away: '{}'", said), Confidence::high,
                    facts());
    if (!failure.first_bytes.empty() && !breaks_off(failure))
      return failed(Cause::ssh_not_ssh, fmt::format("what answers is no SSH server; it says '{}'", said),
                    Confidence::high, facts());
    return failed(Cause::ssh_banner_timeout, end_in_words(failure, banner_), Confidence::medium, facts());
  }

  Finding nothing_in_common_with(std::string summary, std::string offered, std::string wanted) const {
    auto known = facts();
    known.emplace_back("software",
                       fmt::format("SSH-{}-{}", banner_->result->protocol, banner_->result->software));
    known.emplace_back("offered", std::move(offered));
    known.emplace_back("wanted", std::move(wanted));
    return failed(Cause::ssh_no_common_algorithm, std::move(summary), Confidence::high, known);
  }

  HostKeyComparison comparison(const PublishedKeys& published) const {
    const auto* base = underlying_connection(case_.evidence, banner_.id);
    return base ? compare_host_keys(case_, published, base->question.remote) : HostKeyComparison{};
  }

  Finding mismatch(const PublishedKeys& published, const HostKeyComparison& compared) const {
    auto known = facts();
    known.emplace_back("fingerprint", listed(compared.seen));
    known.emplace_back("published", listed(published));
    known.emplace_back("source", published.source);
    // Nothing seen here tells a device that answers in the server's name from a server that was given a new
    // key.
    auto made =
        failed(Cause::ssh_host_key_mismatch,
               fmt::format("the host key is {}, and not {} (from {}): another machine answers, or the "
                           "server has a new key",
                           listed(compared.seen), listed(published), published.source),
               Confidence::medium, known);
    made.evidence = compared.evidence;
    return made;
  }

  /// Whether it was our library that knows no algorithm of the server's, while clients of today do.
  bool is_ours(const probe::SshKeyFailure& failure) const {
    return !failure.transport && banner_->offer && failure.ours &&
           nothing_in_common(*banner_->offer, *failure.ours);
  }

  Finding key_exchange_failed(const probe::SshKeyFailure& failure) const {
    if (banner_->offer && !failure.transport) {
      // Both could agree, and did not: the library may be as wrong as the server.
      return could_not_measure(fmt::format("the key exchange failed ('{}'), and nothing tells why",
                                           failure.reason.substr(0, most_said)));
    }
    const auto* behind = banner_->offer ? "its offer of algorithms" : "its identification";
    const auto summary = !failure.transport
                             ? fmt::format("the server identified itself, and then: {}", failure.reason)
                         : probe::closed_by_peer(*failure.transport)
                             ? fmt::format("the server sent {}, and then the connection ended", behind)
                             : fmt::format("the server sent {}, and then nothing more within {}", behind,
                                           text(banner_.time.elapsed));
    return failed(Cause::ssh_key_exchange_failed, summary, Confidence::medium, facts());
  }

  Finding could_not_measure(std::string summary) const {
    return {Check::ssh,   where_, Status::error,    std::nullopt, std::move(summary),
            {banner_.id}, {},     Confidence::high, std::nullopt};
  }

  Finding key_is_right_or_unknown(const PublishedKeys& published, const HostKeyComparison& compared) const {
    auto summary = fmt::format("SSH-{}-{}", banner_->result->protocol, banner_->result->software);
    if (!published.keys.empty() && compared.match == HostKeyMatch::undecided) {
      const auto missing = compared.open_types.empty() ? std::string{"its host key"}
                                                       : "its key " + listed(compared.open_types);
      const auto why = fmt::format(
          "{} could not be read with the algorithms that libssh2 knows here, so it is not compared with {} "
          "('ssh-keyscan -p {} {} | ssh-keygen -lf -' shows it)",
          missing, listed(published), case_.target.port, case_.target.host.name);
      if (published.by_user) return could_not_measure(summary + ": " + why);
      return pass(Check::ssh, where_, summary + "; " + why, compared.evidence);
    }
    if (compared.match == HostKeyMatch::published) {
      summary += fmt::format(", host key {}, as published ({})", listed(compared.seen), published.source);
      return pass(Check::ssh, where_, summary, compared.evidence);
    }
    if (const auto& key = banner_->host_key)
      summary += fmt::format(", host key {} {}", key->type, key->fingerprint);
    else if (banner_->key_failure)
      summary += ", host key not read: no algorithm in common with libssh2";
    return pass(Check::ssh, where_, summary, {banner_.id});
  }

  const Case& case_;
  const Banner& banner_;
  std::string where_;
};

}  // namespace

Findings check_ssh(const Case& the_case) {
  Findings findings;
  for (const auto& banner : the_case.evidence.all<probe::SshBanner>())
    if (banner->question.host_key_type.empty()) findings.push_back(Judge{the_case, banner}.finding());
  if (findings.empty() && the_case.profile() == Profile::ssh)
    findings.push_back(skip(Check::ssh, the_case.target.text(), "not reached"));
  return findings;
}

}  // namespace fwprobe::checks
