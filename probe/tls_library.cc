#include "probe/tls_library.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include <openssl/core_dispatch.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/provider.h>
#include <openssl/ssl.h>

namespace fwprobe::probe {
namespace {

bool is_wanted_cipher(std::string_view name, std::string_view) {
  // Of the cipher suites of TLS 1.0 to 1.3, and what CTR-DRBG works with (EVP_RAND-CTR-DRBG(7)).
  constexpr std::string_view ends[] = {"-GCM", "-CCM", "-CBC", "-HMAC-SHA1", "-HMAC-SHA256", "-CTR", "-ECB"};
  constexpr std::string_view begins[] = {"AES-128-",      "AES-256-",  "CAMELLIA-128-",
                                         "CAMELLIA-256-", "ARIA-128-", "ARIA-256-"};
  return name == "NULL" || name == "ChaCha20-Poly1305" || name == "DES-EDE3-CBC" ||
         (std::ranges::any_of(begins, [&](auto begin) { return name.starts_with(begin); }) &&
          std::ranges::any_of(ends, [&](auto end) { return name.ends_with(end); }));
}

bool is_wanted_key(std::string_view name, std::string_view) {
  constexpr std::string_view others[] = {"DHX",    "SM2",     "TLS1-PRF", "HKDF",
                                         "SCRYPT", "SIPHASH", "POLY1305", "CMAC"};
  return std::ranges::find(others, name) == std::end(others);
}

/// Those of the public keys in certificates, but for keys that cannot sign.
bool is_wanted_decoder(std::string_view name, std::string_view properties) {
  constexpr std::string_view others[] = {"DH", "DHX", "X25519", "X448", "SM2"};
  return properties.find("structure=SubjectPublicKeyInfo") != std::string_view::npos &&
         std::ranges::find(others, name) == std::end(others) && !name.starts_with("ML-KEM");
}

/// An operation of provider-base(7), and the algorithms of it that are left; ends with one without a name.
struct Selection {
  int operation;
  bool (*wants)(std::string_view name, std::string_view properties);
  std::vector<OSSL_ALGORITHM> algorithms = {};
};

/// OpenSSL's own provider, which does the work, with less to choose from.
struct Provider {
  EVP_RAND* held = nullptr;  ///< one of its algorithms, so that it stays while it is not active itself
  std::array<Selection, 3> selections{{{OSSL_OP_CIPHER, is_wanted_cipher},
                                       {OSSL_OP_KEYMGMT, is_wanted_key},
                                       {OSSL_OP_DECODER, is_wanted_decoder}}};

  const OSSL_PROVIDER* whole() const { return EVP_RAND_get0_provider(held); }
};

/// The process's, as OpenSSL's default library context is: the functions below are called without a context
/// of ours, for that is the one of the provider whose algorithms they give.
Provider& provider() {
  static auto& provider = *new Provider;  // not freed at the end, as OpenSSL is not
  return provider;
}

void select(Selection& selection, const OSSL_PROVIDER& whole) {
  int no_cache = 0;
  const auto* one = OSSL_PROVIDER_query_operation(&whole, selection.operation, &no_cache);
  for (; one != nullptr && one->algorithm_names != nullptr; ++one) {
    const std::string_view names{one->algorithm_names};  // "ED25519:1.3.101.112"
    if (selection.wants(names.substr(0, names.find(':')), one->property_definition))
      selection.algorithms.push_back(*one);
  }
  selection.algorithms.emplace_back();
}

const OSSL_ALGORITHM* query(void*, int operation, int* no_cache) {
  const auto& selections = provider().selections;
  const auto* selection = std::ranges::find(selections, operation, &Selection::operation);
  if (selection == selections.end())
    return OSSL_PROVIDER_query_operation(provider().whole(), operation, no_cache);
  *no_cache = 0;
  return selection->algorithms.data();
}

/// The groups of TLS are asked for by this.
int capabilities(void*, const char* capability, OSSL_CALLBACK* found, void* argument) {
  return OSSL_PROVIDER_get_capabilities(provider().whole(), capability, found, argument);
}

int start_provider(const OSSL_CORE_HANDLE*, const OSSL_DISPATCH*, const OSSL_DISPATCH** functions,
                   void** context) {
  static const std::array<OSSL_DISPATCH, 3> ours{
      {{OSSL_FUNC_PROVIDER_QUERY_OPERATION, reinterpret_cast<void (*)()>(query)},
       {OSSL_FUNC_PROVIDER_GET_CAPABILITIES, reinterpret_cast<void (*)()>(capabilities)},
       {0, nullptr}}};
  for (auto& selection : provider().selections) select(selection, *provider().whole());
  *functions = ours.data();
  *context = OSSL_PROVIDER_get0_provider_ctx(provider().whole());
  return 1;
}

/// Ours in place of the whole one, unless that is in use already; then it stays, alone.
void choose_provider() {
  constexpr const char* whole_name = "default";
  constexpr const char* our_name = "tls-client";
  auto* whole = OSSL_PROVIDER_load(nullptr, whole_name);
  if (whole == nullptr) return;
  provider().held = EVP_RAND_fetch(nullptr, "SEED-SRC", nullptr);
  if (provider().held == nullptr || OSSL_PROVIDER_add_builtin(nullptr, our_name, start_provider) != 1) return;
  auto* ours = OSSL_PROVIDER_load(nullptr, our_name);
  if (ours == nullptr) return;
  OSSL_PROVIDER_unload(whole);
  if (OSSL_PROVIDER_available(nullptr, whole_name) == 1) OSSL_PROVIDER_unload(ours);
}

bool start() {
  // The system's openssl.cnf is not loaded: what we measure must depend on the options alone, and
  // OPENSSL_CONF is the environment. Nor is everything freed at the end, as the kernel does that.
  OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_ATEXIT | OPENSSL_INIT_NO_ADD_ALL_CIPHERS,
                   nullptr);
  choose_provider();
  ERR_clear_error();
  return true;
}

}  // namespace

void start_tls_library() { [[maybe_unused]] static const bool started = start(); }

}  // namespace fwprobe::probe
