#include "checks/target.h"

#include <gtest/gtest.h>

namespace fwprobe::checks {
namespace {

TEST(Target, IsReadAsTheUserMeantIt) {
  struct Case {
    const char* given;
    const char* read_as;
    Profile profile;
  };
  const Case cases[] = {
      {"https://azure.example.com", "https://azure.example.com/", Profile::web},
      {"https://Azure.Example.com:8443/tfs?x=1", "https://azure.example.com:8443/tfs?x=1", Profile::web},
      {"http://192.0.2.1:8080/", "http://192.0.2.1:8080/", Profile::web},
      {"azure.example.com", "https://azure.example.com/", Profile::web},
      {"azure.example.com:443", "https://azure.example.com/", Profile::web},
      {"azure.example.com:8080", "tcp://azure.example.com:8080", Profile::tcp},
      {"[2001:db8::1]:22", "tcp://[2001:db8::1]:22", Profile::tcp},
      {"[2001:db8::1]", "https://[2001:db8::1]/", Profile::web},
      {"tcp://host:1433", "tcp://host:1433", Profile::tcp},
      {"tls://host:636", "tls://host:636", Profile::tls},
      {"ssh://git@ssh.dev.azure.com", "ssh://ssh.dev.azure.com:22", Profile::ssh},
  };
  for (const auto& row : cases) {
    const auto target = parse_target(row.given);
    ASSERT_TRUE(target) << row.given << ": " << target.error();
    EXPECT_EQ(target->text(), row.read_as) << row.given;
    EXPECT_EQ(default_profile(target->scheme), row.profile) << row.given;
  }
}

TEST(Target, ThatCannotBeReadSaysWhatWouldBeRight) {
  struct Case {
    const char* given;
    const char* said;
  };
  const Case cases[] = {
      {"ftp://host/", "write https, http, tcp, tls or ssh"},
      {"tcp://host", "the port is missing"},
      {"tls://host", "the port is missing"},
      {"tcp://host:22/path", "tcp has no path"},
      {"https://user:secret@host/", "use --token-env"},
      {"2001:db8::1", "in brackets"},
      {"ftp://user:secret@host/", "write https"},
      {"https://user:secret@host:70000/", "70000"},
      {"user:secret@host:70000", "70000"},
      {"https://", "https://"},
      {"host:70000", "70000"},
      {"", "''"},
  };
  for (const auto& row : cases) {
    const auto target = parse_target(row.given);
    ASSERT_FALSE(target) << row.given;
    EXPECT_NE(target.error().find(row.said), std::string::npos) << row.given << ": " << target.error();
    EXPECT_EQ(target.error().find("secret"), std::string::npos) << "a password must not be repeated";
  }
}

}  // namespace
}  // namespace fwprobe::checks
