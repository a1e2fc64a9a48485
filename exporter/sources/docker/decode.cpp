// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/docker/decode.h"

#include <algorithm>

#include "exporter/base/fields.h"
#include "exporter/sources/docker/decoding.h"
#include "exporter/sources/docker/rfc3339.h"

namespace volumeter::docker {
namespace {

constexpr std::string_view kVersionFields[] = {"Version", "Components"};
constexpr std::string_view kInfoFields[] = {"Driver", "DockerRootDir", "Plugins"};
constexpr std::string_view kEventFields[] = {"Type", "Action", "Actor"};
constexpr std::string_view kErrorFields[] = {"message"};

// {"CreatedAt":"2026-11-23T05:56:52Z","Driver":"local","Labels":null,
//  "Mountpoint":"/var/lib/docker/volumes/data1/_data","Name":"data1","Options":null,
//  "Scope":"local"}
std::optional<Volume> read_volume(Fields& fields) {
  Volume volume;
  volume.name = fields.text("Name");
  volume.driver = fields.text("Driver");
  volume.scope = fields.text("Scope");
  volume.mountpoint = fields.text("Mountpoint");
  volume.created_at = parse_rfc3339(fields.text("CreatedAt"));
  volume.labels = fields.map("Labels");
  volume.options = fields.map("Options");
  if (fields.wrong() || !is_name(volume.name)) return {};
  return volume;
}

std::optional<Volume> read_volume_item(const json& item, Parsed<Volume>&) {
  Fields fields(item);
  return read_volume(fields);
}

// Two drivers may have volumes of one name (moby issue 15997).
std::string name_and_driver_of(const Volume& volume) {
  return volume.driver.empty() ? volume.name : volume.name + " of " + volume.driver;
}

}  // namespace

std::optional<ReplyShape> shape_of_reply(std::string_view target) {
  target = target.substr(0, target.find('?'));
  if (target.starts_with("/v1."))
    target.remove_prefix(std::min(target.find('/', 1), target.size()));
  if (target == "/volumes") return ReplyShape{ItemsAt::Shape::kListUnderKey, kVolumeFields};
  if (target == "/containers/json") return ReplyShape{ItemsAt::Shape::kList, kContainerFields};
  if (target.starts_with("/volumes/")) return ReplyShape{ItemsAt::Shape::kWhole, kVolumeFields};
  if (target.starts_with("/containers/")) return ReplyShape{ItemsAt::Shape::kWhole, kDetailsFields};
  return {};
}

// {"Volumes":[...],"Warnings":["list slow: Post \"http://%2Frun%2Fdocker%2Fplugins%2Fslow.sock/
//  VolumeDriver.List\": context deadline exceeded"]}; null without warnings.
Result<VolumesReply> decode_volumes(std::string_view text) {
  return read_list<Volume, VolumesReply>("list of volumes", text,
                                         {ItemsAt::Shape::kListUnderKey, "Volumes", "Warnings"},
                                         kVolumeFields, read_volume_item, {&name_and_driver_of});
}

Result<Volume> decode_volume(std::string_view text) {
  auto volume = read_whole<std::optional<Volume>>("volume", text, kVolumeFields, read_volume);
  if (!volume) return std::move(volume).error();
  if (!*volume) return unexpected_response("volume", text);
  return **std::move(volume);
}

// {"Components":[{"Name":"Engine","Version":"20.10.24+dfsg1"}],"Version":"20.10.24+dfsg1"}
Result<VersionReply> decode_version(std::string_view text) {
  return read_whole<VersionReply>("version", text, kVersionFields, [](Fields& fields) {
    VersionReply reply;
    reply.version = fields.text("Version");
    const json& components = fields.list("Components");
    if (!components.empty()) {
      reply.podman = Fields(components.front()).text("Name") == "Podman Engine";
    }
    return reply;
  });
}

// {"Driver":"overlay2","DockerRootDir":"/var/lib/docker","Plugins":{"Volume":["local","nfs"]}}
Result<InfoReply> decode_info(std::string_view text) {
  return read_whole<InfoReply>("info", text, kInfoFields, [](Fields& fields) {
    InfoReply reply{fields.text("Driver"), fields.text("DockerRootDir"), {}};
    Fields plugins(fields.object("Plugins"));
    for (const json& name : plugins.list("Volume")) {
      if (!name.is_string()) continue;
      const auto& driver = name.get_ref<const std::string&>();
      if (is_name(driver)) reply.volume_drivers.push_back(driver);
    }
    return reply;
  });
}

// {"Type":"volume","Action":"create","Actor":{"ID":"data1","Attributes":{"driver":"local"}},
//  "scope":"local","time":1795413412,"timeNano":1795413412622835129}
std::optional<Event> decode_event(std::string_view line) {
  const auto event = read_whole<Event>("event", line, kEventFields, [](Fields& fields) {
    Fields actor(fields.object("Actor"));
    Fields attributes(actor.object("Attributes"));
    return Event{fields.text("Type"), fields.text("Action"), actor.text("ID"),
                 attributes.text("driver")};
  });
  if (!event || event->type.empty() || event->action.empty()) return {};
  return *event;
}

std::string decode_error_message(std::string_view body) {
  constexpr std::size_t kMaxBytes = 200;
  const auto message = read_whole<std::string>(
      "error", body, kErrorFields, [](Fields& fields) { return fields.text("message"); });
  std::string text(message && !message->empty() ? *message : body);
  text = trim(std::string_view(text).substr(0, kMaxBytes));
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c == '\n' || c == '\r'; }, ' ');
  return repaired_utf8(text);
}

}  // namespace volumeter::docker
