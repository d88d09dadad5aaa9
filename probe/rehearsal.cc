#include "probe/rehearsal.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include "probe/rehearsal_connects.h"
#include "probe/rehearsal_network.h"

namespace fwprobe::probe {
namespace {

using Kind = RehearsalFailure::Kind;
using Outcome = std::expected<RehearsalResult, RehearsalFailure>;

Outcome impossible(std::string message) {
  return std::unexpected{RehearsalFailure{Kind::not_possible, std::move(message)}};
}

/// What is wrong stands on the first line that is no warning, or behind its colon on the next; where, there
/// ("/dev/stdin:3:7-9: Error: …") or, from iptables-restore, on a line behind it.
std::string complaint(std::string_view output) {
  std::string said;
  for (auto rest = output; !rest.empty();) {
    const auto line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    if (line.empty() || line.starts_with('#') || line.starts_with("Warning")) continue;
    const auto words = line.substr(0, line.find_last_not_of(" \t\r") + 1);
    if (said.empty())
      said = words;
    else if (said.ends_with(':'))
      said += fmt::format(" {}", words);
    else if (line.starts_with("Error occurred at line"))
      return fmt::format("{} ({})", said, line);
  }
  return said;
}

std::string refusal(const RuleLoad& load, const ProgramEnd& end) {
  const auto& program = load.command.front();
  const auto said = complaint(end.output);
  if (said.empty()) return fmt::format("{}: {} ends with status {}", load.origin, program, end.status);
  constexpr std::string_view input = "/dev/stdin";
  if (said.starts_with(input))
    return fmt::format("{}{} (says {})", load.origin, said.substr(input.size()), program);
  return fmt::format("{}: {} refuses these rules: {}", load.origin, program, said);
}

Outcome no_connections(std::string_view error) {
  return impossible(fmt::format("the connections of the rehearsal cannot be made: {}", error));
}

Outcome load(const std::vector<RuleLoad>& rules) {
  for (const auto& one : rules) {
    const auto end = run_program(one.command, one.text);
    if (!end) return impossible(fmt::format("{} cannot be run: {}", one.command.front(), end.error()));
    if (end->status == 0) continue;
    return std::unexpected{RehearsalFailure{Kind::rules_refused, refusal(one, *end)}};
  }
  return RehearsalResult{};
}

/// Without rules first: what does not connect then is not stopped by them.
Outcome rehearse_here(const Rehearsal& rehearsal, int parent) {
  if (auto left = leave_for_new_namespaces(); !left) return impossible(left.error());
  // New namespaces are new credentials, which undo what be_child() did.
  if (!end_with_parent(parent)) return impossible("the program has ended");
  const auto network = make_network(rehearsal);
  if (!network) return impossible(network.error());
  const auto listeners = listen_everywhere(rehearsal, *network);
  if (!listeners) return no_connections(listeners.error());
  if (!enter(network->sources)) return no_connections("setns(2)");
  const auto control = connect_from_all(rehearsal, *listeners);
  if (!control) return no_connections(control.error());
  if (!enter(network->firewall)) return no_connections("setns(2)");
  if (auto loaded = load(rehearsal.rules); !loaded) return loaded;
  if (!enter(network->sources)) return no_connections("setns(2)");
  auto passages = connect_from_all(rehearsal, *listeners);
  if (!passages) return no_connections(passages.error());
  for (std::size_t i = 0; i < passages->size(); ++i)
    if ((*control)[i] != Passage::allowed) (*passages)[i] = Passage::unusable;
  return RehearsalResult{std::move(*passages), network->errors};
}

// What the child tells: its kind of answer, then the passages or the failure's message.
constexpr char told_passages[] = {'a', 'l'};  // all errors sent, limited
constexpr char told_failure[] = {'n', 'r'};   // not possible, refused

std::string told(const Outcome& outcome) {
  if (!outcome) return told_failure[static_cast<std::size_t>(outcome.error().kind)] + outcome.error().message;
  std::string text(1, told_passages[static_cast<std::size_t>(outcome->errors)]);
  for (const auto passage : outcome->passages) text += static_cast<char>(passage);
  return text;
}

Outcome understood(std::string_view text, std::size_t sources) {
  constexpr auto ended_early = "the rehearsal's process ended before its answer";
  if (text.empty()) return impossible(ended_early);
  const auto answer = text.substr(1);
  for (const auto kind : {Kind::not_possible, Kind::rules_refused})
    if (text.front() == told_failure[static_cast<std::size_t>(kind)])
      return std::unexpected{RehearsalFailure{kind, std::string{answer}}};
  if (answer.size() != sources) return impossible(ended_early);
  RehearsalResult result;
  result.errors = text.front() == told_passages[0] ? IcmpErrors::all_sent : IcmpErrors::limited;
  for (const char passage : answer) result.passages.push_back(static_cast<Passage>(passage));
  return result;
}

/// To the end of the pipe.
std::string read_all(int pipe) {
  std::string text;
  std::array<char, 4096> buffer;
  for (;;) {
    const auto length = ::read(pipe, buffer.data(), buffer.size());
    if (length < 0 && errno == EINTR) continue;
    if (length <= 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(length));
  }
}

[[noreturn]] void be_child(const Rehearsal& rehearsal, int pipe, int parent) {
  if (!end_with_parent(parent)) ::_exit(1);
  std::string text;
  try {
    text = told(rehearse_here(rehearsal, parent));
  } catch (const std::exception& error) {
    text = told(impossible(error.what()));
  }
  for (std::string_view rest = text; !rest.empty();) {
    const auto written = ::write(pipe, rest.data(), rest.size());
    if (written < 0 && errno != EINTR) ::_exit(1);
    if (written > 0) rest.remove_prefix(static_cast<std::size_t>(written));
  }
  ::_exit(0);
}

}  // namespace

std::expected<RehearsalResult, RehearsalFailure> rehearse(const Rehearsal& rehearsal) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return impossible(fmt::format("pipe2(2): {}", std::strerror(errno)));
  const Descriptor reading{ends[0]};
  Descriptor writing{ends[1]};
  const auto parent = ::getpid();
  const auto child = ::fork();
  if (child < 0) return impossible(fmt::format("fork(2): {}", std::strerror(errno)));
  if (child == 0) be_child(rehearsal, writing.number(), parent);
  writing = Descriptor{};
  const auto text = read_all(reading.number());
  while (::waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
  }
  return understood(text, rehearsal.sources.size());
}

}  // namespace fwprobe::probe
