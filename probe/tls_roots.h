#pragma once
// Where the system keeps the roots that it trusts.

#include <filesystem>
#include <string>
#include <vector>

#include <openssl/types.h>

namespace fwprobe::probe {

struct RootPlaces {
  std::vector<std::filesystem::path> directories;  ///< hashed, openssl-rehash(1)
  std::vector<std::filesystem::path> bundles;      ///< PEM files of all roots
};

/// Those of this OpenSSL and of the common distributions. The environment (SSL_CERT_DIR, SSL_CERT_FILE) is
/// not read.
RootPlaces system_root_places();

/// Gives `store` the first hashed directory, or else the first bundle, that holds anything. Returns it; empty
/// when there is none. A directory costs nothing now, and per handshake the one root that is needed; a bundle
/// of 144 roots costs 17 ms of CPU at once.
std::string add_roots(X509_STORE& store, const RootPlaces& places);

}  // namespace fwprobe::probe
