// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arpa/inet.h>
#include <curl/curl.h>
#include <sys/socket.h>

#include <catch2/catch.hpp>
#include <cctype>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <vector>

#include "exporter/base/unique_fd.h"

namespace volumeter {

// A response of curl.
struct Reply {
  long status = 0;  // 0: no HTTP response
  std::string body;
  std::map<std::string, std::string> headers;  // names in lower case
  std::chrono::milliseconds took{0};
};

namespace client_detail {

inline std::size_t append_body(char* data, std::size_t size, std::size_t count, void* reply) {
  static_cast<Reply*>(reply)->body.append(data, size * count);
  return size * count;
}

inline std::size_t append_header(char* data, std::size_t size, std::size_t count, void* reply) {
  const std::string line(data, size * count);
  const auto colon = line.find(": ");
  if (colon != std::string::npos) {
    std::string name = line.substr(0, colon);
    for (char& c : name) c = static_cast<char>(std::tolower(c));
    static_cast<Reply*>(reply)->headers[name] = line.substr(colon + 2, line.size() - colon - 4);
  }
  return size * count;
}

}  // namespace client_detail

// An HTTP client that keeps its connection between requests.
class HttpClient {
 public:
  explicit HttpClient(std::string base) : base_(std::move(base)), curl_(curl_easy_init()) {
    if (!curl_) throw std::bad_alloc();
  }

  Reply get(const std::string& target, std::vector<std::string> headers = {}) {
    return request("GET", target, headers);
  }

  Reply request(const std::string& method, const std::string& target,
                const std::vector<std::string>& headers = {}, const std::string& body = {}) {
    Reply reply;
    curl_slist* list = nullptr;
    for (const auto& header : headers) list = curl_slist_append(list, header.c_str());
    CURL* const curl = curl_.get();
    curl_easy_reset(curl);
    curl_easy_setopt(curl, CURLOPT_URL, (base_ + target).c_str());
    curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, 30L);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, list);
    if (!body.empty()) curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body.c_str());
    if (method == "HEAD") curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method.c_str());
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, client_detail::append_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &reply);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, client_detail::append_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, &reply);
    const auto start = std::chrono::steady_clock::now();
    curl_easy_perform(curl);
    reply.took = std::chrono::duration_cast<std::chrono::milliseconds>(
        std::chrono::steady_clock::now() - start);
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &reply.status);
    long connects = 0;
    curl_easy_getinfo(curl, CURLINFO_NUM_CONNECTS, &connects);
    connections_ += connects;
    curl_slist_free_all(list);
    return reply;
  }

  long connections() const { return connections_; }  // opened so far

 private:
  struct Cleanup {
    void operator()(CURL* curl) const { curl_easy_cleanup(curl); }
  };

  std::string base_;
  std::unique_ptr<CURL, Cleanup> curl_;
  long connections_ = 0;
};

// A raw connection to 127.0.0.1.
class RawClient {
 public:
  explicit RawClient(std::uint16_t port, std::uint32_t from = INADDR_LOOPBACK)
      : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const sockaddr_in source = address(from, 0);
    const sockaddr_in server = address(INADDR_LOOPBACK, port);
    REQUIRE(::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&source), sizeof source) == 0);
    REQUIRE(::connect(fd_.get(), reinterpret_cast<const sockaddr*>(&server), sizeof server) == 0);
    const timeval limit{10, 0};
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  }

  // False once the server has closed.
  bool send(std::string_view text) {
    while (!text.empty()) {
      const auto sent = ::send(fd_.get(), text.data(), text.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      text.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }

  // Receives up to 4 KiB; empty if the server closed or sent nothing for 10 s.
  std::string receive() {
    char buffer[4096];
    const auto got = ::recv(fd_.get(), buffer, sizeof buffer, 0);
    return got > 0 ? std::string(buffer, static_cast<std::size_t>(got)) : std::string();
  }

 private:
  static sockaddr_in address(std::uint32_t host, std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(host);
    return address;
  }

  UniqueFd fd_;
};

}  // namespace volumeter
