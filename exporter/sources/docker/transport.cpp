// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/docker/transport.h"

#include <algorithm>
#include <optional>

#include "exporter/sources/docker/curl_connection.h"
#include "exporter/sources/docker/decode.h"
#include "exporter/sources/docker/http_status.h"
#include "exporter/sources/docker/json_sieve.h"

namespace volumeter::docker {
namespace {

constexpr std::size_t kMaxErrorBody = 4096;

}  // namespace

Transport::Transport(Endpoint endpoint, Limits limits)
    : endpoint_(std::move(endpoint)), limits_(limits) {
  curl_global_init(CURL_GLOBAL_DEFAULT);  // reference-counted: each call needs a cleanup
}

Transport::~Transport() {
  idle_.clear();
  curl_global_cleanup();
}

Result<HttpReply> Transport::get(const std::string& target, std::stop_token stop) {
  auto connection = take_connection();
  HttpReply reply;
  bool too_large = false;
  std::optional<JsonSieve> sieve;
  const auto on_headers = [&](long status) {
    const auto shape = status == 200 ? shape_of_reply(target) : std::nullopt;
    if (shape) sieve.emplace(shape->shape, shape->kept);
    return true;
  };
  const auto on_body = [&](std::string_view data) {
    if (sieve) {
      sieve->feed(data, reply.body);
    } else {
      reply.body += data;
    }
    too_large = reply.body.size() > limits_.body_bytes;
    return !too_large;
  };
  const CurlConnection::Listener listener{on_headers, on_body};
  const auto status =
      connection->exchange(endpoint_, target, limits_, limits_.total, listener, stop);
  if (!status) return status.error();
  const std::string where = "GET " + target + " of " + endpoint_.name;
  if (too_large) {
    return Error{ErrorKind::kMalformed, where,
                 "response is larger than " + std::to_string(limits_.body_bytes) + " bytes"};
  }
  if (stop.stop_requested()) return Error{ErrorKind::kIo, where, "stopped"};
  reply.status = *status;
  if (sieve) reply.cut_fields = sieve->cut_fields();
  reply.api_version = connection->header("Api-Version");
  reply.podman = !connection->header("Libpod-Api-Version").empty();
  give_back(std::move(connection));
  return reply;
}

Result<> Transport::stream(const std::string& target,
                           const std::function<bool(std::string_view)>& on_data,
                           std::stop_token stop) {
  auto connection = take_connection();
  bool granted = false;
  std::string refusal;
  const CurlConnection::Listener listener{[&](long status) {
                                            granted = status == 200;
                                            return !granted || on_data({});
                                          },
                                          [&](std::string_view data) {
                                            if (granted) return on_data(data);
                                            refusal += data.substr(0, kMaxErrorBody);
                                            return false;
                                          }};
  const auto status = connection->exchange(endpoint_, target, limits_, {}, listener, stop);
  if (!status) return status.error();
  if (granted || stop.stop_requested()) return Nothing{};
  const std::string path = target.substr(0, target.find('?'));
  return status_error("GET " + path + " of " + endpoint_.name, *status, refusal);
}

std::unique_ptr<CurlConnection> Transport::take_connection() {
  {
    const std::lock_guard lock(mutex_);
    if (!idle_.empty()) {
      auto connection = std::move(idle_.back());
      idle_.pop_back();
      return connection;
    }
  }
  return std::make_unique<CurlConnection>();
}

void Transport::give_back(std::unique_ptr<CurlConnection> connection) {
  const std::lock_guard lock(mutex_);
  if (idle_.size() < kMaxIdle) idle_.push_back(std::move(connection));
}

}  // namespace volumeter::docker
