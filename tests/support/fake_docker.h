// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <functional>
#include <list>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "exporter/base/unique_fd.h"

namespace volumeter::test {

// A server on a unix socket that answers as scripted, even byte by byte: slow, silent or malformed.
class FakeDocker {
 public:
  // A connection, as seen by the script.
  class Peer {
   public:
    Peer(int fd, std::stop_token stop) : fd_(fd), stop_(std::move(stop)) {}

    bool send(std::string_view bytes);  // false once client or server has closed
    void send_slowly(std::string_view bytes, std::chrono::milliseconds pause);
    void close() { closed_ = true; }  // after the script returns
    void hang();                      // sends nothing until client or server closes
    bool is_closed() const { return closed_; }
    int fd() const { return fd_; }

   private:
    int fd_;
    std::stop_token stop_;
    bool closed_ = false;
  };

  // Called for each request in the thread of its connection, with a target as "/v1.41/volumes".
  using Script = std::function<void(Peer&, const std::string& target)>;

  explicit FakeDocker(Script script);
  ~FakeDocker();

  std::string socket_path() const { return folder_ + "/docker.sock"; }
  std::string host() const { return "unix://" + socket_path(); }
  int connections() const { return connections_; }  // so far
  std::vector<std::string> request_lines() const;   // so far

  // A complete response with headers.
  static std::string answer(std::string_view body, int status = 200,
                            std::string_view more_headers = "Api-Version: 1.41\r\n");
  static std::string chunk(std::string_view data);  // of a response with chunked encoding

 private:
  void accept_clients(std::stop_token stop);
  void serve(int fd, std::stop_token stop);

  Script script_;
  std::string folder_;
  UniqueFd listener_;
  std::atomic<int> connections_ = 0;
  mutable std::mutex mutex_;
  std::vector<std::string> request_lines_;
  std::list<std::jthread> peers_;  // used by the acceptor thread only, until it is joined
  std::jthread acceptor_;
};

}  // namespace volumeter::test
