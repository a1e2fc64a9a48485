// SPDX-License-Identifier: Apache-2.0
#include "exporter/http/listen_socket.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <memory>
#include <system_error>

namespace volumeter {
namespace {

struct FreeAddresses {
  void operator()(addrinfo* list) const { ::freeaddrinfo(list); }
};
using Addresses = std::unique_ptr<addrinfo, FreeAddresses>;

// Messages of the C library begin with a capital letter; here they continue a sentence.
std::string uncapitalised(std::string_view message) {
  std::string text(message);
  if (text[0] >= 'A' && text[0] <= 'Z') text[0] = static_cast<char>(text[0] - 'A' + 'a');
  return text;
}

// kUnsupported if the kernel lacks the address family, so that another one is tried.
ErrorKind kind_of(int number) {
  switch (number) {
    case EACCES:
    case EPERM: return ErrorKind::kPermission;
    case EAFNOSUPPORT: return ErrorKind::kUnsupported;
    default: return ErrorKind::kIo;
  }
}

Error failed(const ListenAddress& address, ErrorKind kind, std::string_view what) {
  return {kind, "cannot listen on " + address.text(), uncapitalised(what)};
}

Error failed_with_errno(const ListenAddress& address) {
  const int number = errno;
  return failed(address, kind_of(number), std::generic_category().message(number));
}

Result<Addresses> look_up(const ListenAddress& address, int family) {
  addrinfo hints{};
  hints.ai_family = family;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* list = nullptr;
  const int error = ::getaddrinfo(address.host.empty() ? nullptr : address.host.c_str(),
                                  std::to_string(address.port).c_str(), &hints, &list);
  if (error != 0) return failed(address, ErrorKind::kUnsupported, ::gai_strerror(error));
  return Addresses(list);
}

std::uint16_t port_of(int fd) {
  sockaddr_storage bound{};
  socklen_t size = sizeof bound;
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&bound), &size);
  in_port_t port = 0;  // at the same offset in sockaddr_in and sockaddr_in6
  static_assert(offsetof(sockaddr_in, sin_port) == offsetof(sockaddr_in6, sin6_port));
  std::memcpy(&port, reinterpret_cast<const char*>(&bound) + offsetof(sockaddr_in, sin_port),
              sizeof port);
  return ntohs(port);
}

Result<ListenSocket> open_in_family(const ListenAddress& address, int family) {
  const auto addresses = look_up(address, family);
  if (!addresses) return addresses.error();
  const addrinfo& first = **addresses;

  UniqueFd fd(::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return failed_with_errno(address);
  const int on = 1;
  const int off = 0;
  // After a restart, connections in TIME_WAIT must not keep the port.
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  // Dual stack, whatever the value of the sysctl net.ipv6.bindv6only.
  if (family == AF_INET6) ::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
  if (::bind(fd.get(), first.ai_addr, first.ai_addrlen) != 0 ||
      ::listen(fd.get(), SOMAXCONN) != 0) {
    return failed_with_errno(address);
  }
  const auto port = port_of(fd.get());
  return ListenSocket{std::move(fd), port};
}

}  // namespace

Result<ListenSocket> open_listen_socket(const ListenAddress& address) {
  // All addresses: the IPv6 socket accepts IPv4. A name such as localhost: IPv4 first, as in Go.
  const bool every = address.host.empty();
  auto socket = open_in_family(address, every ? AF_INET6 : AF_INET);
  if (socket || socket.error().kind != ErrorKind::kUnsupported) return socket;
  return open_in_family(address, every ? AF_INET : AF_INET6);
}

Result<std::vector<ListenSocket>> open_listen_sockets(const std::vector<ListenAddress>& addresses) {
  std::vector<ListenSocket> sockets;
  for (const ListenAddress& address : addresses) {
    auto socket = open_listen_socket(address);
    if (!socket) return std::move(socket).error();
    sockets.push_back(std::move(socket).value());
  }
  return sockets;
}

}  // namespace volumeter
