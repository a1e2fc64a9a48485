// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/docker/http_status.h"

#include "exporter/sources/docker/decode.h"

namespace volumeter::docker {
namespace {

ErrorKind kind_of(long status) {
  if (status == 401 || status == 403) return ErrorKind::kPermission;
  if (status == 404) return ErrorKind::kNotFound;
  return status >= 400 && status < 500 ? ErrorKind::kUnsupported : ErrorKind::kIo;
}

}  // namespace

Error status_error(std::string where, long status, std::string_view body) {
  const ErrorKind kind = kind_of(status);
  std::string what = "HTTP " + std::to_string(status);
  const std::string message = decode_error_message(body);
  if (!message.empty()) what += " " + message;
  // The engine itself never answers 403 to GET: this comes from a proxy in front of its socket.
  if (kind == ErrorKind::kPermission) what += "; allow this request in the socket proxy";
  return {kind, std::move(where), std::move(what)};
}

}  // namespace volumeter::docker
