// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/docker/decode.h"

#include <algorithm>
#include <functional>
#include <initializer_list>
#include <limits>
#include <map>
#include <set>

#include "exporter/base/fields.h"
#include "exporter/base/label.h"
#include "exporter/sources/docker/json_fields.h"
#include "exporter/sources/docker/json_items.h"
#include "exporter/sources/docker/rfc3339.h"

namespace volumeter::docker {
namespace {

using nlohmann::json;

template <typename T>
void reject(Parsed<T>& out, const json& item) {
  const bool first = out.bad == 0;
  out.reject(first ? item.dump(-1, ' ', false, json::error_handler_t::replace) : std::string());
}

Error unexpected_response(std::string_view what, std::string_view text) {
  std::string start(text.substr(0, Parsed<int>::kKeptBytes));
  return {ErrorKind::kMalformed, std::string(what), "unexpected response: " + start};
}

// Runs `read` on the text. Go always writes valid UTF-8; for engines that do not, the text is
// read again with invalid bytes replaced.
template <typename T>
Result<T> read_repaired(std::string_view what, std::string_view text,
                        const std::function<std::optional<T>(std::string_view)>& read) {
  auto out = read(text);
  if (!out) {
    const std::string repaired = repaired_utf8(text);
    if (repaired != text) out = read(repaired);
  }
  if (!out) return unexpected_response(what, text);
  return *std::move(out);
}

// The fields of an item that are read; the others are skipped.
using Kept = std::span<const std::string_view>;

constexpr std::string_view kVolumeFields[] = {"Name",      "Driver", "Scope",  "Mountpoint",
                                              "CreatedAt", "Labels", "Options"};
constexpr std::string_view kContainerFields[] = {"Id",     "Names",  "State",
                                                 "Status", "Labels", "Mounts"};
constexpr std::string_view kDetailsFields[] = {"State", "HostConfig", "Mounts"};
constexpr std::string_view kVersionFields[] = {"Version", "Components"};
constexpr std::string_view kInfoFields[] = {"Driver", "DockerRootDir", "Plugins"};
constexpr std::string_view kEventFields[] = {"Type", "Action", "Actor"};
constexpr std::string_view kErrorFields[] = {"message"};

// Converts a text that is one JSON object to a T.
template <typename T>
Result<T> read_whole(std::string_view what, std::string_view text, Kept kept,
                     const std::function<T(Fields&)>& read_object) {
  return read_repaired<T>(what, text, [&](std::string_view readable) {
    std::optional<T> out;
    const bool json_text = read_items(readable, {}, kept, [&](const json& item) {
      Fields fields(item);
      out = read_object(fields);
      if (fields.wrong()) out.reset();
    });
    if (!json_text) out.reset();
    return out;
  });
}

// A longer name would be truncated as a label, and two could become the same series.
bool is_name(std::string_view text) { return !text.empty() && text.size() <= Label::kMaxBytes; }

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

// The states of Docker, and those of Podman that its Docker-compatible API passes through.
ContainerState read_state(std::string_view state) {
  // A stopping or restarting container still holds its mounts.
  for (const auto running : {"running", "paused", "restarting", "stopping"}) {
    if (state == running) return ContainerState::kRunning;
  }
  for (const auto created : {"created", "configured", "initialized"}) {
    if (state == created) return ContainerState::kCreated;
  }
  return ContainerState::kStopped;
}

// API 1.24 has no types yet; a volume is what has a driver.
MountType read_mount_type(std::string_view type, bool has_driver) {
  if (type.empty()) return has_driver ? MountType::kVolume : MountType::kBind;
  if (type == "volume") return MountType::kVolume;
  if (type == "bind") return MountType::kBind;
  if (type == "tmpfs") return MountType::kTmpfs;
  if (type == "image") return MountType::kImage;
  return MountType::kOther;  // cluster, npipe
}

// "rslave" also applies to the mounts below the source; "" of volumes.
Propagation read_propagation(std::string_view text) {
  if (text == "shared" || text == "rshared") return Propagation::kShared;
  if (text == "slave" || text == "rslave") return Propagation::kSlave;
  return Propagation::kPrivate;
}

// {"Type":"volume","Name":"data1","Source":"/var/lib/docker/volumes/data1/_data",
//  "Destination":"/data","Driver":"local","Mode":"ro","RW":false,"Propagation":""}
std::optional<ContainerMount> read_mount(const json& item) {
  Fields fields(item);
  ContainerMount mount;
  mount.driver = fields.text("Driver");
  mount.type = read_mount_type(fields.text("Type"), !mount.driver.empty());
  mount.volume = mount.type == MountType::kVolume ? fields.text("Name") : std::string();
  mount.source = fields.text("Source");
  mount.destination = fields.text("Destination");
  mount.writable = fields.flag("RW").value_or(true);
  mount.propagation = read_propagation(fields.text("Propagation"));
  const bool nameless = mount.type == MountType::kVolume && mount.volume.empty();
  if (fields.wrong() || mount.destination.empty() || nameless) return {};
  return mount;
}

// Podman 5 and 6 list an image mount a second time, as the bind mount that it is made by.
bool is_second_half(const ContainerMount& first, const ContainerMount& second) {
  return first.type == MountType::kImage && second.type == MountType::kBind;
}

std::optional<std::vector<ContainerMount>> read_mounts(
    Fields& container, const std::function<void(const json&)>& reject_mount) {
  if (!container.has_list("Mounts")) return {};
  std::vector<ContainerMount> mounts;
  std::map<std::string, std::size_t, std::less<>> by_destination;
  for (const json& item : container.list("Mounts")) {
    auto mount = read_mount(item);
    if (!mount) {
      reject_mount(item);
      continue;
    }
    const auto [first, is_new] = by_destination.try_emplace(mount->destination, mounts.size());
    if (is_new) {
      mounts.push_back(*std::move(mount));
    } else if (!is_second_half(mounts[first->second], *mount)) {
      reject_mount(item);
    }
  }
  return mounts;
}

// ["/web","/proxy/web"]: the second one is a legacy link, an alias given by another container.
// A container that is being removed has no name any more; its short id is used instead.
std::string read_name(const json& names, std::string_view id) {
  for (const json& name : names) {
    if (!name.is_string()) return {};
    std::string_view text = name.get_ref<const std::string&>();
    if (text.starts_with('/')) text.remove_prefix(1);
    if (!text.empty() && text.find('/') == std::string_view::npos) return std::string(text);
  }
  return std::string(id.substr(0, 12));
}

// "Exited (0) 14 minutes ago", "Exited (137) About an hour ago": as HumanDuration() of
// https://pkg.go.dev/github.com/docker/go-units.
bool is_within_an_hour(std::string_view status) {
  if (status.empty()) return true;
  return status.find("second") != status.npos || status.find("minute") != status.npos;
}

// {"Id":"2c42a6e4...","Names":["/c1"],"Labels":{},"State":"running","Status":"Up 3 days",
//  "Mounts":[...]}
std::optional<Container> read_container(const json& item, Parsed<Container>& out) {
  Fields fields(item);
  Container container;
  container.id = fields.text("Id");
  container.name = read_name(fields.list("Names"), container.id);
  container.state = read_state(fields.text("State"));
  container.ended_lately = is_within_an_hour(fields.text("Status"));
  container.labels = fields.map("Labels");
  const auto reject_mount = [&](const json& mount) { reject(out, mount); };
  auto mounts = read_mounts(fields, reject_mount);
  container.knows_mounts = mounts.has_value();
  if (mounts) container.mounts = *std::move(mounts);
  if (fields.wrong() || container.id.empty() || !is_name(container.name)) return {};
  return container;
}

// What no two items of a list may share.
template <typename T>
using Identity = std::string(const T&);

template <typename T>
void reject_repeated(Parsed<T>& parsed, Identity<T>* identity) {
  std::set<std::string, std::less<>> seen;
  std::erase_if(parsed.items, [&](const T& item) {
    const std::string id = identity(item);
    const bool repeated = !seen.insert(id).second;
    if (repeated) parsed.reject(id);
    return repeated;
  });
}

std::string id_of(const Container& container) { return container.id; }
std::string name_of(const Container& container) { return container.name; }

// Two drivers may have volumes of one name (moby issue 15997).
std::string name_and_driver_of(const Volume& volume) {
  return volume.driver.empty() ? volume.name : volume.name + " of " + volume.driver;
}

template <typename T>
using ReadItem = std::optional<T>(const json&, Parsed<T>&);

// The list without items that repeat an identity of an earlier one, sorted by name so that equal
// facts compare equal.
template <typename T, typename Reply = Parsed<T>>
Result<Reply> read_list(std::string_view what, std::string_view text, ItemsAt where, Kept kept,
                        ReadItem<T>* read_item, std::initializer_list<Identity<T>*> identities) {
  return read_repaired<Reply>(what, text, [&](std::string_view readable) {
    std::optional<Reply> out(std::in_place);
    const auto take_item = [&](const json& item) {
      if (auto read = read_item(item, *out)) {
        out->items.push_back(*std::move(read));
      } else {
        reject(*out, item);
      }
    };
    const auto take_warning = [&]([[maybe_unused]] std::string_view warning) {
      if constexpr (requires { out->warnings; }) {
        if (out->warnings.size() < Reply::kMaxWarnings) {
          out->warnings.emplace_back(warning.substr(0, Reply::kKeptBytes));
        }
      }
    };
    const bool readable_json = read_items(readable, where, kept, take_item, take_warning);
    if (!readable_json) return std::optional<Reply>();
    for (const auto identity : identities) reject_repeated(*out, identity);
    std::stable_sort(out->items.begin(), out->items.end(),
                     [](const T& a, const T& b) { return a.name < b.name; });
    return out;
  });
}

// 0 for a container that is not running.
std::optional<std::uint32_t> read_pid(Fields& state) {
  const auto pid = state.count("Pid");
  if (!pid || *pid == 0 || *pid > std::numeric_limits<std::uint32_t>::max()) return {};
  return static_cast<std::uint32_t>(*pid);
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

Result<Parsed<Container>> decode_containers(std::string_view text) {
  return read_list<Container>("list of containers", text, {ItemsAt::Shape::kList, {}},
                              kContainerFields, read_container, {&id_of, &name_of});
}

// Of -v the engine creates a missing source, of --mount only if told so (bind-create-src, 28.3).
// {"Type":"bind","Source":"/srv/conf","Target":"/etc/app","BindOptions":{"CreateMountpoint":true}}
std::vector<std::string> read_strict_binds(Fields& host_config) {
  std::vector<std::string> destinations;
  for (const json& item : host_config.list("Mounts")) {
    Fields mount(item);
    Fields options(mount.object("BindOptions"));
    std::string target = mount.text("Target");
    const bool is_created = options.flag("CreateMountpoint").value_or(false);
    if (mount.text("Type") != "bind" || is_created || mount.wrong() || options.wrong()) continue;
    if (!target.empty()) destinations.push_back(std::move(target));
  }
  return destinations;
}

// {"State":{"Pid":4711,"Error":"","StartedAt":"2026-11-23T05:56:53.030326063Z",
//           "FinishedAt":"0001-01-01T00:00:00Z"},
//  "HostConfig":{"Tmpfs":{"/scratch":"size=64m"},"ReadonlyRootfs":false}}
Result<ContainerDetails> decode_details(std::string_view text) {
  constexpr std::size_t kMaxErrorBytes = 4096;
  return read_whole<ContainerDetails>("container", text, kDetailsFields, [](Fields& container) {
    Fields state(container.object("State"));
    Fields host_config(container.object("HostConfig"));
    ContainerDetails details;
    details.started_at = parse_rfc3339(state.text("StartedAt"));
    details.finished_at = parse_rfc3339(state.text("FinishedAt"));
    details.pid = read_pid(state);
    details.start_error = state.text("Error").substr(0, kMaxErrorBytes);
    details.readonly_rootfs = host_config.flag("ReadonlyRootfs").value_or(false);
    for (auto& [destination, options] : host_config.map("Tmpfs")) {
      details.tmpfs.push_back(destination);
    }
    details.mounts = read_mounts(container, [](const json&) {});
    details.strict_binds = read_strict_binds(host_config);
    return details;
  });
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
