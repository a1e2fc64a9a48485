// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/docker/curl_connection.h"

#include <cerrno>
#include <new>
#include <system_error>

namespace volumeter::docker {

// The state of an exchange, shared by libcurl's callbacks.
struct CurlConnection::Progress {
  CURL* easy;
  const Limits& limits;
  const Listener& listener;
  std::size_t header_bytes = 0;
  bool headers_too_large = false;
  bool ended_by_listener = false;
};

CurlConnection::CurlConnection() : easy_(curl_easy_init()), multi_(curl_multi_init()) {
  if (easy_ != nullptr && multi_ != nullptr) return;
  curl_multi_cleanup(multi_);
  curl_easy_cleanup(easy_);
  throw std::bad_alloc();
}

CurlConnection::~CurlConnection() {
  curl_multi_cleanup(multi_);
  curl_easy_cleanup(easy_);
}

Result<long> CurlConnection::exchange(const Endpoint& endpoint, const std::string& target,
                                      const Limits& limits,
                                      std::optional<std::chrono::milliseconds> total,
                                      const Listener& listener, std::stop_token stop) {
  Progress progress{easy_, limits, listener};
  set_options(endpoint, target, limits, total, progress);
  const CURLcode code = run(stop);
  const std::string where = "GET " + target.substr(0, target.find('?')) + " of " + endpoint.name;
  if (progress.headers_too_large) {
    return Error{ErrorKind::kMalformed, where, "response headers too large"};
  }
  if (code != CURLE_OK && !progress.ended_by_listener && !stop.stop_requested()) {
    return failure(code, where, limits);
  }
  long status = 0;
  curl_easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &status);
  return status;
}

std::string CurlConnection::header(const char* name) const {
  curl_header* found = nullptr;
  const auto code = curl_easy_header(easy_, name, 0, CURLH_HEADER, -1, &found);
  return code == CURLHE_OK ? found->value : "";
}

void CurlConnection::set_options(const Endpoint& endpoint, const std::string& target,
                                 const Limits& limits,
                                 std::optional<std::chrono::milliseconds> total,
                                 Progress& progress) {
  const auto set = [this](CURLoption option, auto value) {
    curl_easy_setopt(easy_, option, value);
  };
  curl_easy_reset(easy_);  // resets options only; the connection stays open
  detail_[0] = '\0';
  set(CURLOPT_ERRORBUFFER, detail_);
  set(CURLOPT_URL, (endpoint.base_url + target).c_str());
  set(CURLOPT_PATH_AS_IS, 1L);
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  set(CURLOPT_HTTP09_ALLOWED, 0L);
  set(CURLOPT_USERAGENT, "volumeter");
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_PROXY, "");       // ignores http_proxy in the environment
  set(CURLOPT_QUICK_EXIT, 1L);  // a stop does not wait for name resolution
  set(CURLOPT_TCP_KEEPALIVE, 1L);
  set(CURLOPT_TCP_KEEPIDLE, 30L);
  set(CURLOPT_TCP_KEEPINTVL, 10L);
  set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(limits.connect.count()));
  if (total) set(CURLOPT_TIMEOUT_MS, static_cast<long>(total->count()));
  if (!endpoint.socket_path.empty()) set(CURLOPT_UNIX_SOCKET_PATH, endpoint.socket_path.c_str());
  set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  if (!endpoint.ca_file.empty()) {
    set(CURLOPT_CAINFO, endpoint.ca_file.c_str());
    set(CURLOPT_SSLCERT, endpoint.cert_file.c_str());
    set(CURLOPT_SSLKEY, endpoint.key_file.c_str());
  }
  set(CURLOPT_HEADERFUNCTION, &CurlConnection::take_header);
  set(CURLOPT_HEADERDATA, static_cast<void*>(&progress));
  set(CURLOPT_WRITEFUNCTION, &CurlConnection::take_body);
  set(CURLOPT_WRITEDATA, static_cast<void*>(&progress));
}

CURLcode CurlConnection::run(std::stop_token stop) {
  constexpr int kLongestSleepMs = 1'000;
  if (curl_multi_add_handle(multi_, easy_) != CURLM_OK) return CURLE_FAILED_INIT;
  CURLcode code = CURLE_ABORTED_BY_CALLBACK;
  {
    const std::stop_callback wake(stop, [this] { curl_multi_wakeup(multi_); });
    int running = 1;
    while (running > 0 && !stop.stop_requested()) {
      if (curl_multi_perform(multi_, &running) != CURLM_OK) break;
      if (running > 0) curl_multi_poll(multi_, nullptr, 0, kLongestSleepMs, nullptr);
    }
  }
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
    if (message->msg == CURLMSG_DONE) code = message->data.result;
  }
  curl_multi_remove_handle(multi_, easy_);
  return code;
}

// The same failure always has the same text, so that it is logged once.
Error CurlConnection::failure(CURLcode code, std::string where, const Limits& limits) const {
  switch (code) {
    case CURLE_COULDNT_CONNECT: {
      long number = 0;
      curl_easy_getinfo(easy_, CURLINFO_OS_ERRNO, &number);
      if (number == 0) {  // connect(2) was never called
        return {ErrorKind::kNotAsked, std::move(where),
                "cannot open a socket; raise the limit on open files (LimitNOFILE=, ulimit -n)"};
      }
      const std::string text = std::generic_category().message(static_cast<int>(number));
      if (number == EACCES || number == EPERM) {
        return {ErrorKind::kPermission, std::move(where),
                text + "; run as root or as a member of the docker group"};
      }
      const bool absent = number == ENOENT || number == ECONNREFUSED;
      return {absent ? ErrorKind::kNotFound : ErrorKind::kIo, std::move(where),
              text + "; start the engine or choose another with --docker.host"};
    }
    case CURLE_OPERATION_TIMEDOUT:
      return {ErrorKind::kTimeout, std::move(where),
              "no response within " + std::to_string(limits.total.count()) + " ms"};
    case CURLE_UNSUPPORTED_PROTOCOL:  // only http and https are requested: this is HTTP/0.9
    case CURLE_WEIRD_SERVER_REPLY:
      return {ErrorKind::kMalformed, std::move(where), "response is not HTTP"};
    case CURLE_GOT_NOTHING:
    case CURLE_PARTIAL_FILE:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
      return {ErrorKind::kIo, std::move(where),
              "connection closed before the response was complete"};
    default:
      return {ErrorKind::kIo, std::move(where),
              detail_[0] != '\0' ? detail_ : curl_easy_strerror(code)};
  }
}

std::size_t CurlConnection::take_header(char* data, std::size_t, std::size_t size, void* progress) {
  auto& self = *static_cast<Progress*>(progress);
  self.header_bytes += size;
  self.headers_too_large = self.header_bytes > self.limits.header_bytes;
  if (self.headers_too_large) return 0;
  if (std::string_view(data, size) != "\r\n") return size;
  long status = 0;
  curl_easy_getinfo(self.easy, CURLINFO_RESPONSE_CODE, &status);
  const bool interim = status < 200;  // such as 100 Continue: the response is yet to come
  self.ended_by_listener = !interim && !self.listener.on_headers(status);
  return self.ended_by_listener ? 0 : size;
}

std::size_t CurlConnection::take_body(char* data, std::size_t, std::size_t size, void* progress) {
  auto& self = *static_cast<Progress*>(progress);
  self.ended_by_listener = !self.listener.on_body({data, size});
  return self.ended_by_listener ? 0 : size;
}

}  // namespace volumeter::docker
