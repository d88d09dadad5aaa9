#pragma once
#include <expected>
#include <string>

#include <asio/ssl/context.hpp>

#include "monitor/web/web_config.h"

namespace fwprobe::monitor {

/// The server's side of TLS (SSL_CTX_new(3)). The error names the file and what is wrong with it.
std::expected<asio::ssl::context, std::string> make_server_context(const TlsServer& tls);

}  // namespace fwprobe::monitor
