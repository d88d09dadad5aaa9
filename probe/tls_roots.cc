#include "probe/tls_roots.h"

#include <algorithm>

#include <openssl/err.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>

namespace fwprobe::probe {
namespace {

/// Whether a certificate is filed under its subject's hash, "4042bcee.0": without such entries a directory is
/// of no use to the library, whatever else is in it.
bool is_hashed(const std::filesystem::path& directory) {
  std::error_code error;
  for (std::filesystem::directory_iterator entry{directory, error}, end; !error && entry != end;
       entry.increment(error)) {
    const auto& name = entry->path();
    if (name.extension() == ".0" && name.stem().string().size() == 8) return true;
  }
  return false;
}

}  // namespace

RootPlaces system_root_places() {
  return {
      .directories = {X509_get_default_cert_dir(), "/etc/ssl/certs", "/etc/pki/tls/certs"},
      .bundles = {X509_get_default_cert_file(),
                  "/etc/ssl/certs/ca-certificates.crt",                 // Debian, Alpine, Arch
                  "/etc/pki/tls/certs/ca-bundle.crt",                   // Fedora, RHEL
                  "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",  // the same, newer
                  "/etc/ssl/ca-bundle.pem",                             // openSUSE
                  "/etc/ssl/cert.pem"},                                 // BSD, Alpine
  };
}

std::string add_roots(X509_STORE& store, const RootPlaces& places) {
  for (const auto& directory : places.directories) {
    if (!is_hashed(directory)) continue;
    auto* lookup = X509_STORE_add_lookup(&store, X509_LOOKUP_hash_dir());
    if (lookup != nullptr && X509_LOOKUP_add_dir(lookup, directory.c_str(), X509_FILETYPE_PEM) == 1)
      return directory.string();
  }
  for (const auto& bundle : places.bundles) {
    auto* lookup = X509_STORE_add_lookup(&store, X509_LOOKUP_file());
    if (lookup != nullptr && X509_load_cert_crl_file(lookup, bundle.c_str(), X509_FILETYPE_PEM) > 0)
      return bundle.string();
  }
  ERR_clear_error();
  return {};
}

}  // namespace fwprobe::probe
