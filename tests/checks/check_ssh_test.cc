#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "checks/plan.h"
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
Scene hears_part(std::string bytes, probe::TransportFailure end) {
  return hears(std::unexpected{probe::SshFailure{std::move(end), std::move(bytes)}});
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
      {"a server that speaks both versions", hears(probe::SshIdentification{"1.99", "x", ""}), {"pass"}},
      {"a server of the first version only",
       hears(probe::SshIdentification{"1.5", "x", ""}),
       {"fail ssh.no_common_algorithm server high"}},
      {"nothing comes", hears_nothing(deadline()), {"fail ssh.banner_timeout server medium"}},
      {"the connection is closed instead",
       hears_nothing(closed()),
       {"fail ssh.banner_timeout server medium"}},
      {"it stalls in the middle of an identification",
       hears_part("SSH-2.0-Op", deadline()),
       {"fail ssh.banner_timeout server medium"}},
      {"it stalls at the first letters, after a line of greeting",
       hears_part("Welcome\r\nSS", deadline()),
       {"fail ssh.banner_timeout server medium"}},
      {"it is closed in the middle of an identification",
       hears_part("SSH-2.0-Op", closed()),
       {"fail ssh.banner_timeout server medium"}},
      {"a mail server greets and waits",
       hears_part("220 mail.example.com ESMTP\r\n", deadline()),
       {"fail ssh.not_ssh server high"}},
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

const probe::SshHostKey ed25519{"ssh-ed25519", 256, "SHA256:ed"};
const probe::SshHostKey rsa{"ssh-rsa", 3072, "SHA256:rsa"};
const probe::SshHostKey github{"ssh-ed25519", 256, "SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU"};
const probe::SshHostKey azure{"ssh-rsa", 2048, "SHA256:ohD8VZEXGWo6Ez8GSEJQ9WpafgLFsOfLOtGGQCQo6Og"};

/// What a server of today offers, with both types of key.
probe::SshOffer modern() {
  return {{"curve25519-sha256"}, {"rsa-sha2-512", "ssh-ed25519"},
          {"aes128-ctr"},        {"aes128-ctr"},
          {"hmac-sha2-256"},     {"hmac-sha2-256"}};
}
probe::SshOffer with_keys(std::vector<std::string> types) {
  auto offer = modern();
  offer.host_key = std::move(types);
  return offer;
}

probe::SshBanner says(probe::SshOffer offer, std::string asked_type = {}) {
  probe::SshBanner banner{{{2}, std::move(asked_type)}, probe::SshIdentification{"2.0", "OpenSSH_9.2p1", ""}};
  banner.offer = std::move(offer);
  return banner;
}
probe::SshBanner shows(const probe::SshHostKey& key, probe::SshOffer offer = modern(),
                       std::string asked = {}) {
  auto banner = says(std::move(offer), std::move(asked));
  banner.host_key = key;
  return banner;
}
probe::SshBanner shows_no_key(probe::SshKeyFailure failure, probe::SshOffer offer = modern(),
                              std::string asked = {}) {
  auto banner = says(std::move(offer), std::move(asked));
  banner.key_failure = std::move(failure);
  return banner;
}
/// The library knows none of the types of key that it was to ask for.
probe::SshKeyFailure library_knows_none() {
  return {{}, "Unable to exchange encryption keys", with_keys({"ssh-of-the-library"})};
}

Scene at_host(const char* target) { return Scene{target}.add(connected(to("203.0.113.9", 22))); }
Scene expecting(const char* fingerprint) {
  return at_host("ssh://git.example.com").with([&](Scene& scene) {
    scene.settings.ssh_fingerprints = {fingerprint};
  });
}

TEST(CheckSsh, HostKeysAreComparedWithWhatIsPublished) {
  const auto unreadable = shows_no_key(library_knows_none(), modern(), "ssh-rsa");
  struct Row {
    const char* name;
    Scene scene;
    std::vector<std::string> expected;
    const char* said;
  };
  const Row rows[] = {
      {"nothing is published",
       at_host("ssh://git.example.com").add(shows(ed25519)),
       {"pass"},
       "host key ssh-ed25519 SHA256:ed"},
      {"the key of a known service",
       at_host("ssh://git@GitHub.com").add(shows(github)),
       {"pass"},
       "as published"},
      {"another key of a published type, whatever other types there are",
       at_host("ssh://github.com").add(shows(ed25519)),
       {"fail ssh.host_key_mismatch server medium"},
       "SHA256:ed"},
      {"the service has no key of that type",
       at_host("ssh://ssh.dev.azure.com").add(shows(ed25519, with_keys({"ssh-ed25519"}))),
       {"fail ssh.host_key_mismatch server medium"},
       "and not SHA256:ohD8"},
      {"the published key is of another type, which was asked for then",
       at_host("ssh://ssh.dev.azure.com").add(shows(ed25519)).add(shows(azure, modern(), "ssh-rsa")),
       {"pass"},
       "as published"},
      {"another key of that type",
       at_host("ssh://ssh.dev.azure.com").add(shows(ed25519)).add(shows(rsa, modern(), "ssh-rsa")),
       {"fail ssh.host_key_mismatch server medium"},
       "SHA256:rsa"},
      {"the published key cannot be read here",
       at_host("ssh://ssh.dev.azure.com").add(shows(ed25519)).add(unreadable),
       {"pass"},
       "its key ssh-rsa could not be read"},
      {"the user's fingerprint", expecting("SHA256:ed").add(shows(ed25519)), {"pass"}, "--ssh-fingerprint"},
      {"the user's fingerprint, of the other type",
       expecting("SHA256:rsa").add(shows(ed25519)).add(shows(rsa, modern(), "ssh-rsa")),
       {"pass"},
       "--ssh-fingerprint"},
      {"none of the server's keys has the user's fingerprint",
       expecting("SHA256:x").add(shows(ed25519)).add(shows(rsa, modern(), "ssh-rsa")),
       {"fail ssh.host_key_mismatch server medium"},
       "and not SHA256:x"},
      {"what the user asked for cannot be read",
       expecting("SHA256:x").add(shows(ed25519)).add(unreadable),
       {"error"},
       "ssh-keyscan"},
      {"no key at all can be read",
       expecting("SHA256:x").add(shows_no_key(library_knows_none())),
       {"error"},
       "could not be read"},
      {"a certificate has no fingerprint to compare",
       expecting("SHA256:x")
           .add(shows(ed25519, with_keys({"ssh-ed25519-cert-v01@openssh.com", "ssh-ed25519"}))),
       {"fail ssh.host_key_mismatch server medium"},
       "and not SHA256:x"},
      {"a mismatch comes before an old server's algorithms",
       expecting("SHA256:x").add(shows(rsa, with_keys({"ssh-rsa"}))),
       {"fail ssh.host_key_mismatch server medium"},
       "and not SHA256:x"},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.name);
    const auto findings = row.scene.judged_by(check_ssh);
    EXPECT_EQ(brief(findings), row.expected);
    EXPECT_THAT(words(findings), testing::HasSubstr(row.said));
  }
}

TEST(CheckSsh, AMismatchIsToBeVerifiedOnTheServer) {
  const auto all = steps(at_host("ssh://github.com").add(shows(ed25519)).judged_by(check_ssh));
  EXPECT_THAT(all, testing::HasSubstr("ssh-keygen -lf"));
  EXPECT_THAT(all, testing::HasSubstr("leave known_hosts as it is"));
  EXPECT_THAT(all, testing::Not(testing::HasSubstr("ssh-keygen -R")));
}

TEST(CheckSsh, WhatAClientOfTodayCanAgreeOn) {
  const auto offering = [](auto change) {
    auto offer = modern();
    change(offer);
    return at_host("ssh://git.example.com").add(shows(rsa, offer));
  };
  using Offer = probe::SshOffer;
  struct Row {
    const char* name;
    Scene scene;
    std::vector<std::string> expected;
    const char* said;
  };
  const std::vector<std::string> none{"fail ssh.no_common_algorithm server high"};
  const Row rows[] = {
      {"Azure DevOps Server 2019", offering([](Offer& o) {
         o.key_exchange = {"diffie-hellman-group1-sha1", "diffie-hellman-group14-sha1"};
       }),
       none, "no matching key exchange method: the server offers only diffie-hellman-group1-sha1, "},
      {"one modern key exchange is enough",
       offering([](Offer& o) {
         o.key_exchange = {"diffie-hellman-group1-sha1", "diffie-hellman-group14-sha256"};
       }),
       {"pass"},
       "SSH-2.0"},
      {"a key that signs with SHA-1 only", offering([](Offer& o) { o.host_key = {"ssh-rsa"}; }), none,
       "no matching host key type"},
      {"ciphers of one direction", offering([](Offer& o) { o.ciphers_to_client = {"3des-cbc", "arcfour"}; }),
       none, "no matching cipher: the server offers only 3des-cbc, arcfour"},
      {"MACs", offering([](Offer& o) { o.macs_to_server = {"hmac-md5"}; }), none, "no matching MAC"},
      {"no MAC is needed beside a cipher that authenticates",
       offering([](Offer& o) {
         o.ciphers_to_client = o.ciphers_to_server = {"aes256-gcm@openssh.com"};
         o.macs_to_client = o.macs_to_server = {};
       }),
       {"pass"},
       "SSH-2.0"},
      {"nothing at all", offering([](Offer& o) { o.key_exchange = {}; }), none, "offers only nothing"},
      {"a server that only our library does not understand",
       at_host("ssh://git.example.com").add(shows_no_key(library_knows_none())),
       {"pass"},
       "host key not read"},
      {"the offer is followed by an end",
       at_host("ssh://git.example.com").add(shows_no_key({closed(), "", {}})),
       {"fail ssh.key_exchange_failed server medium"},
       "the connection ended"},
      {"the offer is followed by silence",
       at_host("ssh://git.example.com").add(shows_no_key({deadline(), "", {}})),
       {"fail ssh.key_exchange_failed server medium"},
       "nothing more within"},
      {"both could agree, and the library says no",
       at_host("ssh://git.example.com").add(shows_no_key({{}, "invalid signature", modern()})),
       {"error"},
       "invalid signature"},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.name);
    const auto findings = row.scene.judged_by(check_ssh);
    EXPECT_EQ(brief(findings), row.expected);
    EXPECT_THAT(words(findings), testing::HasSubstr(row.said));
  }
}

TEST(CheckSsh, WhatComesInPlaceOfAnOfferIsSaid) {
  auto banner = shows_no_key({{}, "what came is no SSH packet", {}});
  banner.offer.reset();
  const auto findings = at_host("ssh://git.example.com").add(std::move(banner)).judged_by(check_ssh);
  EXPECT_EQ(brief(findings), std::vector<std::string>{"fail ssh.key_exchange_failed server medium"});
  EXPECT_THAT(words(findings), testing::HasSubstr("no SSH packet"));
}

TEST(CheckSsh, TheKeyTypesThatMayBePublishedAreAskedForNext) {
  const auto asked_next = [](const Scene& scene) {
    const auto evidence = scene.evidence();
    std::vector<probe::Question> asked;
    for (const auto& m : evidence.measurements())
      asked.push_back(std::visit([](const auto& f) -> probe::Question { return f.question; }, m.fact));
    std::string all;
    for (const auto& [question, because] : next_questions({scene.target, scene.settings, evidence}, asked)) {
      EXPECT_THAT(because, testing::HasSubstr("is not a published one"));
      if (std::holds_alternative<probe::TcpQuestion>(question)) all += "connect ";
      if (const auto* ssh = std::get_if<probe::SshQuestion>(&question)) all += ssh->host_key_type + " ";
    }
    return all;
  };
  const auto at_address = [](const char* fingerprint) {
    auto scene = Scene{"ssh://203.0.113.9"}.add(connected(to("203.0.113.9", 22)));
    if (*fingerprint != '\0') scene.settings.ssh_fingerprints = {fingerprint};
    return scene;
  };
  const auto second = connected(to("203.0.113.9", 22, 2));
  const struct {
    const char* name;
    Scene scene;
    const char* expected;
  } rows[] = {
      {"a healthy server costs one connection", at_address("").add(shows(ed25519)), ""},
      {"and so does one whose key is right", at_address("SHA256:ed").add(shows(ed25519)), ""},
      {"for another type a connection is opened", at_address("SHA256:rsa").add(shows(ed25519)), "connect "},
      {"and then it is asked for", at_address("SHA256:rsa").add(shows(ed25519)).add(second), "ssh-rsa "},
      {"names that are no type of key are not",
       at_address("SHA256:rsa").add(shows(ed25519, with_keys({"ssh-ed25519", "ssh-x", "ssh-y"}))), ""},
      {"a server that shows no key is not asked again",
       at_address("SHA256:rsa").add(shows_no_key({closed(), "", {}})), ""},
  };
  for (const auto& row : rows) EXPECT_EQ(asked_next(row.scene), row.expected) << row.name;
}

}  // namespace
}  // namespace fwprobe::checks
