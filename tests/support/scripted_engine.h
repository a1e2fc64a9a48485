// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "exporter/sources/interface/host_access.h"

namespace volumeter::test {

// The Docker functions of a HostAccess with responses set by the test, also while it runs. Uses the
// real clocks. Thread-safe.
class ScriptedEngine {
 public:
  ScriptedEngine();

  HostAccess& host() { return host_; }

  // Paths without the version: "/volumes", "/containers/json?all=1", "/_ping".
  void answer(const std::string& path, HttpReply reply);
  void answer(const std::string& path, std::string body) {
    answer(path, {200, std::move(body), {}, false});
  }
  void fail(const std::string& path, Error error);
  void hang(const std::string& path);  // until a stop is requested

  void shut_down();  // refuses requests and ends the stream, like a stopped engine
  void start_up();

  void send_event(std::string_view line);  // to the event stream
  void refuse_stream(std::optional<Error> error);
  void end_stream();
  void on_stream(std::function<void()> act);  // called when a stream is opened

  std::vector<std::string> asked() const;  // targets with the API version, in order
  std::size_t times_asked(std::string_view path) const;
  bool is_streaming() const;

 private:
  using Answer = std::function<Result<HttpReply>(std::stop_token)>;

  Result<HttpReply> get(const std::string& target, std::stop_token stop);
  Result<> stream(const std::string& target, const std::function<bool(std::string_view)>& on_data,
                  std::stop_token stop);

  HostAccess host_;
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::map<std::string, Answer> answers_;
  std::vector<std::string> asked_;
  std::deque<std::string> events_;
  std::optional<Error> stream_error_;
  std::function<void()> on_stream_ = [] {};
  bool down_ = false;
  bool streaming_ = false;
  bool end_stream_ = false;
};

}  // namespace volumeter::test
