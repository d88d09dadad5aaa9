#pragma once
// What an SSH peer offers for the key exchange (RFC 4253 §7.1), and its host key (§6.6), read from their
// bytes.

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fwprobe::probe {

/// The names of a SSH_MSG_KEXINIT, in the order of preference. At most 128 in a list, each of at most 64
/// printable ASCII characters (RFC 4251 §6).
struct SshOffer {
  std::vector<std::string> key_exchange;
  std::vector<std::string> host_key;
  std::vector<std::string> ciphers_to_server;
  std::vector<std::string> ciphers_to_client;
  std::vector<std::string> macs_to_server;
  std::vector<std::string> macs_to_client;
  bool operator==(const SshOffer&) const = default;
};

struct SshHostKey {
  std::string type;         ///< "ssh-ed25519", "ecdsa-sha2-nistp256", "ssh-rsa", …
  int bits = 0;             ///< as `ssh-keygen -l` counts them; 0: not known for this type
  std::string fingerprint;  ///< as OpenSSH prints it: "SHA256:" and Base64 without padding
  bool operator==(const SshHostKey&) const = default;
};

/// The offer in the first packets behind an identification string; nothing while they are not complete.
/// Packets that may come before it (SSH_MSG_IGNORE, SSH_MSG_DEBUG) are skipped. The error says what is wrong,
/// or the peer's own words when it disconnects (RFC 4253 §11.1).
std::expected<std::optional<SshOffer>, std::string> read_offer(std::string_view bytes);

/// A public key as it stands in the key exchange; nothing when it is none.
std::optional<SshHostKey> read_host_key(std::string_view blob);

}  // namespace fwprobe::probe
