// The same round trips with nothing but system calls and OpenSSL as it comes: a measure for what a tool adds.
//
//   bare_https COUNT NAME ADDRESS PORT CA_FILE    so many connections, one after the other, each a full
//                                                 handshake and a GET
//   bare_https 1 NAME - PORT CA_FILE DNS_SERVER   the address is asked for first

#include <algorithm>
#include <array>
#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string>

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace {

using Context = std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)>;
using Tls = std::unique_ptr<SSL, decltype(&SSL_free)>;

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

void get(SSL_CTX& context, const std::string& name, const sockaddr_in& server) {
  const int socket = connected(SOCK_STREAM, server);
  const int at_once = 1;
  ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &at_once, sizeof at_once);
  const Tls tls{SSL_new(&context), SSL_free};
  SSL_set_fd(tls.get(), socket);
  SSL_set_tlsext_host_name(tls.get(), name.c_str());
  SSL_set1_host(tls.get(), name.c_str());
  require(SSL_connect(tls.get()) == 1, "SSL_connect");
  const auto request = "GET / HTTP/1.1\r\nHost: " + name + "\r\n\r\n";
  SSL_write(tls.get(), request.data(), static_cast<int>(request.size()));
  std::array<char, 16384> response{};
  require(SSL_read(tls.get(), response.data(), response.size()) > 0, "no response");
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
  OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_ATEXIT, nullptr);
  const Context context{SSL_CTX_new(TLS_client_method()), SSL_CTX_free};
  require(SSL_CTX_load_verify_locations(context.get(), argv[5], nullptr) == 1, "the CA file");
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  if (asks) server.sin_addr = answer(resolver);
  for (int i = std::atoi(argv[1]); i > 0; --i) get(*context, name, server);
  ::_exit(0);
}
