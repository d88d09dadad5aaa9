#include "probe/tls.h"

#include <algorithm>
#include <array>
#include <memory>

#include <asio/experimental/awaitable_operators.hpp>
#include <asio/ssl/error.hpp>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include "probe/certificate.h"
#include "probe/deadline.h"
#include "probe/ocsp.h"
#include "probe/openssl_ptr.h"
#include "probe/tcp.h"
#include "probe/tls_witness.h"

namespace fwprobe::probe {
namespace {

using namespace std::chrono_literals;

constexpr int longest_chain = 32;

/// RFC 7301 §3.1: each name with its length before it.
std::optional<std::string> alpn_wire_form(const std::vector<std::string>& protocols) {
  std::string wire;
  for (const auto& protocol : protocols) {
    if (protocol.empty() || protocol.size() > 255) return {};
    wire += static_cast<char>(protocol.size());
    wire += protocol;
  }
  return wire;
}

/// Whom the certificate must name: RFC 9525 looks at subjectAltName alone, never at the common name.
bool set_expected_peer(SSL& ssl, const Host& host) {
  auto* parameters = SSL_get0_param(&ssl);
  X509_VERIFY_PARAM_set_hostflags(parameters,
                                  X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  if (!host.address)
    return !host.name.empty() &&
           X509_VERIFY_PARAM_set1_host(parameters, host.name.data(), host.name.size()) == 1;
  if (host.address->is_v4()) {
    const auto bytes = host.address->to_v4().to_bytes();
    return X509_VERIFY_PARAM_set1_ip(parameters, bytes.data(), bytes.size()) == 1;
  }
  const auto bytes = host.address->to_v6().to_bytes();
  return X509_VERIFY_PARAM_set1_ip(parameters, bytes.data(), bytes.size()) == 1;
}

/// RFC 6066 §3: an address is no server name.
bool is_address(const std::string& name) {
  std::error_code error;
  asio::ip::make_address(name, error);
  return !error;
}

/// What cannot be asked, or an empty text.
std::string set_question(SSL& ssl, const TlsQuestion& question) {
  const auto& name = question.server_name;
  if (!name.empty() && !is_address(name) && SSL_set_tlsext_host_name(&ssl, name.c_str()) != 1)
    return "the server name cannot be sent: " + name;
  const auto alpn = alpn_wire_form(question.alpn);
  if (!alpn) return "an ALPN protocol name has 1 to 255 bytes";
  // Unlike all others, this function returns 0 for success.
  if (!alpn->empty() && SSL_set_alpn_protos(&ssl, reinterpret_cast<const unsigned char*>(alpn->data()),
                                            static_cast<unsigned>(alpn->size())) != 0)
    return "the ALPN protocols cannot be offered";
  if (!set_expected_peer(ssl, question.verify)) return "no host to verify the certificate for";
  SSL_set_tlsext_status_type(&ssl, TLSEXT_STATUSTYPE_ocsp);
  return {};
}

std::string version_text(const SSL& ssl) {
  switch (SSL_version(&ssl)) {
    case TLS1_VERSION:
      return "TLSv1.0";  // the library says "TLSv1"
    default:
      return SSL_get_version(&ssl);
  }
}

/// NIST's names for its curves, the RFCs' for all others.
std::string group_text(SSL& ssl) {
  const auto nid = static_cast<int>(SSL_get_negotiated_group(&ssl));
  if (nid != NID_undef) {
    if (const char* nist = EC_curve_nid2nist(nid)) return nist;
    const bool known = (nid & TLSEXT_nid_unknown) == 0;
    const char* name = known ? OBJ_nid2sn(nid) : SSL_group_to_name(&ssl, nid);
    return name != nullptr ? name : fmt::format("group {}", nid & 0xffff);
  }
  // DHE of TLS 1.2 has parameters of the server's own choice.
  EVP_PKEY* key = nullptr;
  if (SSL_get_peer_tmp_key(&ssl, static_cast<void*>(&key)) != 1) return {};
  const KeyPtr owner{key};
  return EVP_PKEY_get_base_id(key) == EVP_PKEY_DH ? fmt::format("DH {}", EVP_PKEY_get_bits(key)) : "";
}

TlsSession session_of(SSL& ssl, const TlsWitness& witness) {
  TlsSession session;
  session.version = version_text(ssl);
  const char* cipher = SSL_CIPHER_standard_name(SSL_get_current_cipher(&ssl));
  session.cipher = cipher != nullptr ? cipher : "";
  session.group = group_text(ssl);
  const unsigned char* alpn = nullptr;
  unsigned length = 0;
  SSL_get0_alpn_selected(&ssl, &alpn, &length);
  session.alpn.assign(alpn, alpn + length);
  session.client_certificate_requested = witness.certificate_requested();
  return session;
}

std::string library_reason(const std::error_code& error) {
  const char* reason = ERR_reason_error_string(static_cast<unsigned>(error.value()));
  return reason != nullptr ? reason : error.message();
}

/// `error` of a handshake that ended without success.
TlsFailure failure_of(const std::error_code& error, TlsWitness& witness) {
  TlsFailure failure;
  if (error == asio::ssl::error::stream_truncated)
    failure.transport = TransportFailure{asio::error::eof, std::nullopt};
  else if (error.category() == asio::error::get_ssl_category() ||
           error.category() == asio::ssl::error::get_stream_category())
    failure.reason = library_reason(error);
  else
    failure.transport = TransportFailure{error, std::nullopt};
  failure.received = witness.received();
  failure.sent = witness.sent();
  failure.first_bytes = witness.foreign_bytes();
  failure.answered = witness.answered();
  failure.server_hello = witness.server_hello();
  return failure;
}

/// tcp(7), TCP_INFO. A connection that is reset has forgotten what was under way.
bool all_acknowledged(int socket) {
  tcp_info info{};
  socklen_t size = sizeof info;
  return getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &size) == 0 && info.tcpi_state == TCP_ESTABLISHED &&
         info.tcpi_unacked == 0;
}

std::unexpected<TlsFailure> never_begun(std::string reason) {
  TlsFailure failure;
  failure.reason = std::move(reason);
  return std::unexpected{std::move(failure)};
}

awaitable<std::error_code> shake_hands(TlsStream& stream) {
  auto [error] = co_await stream.async_handshake(asio::ssl::stream_base::client, as_result);
  co_return error;
}

/// Appends to `heard`, so that nothing is lost when another operation ends first.
awaitable<std::error_code> hear(TlsStream& stream, std::string& heard) {
  std::array<char, 4096> buffer;
  auto [error, count] = co_await stream.async_read_some(asio::buffer(buffer), as_result);
  heard.append(buffer.data(), count);
  co_return error;
}

/// The server's first word after its Finished: see handshake() in the header. No error when it is silent for
/// `patience` or accepts.
awaitable<std::error_code> first_word(TlsStream& stream, TlsWitness& witness, Clock::duration patience,
                                      std::string& heard) {
  using namespace asio::experimental::awaitable_operators;
  asio::steady_timer timer{co_await asio::this_coro::executor, patience};
  witness.expire_on_ticket(timer);
  auto outcome = co_await (hear(stream, heard) || timer.async_wait(as_result));
  if (outcome.index() == 1 || !heard.empty()) co_return std::error_code{};
  co_return std::get<0>(outcome);
}

bool server_judges_later(const SSL& ssl, const TlsWitness& witness) {
  return SSL_version(&ssl) >= TLS1_3_VERSION && witness.certificate_requested();
}

awaitable<std::error_code> whole_handshake(TlsStream& stream, TlsWitness& witness, Clock::time_point deadline,
                                           std::string& heard) {
  const Stopwatch watch;
  const auto outcome = co_await within(deadline, shake_hands(stream));
  if (!outcome) co_return asio::error::timed_out;
  if (*outcome || !server_judges_later(*stream.native_handle(), witness)) co_return *outcome;
  const auto patience = std::clamp<Clock::duration>(3 * watch.elapsed(), 100ms, 1s);
  co_return co_await first_word(stream, witness, std::min(patience, deadline - Clock::now()), heard);
}

std::vector<Certificate> presented_chain(STACK_OF(X509) * certificates) {
  std::vector<Certificate> chain;
  const auto count = certificates != nullptr ? std::min(sk_X509_num(certificates), longest_chain) : 0;
  for (int i = 0; i < count; ++i) chain.push_back(describe(*sk_X509_value(certificates, i)));
  return chain;
}

StapledStatus stapled_status(SSL& ssl, STACK_OF(X509) * presented) {
  const unsigned char* response = nullptr;
  const auto length = SSL_get_tlsext_status_ocsp_resp(&ssl, static_cast<void*>(&response));
  if (response == nullptr || length <= 0 || presented == nullptr) return {};
  return read_stapled({response, static_cast<std::size_t>(length)}, *presented,
                      *SSL_CTX_get_cert_store(SSL_get_SSL_CTX(&ssl)));
}

void add_facts(TlsHandshake& fact, SSL& ssl, const TlsWitness& witness) {
  auto* presented = SSL_get_peer_cert_chain(&ssl);
  fact.chain = presented_chain(presented);
  fact.verify_errors = witness.verify_errors();
  // An anonymous cipher suite, which only the permissive policy offers, proves nothing.
  if (fact.result && !witness.verified() && fact.verify_errors.empty())
    fact.verify_errors.push_back({X509_V_ERR_UNSPECIFIED, "no certificate was presented", 0});
  fact.verified_path = witness.verified_path();
  fact.client_certificate_requested = witness.certificate_requested();
  const auto stapled = stapled_status(ssl, presented);
  fact.ocsp = stapled.status;
  fact.ocsp_detail = stapled.detail;
}

/// The whole measurement on a stream that the caller keeps. `heard`: what the server said after the
/// handshake.
awaitable<TlsHandshake> measure(TlsQuestion question, TlsStream& stream, Clock::time_point deadline,
                                std::string& heard) {
  auto& ssl = *stream.native_handle();
  TlsHandshake fact;
  fact.question = std::move(question);
  if (auto problem = set_question(ssl, fact.question); !problem.empty()) {
    ERR_clear_error();
    fact.result = never_begun(std::move(problem));
    co_return fact;
  }
  TlsWitness witness{ssl};
  const auto error = co_await whole_handshake(stream, witness, deadline, heard);
  if (error) {
    auto failure = failure_of(error, witness);
    failure.acknowledged = all_acknowledged(stream.next_layer().native_handle());
    failure.tcp = tcp_end(stream.next_layer().native_handle());
    fact.result = std::unexpected{std::move(failure)};
  } else
    fact.result = session_of(ssl, witness);
  add_facts(fact, ssl, witness);
  co_return fact;
}

/// Bytes that a peer sent before we said anything: no TLS server does (RFC 8446 §2).
awaitable<TlsFailure> spoken_first(Connection connection, Clock::time_point deadline) {
  std::array<char, 64> buffer;
  const auto count = co_await connection.read_some(buffer, deadline);
  TlsFailure failure;
  failure.reason = "the peer spoke before the ClientHello";
  failure.first_bytes.assign(buffer.data(), count.value_or(0));
  failure.answered = true;
  co_return failure;
}

bool usable(const TlsHandshake& fact) {
  return fact.result && !fact.chain.empty() && fact.verify_errors.empty() &&
         fact.ocsp != OcspStatus::revoked && fact.question.policy == TlsPolicy::standard;
}

}  // namespace

std::string client_hello(const TlsQuestion& question, TlsContexts& contexts) {
  const SslPtr ssl{SSL_new(contexts.context(question.policy).native_handle())};
  BioPtr nothing_heard{BIO_new(BIO_s_mem())};
  BioPtr said{BIO_new(BIO_s_mem())};
  if (!ssl || !nothing_heard || !said || !set_question(*ssl, question).empty()) return {};
  auto* hello = said.get();
  SSL_set_bio(ssl.get(), nothing_heard.release(), said.release());
  SSL_connect(ssl.get());  // ends with SSL_ERROR_WANT_READ, once the ClientHello is written
  ERR_clear_error();
  char* bytes = nullptr;
  const auto size = BIO_get_mem_data(hello, &bytes);
  return {bytes, static_cast<std::size_t>(std::max(size, 0L))};
}

asio::awaitable<Handshaken> handshake(TlsQuestion question, Connection connection, TlsContexts& contexts,
                                      Clock::duration timeout) {
  const auto deadline = Clock::now() + timeout;
  Handshaken handshaken;
  handshaken.fact.question = question;
  if (connection.is_tls()) {
    handshaken.fact.result = never_begun("the connection carries TLS already");
    co_return handshaken;
  }
  if (connection.has_pending()) {
    auto failure = co_await spoken_first(std::move(connection), deadline);
    handshaken.fact.result = std::unexpected{std::move(failure)};
    co_return handshaken;
  }
  auto& context = contexts.context(question.policy);
  TlsStream stream{std::move(connection).take_tcp(), context};
  std::string heard;
  handshaken.fact = co_await measure(std::move(question), stream, deadline, heard);
  handshaken.fact.trusted_roots = contexts.trusted_roots();
  if (usable(handshaken.fact)) {
    handshaken.connection.emplace(std::move(stream));
    handshaken.connection->unread(heard);
  }
  co_return handshaken;
}

}  // namespace fwprobe::probe
