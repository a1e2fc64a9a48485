// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace volumeter {

// The cause of a failure. The kind selects log level and metric; the text of an Error is for
// humans.
enum class ErrorKind {
  kNotFound,
  kPermission,
  kTimeout,
  kMalformed,
  kUnsupported,
  kIo,
  kNotAsked,  // the agent sent no request: no evidence about the source
};

inline constexpr ErrorKind kErrorKinds[] = {
    ErrorKind::kNotFound,    ErrorKind::kPermission, ErrorKind::kTimeout,  ErrorKind::kMalformed,
    ErrorKind::kUnsupported, ErrorKind::kIo,         ErrorKind::kNotAsked,
};

constexpr std::string_view to_string(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kNotFound: return "not_found";
    case ErrorKind::kPermission: return "permission";
    case ErrorKind::kTimeout: return "timeout";
    case ErrorKind::kMalformed: return "malformed";
    case ErrorKind::kUnsupported: return "unsupported";
    case ErrorKind::kIo: return "io";
    case ErrorKind::kNotAsked: return "not_asked";
  }
  return "io";
}

// A failure, with where it happened: {kMalformed, "/proc/1/mountinfo", "36 35 98:0"}.
struct Error {
  ErrorKind kind = ErrorKind::kIo;
  std::string where;
  std::string what;

  std::string text() const { return where + ": " + what; }
};

// Whether a failure says something about what was asked. What the agent may not or cannot ask (a
// missing right or syscall, its own limits) says something about the agent alone.
inline bool is_evidence(const Error& error) {
  return error.kind != ErrorKind::kNotAsked && error.kind != ErrorKind::kPermission &&
         error.kind != ErrorKind::kUnsupported;
}

// The value of a Result<> without a value.
struct Nothing {};

// A value or an Error, modelled on C++23's std::expected.
template <typename T = Nothing>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  bool has_value() const { return state_.index() == 0; }
  explicit operator bool() const { return has_value(); }

  const T& value() const& { return std::get<0>(state_); }
  T&& value() && { return std::get<0>(std::move(state_)); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::get<0>(std::move(state_)); }
  const T* operator->() const { return &std::get<0>(state_); }

  const Error& error() const& { return std::get<1>(state_); }
  Error&& error() && { return std::get<1>(std::move(state_)); }

 private:
  std::variant<T, Error> state_;
};

}  // namespace volumeter
