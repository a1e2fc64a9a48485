// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/hosts/folder_engine.h"

#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "exporter/base/fields.h"
#include "exporter/sources/hosts/folder_fixture.h"
#include "exporter/sources/os/files.h"

namespace volumeter {
namespace {

using Json = nlohmann::json;

// "/v1.41/containers/json?all=1" -> "/containers/json".
std::string endpoint_of(std::string_view target) {
  target = target.substr(0, target.find('?'));
  if (target.starts_with("/v")) {
    std::string_view rest = target.substr(2);
    if (to_double(cut(rest, '/'))) return "/" + std::string(rest);
  }
  return std::string(target);
}

// "HTTP 403\n{...}": the status and the body behind it; status 200 without such a line.
HttpReply to_reply(std::string_view text) {
  constexpr std::string_view kMark = "HTTP ";
  HttpReply reply;
  reply.status = 200;
  if (text.starts_with(kMark)) {
    const auto status = to_integer<long>(trim(next_line(text).substr(kMark.size())));
    reply.status = status.value_or(500);
  }
  reply.body = text;
  return reply;
}

// Turns the body of docker/_ping.json into the headers of the answer.
Result<HttpReply> with_headers(HttpReply reply, const std::string& file) {
  if (reply.status != 200) return reply;
  try {
    const Json headers = Json::parse(reply.body);
    reply.api_version = headers.value("Api-Version", "");
    reply.podman = headers.contains("Libpod-Api-Version");
  } catch (const std::exception& failure) {
    return Error{ErrorKind::kMalformed, file, failure.what()};
  }
  reply.body = "OK";
  return reply;
}

}  // namespace

Result<HttpReply> docker_reply(const std::string& folder, const std::string& target) {
  if (!list_dir(folder)) return Error{ErrorKind::kNotFound, folder, "connection refused"};
  const std::string endpoint = endpoint_of(target);
  const std::string file = folder + endpoint + ".json";
  const auto text = read_file(file, kMaxFixtureBytes);
  if (!text && text.error().kind == ErrorKind::kNotFound) {
    return HttpReply{.status = 404, .body = R"({"message":"page not found"})", .api_version = {}};
  }
  if (!text) return text.error();
  HttpReply reply = to_reply(*text);
  return endpoint == "/_ping" ? with_headers(std::move(reply), file) : reply;
}

}  // namespace volumeter
