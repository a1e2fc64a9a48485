// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <spdlog/logger.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <memory>
#include <string>
#include <vector>

#include "exporter/http/server.h"

namespace volumeter {

inline Result<std::unique_ptr<Server>> start_server(const std::vector<ListenAddress>& addresses,
                                                    Service& service,
                                                    const ServerOptions& options = {}) {
  auto sockets = open_listen_sockets(addresses);
  if (!sockets) return std::move(sockets).error();
  return Server::start(std::move(sockets).value(), options, service);
}

// A real server on a port chosen by the kernel, with a scrape body of any size.
struct TestServer {
  std::string body = "docker_up 1\n";
  std::atomic<int> scrapes = 0;
  ChangeLog log{std::make_shared<spdlog::logger>("test"), LogFormat::kLogfmt,
                [] { return SteadyTime{}; }};
  ServerMetrics metrics;
  Service service;
  std::unique_ptr<Server> server;

  explicit TestServer(unsigned max_requests = 0,
                      std::vector<ListenAddress> addresses = {{"127.0.0.1", 0}})
      : service({.telemetry_path = "/metrics",
                 .scrape =
                     [this](const ScrapeRequest&, Format) {
                       ++scrapes;
                       return body;
                     },
                 .is_collector = [](std::string_view name) { return name == "volumes"; },
                 .landing_page = [] { return std::string("<html></html>"); },
                 .ready = [] { return true; }},
                max_requests, log, metrics, [] { return SteadyTime{}; }) {
    auto started = start_server(addresses, service);
    if (!started) FAIL(started.error().text());
    server = std::move(started).value();
  }

  // With other options, on another port.
  void restart(const ServerOptions& options) {
    server.reset();
    auto started = start_server({{"127.0.0.1", 0}}, service, options);
    if (!started) FAIL(started.error().text());
    server = std::move(started).value();
  }

  std::uint16_t port(std::size_t index = 0) const { return server->ports().at(index); }
  std::string url(const std::string& host = "127.0.0.1", std::size_t index = 0) const {
    return "http://" + host + ":" + std::to_string(port(index));
  }
};

}  // namespace volumeter
