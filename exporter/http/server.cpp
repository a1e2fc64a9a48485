// SPDX-License-Identifier: Apache-2.0
#include "exporter/http/server.h"

#include <microhttpd.h>

#include <chrono>
#include <cstdarg>
#include <string_view>
#include <thread>
#include <utility>

#include "exporter/http/query.h"

namespace volumeter {
namespace {

constexpr std::intptr_t kThreads = 2;
constexpr std::intptr_t kRequestBytes = 32'768;  // longer requests get 431
constexpr std::chrono::milliseconds kLongestLastReply{500};
constexpr std::chrono::milliseconds kWithoutDescriptors{200};

// A request and its response. Lives from the request line until libmicrohttpd has sent the
// response or lost the client.
struct Exchange {
  std::string target;  // "/metrics?collect[]=volumes", as sent
  bool headers_seen = false;
  Service::Answer answer;
};

std::string_view header(MHD_Connection* connection, const char* name) {
  const char* const value = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
  return value == nullptr ? std::string_view{} : value;
}

Request request_of(MHD_Connection* connection, std::string_view method, std::string_view target) {
  Request request;
  request.method = method;
  const RequestTarget parsed = parse_request_target(target);
  request.path = parsed.path;
  request.raw_query = parsed.raw_query;
  request.accept = header(connection, "Accept");
  request.accept_encoding = header(connection, "Accept-Encoding");
  request.scrape_timeout = header(connection, "X-Prometheus-Scrape-Timeout-Seconds");
  return request;
}

// The body stays in the Exchange and is not copied.
MHD_Result send(MHD_Connection* connection, Response& response) {
  MHD_Response* const reply = MHD_create_response_from_buffer(
      response.body.size(), response.body.data(), MHD_RESPMEM_PERSISTENT);
  if (reply == nullptr) return MHD_NO;
  for (const Header& field : response.headers) {
    MHD_add_response_header(reply, field.name.c_str(), field.value.c_str());
  }
  const MHD_Result sent = MHD_queue_response(connection, response.status, reply);
  MHD_destroy_response(reply);
  return sent;
}

int as_socket(void* context) { return static_cast<int>(reinterpret_cast<std::intptr_t>(context)); }

// These callbacks are called from C: no exception may leave them.

void set_patience(MHD_Connection* connection, std::chrono::seconds time) {
  MHD_set_connection_option(connection, MHD_CONNECTION_OPTION_TIMEOUT,
                            static_cast<unsigned>(time.count()));
}

// Called after the request line. The target is kept here because later libmicrohttpd decodes it
// and cuts off the query.
void* on_request_line(void* server, const char* target, MHD_Connection* connection) {
  set_patience(connection, static_cast<const ConnectionKeeper*>(server)->options.patience);
  try {
    return new Exchange{target, false, {}};
  } catch (...) {
    return nullptr;
  }
}

bool has_body(MHD_Connection* connection) {
  const auto length = header(connection, "Content-Length");
  return !(length.empty() || length == "0") || !header(connection, "Transfer-Encoding").empty();
}

// Called after the headers and again when the request is complete. libmicrohttpd closes the
// connection after a response to the first call: right for requests with a body, which is not
// read; others are answered at the second call. MHD_NO closes at once.
MHD_Result on_request(void* service, MHD_Connection* connection, const char*, const char* method,
                      const char*, const char*, std::size_t*, void** context) {
  auto* const exchange = static_cast<Exchange*>(*context);
  if (exchange == nullptr) return MHD_NO;
  if (!std::exchange(exchange->headers_seen, true) && !has_body(connection)) return MHD_YES;
  try {
    const Request request = request_of(connection, method, exchange->target);
    exchange->answer = static_cast<Service*>(service)->answer(request);
    return send(connection, exchange->answer.response);
  } catch (...) {
    return MHD_NO;
  }
}

// A client that was served may be idle until its next scrape, while others find room.
void on_completed(void* keeper, MHD_Connection* connection, void** context,
                  MHD_RequestTerminationCode why) {
  delete static_cast<Exchange*>(*context);
  *context = nullptr;
  const auto& kept = *static_cast<ConnectionKeeper*>(keeper);
  if (why == MHD_REQUEST_TERMINATED_COMPLETED_OK &&
      kept.sockets.size() <= kept.options.max_connections / 2) {
    set_patience(connection, kept.options.keep_alive);
  }
}

void on_connection(void* keeper, MHD_Connection* connection, void** context,
                   MHD_ConnectionNotificationCode what) {
  auto* const open = &static_cast<ConnectionKeeper*>(keeper)->sockets;
  try {
    if (what == MHD_CONNECTION_NOTIFY_CLOSED) return open->remove(as_socket(*context));
    const auto* info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    if (info == nullptr) return;
    // The context is the one thing that libmicrohttpd keeps for a connection.
    // NOLINTNEXTLINE(performance-no-int-to-ptr)
    *context = reinterpret_cast<void*>(static_cast<std::intptr_t>(info->connect_fd));
    open->add(info->connect_fd);
  } catch (...) {  // out of memory: the socket is not in the set
  }
}

// Without a descriptor for the first connection libmicrohttpd "will try busy waiting for system resources
// to become magically available"; all it does before each try is to say so. A thread that has other
// connections waits for one of them to close.
void slow_down_without_descriptors(void*, const char* format, va_list) {
  const std::string_view message = format;
  if (message.find("resource limit at FIRST connection") == std::string_view::npos) return;
  std::this_thread::sleep_for(kWithoutDescriptors);
}

template <typename Function>
std::intptr_t as_option(Function* function) {
  return reinterpret_cast<std::intptr_t>(function);
}

// All options of libmicrohttpd. Takes ownership of `listen_fd`.
MHD_Daemon* start_daemon(int listen_fd, Service& service, ConnectionKeeper& keeper) {
  const ServerOptions& options = keeper.options;
  MHD_OptionItem items[] = {
      {MHD_OPTION_EXTERNAL_LOGGER, as_option(slow_down_without_descriptors), nullptr},
      {MHD_OPTION_LISTEN_SOCKET, listen_fd, nullptr},
      {MHD_OPTION_THREAD_POOL_SIZE, kThreads, nullptr},
      {MHD_OPTION_CONNECTION_TIMEOUT, options.patience.count(), nullptr},
      {MHD_OPTION_CONNECTION_LIMIT, options.max_connections, nullptr},
      {MHD_OPTION_PER_IP_CONNECTION_LIMIT, options.max_connections_per_ip, nullptr},
      {MHD_OPTION_CONNECTION_MEMORY_LIMIT, kRequestBytes, nullptr},
      {MHD_OPTION_URI_LOG_CALLBACK, as_option(on_request_line), &keeper},
      {MHD_OPTION_NOTIFY_COMPLETED, as_option(on_completed), &keeper},
      {MHD_OPTION_NOTIFY_CONNECTION, as_option(on_connection), &keeper},
      {MHD_OPTION_END, 0, nullptr}};
  return MHD_start_daemon(MHD_USE_EPOLL | MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_ERROR_LOG, 0,
                          nullptr, nullptr, on_request, &service, MHD_OPTION_ARRAY, items,
                          MHD_OPTION_END);
}

}  // namespace

void Server::Stop::operator()(MHD_Daemon* daemon) const { MHD_stop_daemon(daemon); }

// libmicrohttpd 0.9.75 crashes if it is stopped while it refuses a request: it has queued no
// response, but reads its size. So all connections are closed before, and no new ones accepted.
// (MHD_quiesce_daemon() would do the latter, but it and the threads of the daemon may both remove
// the socket from an epoll set, which aborts the process.)
Server::~Server() {
  for (const int socket : listen_sockets_) ::shutdown(socket, SHUT_RDWR);
  keeper_.sockets.shut_down(kLongestLastReply);
}

Result<std::unique_ptr<Server>> Server::start(std::vector<ListenSocket> sockets,
                                              const ServerOptions& options, Service& service) {
  std::unique_ptr<Server> server(new Server(options));
  for (ListenSocket& socket : sockets) {
    const int fd = socket.fd.release();
    MHD_Daemon* const daemon = start_daemon(fd, service, server->keeper_);
    if (daemon == nullptr) {
      return Error{ErrorKind::kIo, "the HTTP server does not start",
                   "there may be too few threads, memory or file descriptors"};
    }
    server->daemons_.emplace_back(daemon);
    server->listen_sockets_.push_back(fd);
    server->ports_.push_back(socket.port);
  }
  return server;
}

}  // namespace volumeter
