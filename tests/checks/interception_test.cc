// Who issued the chain: a site's own authority, a private one, or a device that inspects TLS.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/x509_vfy.h>

#include "checks/distinguished_name.h"
#include "checks/signature.h"
#include "tests/checks/measurements.h"

namespace fwprobe::checks {
namespace {

using namespace measured;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr const char* outside = "8.8.4.4";
constexpr const char* inside = "10.4.0.9";

const probe::VerifyError no_issuer{X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, "unable to get issuer", 0};
const probe::VerifyError unknown_root{X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, "self-signed in chain", 1};
const probe::VerifyError self_signed{X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, "self-signed", 0};
const probe::VerifyError wrong_name{X509_V_ERR_HOSTNAME_MISMATCH, "hostname mismatch", 0};

/// A site, and the chain that was presented at an address.
struct Site {
  std::string host = "azure.example.com";
  const char* address = outside;
  std::vector<probe::Certificate> chain;
  std::vector<probe::VerifyError> errors = {};
  bool ca_file = false;
};

Scene scene_of(const Site& site) {
  Scene scene{("https://" + site.host).c_str()};
  scene.settings.overrides = {{site.host, {ip(site.address)}}};
  if (site.ca_file) scene.settings.tls.ca_file = "company.pem";
  scene.add(connected(to(site.address, 443)));
  return scene.add(shaken(hello(2, scene.target), site.chain, site.errors));
}

probe::Certificate issued_by(std::string issuer, std::string subject = "CN=azure.example.com") {
  return certificate(std::move(subject), std::move(issuer));
}
probe::Certificate logged(probe::Certificate made) {
  made.public_log = true;
  return made;
}
probe::Certificate young(probe::Certificate made) {
  made.not_before = noon() - 2h;
  return made;
}
probe::Certificate root(const std::string& name) { return certificate(name, name); }

const char* const high = "fail tls.intercepted path high";
const char* const medium = "fail tls.intercepted path medium";
const char* const untrusted = "fail tls.certificate_untrusted server high";
const char* const untrusted_low = "fail tls.certificate_untrusted server low";

struct Row {
  const char* name;
  Site site;
  std::vector<std::string> expected;
};

void check_rows(std::span<const Row> rows) {
  for (const auto& row : rows) {
    SCOPED_TRACE(row.name);
    EXPECT_EQ(brief(scene_of(row.site).judged_by(check_tls)), row.expected);
  }
}

TEST(Interception, IssuersOfInspectionProducts) {
  struct Known {
    const char* issuer;
    const char* product;
    const char* expected;
  };
  // As they were seen in the field, or as the products' pages give them.
  const Known known[] = {
      {"CN=Zscaler Intermediate Root CA (zscalerthree.net) (t) ,OU=Zscaler Inc.,O=Zscaler "
       "Inc.,ST=California,C=US",
       "Zscaler", high},
      {"emailAddress=certadmin@netskope.com,CN=ca.affirm.goskope.com,OU=4041384f6cf27144,O=Affirm,C=US",
       "Netskope", high},
      {"CN=Cisco Umbrella Secondary SubCA ams-SG,O=Cisco", "Cisco Umbrella", high},
      {"CN=Gateway CA - Cloudflare Managed G1 d4cab1c0e006138441e1f1b57bfde614,O=Cloudflare\\, Inc.",
       "Cloudflare Gateway", high},
      {"CN=Cloudflare for Teams ECC Certificate Authority,O=Cloudflare\\, Inc.", "Cloudflare Gateway", high},
      {"CN=Menlo Security Intermediate CA,OU=Production,O=Menlo Security Inc.,ST=California,C=US", "Menlo",
       high},
      {"CN=Cato Networks Root CA,O=Cato Networks", "Cato Networks", high},
      {"CN=Forcepoint Cloud CA,O=Forcepoint LLC", "Forcepoint", high},
      {"CN=Websense Public Primary Certificate Authority,O=Websense\\, Inc.", "Forcepoint", medium},
      {"CN=FG6H0FTB22903890,OU=Certificate Authority,O=Fortinet,L=Sunnyvale,ST=California,C=US", "FortiGate",
       high},
      {"CN=Fortinet Untrusted CA,OU=Certificate Authority,O=Fortinet", "FortiGate", high},
      {"emailAddress=support@sophos.com,CN=Sophos SSL CA_9qTYklI48xOlW0E,OU=NSG,O=Sophos,C=GB", "Sophos",
       high},
      {"CN=Cyberoam SSL CA_C1234ABCD", "Cyberoam", high},
      {"CN=SonicWALL Firewall DPI-SSL,O=SonicWALL Inc.,ST=CA,C=US", "SonicWall", high},
      {"CN=Fireware HTTPS Proxy (SN 70A00B) CA,OU=Fireware,O=WatchGuard_Technologies", "WatchGuard", high},
      {"CN=PA-220 Forward Trust CA", "Palo Alto Networks", medium},
      {"CN=Palo Alto Networks CA,O=Palo Alto Networks", "Palo Alto Networks", medium},
      {"CN=Check Point Outbound CA,O=Example", "Check Point", medium},
      {"CN=Barracuda Web Security,O=Barracuda Networks", "Barracuda", medium},
      {"CN=McAfee Web Gateway Root CA,O=Example", "Skyhigh", medium},
      {"CN=Blue Coat ProxySG CA", "Blue Coat", medium},
      {"CN=IronPort Web Security Appliance,O=Example", "IronPort", medium},
      {"CN=iboss Network Security CA", "iboss", medium},
      {"CN=www.untangle.com,O=Untangle,L=Sunnyvale", "Untangle", medium},
      {"CN=Lightspeed Systems CA", "Lightspeed", medium},
      {"CN=*.securly.com,O=Securly Inc", "Securly", medium},
      {"CN=Smoothwall-default-root-certificate-authority", "Smoothwall", medium},
      {"CN=SSL proxy default authority,O=Example", "Stormshield", high},
      {"CN=Example ICA for Global Secure Access,O=Contoso", "Global Secure Access", medium},
      {"CN=Azure Firewall Manager CA", "Azure Firewall", high},
      {"CN=InterScan Web Security CA,O=Trend Micro", "Trend Micro", medium},
      {"CN=Kaspersky Anti-Virus Personal Root Certificate,O=AO Kaspersky Lab,C=RU", "Kaspersky", high},
      {"CN=ESET SSL Filter CA,O=ESET\\, spol. s r. o.,C=SK", "ESET", high},
      {"CN=AVG Web/Mail Shield Root,O=AVG Web/Mail Shield,OU=generated by AVG Antivirus for SSL/TLS scanning",
       "Avast, AVG", high},
      {"CN=Bitdefender Personal CA.Net-Defender,O=Bitdefender", "Bitdefender", high},
      {"CN=mitmproxy,O=mitmproxy", "mitmproxy", high},
      {"CN=DO_NOT_TRUST_FiddlerRoot,O=DO_NOT_TRUST,OU=Created by http://www.fiddler2.com", "Fiddler", high},
      {"CN=Charles Proxy CA (24 Mar 2022\\, host.local),OU=https://charlesproxy.com/ssl,O=XK72 Ltd",
       "Charles", high},
      {"CN=PortSwigger CA,OU=PortSwigger CA,O=PortSwigger,C=PortSwigger", "Burp", high},
      {"CN=Contoso TLS Inspection CA,O=Contoso", "named for inspection", medium},
      {"CN=fw01 Proxy CA,O=Example", "proxy or web filter", medium},
  };
  for (const auto& [issuer, product, expected] : known) {
    SCOPED_TRACE(issuer);
    const auto findings =
        scene_of({.chain = {issued_by(issuer)}, .errors = {no_issuer}}).judged_by(check_tls);
    EXPECT_THAT(brief(findings), ElementsAre(expected));
    EXPECT_THAT(words(findings), HasSubstr(product));
    EXPECT_THAT(steps(findings), HasSubstr("exempted from TLS inspection"));
    EXPECT_FALSE(findings.front().location->precision);
  }
}

TEST(Interception, AuthoritiesThatAreNoDevice) {
  const Row rows[] = {
      {"Let's Encrypt",
       {.chain = {logged(issued_by("CN=R11,O=Let's Encrypt,C=US")),
                  certificate("CN=R11,O=Let's Encrypt,C=US",
                              "CN=ISRG Root X1,O=Internet Security Research Group")}},
       {"pass"}},
      {"DigiCert, for the site of a maker of inspection products",
       {.host = "www.zscaler.example",
        .chain = {logged(issued_by("CN=DigiCert TLS RSA SHA256 2020 CA1,O=DigiCert Inc,C=US",
                                   "CN=www.zscaler.example,O=Zscaler Inc.,C=US"))}},
       {"pass"}},
      {"Cloudflare as a public authority",
       {.chain = {logged(issued_by("CN=Cloudflare Inc ECC CA-3,O=Cloudflare\\, Inc.,C=US"))}},
       {"pass"}},
      {"Symantec as the public authority that it was",
       {.chain = {logged(
            issued_by("CN=Symantec Class 3 Secure Server CA - G4,OU=Symantec Trust Network,O=Symantec "
                      "Corporation,C=US"))}},
       {"pass"}},
      {"a public leaf alone lacks its intermediate, whatever its name",
       {.chain = {logged(issued_by("CN=Trend Micro CA,O=Trend Micro Inc,C=US"))}, .errors = {no_issuer}},
       {"fail tls.certificate_incomplete_chain server high"}},
      {"a private authority on a private server",
       {.address = inside,
        .chain = {issued_by("CN=Contoso Issuing CA 1,O=Contoso"), root("CN=Contoso Issuing CA 1,O=Contoso")},
        .errors = {unknown_root}},
       {untrusted}},
      {"the same with --ca-file",
       {.address = inside, .chain = {issued_by("CN=Contoso Issuing CA 1,O=Contoso")}, .ca_file = true},
       {"pass"}},
      {"the same at a public address, trusted by the system",
       {.chain = {issued_by("CN=Contoso Issuing CA 1,O=Contoso")}},
       {"pass"}},
      {"a private authority that issues for hours at a time, at a public address",
       {.chain = {young(issued_by("CN=Contoso ACME CA,O=Contoso"))}},
       {"pass"}},
      {"a company's own authority with a proxy's name, inside and trusted, is not told on",
       {.address = inside, .chain = {issued_by("CN=Contoso Web Proxy CA,O=Contoso")}},
       {"pass"}},
      {"an internal authority made on a firewall, inside and trusted",
       {.address = inside, .chain = {issued_by("CN=internal-ca,O=Contoso")}},
       {"pass"}},
      {"the authority of a cluster",
       {.address = inside, .chain = {issued_by("CN=front-proxy-ca")}, .errors = {no_issuer}},
       {untrusted_low}},
      {"a server's self-signed certificate",
       {.chain = {root("CN=azure.example.com")}, .errors = {self_signed}},
       {"fail tls.certificate_self_signed server high"}},
  };
  check_rows(rows);
}

TEST(Interception, ADevicesOwnCertificateIsNoInterceptionByItself) {
  const Row rows[] = {
      {"a FortiGate's administration with the certificate of its factory",
       {.host = "fw.example.com",
        .address = inside,
        .chain = {issued_by("CN=fortinet-subca2001,OU=Certificate Authority,O=Fortinet",
                            "CN=FG3K4ETB19900078,OU=FortiGate,O=Fortinet")},
        .errors = {no_issuer, wrong_name}},
       {"fail tls.certificate_name_mismatch server high", untrusted_low}},
      {"a FortiGate's administration with one that its own authority signed",
       {.host = "fw.example.com",
        .address = inside,
        .chain = {issued_by("CN=FG3K4ETB19900078,OU=Certificate Authority,O=Fortinet",
                            "CN=FortiGate,O=Fortinet Ltd.")},
        .errors = {no_issuer}},
       {untrusted_low}},
      {"a self-signed default of pfSense",
       {.address = inside,
        .chain = {root("CN=pfSense-5f1a,O=pfSense webConfigurator Self-Signed Certificate")},
        .errors = {self_signed}},
       {"fail tls.certificate_self_signed server high"}},
      {"a server inside that a FortiGate signed for: less sure, since that is done on purpose as well",
       {.address = inside,
        .chain = {issued_by("CN=FG3K4ETB19900078,OU=Certificate Authority,O=Fortinet")},
        .errors = {no_issuer}},
       {medium}},
      {"the site of another maker, inspected",
       {.host = "www.cisco.example",
        .chain = {issued_by("CN=Zscaler Intermediate Root CA,O=Zscaler Inc.",
                            "CN=www.cisco.example,O=Cisco Systems Inc.")},
        .errors = {no_issuer}},
       {high}},
      {"the page of a DNS filter",
       {.chain = {root("CN=Fortiguard SDNS Blocked Page,O=Fortinet")}, .errors = {self_signed, wrong_name}},
       {high, "fail tls.certificate_name_mismatch server high"}},
  };
  check_rows(rows);
  EXPECT_THAT(words(scene_of(rows[0].site).judged_by(check_tls)),
              HasSubstr("either fw.example.com is that device, or the device answers in its place"));
}

TEST(Interception, IsAWarningWhereTheRootIsTrusted) {
  const Row rows[] = {
      {"Zscaler, whose root the system trusts",
       {.chain = {issued_by("CN=Zscaler Intermediate Root CA,O=Zscaler Inc.")}},
       {"pass", "warn tls.intercepted path high"}},
      {"a device whose root the user gave",
       {.chain = {issued_by("CN=Contoso TLS Inspection CA")}, .ca_file = true},
       {"pass", "warn tls.intercepted path medium"}},
      {"an issuer whose name says nothing",
       {.chain = {issued_by("CN=Leaf signer 7")}, .errors = {}},
       {"pass"}},
  };
  check_rows(rows);
  auto scene = scene_of({.chain = {issued_by("CN=Leaf signer 7")}});
  auto& handshake = std::get<probe::TlsHandshake>(scene.facts.back().first);
  handshake.verified_path = {"CN=azure.example.com", "CN=Leaf signer 7", "CN=Zscaler Root CA,O=Zscaler Inc."};
  EXPECT_THAT(brief(scene.judged_by(check_tls)), ElementsAre("pass", "warn tls.intercepted path high"));
}

TEST(Interception, SitesWithPublishedAuthorities) {
  const char* const corporate = "CN=Contoso Issuing CA 1,O=Contoso";
  const Row rows[] = {
      {"Microsoft's own",
       {.host = "dev.azure.com",
        .chain = {logged(
            issued_by("CN=Microsoft Azure RSA TLS Issuing CA 04,O=Microsoft Corporation,C=US"))}},
       {"pass"}},
      {"DigiCert",
       {.host = "example.visualstudio.com",
        .chain = {logged(issued_by("CN=DigiCert Global G2 TLS RSA SHA256 2020 CA1,O=DigiCert Inc,C=US"))}},
       {"pass"}},
      {"another public authority, some day",
       {.host = "dev.azure.com", .chain = {logged(issued_by("CN=New CA 1,O=New Public Authority"))}},
       {"pass"}},
      {"a private one, trusted here",
       {.host = "dev.azure.com", .chain = {issued_by(corporate)}},
       {"pass", "warn tls.intercepted path high"}},
      {"a private one, not trusted here",
       {.host = "dev.azure.com", .chain = {issued_by(corporate)}, .errors = {no_issuer}},
       {high}},
      {"roots that the user gave say who may issue",
       {.host = "dev.azure.com", .chain = {issued_by(corporate)}, .ca_file = true},
       {"pass"}},
      {"a certificate for another name is another server's",
       {.host = "dev.azure.com", .chain = {issued_by(corporate)}, .errors = {no_issuer, wrong_name}},
       {"fail tls.certificate_name_mismatch server high", untrusted_low}},
      {"the missing intermediate of Microsoft is no interception",
       {.host = "dev.azure.com",
        .chain = {logged(issued_by("CN=Microsoft Azure RSA TLS Issuing CA 04,O=Microsoft Corporation,C=US"))},
        .errors = {no_issuer}},
       {"fail tls.certificate_incomplete_chain server high"}},
      {"a server of one's own is bound to nobody", {.chain = {issued_by(corporate)}}, {"pass"}},
  };
  check_rows(rows);
}

/// The handshake with another host that the same run has met, by a redirect for example.
Scene& also(Scene& scene, const char* host, probe::Certificate leaf, std::vector<probe::VerifyError> errors) {
  scene.add(connected(to(outside, 443, 7)));
  const auto other = *parse_target((std::string{"https://"} + host).c_str());
  return scene.add(shaken(hello(scene.last().number, other), {std::move(leaf)}, std::move(errors)));
}

TEST(Interception, CompanyAndYouthStrengthenAndNeverSuffice) {
  const char* const corporate = "CN=Contoso Issuing CA 1,O=Contoso";
  const char* const named = "CN=Contoso TLS Inspection CA";
  auto with_microsoft = scene_of({.chain = {issued_by(corporate)}, .errors = {no_issuer}});
  also(with_microsoft, "login.microsoftonline.com", issued_by(corporate), {no_issuer});
  EXPECT_THAT(brief(with_microsoft.judged_by(check_tls)), ElementsAre(medium, high))
      << "who signs for Microsoft inspects, and the same issuer signed for the target";

  auto with_stranger = scene_of({.chain = {issued_by(corporate)}, .errors = {no_issuer}});
  also(with_stranger, "www.example.org", issued_by(corporate), {no_issuer});
  EXPECT_THAT(brief(with_stranger.judged_by(check_tls)), ElementsAre(untrusted_low, untrusted_low))
      << "a company may own two domains";
  EXPECT_THAT(words(with_stranger.judged_by(check_tls)), HasSubstr("a device that inspects TLS is possible"));

  auto with_sibling = scene_of({.chain = {issued_by(corporate)}, .errors = {no_issuer}});
  also(with_sibling, "www.example.com", issued_by(corporate), {no_issuer});
  EXPECT_THAT(words(with_sibling.judged_by(check_tls)), Not(HasSubstr("possible")));

  EXPECT_THAT(
      brief(scene_of({.chain = {young(issued_by(named))}, .errors = {no_issuer}}).judged_by(check_tls)),
      ElementsAre(high));
  EXPECT_THAT(
      brief(scene_of({.chain = {young(issued_by(corporate))}, .errors = {no_issuer}}).judged_by(check_tls)),
      ElementsAre(untrusted_low));
}

TEST(Interception, AShortSerialStrengthensAProductsNameOutside) {
  const auto judged = [](std::string issuer, std::string serial, const char* address) {
    auto leaf = issued_by(std::move(issuer));
    leaf.serial = std::move(serial);
    return brief(scene_of({.address = address, .chain = {leaf}, .errors = {no_issuer}}).judged_by(check_tls));
  };
  const char* const named = "CN=Contoso TLS Inspection CA";
  const char* const corporate = "CN=Contoso Issuing CA 1,O=Contoso";
  EXPECT_THAT(judged(named, "00a1b2c3d4e5f6", outside), ElementsAre(high));
  EXPECT_THAT(judged(named, "4f3a2b1c0d9e8f70", outside), ElementsAre(medium)) << "64 bits";
  EXPECT_THAT(judged(named, "", outside), ElementsAre(medium)) << "not known";
  EXPECT_EQ(judged(named, "01", inside), judged(named, "4f3a2b1c0d9e8f70", inside));
  EXPECT_EQ(judged(corporate, "01", outside), judged(corporate, "4f3a2b1c0d9e8f70", outside))
      << "an authority made by hand counts from 1";
}

TEST(Interception, IssuersOfTheUsersAllowlist) {
  const auto with_list = [](Site site, const char* entry) {
    auto scene = scene_of(site);
    auto list = allowlist::parse_yaml(
        fmt::format("name: l\nretrieved: 2026-01-31\ndirection: outbound\nentries: [{{{}}}]\n", entry), "l");
    EXPECT_TRUE(list) << list.error().message;
    scene.settings.allowlists.push_back(std::move(*list));
    return brief(scene.judged_by(check_tls));
  };
  const Site other{.chain = {issued_by("CN=Other Issuing CA,O=Other")}, .errors = {no_issuer}};
  const Site own{.chain = {issued_by("CN=Own Issuing CA,O=Own")}, .errors = {no_issuer}};
  const Site trusted{.chain = {issued_by("CN=Other Issuing CA,O=Other")}, .ca_file = true};
  const Site device{.chain = {issued_by("CN=PA-220 Forward Trust CA")}, .errors = {no_issuer}};
  struct ListRow {
    const char* name;
    Site site;
    const char* entry;
    const char* expected;
  };
  const ListRow rows[] = {
      {"another authority", other, "domain: azure.example.com, issuers: Own Issuing CA", high},
      {"also by a wildcard", other, "domain: \"*.example.com\", issuers: [Own]", high},
      {"also by address and port", other, "prefix: 8.8.4.0/24, ports: [443], issuers: Own", high},
      {"also where this machine trusts it", trusted, "domain: azure.example.com, issuers: Own",
       "warn tls.intercepted path high"},
      {"a product's usual name becomes certain", device, "domain: azure.example.com, issuers: Own", high},
      {"the one that is expected, by organization", own, "domain: azure.example.com, issuers: own",
       untrusted_low},
      {"one of several", own, "domain: azure.example.com, issuers: [x, Own Issuing CA]", untrusted_low},
      {"a device that is expected", device, "domain: azure.example.com, issuers: PA-220 Forward Trust CA",
       untrusted_low},
      {"an entry for another port", other, "domain: azure.example.com, ports: [8443], issuers: Own",
       untrusted_low},
      {"an entry for another name", other, "domain: b.example.com, issuers: Own", untrusted_low},
      {"an entry for another address", other, "prefix: 8.8.5.0/24, issuers: Own", untrusted_low},
      {"an entry that is over", other, "domain: azure.example.com, until: 2026-02-01, issuers: Own",
       untrusted_low},
      {"an entry that says nothing of issuers", other, "domain: azure.example.com", untrusted_low},
      {"a public authority is no device",
       {.chain = {logged(issued_by("CN=R11,O=Let's Encrypt"))}},
       "domain: azure.example.com, issuers: Own",
       "pass"},
      {"another site's certificate",
       {.chain = {issued_by("CN=Other Issuing CA", "CN=b.example.com")}, .errors = {wrong_name}},
       "domain: azure.example.com, issuers: Own",
       "fail tls.certificate_name_mismatch server high"},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.name);
    EXPECT_EQ(with_list(row.site, row.entry).back(), row.expected);
  }
}

TEST(Interception, EveryRowCanBeRead) {
  constexpr std::string_view tables[] = {
#define INSPECTOR(kind, sureness, name, marks) marks,
#define EXPECTED(host, issuers) issuers,
#include "checks/expected_issuers.inc"
#include "checks/inspection_products.inc"
#undef INSPECTOR
#undef EXPECTED
  };
  for (std::string_view marks : tables) {
    SCOPED_TRACE(marks);
    while (!marks.empty()) {
      auto line = next_line(marks);
      EXPECT_FALSE(line.empty());
      while (!line.empty()) {
        const auto mark = next_mark(line);
        EXPECT_THAT(mark.place, testing::AnyOf("CN", "O", "OU", "emailAddress"));
        EXPECT_THAT(mark.pattern, Not(testing::AnyOf("", "*")));
      }
    }
  }
}

TEST(DistinguishedName, IsReadByRfc2253) {
  const auto parts = parse_name(R"(CN=A\, B\+C+OU=D,O=E\2C F,emailAddress=x@example.com,broken)");
  ASSERT_EQ(parts.size(), 4U);
  EXPECT_EQ(parts[0].value, "A, B+C");
  EXPECT_EQ(parts[1].type, "OU");
  EXPECT_EQ(parts[2].value, "E, F");
  EXPECT_EQ(short_name("O=Example,OU=Unit"), "Unit");
  EXPECT_EQ(short_name("nothing"), "nothing");
  EXPECT_THAT(parse_name(""), IsEmpty());
  EXPECT_EQ(parse_name("CN=a\\").front().value, "a\\");
}

TEST(Signature, PatternsAreWholeAndWithoutCase) {
  EXPECT_TRUE(is_like("Zscaler Root CA", "zscaler *"));
  EXPECT_TRUE(is_like("", "*"));
  EXPECT_TRUE(is_like("abcabd", "*abd"));
  EXPECT_TRUE(is_like("a", "a**"));
  EXPECT_FALSE(is_like("Zscaler", "zscaler *"));
  EXPECT_FALSE(is_like("The Zscaler Root CA", "zscaler *"));
  EXPECT_FALSE(is_like("", "a"));
  EXPECT_FALSE(is_like(std::string(5000, 'a'), "*a*a*a*a*a*b")) << "and that in no time";
}

}  // namespace
}  // namespace fwprobe::checks
