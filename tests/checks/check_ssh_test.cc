#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/checks/measurements.h"

namespace fwprobe::checks {
namespace {

using namespace measured;

Scene hears(std::expected<probe::SshIdentification, probe::SshFailure> result) {
  probe::SshBanner banner;
  banner.question.connection = {2};
  banner.result = std::move(result);
  return Scene{"ssh://203.0.113.9"}.add(connected(to("203.0.113.9", 22))).add(std::move(banner));
}
Scene hears_nothing(probe::TransportFailure end) {
  return hears(std::unexpected{probe::SshFailure{std::move(end), ""}});
}
Scene hears_instead(std::string bytes) {
  return hears(std::unexpected{probe::SshFailure{closed(), std::move(bytes)}});
}

TEST(CheckSsh, WhatAnswersOnTheSshPort) {
  struct Row {
    const char* name;
    Scene scene;
    std::vector<std::string> expected;
  };
  const Row rows[] = {
      {"an SSH server identifies itself",
       hears(probe::SshIdentification{"2.0", "OpenSSH_9.2p1", ""}),
       {"pass"}},
      {"nothing comes", hears_nothing(deadline()), {"fail ssh.banner_timeout server medium"}},
      {"the connection is closed instead",
       hears_nothing(closed()),
       {"fail ssh.banner_timeout server medium"}},
      {"a web server answers",
       hears_instead("HTTP/1.1 400 Bad Request\r\n"),
       {"fail ssh.not_ssh server high"}},
      {"an SSH server that is full is an SSH server",
       hears_instead("Exceeded MaxStartups\r\n"),
       {"fail ssh.banner_timeout server high"}},
      {"and so is one that punishes this client",
       hears_instead("Not allowed at this time\r\n"),
       {"fail ssh.banner_timeout server high"}},
      {"it was not reached", Scene{"ssh://203.0.113.9"}, {"skip"}},
      {"it was not asked for", Scene{"https://203.0.113.9"}, {}},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.name);
    EXPECT_EQ(brief(row.scene.judged_by(check_ssh)), row.expected);
  }
}

}  // namespace
}  // namespace fwprobe::checks
