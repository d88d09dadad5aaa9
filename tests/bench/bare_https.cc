// The same round trips with nothing but system calls and OpenSSL as it comes: a measure for what a tool adds.
// OpenSSL is loaded while the first answer is on its way: no program's first query leaves earlier.
//
//   bare_https COUNT NAME ADDRESS PORT CA_FILE      so many connections, one after the other, each a full
//                                                   handshake and a GET
//   bare_https COUNT/BEAT NAME ADDRESS PORT CA_FILE BEAT of them in each 750 ms, as a service begins them
//   bare_https 1 NAME - PORT CA_FILE DNS_SERVER     the address is asked for first

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>

#include <arpa/inet.h>
#include <dlfcn.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace {

void require(bool holds, const char* what) {
  if (!holds) throw std::runtime_error{what};
}

sockaddr_in endpoint(const char* address, int port) {
  sockaddr_in end{};
  end.sin_family = AF_INET;
  end.sin_port = htons(static_cast<std::uint16_t>(port));
  require(inet_pton(AF_INET, address, &end.sin_addr) == 1, "an IPv4 address is wanted");
  return end;
}

int connected(int type, const sockaddr_in& remote) {
  const int socket = ::socket(AF_INET, type, 0);
  require(::connect(socket, reinterpret_cast<const sockaddr*>(&remote), sizeof remote) == 0, "connect");
  return socket;
}

/// RFC 1035 §4.1: a header, and one question for A.
std::string query(const std::string& name) {
  std::string message{"\x12\x34\x01\0\0\x01\0\0\0\0\0\0", 12};
  for (std::size_t begin = 0; begin < name.size();) {
    const auto end = std::min(name.find('.', begin), name.size());
    message += static_cast<char>(end - begin) + name.substr(begin, end - begin);
    begin = end + 1;
  }
  return message + std::string{"\0\0\x01\0\x01", 5};
}

/// The answer's only record ends with its address.
in_addr answer(int resolver) {
  std::array<char, 512> message{};
  const auto size = ::recv(resolver, message.data(), message.size(), 0);
  require(size > 4, "no answer from the resolver");
  in_addr address{};
  std::copy_n(message.data() + size - 4, 4, reinterpret_cast<char*>(&address));
  return address;
}

/// dlsym(3) as whatever function it is.
struct Found {
  void* address;
  template <typename Function>
  operator Function*() const {
    return reinterpret_cast<Function*>(address);
  }
};

/// The library, loaded by the construction.
class OpenSsl {
  void* library_ = ::dlopen("libssl.so.3", RTLD_NOW);
  Found find(const char* name) const {
    void* address = library_ != nullptr ? ::dlsym(library_, name) : nullptr;
    require(address != nullptr, name);
    return {address};
  }

 public:
  decltype(&::OPENSSL_init_ssl) init = find("OPENSSL_init_ssl");
  decltype(&::TLS_client_method) client_method = find("TLS_client_method");
  decltype(&::SSL_CTX_new) context_new = find("SSL_CTX_new");
  decltype(&::SSL_CTX_load_verify_locations) load_roots = find("SSL_CTX_load_verify_locations");
  decltype(&::SSL_CTX_set_verify) set_verify = find("SSL_CTX_set_verify");
  decltype(&::SSL_new) tls_new = find("SSL_new");
  decltype(&::SSL_free) tls_free = find("SSL_free");
  decltype(&::SSL_set_fd) set_fd = find("SSL_set_fd");
  decltype(&::SSL_ctrl) control = find("SSL_ctrl");
  decltype(&::SSL_set1_host) set_host = find("SSL_set1_host");
  decltype(&::SSL_connect) connect = find("SSL_connect");
  decltype(&::SSL_read) read = find("SSL_read");
  decltype(&::SSL_write) write = find("SSL_write");
};

void get(const OpenSsl& openssl, SSL_CTX& context, std::string name, const sockaddr_in& server) {
  const int socket = connected(SOCK_STREAM, server);
  const int at_once = 1;
  ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &at_once, sizeof at_once);
  const std::unique_ptr<SSL, decltype(openssl.tls_free)> owner{openssl.tls_new(&context), openssl.tls_free};
  auto* tls = owner.get();
  openssl.set_fd(tls, socket);
  openssl.control(tls, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, name.data());
  openssl.set_host(tls, name.c_str());
  require(openssl.connect(tls) == 1, "SSL_connect");
  const auto request = "GET / HTTP/1.1\r\nHost: " + name + "\r\n\r\n";
  openssl.write(tls, request.data(), static_cast<int>(request.size()));
  std::array<char, 16384> response{};
  require(openssl.read(tls, response.data(), response.size()) > 0, "no response");
  ::close(socket);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 6) return 2;
  const std::string name{argv[2]};
  const bool asks = argc > 6;
  auto server = endpoint(asks ? "0.0.0.0" : argv[3], std::atoi(argv[4]));
  int resolver = -1;
  if (asks) {
    resolver = connected(SOCK_DGRAM, endpoint(argv[6], 53));
    const auto message = query(name);
    require(::send(resolver, message.data(), message.size(), 0) > 0, "send");
  }
  const OpenSsl openssl;
  openssl.init(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_ATEXIT, nullptr);
  auto* context = openssl.context_new(openssl.client_method());
  require(openssl.load_roots(context, argv[5], nullptr) == 1, "the CA file");
  openssl.set_verify(context, SSL_VERIFY_PEER, nullptr);
  if (asks) server.sin_addr = answer(resolver);
  char* end = nullptr;
  const auto count = std::strtol(argv[1], &end, 10);
  const auto beat = *end == '/' ? std::atoi(end + 1) : 0;
  auto next = std::chrono::steady_clock::now();
  for (long i = 0; i < count; ++i) {
    if (beat > 0 && i % beat == 0) std::this_thread::sleep_until(next += std::chrono::milliseconds{750});
    get(openssl, *context, name, server);
  }
  ::_exit(0);
}
