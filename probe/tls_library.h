#pragma once
// How OpenSSL is started.

namespace fwprobe::probe {

/// Once per process, before anything is asked of OpenSSL. What a TLS client never uses is left out:
/// OpenSSL 3.0 looks at each algorithm that it has when it first needs one of a kind, and at each decoder for
/// each certificate, which is a quarter of a short run and an eighth of each handshake. Private keys are read
/// elsewhere (probe/pem.cc).
void start_tls_library();

}  // namespace fwprobe::probe
