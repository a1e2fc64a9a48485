// SPDX-License-Identifier: Apache-2.0
#include "tests/support/fake_docker.h"

#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <filesystem>
#include <stdexcept>

namespace volumeter::test {
namespace {

constexpr int kPollMs = 20;

// True once the socket is readable or closed.
bool wait_readable(int fd, const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    pollfd waiting{fd, POLLIN, 0};
    if (::poll(&waiting, 1, kPollMs) > 0) return true;
  }
  return false;
}

// The next request including its blank line; empty when the connection is closed.
std::string read_request(int fd, const std::stop_token& stop) {
  std::string request;
  char byte = 0;
  while (!request.ends_with("\r\n\r\n")) {
    if (!wait_readable(fd, stop) || ::recv(fd, &byte, 1, 0) != 1) return {};
    request += byte;
  }
  return request;
}

}  // namespace

bool FakeDocker::Peer::send(std::string_view bytes) {
  while (!bytes.empty() && !stop_.stop_requested()) {
    pollfd waiting{fd_, POLLOUT, 0};
    if (::poll(&waiting, 1, kPollMs) <= 0) continue;
    const auto sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0) {
      closed_ = true;
      return false;
    }
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return bytes.empty();
}

void FakeDocker::Peer::send_slowly(std::string_view bytes, std::chrono::milliseconds pause) {
  for (const char byte : bytes) {
    if (!send({&byte, 1})) return;
    std::this_thread::sleep_for(pause);
  }
}

void FakeDocker::Peer::hang() {
  char byte = 0;
  while (wait_readable(fd_, stop_) && ::recv(fd_, &byte, 1, 0) > 0) {
  }
  closed_ = true;
}

FakeDocker::FakeDocker(Script script) : script_(std::move(script)) {
  std::string folder = "/tmp/fake-docker-XXXXXX";
  if (::mkdtemp(folder.data()) == nullptr) throw std::runtime_error("mkdtemp");
  folder_ = folder;
  listener_.reset(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  socket_path().copy(address.sun_path, sizeof(address.sun_path) - 1);
  if (::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0 ||
      ::listen(listener_.get(), 16) != 0) {
    throw std::runtime_error("listen");
  }
  acceptor_ = std::jthread([this](std::stop_token stop) { accept_clients(stop); });
}

FakeDocker::~FakeDocker() {
  acceptor_.request_stop();
  acceptor_.join();
  for (auto& peer : peers_) peer.request_stop();
  peers_.clear();
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

std::vector<std::string> FakeDocker::request_lines() const {
  const std::lock_guard lock(mutex_);
  return request_lines_;
}

std::string FakeDocker::answer(std::string_view body, int status, std::string_view more_headers) {
  return "HTTP/1.1 " + std::to_string(status) + " Said So\r\n" + std::string(more_headers) +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}

std::string FakeDocker::chunk(std::string_view data) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string size;
  for (std::size_t rest = data.size(); rest > 0; rest /= 16) size.insert(0, 1, kHex[rest % 16]);
  return (size.empty() ? "0" : size) + "\r\n" + std::string(data) + "\r\n";
}

void FakeDocker::accept_clients(std::stop_token stop) {
  while (wait_readable(listener_.get(), stop)) {
    const int fd = ::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) continue;
    ++connections_;
    peers_.emplace_back([this, fd](std::stop_token peer_stop) { serve(fd, peer_stop); });
  }
}

void FakeDocker::serve(int fd, std::stop_token stop) {
  const UniqueFd owned(fd);
  Peer peer(fd, stop);
  while (!peer.is_closed()) {
    const std::string request = read_request(fd, stop);
    if (request.empty()) return;
    const std::string line = request.substr(0, request.find('\r'));
    {
      const std::lock_guard lock(mutex_);
      request_lines_.push_back(line);
    }
    const auto begin = line.find(' ') + 1;
    script_(peer, line.substr(begin, line.find(' ', begin) - begin));
  }
}

}  // namespace volumeter::test
