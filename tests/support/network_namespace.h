#pragma once
// A network of the test's own: a child process in new user and network namespaces, where it may do as root
// does.

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <functional>
#include <string>

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

namespace fwprobe::tests {

enum class NamespaceResult { passed, failed, refused };

/// Whether the script ran to its end without an error.
inline bool run_script(const std::string& file) {
  const auto child = fork();
  if (child == 0) {
    execl("/bin/sh", "sh", "-e", file.c_str(), nullptr);
    _exit(127);
  }
  int status = 0;
  return child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

inline bool enter_network_namespace() {
  // Root needs no user namespace, and may be refused one.
  if (unshare(CLONE_NEWNET) == 0) return true;
  const auto user = std::to_string(geteuid());
  const auto group = std::to_string(getegid());
  if (unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) return false;
  std::ofstream{"/proc/self/setgroups"} << "deny";
  std::ofstream{"/proc/self/uid_map"} << "0 " + user + " 1";
  std::ofstream{"/proc/self/gid_map"} << "0 " + group + " 1";
  return geteuid() == 0;
}

/// Runs `body` in a child inside a new network that the script `setup` has made of it (sh -e with ip(8) and
/// nft(8); what the script leaves running is killed at the end). Expectations that fail there are printed
/// there, and the result is `failed`. `refused`: no such network can be had here, and the reason is on
/// standard error.
inline NamespaceResult in_network(const std::string& setup, const std::function<void()>& body) {
  constexpr int refused = 77;
  std::fflush(nullptr);
  const auto child = fork();
  if (child == 0) {
    setpgid(0, 0);
    if (!enter_network_namespace()) {
      std::fprintf(stderr, "no network namespace: %s\n", std::strerror(errno));
      _exit(refused);
    }
    setenv("PATH", "/usr/sbin:/usr/bin:/sbin:/bin", 1);
    if (!run_script(setup)) {
      std::fprintf(stderr, "the network could not be set up\n");
      _exit(refused);
    }
    body();
    std::fflush(nullptr);
    _exit(testing::Test::HasFailure() ? 1 : 0);
  }
  int status = 0;
  if (child < 0 || waitpid(child, &status, 0) != child) return NamespaceResult::failed;
  kill(-child, SIGKILL);
  if (WIFEXITED(status) && WEXITSTATUS(status) == refused) return NamespaceResult::refused;
  return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? NamespaceResult::passed : NamespaceResult::failed;
}

}  // namespace fwprobe::tests
