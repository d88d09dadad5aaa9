// Connection attempts with nothing but system calls: a measure for what a tool adds. Nothing is read,
// judged or written.
//
//   bare_connect PORT TIMEOUT_S < ADDRESSES    an IPv4 address a line; ends with 1 when some are silent

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <stdexcept>
#include <string>
#include <thread>

#include <arpa/inet.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

namespace {

void require(bool holds, const char* what) {
  if (!holds) throw std::runtime_error{what};
}

/// Whether it is connected; asked again and again until the end (connect(2)).
bool connected(int socket, const sockaddr_in& remote) {
  return ::connect(socket, reinterpret_cast<const sockaddr*>(&remote), sizeof remote) == 0 ||
         errno == EISCONN;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  rlimit limit{};
  require(::getrlimit(RLIMIT_NOFILE, &limit) == 0, "getrlimit");
  limit.rlim_cur = limit.rlim_max;
  require(::setrlimit(RLIMIT_NOFILE, &limit) == 0, "setrlimit");
  sockaddr_in remote{};
  remote.sin_family = AF_INET;
  remote.sin_port = htons(static_cast<std::uint16_t>(std::atoi(argv[1])));
  const int events = ::epoll_create1(EPOLL_CLOEXEC);
  int silent = 0;
  for (std::string address; std::getline(std::cin, address);) {
    require(::inet_pton(AF_INET, address.c_str(), &remote.sin_addr) == 1, "an IPv4 address is wanted");
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    require(socket >= 0, "socket");
    // Over loopback the second call sees the answer.
    if (connected(socket, remote) || connected(socket, remote)) {
      ::close(socket);
      continue;
    }
    epoll_event event{EPOLLIN | EPOLLOUT, {.fd = socket}};
    require(::epoll_ctl(events, EPOLL_CTL_ADD, socket, &event) == 0, "epoll_ctl");
    ++silent;
  }
  std::this_thread::sleep_for(std::chrono::seconds{std::atoi(argv[2])});
  ::_exit(silent > 0 ? 1 : 0);
}
