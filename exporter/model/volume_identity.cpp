// SPDX-License-Identifier: Apache-2.0
#include "exporter/model/volume_identity.h"

#include <string_view>

#include "exporter/model/compose_labels.h"
#include "exporter/model/volume_options.h"

namespace volumeter {
namespace {

constexpr std::string_view kAnonymous = "com.docker.volume.anonymous";

// Engines before 23.0 mark anonymous volumes by nothing but a name of 64 hex digits.
bool is_anonymous(const docker::Volume& volume) {
  if (volume.labels.contains(std::string(kAnonymous))) return true;
  return volume.name.size() == 64 &&
         volume.name.find_first_not_of("0123456789abcdef") == std::string::npos;
}

}  // namespace

VolumeFacts identity_of(const docker::Volume& volume, const docker::Engine& engine,
                        const std::vector<std::string>& user_labels) {
  VolumeFacts facts;
  facts.name = volume.name;
  facts.path = volume.mountpoint;
  facts.label = Label(volume.name);
  facts.driver = Label(volume.driver);
  facts.scope = Label(volume.scope);
  facts.mountpoint = Label(volume.mountpoint);
  facts.compose_project = label_of(volume.labels, kComposeProject);
  facts.compose_volume = label_of(volume.labels, kComposeVolume);
  facts.anonymous = is_anonymous(volume);
  if (volume.created_at) facts.created = unix_seconds(*volume.created_at);
  facts.created_may_move = volume.driver == "local" && engine.product == "docker";
  if (volume.remade_at) facts.remade_event = unix_seconds(*volume.remade_at);
  if (volume.used_at) facts.used_event = unix_seconds(*volume.used_at);
  for (const auto& key : user_labels) {
    const auto found = volume.labels.find(key);
    if (found != volume.labels.end()) {
      facts.user_labels.emplace_back(Label(key), Label(found->second));
    }
  }
  facts.limit_bytes = limit_bytes(volume);
  return facts;
}

}  // namespace volumeter
