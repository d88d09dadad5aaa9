// How fast responses are scanned for URLs: bytes per second, for what servers send and for what an enemy
// would send.

#include <string>

#include <benchmark/benchmark.h>

#include "checks/url_scan.h"

namespace fwprobe::checks {
namespace {

constexpr std::size_t size = 8 * 1024 * 1024;

const probe::Url base{.scheme = "https",
                      .has_userinfo = false,
                      .host = {"azure.example.com", {}},
                      .port = 443,
                      .path = "/",
                      .query = {}};

std::string repeated(std::string_view head, std::string_view part, std::string_view tail) {
  std::string body{head};
  while (body.size() + part.size() + tail.size() <= size) body += part;
  return body.append(tail);
}

std::string projects() {
  return repeated(
      R"({"count":1,"value":[)",
      R"({"id":"6ce954b1-ce1f-45d1-b94d-e6bf2464ba2c","name":"Fabrikam-Fiber-Git","description":"Git projects",)"
      R"("url":"https://azure.example.com/tfs/_apis/projects/6ce954b1-ce1f-45d1-b94d-e6bf2464ba2c",)"
      R"("state":"wellFormed","revision":411518573,"visibility":"private",)"
      R"("lastUpdateTime":"2024-01-31T09:30:00.123Z"},)",
      "{}]}");
}

std::string page() {
  return repeated("<!DOCTYPE html><html><body>",
                  "<div class=\"row item\"><a href=\"https://azure.example.com/tfs/_git/repository\" "
                  "title=\"Open\">Repository"
                  "</a> changed <b>yesterday</b> by somebody &amp; others</div>\n",
                  "</body></html>");
}

void scan(benchmark::State& state, const std::string& type, const std::string& body) {
  probe::HttpResponse response;
  response.headers = {{"Content-Type", type}};
  response.body = body;
  for (auto _ : state) benchmark::DoNotOptimize(scan_response(response, base, Profile::azure_devops_server));
  state.SetBytesProcessed(static_cast<std::int64_t>(body.size()) * state.iterations());
}

void json_projects(benchmark::State& state) { scan(state, "application/json", projects()); }
void html_page(benchmark::State& state) { scan(state, "text/html", page()); }
void plain_text(benchmark::State& state) {
  scan(state, "text/plain",
       repeated("", "2026-01-31 09:30:00 GET https://azure.example.com/tfs 200 in 13 ms\n", ""));
}
void json_deep(benchmark::State& state) { scan(state, "application/json", repeated("", "[", "")); }
void json_all_urls(benchmark::State& state) {
  scan(state, "application/json", repeated("[", "\"http://localhost/\",", "0]"));
}
void json_all_different_hosts(benchmark::State& state) {
  std::string body = "[";
  for (int n = 0; body.size() < size; ++n) body += "\"http://h" + std::to_string(n) + "/\",";
  scan(state, "application/json", body + "0]");
}
void text_colons(benchmark::State& state) { scan(state, "text/plain", repeated("", "://", "")); }
void text_percents(benchmark::State& state) { scan(state, "text/plain", repeated("", "%3A%2f", "")); }
void html_open_tags(benchmark::State& state) { scan(state, "text/html", repeated("<", "<a ", "")); }

void fast_look(benchmark::State& state) {
  const auto body = projects();
  const auto asked = origin_of(base);
  for (auto _ : state) benchmark::DoNotOptimize(may_lead_elsewhere(body, asked, asked));
  state.SetBytesProcessed(static_cast<std::int64_t>(body.size()) * state.iterations());
}

BENCHMARK(json_projects)->Unit(benchmark::kMillisecond);
BENCHMARK(html_page)->Unit(benchmark::kMillisecond);
BENCHMARK(plain_text)->Unit(benchmark::kMillisecond);
BENCHMARK(json_deep)->Unit(benchmark::kMillisecond);
BENCHMARK(json_all_urls)->Unit(benchmark::kMillisecond);
BENCHMARK(json_all_different_hosts)->Unit(benchmark::kMillisecond);
BENCHMARK(text_colons)->Unit(benchmark::kMillisecond);
BENCHMARK(text_percents)->Unit(benchmark::kMillisecond);
BENCHMARK(html_open_tags)->Unit(benchmark::kMillisecond);
BENCHMARK(fast_look)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace fwprobe::checks
