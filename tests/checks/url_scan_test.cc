#include "checks/url_scan.h"

#include <chrono>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "checks/challenge.h"
#include "checks/url_collector.h"

namespace fwprobe::checks {
namespace {

using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const probe::Url base{.scheme = "https",
                      .has_userinfo = false,
                      .host = {"azure.example.com", {}},
                      .port = 443,
                      .path = "/",
                      .query = {}};

/// "http://localhost:8080 at body /value/0/url", a line for each place.
std::vector<std::string> lines(const UrlScan& scan) {
  std::vector<std::string> found;
  for (const auto& url : scan.urls)
    for (const auto& place : url.places)
      found.push_back(url.origin.text() + (url.role == Role::self_link ? " self at " : " at ") + place.place);
  return found;
}

probe::HttpResponse response(std::string type, std::string body) {
  probe::HttpResponse made;
  made.status = 200;
  made.headers = {{"Content-Type", std::move(type)}};
  made.body = std::move(body);
  return made;
}

UrlScan scan(std::string type, std::string body, Profile profile = Profile::web) {
  return scan_response(response(std::move(type), std::move(body)), base, profile);
}

UrlScan scan_header(std::string name, std::string value, Profile profile = Profile::web) {
  probe::HttpResponse made;
  made.headers = {{std::move(name), std::move(value)}};
  return scan_response(made, base, profile);
}

struct Row {
  const char* sentence;
  std::string input;
  std::vector<std::string> expected;
};

// ---- what is a URL

const Row spellings[] = {
    {"the plain form", "http://localhost/x", {"http://localhost"}},
    {"capital letters", "HTTP://LOCALHOST/", {"http://localhost"}},
    {"a port", "http://localhost:8080/tfs", {"http://localhost:8080"}},
    {"a name below localhost", "http://foo.localhost/", {"http://foo.localhost"}},
    {"the name of Red Hat's hosts file", "http://localhost.localdomain/", {"http://localhost.localdomain"}},
    {"a final dot", "http://localhost./", {"http://localhost"}},
    {"a shortened IPv4 address", "http://127.1/", {"http://127.0.0.1"}},
    {"an IPv4 address as one number", "http://2130706433/", {"http://127.0.0.1"}},
    {"an IPv4 address with a hexadecimal part", "http://0x7f.1/", {"http://127.0.0.1"}},
    {"an IPv4 address with an octal part", "http://0177.0.0.1/", {"http://127.0.0.1"}},
    {"the unspecified address", "http://0.0.0.0:80/", {"http://0.0.0.0"}},
    {"the IPv6 loopback address", "https://[::1]:8443/", {"https://[::1]:8443"}},
    {"the long IPv6 loopback address", "https://[0:0:0:0:0:0:0:1]/", {"https://[::1]"}},
    {"the unspecified IPv6 address", "http://[::]/", {"http://[::]"}},
    {"an IPv4-mapped loopback address", "http://[::ffff:127.0.0.1]/", {"http://127.0.0.1"}},
    {"a link-local address with a zone", "http://[fe80::1%25eth0]/", {"http://[fe80::1]"}},
    {"slashes escaped as in JSON", R"(http:\/\/localhost\/x)", {"http://localhost"}},
    {"slashes escaped twice", R"(http:\\/\\/localhost\\/x)", {"http://localhost"}},
    {"slashes as \\u002f", R"(http:\u002F\u002Flocalhost\u002Fx)", {"http://localhost"}},
    {"slashes as \\x2f", R"(http:\x2f\x2flocalhost)", {"http://localhost"}},
    {"a letter as \\u006c", R"(http://\u006cocalhost/)", {"http://localhost"}},
    {"a percent-encoded host", "http://%6c%6Fcalhost/", {"http://localhost"}},
    {"a percent-encoded URL in a query",
     "reply_to=https%3A%2F%2Flocalhost%3A8080%2Fx",
     {"https://localhost:8080"}},
    {"a percent-encoded URL behind an encoded equals sign",
     "a%3Dhttp%3a%2f%2flocalhost",
     {"http://localhost"}},
    {"a URL that is percent-encoded twice", "r=http%253A%252F%252Flocalhost%252Fx&b=1", {"http://localhost"}},
    {"an encoded URL ends at the next parameter", "r=http%3A%2F%2Flocalhost&u=a@b", {"http://localhost"}},
    {"a user and a password", "http://me:secret@localhost/", {"http://localhost"}},
    {"a URL in another one's path", "https://a.example/web/http://localhost/x", {"http://localhost"}},
    {"a scheme that is written twice", "http://http://localhost/", {"http://localhost"}},
    {"a word glued to the scheme by an escape", R"(\nhttp://localhost)", {"http://localhost"}},
    {"a comma behind it", "http://localhost, and more", {"http://localhost"}},
    {"a bracket around it", "(see http://localhost)", {"http://localhost"}},
    {"a full stop behind the port", "on http://localhost:8080.", {"http://localhost:8080"}},
    {"an empty port", R"("http://localhost:"+port)", {"http://localhost"}},
    {"quotes without spaces between", "'http://localhost','me@b'", {"http://localhost"}},
    {"ssh", "ssh://git@localhost:2222/p", {"ssh://localhost:2222"}},
    {"scp's form", "git clone git@localhost:org/repo.git", {"ssh://localhost"}},
    {"scp's form with IPv6", "git@[::1]:org/repo", {"ssh://[::1]"}},
    {"a private address", "http://10.1.2.3/", {"http://10.1.2.3"}},
    {"a CGNAT address", "http://100.64.1.1/", {"http://100.64.1.1"}},
    {"a unique local address", "http://[fd00::1]/", {"http://[fd00::1]"}},
    {"a link-local address", "http://169.254.169.254/", {"http://169.254.169.254"}},
    {"two of them", "http://localhost http://127.1", {"http://localhost", "http://127.0.0.1"}},

    {"the word in a sentence", "listen on localhost: 8080, or //localhost", {}},
    {"localhost as the user's name", "http://localhost@real-host.example/", {}},
    {"localhost as user and password", "http://localhost:80@real-host.example/", {}},
    {"localhost in the path", "http://a.example/localhost/127.0.0.1", {}},
    {"localhost in the query", "http://a.example/?host=localhost", {}},
    {"localhost as a label of another name", "http://localhost.example.com/", {}},
    {"a name that ends alike", "http://notlocalhost/", {}},
    {"a backslash ends the host", R"(http://real.example\@localhost/)", {}},
    {"a port that is none", "http://localhost:99999/", {}},
    {"a port that is a template", "http://localhost:${port}/", {}},
    {"no host", "http:///localhost", {}},
    {"vstfs", "vstfs:///localhost/1", {}},
    {"a file", "file://localhost/etc", {}},
    {"a public address", "http://93.184.216.34/", {}},
    {"an e-mail address", "mail git@localhost: hello", {}},
};

TEST(UrlFinder, TellsUrlsFromText) {
  for (const auto& row : spellings) {
    UrlCollector found{"https"};
    scan_text(row.input, found);
    std::vector<std::string> origins;
    for (const auto& url : std::move(found).take().urls) origins.push_back(url.origin.text());
    EXPECT_THAT(origins, ElementsAreArray(row.expected)) << row.sentence << ": " << row.input;
  }
}

TEST(UrlFinder, CountsTheUrlsOfPublicHostsWithoutKeepingThem) {
  const auto found = scan("text/plain", "http://a.example/ https://b.example/x ftp://c.example");
  EXPECT_EQ(found.total, 3U);
  EXPECT_THAT(found.urls, IsEmpty());
}

TEST(UrlFinder, ShowsNeitherPasswordsNorQueries) {
  const auto found = scan("text/plain", "http://me:secret@localhost:81/path?token=secret");
  ASSERT_THAT(found.urls, SizeIs(1));
  EXPECT_EQ(found.urls[0].places.at(0).raw, "http://localhost:81/path");
}

TEST(UrlFinder, ShowsUrlsAsTheyAreWritten) {
  const auto found = scan("text/plain", R"(x = "http:\/\/2130706433\/tfs")");
  ASSERT_THAT(found.urls, SizeIs(1));
  EXPECT_EQ(found.urls[0].places.at(0).raw, R"(http:\/\/2130706433\/tfs)");
}

// ---- JSON

const Row json_bodies[] = {
    {"a field of a list",
     R"({"count":1,"value":[{"id":1},{"url":"http://localhost/p"}]})",
     {"http://localhost self at body /value/1/url"}},
    {"a list of URLs",
     R"({"validRemoteUrls":["https://azure.example.com/a","http://localhost/"]})",
     {"https://azure.example.com self at body /validRemoteUrls/0",
      "http://localhost self at body /validRemoteUrls/1"}},
    {"a value behind nested lists",
     R"([[1,[2,3]],[{"a":[]},"http://localhost"]])",
     {"http://localhost at body /1/1"}},
    {"the whole document", R"("http://localhost")", {"http://localhost at body"}},
    {"a key that needs escapes",
     R"({"a/b~c":{"":"http://localhost"}})",
     {"http://localhost at body /a~1b~0c/"}},
    {"a key that is a URL",
     R"({"http://localhost/":1})",
     {"http://localhost at body /http:~1~1localhost~1 (key)"}},
    {"escaped letters", R"({"url":"http:\/\/\u006cocalhost\/"})", {"http://localhost self at body /url"}},
    {"JSON inside of a string",
     R"({"v":"{\"url\":\"http:\\/\\/localhost\\/\"}"})",
     {"http://localhost at body /v"}},
    {"HTML inside of a string",
     R"({"v":"<a href=\"http:&#47;&#x2f;localhost\">"})",
     {"http://localhost at body /v"}},
    {"a URL in a sentence",
     R"({"message":"ask http://localhost:8080/ for it"})",
     {"http://localhost:8080 at body /message"}},
    {"a self-link to another host",
     R"({"_links":{"self":{"href":"https://other.example/"}}})",
     {"https://other.example self at body /_links/self/href"}},
    {"a self-link's inner URL is a mention",
     R"({"url":"https://azure.example.com/?r=http://other.example/"})",
     {"https://azure.example.com self at body /url"}},
    {"a URL behind other words is no self-link", R"({"url":"see https://other.example/"})", {}},
    {"an SSH address",
     R"({"sshUrl":"ssh://azure.example.com:22/c/_git/r"})",
     {"ssh://azure.example.com self at body /sshUrl"}},
    {"an SSH address in scp's form with any user",
     R"({"sshUrl":"org@localhost:v3/org/p/r"})",
     {"ssh://localhost self at body /sshUrl"}},
    {"a self-link without a scheme", R"({"href":"//localhost/x"})", {"https://localhost self at body /href"}},
    {"an artefact's name", R"({"_links":{"project":{"href":"vstfs:///Classification/TeamProject/1"}}})", {}},
    {"a description", R"({"description":"runs at http://localhost:3000"})", {}},
    {"all of an example", R"({"example":{"request":{"url":"http://localhost"}}})", {}},
    {"the field behind a description",
     R"({"description":"http://localhost","url":"http://127.0.0.1"})",
     {"http://127.0.0.1 self at body /url"}},
    {"a service hook's own address",
     R"({"consumerInputs":{"url":"http://localhost/"},"url":"https://azure.example.com/"})",
     {"https://azure.example.com self at body /url"}},
    {"the server's own access mapping",
     R"({"accessMappings":[{"accessPoint":"http://localhost:8080","moniker":"ServerAccessMapping"}]})",
     {}},
    {"the public access mapping",
     R"({"accessMappings":[{"moniker":"PublicAccessMapping","accessPoint":"http://localhost:8080"}]})",
     {"http://localhost:8080 self at body /accessMappings/0/accessPoint"}},
    {"an access mapping that breaks off",
     R"({"accessMappings":[{"accessPoint":"http://localhost:8080","monik)",
     {"http://localhost:8080 self at body /accessMappings/0/accessPoint"}},
    {"JSON that breaks off inside of a string",
     "{\"url\":\"http://127.0.0.1/\",\n \"b\":\"http://localhost/",
     {"http://127.0.0.1 self at body /url", "http://localhost at body line 2 column 7"}},
    {"JSON that goes on as something else",
     "{\"a\":1}\n<a href=\"http://localhost/\">",
     {"http://localhost at body line 2 column 10"}},
    {"a number that is too large",
     "{\"a\":1e999,\"b\":\"http://localhost\"}",
     {"http://localhost at body line 1 column 17"}},
    {"bytes that are no UTF-8",
     "{\"a\":\"\xff\xc3\",\"url\":\"http://localhost\"}",
     {"http://localhost self at body /url"}},
    {"a byte order mark",
     "\xEF\xBB\xBF{\"url\":\"http://localhost\"}",
     {"http://localhost self at body /url"}},
};

TEST(JsonScan, NamesThePointerOfEachUrl) {
  for (const auto& row : json_bodies)
    EXPECT_THAT(lines(scan("application/json", row.input, Profile::azure_devops_server)),
                ElementsAreArray(row.expected))
        << row.sentence << ": " << row.input;
}

TEST(JsonScan, HasNoSelfLinksForTheWebProfile) {
  EXPECT_THAT(
      lines(scan("application/json", R"({"url":"https://other.example/","href":"http://localhost"})")),
      ElementsAre("http://localhost at body /href"));
}

TEST(JsonScan, TakesADirectoryOfServicesForMentions) {
  const std::string body = R"({"accessPoint":"https://other.example/","url":"https://vssps.dev.azure.com/"})";
  EXPECT_THAT(lines(scan("application/json", body, Profile::azure_devops_services)),
              ElementsAre("https://vssps.dev.azure.com self at body /url"));
}

TEST(JsonScan, SurvivesAHundredThousandLevels) {
  const std::size_t depth = 100'000;
  const auto found =
      scan("application/json", std::string(depth, '[') + "\"http://localhost\"" + std::string(depth, ']'));
  ASSERT_THAT(found.urls, SizeIs(1));
  EXPECT_LE(found.urls[0].places.at(0).place.size(), place_limit);
  const auto unclosed = scan("application/json", [&] {
    std::string text;
    for (std::size_t n = 0; n < depth; ++n) text += "{\"k\":";
    return text + "\"http://localhost\"";
  }());
  EXPECT_THAT(unclosed.urls, SizeIs(1));
}

// ---- HTML

const Row html_bodies[] = {
    {"a link",
     R"(<a class=x href="http://localhost/">x</a>)",
     {"http://localhost at body line 1 column 18 (a href)"}},
    {"a value without quotes",
     "<img src=http://localhost/x.png>",
     {"http://localhost at body line 1 column 10 (img src)"}},
    {"apostrophes around a value",
     "<form action='http://localhost/'>",
     {"http://localhost at body line 1 column 15 (form action)"}},
    {"a reference without a scheme",
     "<script src=\"//localhost/x.js\"></script>",
     {"https://localhost at body line 1 column 14 (script src)"}},
    {"an attribute for scripts",
     "<div data-config='{&quot;u&quot;:&quot;http:\\/\\/localhost&quot;}'>",
     {"http://localhost at body line 1 column 40 (div data-config)"}},
    {"the content of a meta element",
     "<meta property=og:url content=\"http://localhost/\">",
     {"http://localhost at body line 1 column 32 (meta content)"}},
    {"a refresh",
     "<meta http-equiv=Refresh content=\"0; URL=//localhost/\">",
     {"https://localhost at body line 1 column 42 (meta content)"}},
    {"sources in several sizes",
     "<img srcset=\"/a.png 1x, //localhost/b.png 2x\">",
     {"https://localhost at body line 1 column 24 (img srcset)"}},
    {"character references",
     "<a href=\"&#104;ttp&colon;&#x2F;&sol;localhost\">",
     {"http://localhost at body line 1 column 10 (a href)"}},
    {"text",
     "<p>\nOpen http://localhost:8080/tfs &amp; go",
     {"http://localhost:8080 at body line 2 column 6"}},
    {"a script",
     "<script>\nvar u = \"http:\\/\\/\\u006cocalhost\\/\";</script>",
     {"http://localhost at body line 2 column 10 (script)"}},
    {"a script with markup in a string",
     "<script>'<!--<b>';u='http://localhost'</script >",
     {"http://localhost at body line 1 column 22 (script)"}},
    {"JSON in a script",
     "<script type=\"application/json\">{\"u\":\"http://localhost\"}</script>",
     {"http://localhost at body line 1 column 39 (script)"}},
    {"a tag in capital letters",
     "<A HREF=\"http://localhost/\">",
     {"http://localhost at body line 1 column 10 (A HREF)"}},
    {"a style",
     "<style>a{background:url(http://localhost/x)}</style>",
     {"http://localhost at body line 1 column 25 (style)"}},
    {"a page that breaks off in a value",
     "<a href=\"http://localhost/",
     {"http://localhost at body line 1 column 10 (a href)"}},
    {"a page that breaks off in a script",
     "<script>u='http://localhost'",
     {"http://localhost at body line 1 column 12 (script)"}},
    {"a less-than sign in text", "a < b and http://localhost", {"http://localhost at body line 1 column 11"}},
    {"text behind code",
     "<code>http://localhost</code> http://127.0.0.1/",
     {"http://127.0.0.1 at body line 1 column 31"}},

    {"a comment", "<!-- http://localhost/ --><p>", {}},
    {"a comment that does not end", "<p><!-- http://localhost/ ", {}},
    {"code that is shown", "<pre>curl <b>http://localhost:8080/</b></pre>", {}},
    {"a hint in a field", "<input placeholder=\"http://localhost:8080\" title='http://localhost'>", {}},
    {"a description", "<meta name=description content=\"runs at http://localhost\">", {}},
    {"a link with localhost as user", "<a href=\"http://localhost@real.example/\">localhost</a>", {}},
    {"a namespace", "<svg xmlns=\"http://localhost/ns\">", {}},
};

TEST(HtmlScan, NamesTheLineAndTheAttribute) {
  for (const auto& row : html_bodies)
    EXPECT_THAT(lines(scan("text/html; charset=utf-8", row.input)), ElementsAreArray(row.expected))
        << row.sentence << ": " << row.input;
}

// ---- text and what it says it is

TEST(TextScan, CountsLinesAndColumns) {
  EXPECT_THAT(
      lines(scan("text/plain", "a\nbb http://localhost\r\n\nhttp://localhost:1")),
      ElementsAre("http://localhost at body line 2 column 4", "http://localhost:1 at body line 4 column 1"));
}

TEST(ResponseScan, ReadsABodyAsWhatItIs) {
  EXPECT_THAT(lines(scan("application/json", "<a href=\"//localhost\">")),
              ElementsAre("https://localhost at body line 1 column 10 (a href)"));
  EXPECT_THAT(lines(scan("text/plain", "{\"a\":\"http://localhost\"}")),
              ElementsAre("http://localhost at body /a"));
  EXPECT_THAT(lines(scan("", " \n[\"http://localhost\"]")), ElementsAre("http://localhost at body /0"));
  EXPECT_THAT(lines(scan("image/png", "http://localhost")), IsEmpty());
  EXPECT_THAT(lines(scan("application/x-git-upload-pack-advertisement", "http://localhost")), IsEmpty());
  EXPECT_THAT(lines(scan("application/json", "")), IsEmpty());
}

TEST(ResponseScan, KeepsTheFirstFivePlacesOfAnOriginAndCountsAll) {
  std::string body;
  for (int n = 0; n < 12; ++n) body += "http://LOCALHOST http://localhost/ ";
  const auto found = scan("text/plain", body);
  ASSERT_THAT(found.urls, SizeIs(1));
  EXPECT_EQ(found.urls[0].count, 24U);
  EXPECT_THAT(found.urls[0].places, SizeIs(places_kept));
  EXPECT_EQ(found.total, 24U);
}

TEST(ResponseScan, KeepsAThousandOriginsAtMostAndNoFloodHidesALocalOne) {
  std::string body = "[";
  for (int n = 0; n < 2000; ++n) body += "{\"url\":\"https://h" + std::to_string(n) + ".example/\"},";
  for (int n = 0; n < 2000; ++n)
    body += "\"http://127.1." + std::to_string(n / 256) + "." + std::to_string(n % 256) + "\",";
  const auto found = scan("application/json", body + "0]", Profile::azure_devops_server);
  EXPECT_EQ(found.total, 4000U);
  EXPECT_THAT(found.urls, SizeIs(origins_kept));
  EXPECT_TRUE(is_localhost(found.urls.back().origin.host));
}

TEST(ResponseScan, LimitsWhatItShows) {
  const auto found = scan("application/json", "{\"" + std::string(5000, 'k') + "\":\"http://localhost/" +
                                                  std::string(5000, 'p') + "\"}");
  ASSERT_THAT(found.urls, SizeIs(1));
  EXPECT_LE(found.urls[0].places.at(0).raw.size(), raw_limit);
  EXPECT_LE(found.urls[0].places.at(0).place.size(), place_limit);
}

TEST(ResponseScan, TakesEightMebibytesOfAnything) {
  const std::string patterns[] = {"://",
                                  "http://",
                                  "a:b:",
                                  "git@a:",
                                  "%3a%2f%2f",
                                  "\\",
                                  "<",
                                  "<a ",
                                  "<!--",
                                  "{\"",
                                  "[",
                                  "\"",
                                  "&#",
                                  "http://a@",
                                  "http:\\/\\/\\u0061",
                                  "<script></",
                                  "a://[",
                                  "<img srcset=,",
                                  "http://1.%25",
                                  "//",
                                  "git@[",
                                  "h://x:"};
  for (const auto& pattern : patterns) {
    for (const char* type : {"application/json", "text/html", "text/plain"}) {
      std::string body;
      while (body.size() < 1024 * 1024) body += pattern;
      const auto found = scan(type, body, Profile::azure_devops_server);
      EXPECT_LE(found.total, body.size() / 4) << type << " " << pattern;
    }
  }
}

// ---- headers

TEST(HeaderScan, ResolvesReferences) {
  EXPECT_THAT(lines(scan_header("Location", "http://localhost/tfs")),
              ElementsAre("http://localhost self at header Location"));
  EXPECT_THAT(lines(scan_header("location", "//localhost/x")),
              ElementsAre("https://localhost self at header Location"));
  EXPECT_THAT(lines(scan_header("Content-Location", "https://other.example/")),
              ElementsAre("https://other.example self at header Content-Location"));
  const auto relative = scan_header("Location", "/next?r=http%3A%2F%2Fother.example%2F");
  EXPECT_THAT(relative.urls, IsEmpty());
  EXPECT_EQ(relative.total, 1U);
}

TEST(HeaderScan, ReadsEveryTargetOfALink) {
  EXPECT_THAT(
      lines(scan_header("Link", R"(<https://a.example/>; rel="next", <http://localhost/?page=2>; rel=last)")),
      ElementsAre("http://localhost at header Link"));
}

TEST(HeaderScan, ReadsTheRealmThatNamesTheServer) {
  EXPECT_THAT(lines(scan_header("WWW-Authenticate", R"(Basic realm="http://localhost:8080/tfs")",
                                Profile::azure_devops_server)),
              ElementsAre("http://localhost:8080 self at realm of WWW-Authenticate"));
  EXPECT_THAT(
      lines(scan_header("WWW-Authenticate", R"(Basic realm="localhost")", Profile::azure_devops_server)),
      IsEmpty());
  EXPECT_THAT(lines(scan_header("WWW-Authenticate", R"(Basic realm="https://other.example/")")), IsEmpty());
}

TEST(HeaderScan, LeavesOtherHeadersAlone) {
  EXPECT_THAT(lines(scan_header("Content-Security-Policy", "connect-src http://localhost")), IsEmpty());
}

const struct {
  const char* sentence;
  const char* value;
  std::vector<std::string> expected;
} challenges[] = {
    {"one challenge", R"(Basic realm="a")", {"a"}},
    {"several challenges", R"(Negotiate, Basic realm="a, b", Digest nonce="x", realm=c)", {"a, b", "c"}},
    {"escaped quotes", R"(Basic realm="a \"b\" \\ c")", {R"(a "b" \ c)"}},
    {"a token before", R"(NTLM TlRMTVNTUAAC==, Basic realm="a")", {"a"}},
    {"capital letters and spaces", R"(basic REALM = "a")", {"a"}},
    {"the word inside of another parameter", R"(Bearer error="realm=x", realm="y")", {"y"}},
    {"a quote that does not end", R"(Basic realm="a)", {"a"}},
    {"a stray quote", R"("realm=x" Basic realm=y)", {"y"}},
    {"no realm", "Negotiate, NTLM", {}},
    {"nothing", "", {}},
};

TEST(Challenge, GivesTheRealms) {
  for (const auto& row : challenges)
    EXPECT_THAT(realms(row.value), ElementsAreArray(row.expected)) << row.sentence;
}

// ---- the fast look

TEST(FastLook, SaysNoOnlyWhenEveryUrlIsTheAskedOne) {
  const auto asked = origin_of(base);
  EXPECT_FALSE(may_lead_elsewhere(
      R"({"url":"https://azure.example.com/a","b":"https://AZURE.example.com:443/c"})", asked, asked));
  EXPECT_TRUE(may_lead_elsewhere(R"({"url":"https://azure.example.com:8443/a"})", asked, asked));
  EXPECT_TRUE(may_lead_elsewhere(R"({"url":"http://azure.example.com/a"})", asked, asked));
  EXPECT_TRUE(may_lead_elsewhere(R"({"url":"https://b.example"})", asked, asked));
  EXPECT_TRUE(may_lead_elsewhere(R"({"url":"//b.example"})", asked, asked));
  EXPECT_TRUE(may_lead_elsewhere(R"({"url":"https\u003a//b.example"})", asked, asked));
  EXPECT_TRUE(may_lead_elsewhere(R"({"sshUrl":"org@b.example:v3/r"})", asked, asked));
}

}  // namespace
}  // namespace fwprobe::checks
