#pragma once
// PEM files (RFC 7468) of certificates and keys. Errors are sentences for the user that begin with the file's
// name.

#include <expected>
#include <filesystem>
#include <string>

#include "probe/openssl_ptr.h"

namespace fwprobe::probe {

/// At least one certificate, in the file's order.
std::expected<CertificatesPtr, std::string> read_certificates(const std::filesystem::path& file);
/// The first private key. An encrypted one is an error: nobody is asked for its passphrase.
std::expected<KeyPtr, std::string> read_private_key(const std::filesystem::path& file);

}  // namespace fwprobe::probe
