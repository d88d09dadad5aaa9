// Who wrote a response: the server, or something that answers in its place.

#include "checks/stand_in.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "checks/page.h"
#include "checks/signature.h"
#include "checks/squid_error.h"
#include "tests/checks/measurements.h"

namespace fwprobe::checks {
namespace {

using namespace measured;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr const char* start = "https://azure.example.com/";
using Headers = std::vector<probe::HttpHeader>;

probe::HttpResponse response(std::uint16_t status, Headers headers = {}, std::string body = {}) {
  probe::HttpResponse made;
  made.status = status;
  made.reason = "Reason";
  made.headers = std::move(headers);
  made.body = std::move(body);
  return made;
}
probe::HttpResponse page(std::uint16_t status, std::string title, std::string body = {},
                         Headers headers = {}) {
  headers.push_back({"Content-Type", "text/html; charset=utf-8"});
  return response(
      status, std::move(headers),
      "<!DOCTYPE html><html><head><title>" + title + "</title></head><body>" + body + "</body></html>");
}
probe::HttpResponse to_place(const char* location) { return response(302, {{"Location", location}}); }
probe::HttpResponse script(const char* url) {
  return page(200, "", std::string{"<script>window.location=\""} + url + "\";</script>");
}

/// "filter FortiGuard (Fortinet) high"; "the server" when nothing else is recognised.
std::string who(const probe::HttpResponse& answer, const char* asked = start) {
  constexpr const char* kinds[] = {"filter", "firewall", "portal"};
  const auto found = find_stand_in(answer, *probe::parse_url(asked));
  if (!found) return "the server";
  return fmt::format("{} {} {}", kinds[static_cast<int>(found->kind)], found->product,
                     name(found->confidence));
}

struct Row {
  const char* name;
  probe::HttpResponse response;
  const char* expected;
};

void check_rows(std::span<const Row> rows) {
  for (const auto& row : rows) {
    SCOPED_TRACE(row.name);
    EXPECT_THAT(who(row.response), HasSubstr(row.expected));
  }
}

TEST(StandIn, Filters) {
  const Row rows[] = {
      {"FortiGuard, as FortiOS 7 has it",
       page(403, "Web Filter Violation", "<h1>FortiGuard Intrusion Prevention - Access Blocked</h1>"),
       "filter FortiGuard (Fortinet) high"},
      {"FortiGuard without its title",
       page(403, "", "<h1 class=\"x\">FortiGuard Intrusion Prevention - Access Blocked</h1>"),
       "filter FortiGuard (Fortinet) high"},
      {"Palo Alto Networks",
       page(503, "Web Page Blocked",
            "<h1>Web Page Blocked</h1><p>Access to the web page you were trying to visit has been blocked in "
            "accordance "
            "with company policy.</p>"),
       "filter Palo Alto Networks URL filtering high"},
      {"Palo Alto Networks by its redirect",
       to_place("https://fw.example.com:6083/php/urlblock.php?args=AAAA&url=x"),
       "filter Palo Alto Networks URL filtering high"},
      {"Zscaler by its title", page(403, "Internet Security by Zscaler"), "filter Zscaler high"},
      {"Zscaler by its server", response(403, {{"Server", "Zscaler/6.2"}}), "filter Zscaler high"},
      {"Umbrella by its redirect", to_place("https://block.opendns.com/?url=6886&server=ams"),
       "filter Cisco Umbrella (OpenDNS) high"},
      {"IronPort",
       page(403, "This Page Cannot Be Displayed",
            "Based on your organization's access policies, this site is blocked."),
       "filter Cisco Secure Web Appliance (IronPort) medium"},
      {"Meraki", to_place("http://wired.meraki.com:8090/blocked.cgi?blocked_server=1.2.3.4"),
       "filter Cisco Meraki"},
      {"a transparent Squid that denies", response(403, {{"X-Squid-Error", "ERR_ACCESS_DENIED 0"}}),
       "filter Squid high"},
      {"squidGuard", to_place("http://10.0.0.1/cgi-bin/squidGuard.cgi?clientaddr=10.0.0.5"),
       "filter squidGuard high"},
      {"e2guardian", page(200, "E2Guardian - Access Denied"), "filter e2guardian or DansGuardian high"},
      {"Blue Coat", to_place("http://notify.bluecoat.com/notify-Notify1?aHR0cDov"),
       "filter Symantec ProxySG"},
      {"Blue Coat's exception page",
       page(403, "Access Denied",
            "Your system policy has denied access to the requested URL. (policy_denied)"),
       "filter Symantec ProxySG (Blue Coat) medium"},
      {"Websense",
       page(200, "",
            "<body "
            "onload=\"window.location.href='http://10.0.0.9:15871/cgi-bin/blockpage.cgi?ws-session=1'\">"),
       "filter Forcepoint (Websense) high"},
      {"McAfee", page(403, "McAfee Web Gateway - Notification - Blocked by URL filtering"),
       "filter Skyhigh (McAfee) Web Gateway high"},
      {"Sophos", to_place("https://10.0.0.1:8090/ips/block/webcat?cat=29&pl=1&url=x"),
       "filter Sophos Firewall or UTM high"},
      {"Check Point", to_place("https://gw.example.com/UserCheck/PortalMain?IID=1-2-3"),
       "filter Check Point UserCheck high"},
      {"Barracuda", response(403, {{"Server", "Barracuda/NGFirewall"}}), "filter Barracuda high"},
      {"SonicWall", page(403, "SonicWall - Web Site Blocked"), "filter SonicWall content filter high"},
      {"WatchGuard", page(403, "Request denied by WatchGuard HTTP Proxy"), "filter WatchGuard high"},
      {"Netskope", to_place("https://notify.example.goskope.com/block/page?id=1"), "filter Netskope high"},
      {"iboss", to_place("http://10.0.0.2/ibreports/ibp/bp.html?x=1"), "filter iboss high"},
      {"Cloudflare Gateway", page(403, "Blocked by Cloudflare Gateway"),
       "filter Cloudflare Gateway (Zero Trust) high"},
      {"Akamai ETP", to_place("http://error.etp.akamai.com/error.html?x=1"),
       "filter Akamai Secure Internet Access"},
      {"Kerio", page(403, "Kerio Control", "This page has been blocked by Kerio Control."),
       "filter Kerio Control high"},
      {"Untangle", to_place("http://10.0.0.1/web-filter/blockpage?nonce=1&tid=2"), "filter Untangle"},
      {"Lightspeed", page(200, "Lightspeed System - Web Access"), "filter Lightspeed Filter high"},
      {"pfBlockerNG", page(200, "pfBlockerNG Alert"), "filter pfBlockerNG high"},
      {"Pi-hole", response(200, {{"X-Pi-hole", "A black hole for Internet advertisements."}}),
       "filter Pi-hole high"},
      {"NextDNS", response(200, {{"Blocked-By", "NextDNS"}}), "filter NextDNS high"},
      {"a filter that does not say its name", page(200, "Web Page Blocked"), "filter a web filter medium"},
  };
  check_rows(rows);
}

TEST(StandIn, WebApplicationFirewalls) {
  const Row rows[] = {
      {"Cloudflare 1020",
       page(403, "Access denied | azure.example.com used Cloudflare to restrict access", "",
            {{"Server", "cloudflare"}}),
       "firewall Cloudflare high"},
      {"Cloudflare's challenge", response(403, {{"Server", "cloudflare"}, {"cf-mitigated", "challenge"}}),
       "firewall Cloudflare high"},
      {"Akamai",
       page(403, "Access Denied", "Reference&#32;&#35;18&#46;2d351ab8", {{"Server", "AkamaiGHost"}}),
       "firewall Akamai high"},
      {"Imperva",
       page(200, "", "<iframe src=\"/_Incapsula_Resource?x\">Incapsula incident ID: 12-34</iframe>"),
       "firewall Imperva (Incapsula) high"},
      {"F5",
       page(200, "Request Rejected",
            "The requested URL was rejected. Please consult with your administrator.<br>Your support ID is: "
            "4045"),
       "firewall BIG-IP Advanced WAF (F5) high"},
      {"AWS WAF before CloudFront",
       page(403, "ERROR: The request could not be satisfied", "Request blocked.", {{"Server", "CloudFront"}}),
       "firewall AWS WAF high"},
      {"AWS WAF on a load balancer", page(403, "403 Forbidden", "", {{"Server", "awselb/2.0"}}),
       "firewall AWS WAF on a load balancer medium"},
      {"Azure Front Door",
       page(403, "", "<h2>The request is blocked.</h2>", {{"X-Azure-Ref", "20260615T120000Z-1"}}),
       "firewall Azure Front Door high"},
      {"Azure Application Gateway",
       page(403, "403 Forbidden", "", {{"Server", "Microsoft-Azure-Application-Gateway/v2"}}),
       "firewall Azure Application Gateway medium"},
      {"Sucuri", page(403, "Sucuri WebSite Firewall - Access Denied"), "firewall Sucuri high"},
  };
  check_rows(rows);
}

TEST(StandIn, Portals) {
  const Row rows[] = {
      {"RFC 6585", response(511), "portal a captive portal high"},
      {"RFC 8908", response(200, {{"Content-Type", "application/captive+json"}}, "{\"captive\": true}"),
       "portal a captive portal high"},
      {"WISPr", page(200, "", "<!-- <WISPAccessGatewayParam xmlns:xsi=\"x\"> -->"),
       "portal a hotspot (WISPr) high"},
      {"FortiGate by a script", script("https://10.0.0.1:1003/fgtauth?04a1b2c3"),
       "portal FortiGate (Fortinet) high"},
      {"FortiGate by a redirect", to_place("http://10.0.0.1:1000/fgtauth?04a1b2c3"),
       "portal FortiGate (Fortinet) high"},
      {"Palo Alto Networks, under the site's own name",
       to_place("https://azure.example.com:6082/php/uid.php?vsys=1&rule=0&url=x"),
       "portal Palo Alto Networks"},
      {"Aruba", to_place("https://securelogin.arubanetworks.com/cgi-bin/login?cmd=login&mac=aa:bb"),
       "portal Aruba high"},
      {"Cisco ISE", to_place("https://ise.example.com:8443/portal/gateway?sessionId=0A&portal=1&action=cwa"),
       "portal Cisco ISE high"},
      {"a Cisco controller", to_place("https://192.0.2.1/login.html?redirect=azure.example.com/"),
       "portal a Cisco wireless controller high"},
      {"Meraki", to_place("https://n123.network-auth.com/splash/?mac=aa"), "portal Cisco Meraki high"},
      {"UniFi", to_place("http://192.168.1.2:8880/guest/s/default/?ap=aa&id=bb&t=1&url=x&ssid=y"),
       "portal UniFi"},
      {"pfSense", to_place("http://10.0.0.1:8002/index.php?zone=guest&redirurl=http%3A%2F%2Fx"),
       "portal pfSense or OPNsense high"},
      {"CoovaChilli", to_place("http://10.1.0.1:3990/?res=notyet&uamip=10.1.0.1&uamport=3990&challenge=1"),
       "portal CoovaChilli high"},
      {"MikroTik", to_place("http://10.5.50.1/login?dst=http%3A%2F%2Fazure.example.com%2F"),
       "portal MikroTik high"},
      {"by a refresh",
       page(200, "", "<meta http-equiv=\"refresh\" content=\"0; url=https://n1.network-auth.com/splash/\">"),
       "portal Cisco Meraki high"},
      {"by a header", response(200, {{"Refresh", "0; url=https://n1.network-auth.com/splash/"}}),
       "portal Cisco Meraki high"},
      {"Zscaler's sign-in",
       to_place("https://gateway.zscaler.net/auT?origurl=https%3A%2F%2Fazure.example.com"),
       "portal Zscaler's sign-in high"},
  };
  check_rows(rows);
}

TEST(StandIn, PagesOfTheServerItself) {
  const Row rows[] = {
      {"a plain refusal", page(403, "403 Forbidden", "<center>nginx</center>"), "the server"},
      {"a refusal of IIS", page(403, "403 - Forbidden: Access is denied."), "the server"},
      {"a page about FortiGuard",
       page(200, "Fixing the FortiGuard block page | Blog",
            "<h1>What to do about &quot;FortiGuard Intrusion Prevention - Access Blocked&quot;</h1>"),
       "the server"},
      {"a thread with the very words as its heading",
       page(200, "FortiGuard Intrusion Prevention - Access Blocked - Forum",
            "<h1>FortiGuard Intrusion Prevention - Access Blocked</h1>"),
       "the server"},
      {"a page that quotes Palo Alto Networks",
       page(200, "Release notes",
            "<p>Users saw: Access to the web page you were trying to visit has been blocked in accordance "
            "with company "
            "policy.</p>"),
       "the server"},
      {"a page that speaks of being blocked",
       page(200, "Blocked users - Administration", "blocked, blocked, blocked"), "the server"},
      {"a project's issue 'Access Denied'", page(200, "Access Denied - Issue 12", "Access Denied"),
       "the server"},
      {"the server's own sign-in", page(200, "Sign in", "<form><input type=\"password\" name=\"p\"></form>"),
       "the server"},
      {"a redirect to the server's own sign-in", to_place("/login?dst=http%3A%2F%2Fazure.example.com"),
       "the server"},
      {"to its own, from http", to_place("https://azure.example.com/login?dst=http"), "the server"},
      {"to a single sign-on",
       to_place("https://login.microsoftonline.com/common/oauth2/authorize?client_id=1"), "the server"},
      {"a 403 of an origin behind Cloudflare",
       page(403, "Forbidden", "no", {{"Server", "cloudflare"}, {"CF-RAY", "8f1"}}), "the server"},
      {"a 403 of an origin behind Front Door", page(403, "Forbidden", "no", {{"X-Azure-Ref", "2026"}}),
       "the server"},
      {"a 502 of an application gateway",
       page(502, "502 Bad Gateway", "", {{"Server", "Microsoft-Azure-Application-Gateway/v2"}}),
       "the server"},
      {"a 403 of an object behind CloudFront",
       response(403, {{"Server", "AmazonS3"}, {"X-Cache", "Error from cloudfront"}},
                "<Error>AccessDenied</Error>"),
       "the server"},
      {"a Squid that could not reach the server says so, and blocks nothing",
       response(503, {{"X-Squid-Error", "ERR_CONNECT_FAIL 110"}}), "the server"},
      {"a program that mentions a script's words",
       response(200, {{"Content-Type", "application/javascript"}},
                "window.location='https://n1.network-auth.com/'"),
       "the server"},
      {"JSON with a portal's address",
       response(200, {{"Content-Type", "application/json"}},
                "{\"location\": \"https://n1.network-auth.com/x\"}"),
       "the server"},
      {"the service's own marks outweigh any words",
       page(403, "Web Filter Violation", "", {{"X-VSS-E2EID", "5f1c"}}), "the server"},
      {"a mark behind what reports keep",
       page(200, "", std::string(page_read, ' ') + "<WISPAccessGatewayParam>"), "the server"},
      {"nothing at all", response(204), "the server"},
  };
  check_rows(rows);
  EXPECT_EQ(who(to_place("https://azure.example.com/"), "http://azure.example.com/"), "the server");
}

TEST(StandIn, TheAddressOfAPortalAndTheReferenceOfARefusalAreKept) {
  const auto url = *probe::parse_url(start);
  EXPECT_EQ(find_stand_in(to_place("https://n1.network-auth.com/splash/?x"), url)->portal,
            "https://n1.network-auth.com");
  EXPECT_EQ(
      find_stand_in(response(403, {{"cf-mitigated", "challenge"}, {"CF-RAY", "8f1c-AMS"}}), url)->reference,
      "CF-RAY 8f1c-AMS");
}

TEST(StandIn, EveryRowCanBeRead) {
  constexpr std::string_view tables[] = {
#define PAGE(kind, sureness, name, marks) marks,
#include "checks/block_pages.inc"
#undef PAGE
  };
  for (std::string_view marks : tables) {
    SCOPED_TRACE(marks);
    while (!marks.empty()) {
      auto line = next_line(marks);
      EXPECT_FALSE(line.empty());
      while (!line.empty()) {
        const auto mark = next_mark(line);
        EXPECT_FALSE(mark.pattern.empty());
        EXPECT_FALSE(mark.place == "body" && mark.pattern.find('*') != std::string_view::npos)
            << "words of a body are sought as they are";
        const bool is_header =
            !mark.place.empty() && mark.place.find_first_of(" :/<") == std::string_view::npos;
        EXPECT_TRUE(is_header) << "a place or a header's name: " << mark.place;
      }
    }
  }
}

TEST(Page, IsReadAsFarAsItCanBe) {
  const auto url = *probe::parse_url(start);
  const auto read = read_page(page(200, "A &amp;\n <b>B</b>", "<H1 id=x> C  <i>D</i></H1>"), url);
  EXPECT_EQ(read.title, "A & B");
  EXPECT_EQ(read.heading, "C D");
  EXPECT_THAT(read_page(response(200, {{"Content-Type", "text/html"}}, "<title>never closed"), url).title,
              "never closed");
  std::string many;
  for (int i = 0; i < 100; ++i) many += fmt::format("<script>location.replace('https://h{}/')</script>", i);
  EXPECT_THAT(read_page(page(200, "", many), url).leads_to, SizeIs(8));
  EXPECT_THAT(read_page(page(200, "", "location=\"unclosed"), url).leads_to, IsEmpty());
}

TEST(Squid, NamesWhatItMet) {
  EXPECT_EQ(squid_met(response(503, {{"X-Squid-Error", "ERR_CONNECT_FAIL 111"}})),
            "it could not connect to the server (Connection refused)");
  EXPECT_EQ(squid_met(response(503, {{"X-Squid-Error", "ERR_DNS_FAIL 0"}})),
            "it cannot resolve the server's name");
  EXPECT_EQ(squid_met(response(403, {{"X-Squid-Error", "ERR_ACCESS_DENIED 0"}})), "");
  EXPECT_EQ(squid_met(response(503)), "");
}

// ---- the HTTP check
// ----------------------------------------------------------------------------------------

Scene web(probe::HttpResponse first) {
  Scene scene{"https://azure.example.com"};
  scene.settings.overrides = {{"azure.example.com", {ip("203.0.113.9")}}};
  scene.add(connected(to("203.0.113.9", 443)));
  auto made = exchange(2, start);
  made.result = std::move(first);
  return scene.add(made);
}
Scene& then(Scene&& scene, const char* url, probe::HttpResponse next) {
  auto made = exchange(2, url);
  made.result = std::move(next);
  return scene.add(made);
}

TEST(CheckHttp, SaysWhoAnswersInPlaceOfTheServer) {
  const auto form = page(200, "Sign in", "<input type=password>");
  struct Case {
    const char* name;
    Scene scene;
    std::vector<std::string> expected;
  };
  const Case cases[] = {
      {"a block page with 403 is no refusal of the server",
       web(page(403, "Web Filter Violation")),
       {"fail http.block_page path high"}},
      {"with 200 it is no success either",
       web(page(200, "E2Guardian - Access Denied")),
       {"fail http.block_page path high"}},
      {"a firewall in front of the server is the server's own",
       web(response(403, {{"cf-mitigated", "challenge"}})),
       {"fail http.block_page server high"}},
      {"a redirect to a portal",
       web(to_place("https://n1.network-auth.com/splash/")),
       {"fail http.captive_portal path high"}},
      {"a redirect to a block page",
       then(web(to_place("https://blocked.example.net/")), "https://blocked.example.net/",
            page(200, "Website Blocked")),
       {"fail http.block_page path medium", "fail http.redirect_off_host server high"}},
      {"a redirect to a sign-in page elsewhere",
       then(web(to_place("https://login.example.net/")), "https://login.example.net/", form),
       {"pass", "fail http.redirect_off_host server high"}},
      {"a redirect to a page elsewhere",
       then(web(to_place("https://www.example.net/")), "https://www.example.net/", page(200, "Welcome")),
       {"pass", "warn http.redirect_off_host server high"}},
      {"a sign-in page of the host itself",
       then(web(to_place("/login")), "https://azure.example.com/login", form),
       {"pass"}},
      {"a sign-in page under the host's other name",
       then(web(to_place("https://www.azure.example.com/")), "https://www.azure.example.com/", form),
       {"pass", "warn http.redirect_off_host server high"}},
      {"a Squid on the way that met what we would meet",
       web(response(503, {{"X-Squid-Error", "ERR_CONNECT_FAIL 110"}})),
       {"fail http.server_error path medium"}},
  };
  for (const auto& each : cases) {
    SCOPED_TRACE(each.name);
    EXPECT_EQ(brief(each.scene.judged_by(check_http)), each.expected);
  }
  EXPECT_THAT(steps(cases[0].scene.judged_by(check_http)), HasSubstr("allowed in FortiGuard (Fortinet)"));
  EXPECT_THAT(steps(cases[2].scene.judged_by(check_http)), HasSubstr("this client's address in Cloudflare"));
  EXPECT_THAT(steps(cases[3].scene.judged_by(check_http)),
              HasSubstr("https://n1.network-auth.com (Cisco Meraki)"));
  EXPECT_THAT(words(cases[9].scene.judged_by(check_http)), HasSubstr("it could not connect to the server"));
}

TEST(CheckHttp, OtherProfilesHearOfABlockPageAsWell) {
  auto blocked = page(403, "Web Filter Violation");
  auto scene = web(response(204));
  scene.settings.profile = Profile::azure_devops_services;
  auto made = exchange(2, "https://azure.example.com/c/_apis/connectionData");
  made.result = blocked;
  EXPECT_THAT(brief(scene.add(made).judged_by(check_http)), ElementsAre("fail http.block_page path high"));
  auto feature = web(response(204));
  feature.settings.profile = Profile::azure_devops_services;
  made.question.request.url = *probe::parse_url("https://azure.example.com/c/p/_git/r/info/refs");
  EXPECT_THAT(brief(feature.add(made).judged_by(check_http)), ElementsAre("warn http.block_page path high"));
}

TEST(CheckContent, TheAddressesOnABlockPageAreNotTheServers) {
  const auto blocked = page(403, "Web Filter Violation", "<a href=\"http://127.0.0.1/\">allow</a>");
  for (const auto& finding : web(blocked).judged_by(check_content)) EXPECT_FALSE(finding.cause);
}

TEST(CheckHttp, AProxyThatWasAskedItselfIsWhereThePageIs) {
  auto scene = Scene{"http://azure.example.com"};
  scene.settings.proxies = *probe::ProxyRules::fixed("http://192.0.2.8:3128");
  auto asked = exchange(2, "http://azure.example.com/");
  asked.question.form = probe::RequestForm::absolute;
  asked.result = page(403, "E2Guardian - Access Denied");
  EXPECT_THAT(brief(scene.add(connected(to("192.0.2.8", 3128))).add(asked).judged_by(check_http)),
              ElementsAre("fail http.block_page proxy high"));
}

}  // namespace
}  // namespace fwprobe::checks
