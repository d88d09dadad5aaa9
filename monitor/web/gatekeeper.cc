#include "monitor/web/gatekeeper.h"

#include <algorithm>
#include <stdexcept>

#include <crypt.h>
#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include "reports/packed.h"
#include "text/ascii.h"

namespace fwprobe::monitor {
namespace {

constexpr std::size_t most_verified = 100;
constexpr std::size_t longest_password = 1024;

/// "Basic" of "Basic dXNlcjpwYXNz", and what follows.
std::pair<std::string_view, std::string_view> split(std::string_view value) {
  const auto blank = std::min(value.find(' '), value.size());
  return {value.substr(0, blank), trimmed(value.substr(blank))};
}

bool matches(std::string_view password, std::string_view hash) {
  const auto memory = std::make_unique<crypt_data>();
  std::string text{password};
  const std::string setting{hash};
  const char* made = crypt_r(text.c_str(), setting.c_str(), memory.get());
  const bool same = made != nullptr && std::string_view{made}.size() == hash.size() &&
                    CRYPTO_memcmp(made, hash.data(), hash.size()) == 0;
  probe::overwrite(text.data(), text.size());
  probe::overwrite(memory.get(), sizeof(crypt_data));
  return same;
}

}  // namespace

Presented read_authorization(const Request& request) {
  const auto field = request.field("Authorization");
  if (!field) return {};
  const auto [scheme, value] = split(*field);
  if (equal_ignoring_case(scheme, "Bearer")) return probe::Secret{std::string{value}};
  if (!equal_ignoring_case(scheme, "Basic")) return {};
  auto text = reports::from_base64(value);
  if (!text) return {};
  const auto colon = text->find(':');
  // crypt(3) would end the password at a NUL.
  if (colon == std::string::npos || text->find('\0') != std::string::npos || text->size() > longest_password)
    return {};
  BasicCredentials credentials{text->substr(0, colon), probe::Secret{text->substr(colon + 1)}};
  probe::overwrite(text->data(), text->size());
  return credentials;
}

Gatekeeper::Gatekeeper(WebConfig config, Aside& aside) : config_{std::move(config)}, aside_{aside} {
  int cost = 4;
  for (const auto& user : config_.users)
    cost = std::max(cost, bcrypt_cost(user.hash.expose()).value_or(cost));
  unknown_ = fmt::format("$2y${:02}$QOauhQNbBCuQDKes6eFzPeMqBSjb7Mr5DUmpZ/VcEd00UAV/LDeSi", cost);
  if (RAND_bytes(key_.data(), static_cast<int>(key_.size())) != 1)
    throw std::runtime_error{"no random numbers: the kernel's generator cannot be read"};
}

asio::awaitable<std::optional<Answer>> Gatekeeper::refuse(const Request& request) {
  if (config_.is_open()) co_return std::nullopt;
  const auto presented = read_authorization(request);
  if (const auto* basic = std::get_if<BasicCredentials>(&presented);
      basic != nullptr && !config_.users.empty())
    co_return co_await refuse(*basic);
  if (const auto* token = std::get_if<probe::Secret>(&presented); token != nullptr && config_.token) {
    // Equally long whatever was sent, so that comparing takes equally long too.
    const auto sent = digest({}, {}, token->expose()), right = digest({}, {}, config_.token->expose());
    if (CRYPTO_memcmp(sent.data(), right.data(), right.size()) == 0) co_return std::nullopt;
  }
  co_return unauthorized();
}

asio::awaitable<std::optional<Answer>> Gatekeeper::refuse(const BasicCredentials& presented) {
  const auto user = std::ranges::find(config_.users, presented.user, &WebUser::name);
  const bool known = user != config_.users.end();
  const std::string hash{known ? user->hash.expose() : std::string_view{unknown_}};
  const auto mark = digest(presented.user, hash, presented.password.expose());
  if (std::ranges::find(verified_, mark) != verified_.end()) co_return std::nullopt;

  const auto& password = presented.password;
  const auto work = [&password, &hash] { return matches(password.expose(), hash); };
  const auto same = co_await aside_.run(work);
  if (!same) {
    auto busy = plain(503, "too many passwords wait to be checked; try again");
    busy.fields.emplace_back("Retry-After", "1");
    co_return busy;
  }
  if (!known || !*same) co_return unauthorized();
  verified_.push_front(mark);
  if (verified_.size() > most_verified) verified_.pop_back();
  co_return std::nullopt;
}

Answer Gatekeeper::unauthorized() const {
  auto answer = plain(401, "a user name and password, or a token, is required");
  if (!config_.users.empty())
    answer.fields.emplace_back("WWW-Authenticate", "Basic realm=\"fwprobe\", charset=\"UTF-8\"");
  if (config_.token) answer.fields.emplace_back("WWW-Authenticate", "Bearer realm=\"fwprobe\"");
  return answer;
}

/// Under a key of this process: what is remembered says nothing about a password.
Gatekeeper::Digest Gatekeeper::digest(std::string_view user, std::string_view hash,
                                      std::string_view password) const {
  std::string text = fmt::format("{}:{}:{}:", user.size(), hash.size(), password.size());
  text.append(user).append(hash).append(password);
  Digest made{};
  unsigned int size = 0;
  const bool done =
      HMAC(EVP_sha256(), key_.data(), static_cast<int>(key_.size()),
           reinterpret_cast<const unsigned char*>(text.data()), text.size(), made.data(), &size) != nullptr;
  probe::overwrite(text.data(), text.size());
  if (!done)
    throw std::runtime_error{"no digest of a password can be made"};  // two that failed would be equal
  return made;
}

}  // namespace fwprobe::monitor
