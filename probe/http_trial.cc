#include "probe/http_trial.h"

namespace fwprobe::probe {
namespace {

constexpr std::size_t body_kept = 64UL * 1024;

}  // namespace

asio::awaitable<Tried> try_out(TrialQuestion question, Connection connection, const HttpSecrets& secrets,
                               Clock::duration timeout, Clock::time_point until) {
  HttpQuestion asked{question.connection, question.request, question.form};
  auto exchanged = co_await exchange(std::move(asked), std::move(connection), secrets, timeout, {}, until);
  auto& result = exchanged.fact.result;
  if (result && result->body.size() > body_kept) result->body.resize(body_kept);
  HttpTrial fact{std::move(question), exchanged.fact.first_byte, exchanged.delivery, std::move(result)};
  co_return Tried{std::move(fact), std::move(exchanged.connection)};
}

}  // namespace fwprobe::probe
