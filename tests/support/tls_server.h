#pragma once
// `openssl s_server` with a certificate of the test's own, in a folder of its own.

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <asio/ip/tcp.hpp>

#include "tests/support/authority.h"
#include "tests/support/servers.h"

namespace fwprobe::tests {

/// What s_server answers with; -www makes it speak HTTP/1.0.
struct TlsServerWish {
  Identity leaf;
  std::vector<Identity> chain{};         ///< presented behind the leaf
  std::vector<std::string> arguments{};  ///< more of s_server(1); "@name" is a path in the server's folder
  std::vector<std::pair<std::string, std::string>> files{};  ///< name and content, in that folder
  asio::ip::address address = own_loopback();
};

class TlsServer {
 public:
  explicit TlsServer(const TlsServerWish& wish) : endpoint_{wish.address, free_port(wish.address)} {
    folder_.write("leaf.pem", wish.leaf.certificate_pem());
    folder_.write("leaf.key", wish.leaf.key_pem());
    std::string chain;
    for (const auto& certificate : wish.chain) chain += certificate.certificate_pem();
    folder_.write("chain.pem", chain);
    for (const auto& [name, content] : wish.files) folder_.write(name, content);
    const auto host = wish.address.is_v6() ? "[" + wish.address.to_string() + "]" : wish.address.to_string();
    std::vector<std::string> command{"openssl",
                                     "s_server",
                                     "-www",
                                     "-no-CAfile",
                                     "-no-CApath",
                                     "-accept",
                                     host + ":" + std::to_string(endpoint_.port()),
                                     "-cert",
                                     folder_.path("leaf.pem"),
                                     "-key",
                                     folder_.path("leaf.key")};
    if (!chain.empty()) command.insert(command.end(), {"-cert_chain", folder_.path("chain.pem")});
    for (const auto& argument : wish.arguments)
      command.push_back(argument.starts_with('@') ? folder_.path(argument.substr(1)) : argument);
    process_ = std::make_unique<Process>(folder_, std::move(command));
    listening_ = listens(*process_, endpoint_);
  }
  bool listening() const { return listening_; }
  asio::ip::tcp::endpoint endpoint() const { return endpoint_; }
  std::string log() const { return process_->log(); }

 private:
  TempFolder folder_;
  asio::ip::tcp::endpoint endpoint_;
  std::unique_ptr<Process> process_;
  bool listening_ = false;
};

}  // namespace fwprobe::tests
