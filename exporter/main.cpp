// SPDX-License-Identifier: Apache-2.0
// Volumeter: Prometheus metrics of a Docker host's storage.
//
//   sources -> model -> collectors -> registry -> exposition -> http
//
// Pipeline (pipeline.h) is the flow up to the text of a scrape; serve() puts it behind HTTP.
#include <malloc.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <memory>
#include <system_error>
#include <variant>
#include <vector>

#include "collectors/builtin.h"
#include "exporter/base/log_queue.h"
#include "exporter/build_info.h"
#include "exporter/check.h"
#include "exporter/config/command_line.h"
#include "exporter/end_signals.h"
#include "exporter/host.h"
#include "exporter/http/landing_page.h"
#include "exporter/http/server.h"
#include "exporter/http/service.h"
#include "exporter/pipeline.h"
#include "exporter/registry/metric_docs.h"
#include "exporter/sources/os/files.h"
#include "exporter/sources/os/privileges.h"
#include "exporter/sources/os/process_setup.h"

namespace volumeter {
namespace {

bool print(std::FILE* stream, const std::string& text) {
  return std::fwrite(text.data(), 1, text.size(), stream) == text.size() &&
         std::fflush(stream) == 0;
}

// A pipe that nobody reads must not keep a program that fails.
int fail(int code, const std::string& sentence) {
  constexpr int kPatienceMilliseconds = 500;
  pollfd entry{STDERR_FILENO, POLLOUT, 0};
  if (::poll(&entry, 1, kPatienceMilliseconds) != 0) {
    print(stderr, "volumeter: " + sentence + "\n");
  }
  return code;
}

// What the user asked for; 1 if it cannot be written, as to a full disk. That `| head` has enough is
// not worth a sentence.
int print_result(int code, const std::string& text) {
  if (print(stdout, text)) return code;
  if (errno == EPIPE) return 1;
  return fail(
      1, std::string("cannot write to standard output: ") + std::generic_category().message(errno));
}

std::vector<CollectorChoice> collector_choices() {
  std::vector<CollectorChoice> choices;
  for (const CollectorEntry& entry : builtin_collectors()) {
    choices.push_back({entry.name, entry.about, entry.on_by_default});
  }
  return choices;
}

Result<std::vector<ListenAddress>> listen_addresses(const Config& config) {
  std::vector<ListenAddress> addresses;
  for (const auto& text : config.web.listen_addresses) {
    auto address = parse_listen_address(text);
    if (!address) return std::move(address).error();
    addresses.push_back(std::move(address).value());
  }
  return addresses;
}

std::string url_of(const ListenAddress& address, unsigned port) {
  const bool is_ipv6 = address.host.find(':') != std::string::npos;
  const std::string host = address.host.empty() ? "localhost"
                           : is_ipv6            ? "[" + address.host + "]"
                                                : address.host;
  return "http://" + host + ":" + std::to_string(port) + "/";
}

// Of a small limit on open files clients get at most half, so that the agent can still read files.
ServerOptions server_options(std::size_t addresses) {
  ServerOptions options;
  constexpr std::uint64_t kLeast = 4;
  const auto share = descriptor_limit() / 2 / std::max<std::size_t>(addresses, 1);
  if (share >= options.max_connections) return options;
  options.max_connections = static_cast<unsigned>(std::max(share, kLeast));
  options.max_connections_per_ip = options.max_connections * 3 / 4;
  return options;
}

int serve(const Config& config, const Host& host, ChangeLog& log, LogQueue& queue,
          const EndSignals& end_signals) {
  const auto addresses = listen_addresses(config);
  if (!addresses) return fail(2, "--web.listen-address: " + addresses.error().text());
  auto sockets = open_listen_sockets(*addresses);
  if (!sockets) return fail(1, sockets.error().text());
  drop_privileges(host, log);
  queue.start();  // threads keep what privileges they start with

  const auto metrics = std::make_shared<ServerMetrics>([&queue] { return queue.dropped(); });
  Pipeline pipeline(config, host, metrics, log);
  HostMonitor& monitor = pipeline.monitor();
  Service service(
      {.telemetry_path = config.web.telemetry_path,
       .scrape = [&](const auto& request,
                     Format format) { return pipeline.scrape(request, format); },
       .is_collector = [&](std::string_view name) { return pipeline.registry().has(name); },
       .landing_page = [&] { return landing_page(*monitor.snapshot(), config.web.telemetry_path); },
       .ready = [&] { return monitor.ready(); }},
      config.web.max_requests, log, *metrics, host.access.steady_now);
  const auto server =
      Server::start(std::move(sockets).value(), server_options(addresses->size()), service);
  if (!server) return fail(1, server.error().text());

  monitor.start();
  for (std::size_t i = 0; i < addresses->size(); ++i) {
    const auto url = url_of((*addresses)[i], (*server)->ports()[i]);
    log.info({"server", {{"address", (*addresses)[i].text()}}}, "listening", {{"url", url}});
  }
  const std::string_view signal = end_signals.wait(log);
  log.info("agent", "received " + std::string(signal) + ", shutting down");
  return 0;
}

int once(const Config& config, const Host& host, ChangeLog& log, const EndSignals& end_signals) {
  end_signals.unblock();  // there is no state to save
  drop_privileges(host, log);
  Pipeline pipeline(config, host, nullptr, log);
  pipeline.monitor().sample_once({});
  return print_result(0, pipeline.scrape({}, Format::kText004));
}

int check(const Config& config, const Host& host, ChangeLog& log, const EndSignals& end_signals) {
  end_signals.unblock();
  const auto addresses = listen_addresses(config);
  if (!addresses) return fail(2, "--web.listen-address: " + addresses.error().text());
  const CapabilitySet had = drop_privileges(host, log);
  Pipeline pipeline(config, host, nullptr, log);
  HostMonitor& monitor = pipeline.monitor();
  monitor.sample_once({});
  const auto changes = monitor.check_once(config.monitor.sizes.watch_changes, {});
  const auto missing = host.is_machine ? missing_capabilities(had) : std::vector<CapabilityUse>{};
  const CheckReport report = check_report(*monitor.snapshot(), changes, missing);
  return print_result(report.complete ? 0 : 1, report.text);
}

int list_metrics(const HostAccess& host, ChangeLog& log) {
  Config everything;
  for (const CollectorEntry& entry : builtin_collectors()) {
    everything.collectors.emplace(entry.name);
  }
  return print_result(0, metric_docs(make_registry(everything, host, nullptr, log).describe()));
}

int run(std::vector<std::string> arguments) {
  open_missing_standard_descriptors();
  raise_descriptor_limit();
  // The threads rarely allocate at the same time; with an arena each, memory for the largest
  // scrape and list would be kept several times over.
  mallopt(M_ARENA_MAX, 1);  // NOLINT(concurrency-mt-unsafe): no thread exists yet
  const auto choices = collector_choices();
  auto parsed = parse_command_line({.arguments = std::move(arguments),
                                    .version = kVersion,
                                    .collectors = choices,
                                    .read_file = [](const auto& path) { return read_file(path); }});
  if (const auto* early = std::get_if<EarlyExit>(&parsed)) {
    if (early->code == 0) return print_result(0, early->text);
    print(stderr, early->text);
    return early->code;
  }
  const Config& config = std::get<Config>(parsed);

  const EndSignals end_signals;  // before the first thread
  // Forks: before the first thread as well.
  auto host = make_host(config, {kVersion, kRevision});
  if (!host) {
    // No process or descriptor is to be had, or what was given is wrong.
    const ErrorKind kind = host.error().kind;
    return fail(kind == ErrorKind::kIo || kind == ErrorKind::kNotAsked ? 1 : 2,
                host.error().text());
  }
  // Whoever runs a command waits for its log; the agent must not.
  const auto queue = config.mode == Mode::kServe ? make_log_queue(config.log.format) : nullptr;
  ChangeLog log(make_logger(config.log, queue), config.log.format, host->access.steady_now);
  switch (config.mode) {
    case Mode::kServe: return serve(config, *host, log, *queue, end_signals);
    case Mode::kOnce: return once(config, *host, log, end_signals);
    case Mode::kCheck: return check(config, *host, log, end_signals);
    case Mode::kListMetrics: return list_metrics(host->access, log);
  }
  return 2;
}

// What cannot be had at startup is a sentence and an exit code, not an abort.
int run_guarded(std::vector<std::string> arguments) {
  try {
    return run(std::move(arguments));
  } catch (const std::system_error& error) {
    if (error.code() != std::errc::resource_unavailable_try_again &&
        error.code() != std::errc::operation_not_permitted) {
      return fail(1, error.what());
    }
    // EPERM: Docker before 20.10.10, whose seccomp profile denies clone3(2).
    return fail(1, std::string("cannot start a thread: ") + error.code().message() +
                       "; raise the limit on processes (TasksMax=, --pids-limit, ulimit -u) or "
                       "allow clone3 in the seccomp profile");
  } catch (const std::exception& error) {
    return fail(1, error.what());
  }
}

}  // namespace
}  // namespace volumeter

int main(int argc, char** argv) { return volumeter::run_guarded({argv + 1, argv + argc}); }
