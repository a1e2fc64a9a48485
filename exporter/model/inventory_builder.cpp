// SPDX-License-Identifier: Apache-2.0
#include "exporter/model/inventory_builder.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "exporter/model/compose_labels.h"
#include "exporter/model/device_index.h"
#include "exporter/model/filesystem_index.h"
#include "exporter/model/image_store.h"
#include "exporter/model/mount_failure.h"
#include "exporter/model/nfs_volumes.h"
#include "exporter/model/volume_identity.h"
#include "exporter/model/volume_options.h"
#include "exporter/model/volume_paths.h"
#include "exporter/model/volume_places.h"
#include "exporter/model/volume_reach.h"
#include "exporter/model/volume_references.h"

namespace volumeter {
namespace {

using docker::ContainerState;
using docker::MountType;

// Only managed plugins have a tag in their names, as "vieux/sshfs:latest": the engine adds one.
std::string_view kind_of_driver(std::string_view name) {
  if (name == "local") return "builtin";
  return name.find(':') == std::string_view::npos ? "v1" : "managed";
}

// Builds an Inventory step by step; each step needs those before it.
class Builder {
 public:
  explicit Builder(const InventoryInputs& inputs)
      : inputs_(inputs), filesystems_(*inputs.mounts, inventory_) {}

  Inventory build() && {
    if (inputs_.docker != nullptr) add_docker(*inputs_.docker);
    add_devices();
    return std::move(inventory_);
  }

 private:
  void add_docker(const docker::Facts& docker) {
    add_engine(docker.engine);
    find_images(docker);
    inventory_.has_all_volumes = docker.has_all_volumes;
    inventory_.event_gaps = docker.event_gaps;
    for (const auto& driver : docker.volume_drivers) {
      inventory_.volume_drivers.push_back(
          {Label(driver.name), Label(kind_of_driver(driver.name)), Label(driver.scope), driver.up});
    }
    volume_places_.emplace(inputs_, filesystems_);
    for (const auto& volume : docker.volumes) add_volume(volume);
    mark_shared_nfs_mounts(inventory_.volumes);
    reach_.emplace(volume_places_->reach(), inputs_.resolved(docker.engine.root_directory));
    for (const auto& container : docker.containers) add_container(container);
    for (auto& [label, bind] : binds_) inventory_.binds.push_back(std::move(bind));
    references_.find_unknown_use(docker, knows_all_mounts_);
    references_.find_prune_hazards(docker);
  }

  void add_engine(const docker::Engine& engine) {
    inventory_.engine =
        EngineFacts{Label(engine.product), Label(engine.version), Label(engine.api_version),
                    Label(engine.storage_driver), std::nullopt};
    inventory_.engine->filesystem = filesystem_of(engine.root_directory);
  }

  // Nothing for a path that this host does not have.
  std::optional<std::size_t> filesystem_of(const std::string& path) {
    if (path.empty() || inputs_.is_missing(path)) return {};
    return filesystems_.index_of(inputs_.resolved(path));
  }

  // Images and the roots of containers may lie on another disk than the engine's root directory.
  void find_images(const docker::Facts& docker) {
    if (!uses_containerd_store(docker.engine)) {
      images_filesystem_ = filesystem_of(images_folder(docker.engine));
      if (!images_filesystem_) images_filesystem_ = inventory_.engine->filesystem;
      return;
    }
    for (const auto& [id, details] : docker.details) {
      const std::string layer = details.pid ? inputs_.upper_directory(*details.pid) : "";
      if (!layer.starts_with('/')) continue;
      images_filesystem_ = filesystem_of(std::string(store_of_layer(layer)));
      if (images_filesystem_) return;
    }
    // No container says: watched, but no container's root is known to lie there.
    for (const std::string& store : containerd_stores(docker.engine)) filesystem_of(store);
  }

  void add_volume(const docker::Volume& volume) {
    VolumeFacts facts = identity_of(volume, inputs_.docker->engine, inputs_.user_labels);
    volume_places_->locate(volume, facts);
    volume_index_.emplace(facts.name, inventory_.volumes.size());
    references_.add_volume();
    inventory_.volumes.push_back(std::move(facts));
  }

  void add_container(const docker::Container& container) {
    const std::size_t index = inventory_.containers.size();
    const auto details = inputs_.docker->details.find(container.id);
    const bool known = details != inputs_.docker->details.end();
    ContainerFacts facts{Label(container.name),
                         Label(container.id),
                         label_of(container.labels, kComposeProject),
                         label_of(container.labels, kComposeService),
                         container.state,
                         {},
                         {}};
    if (known) facts.finished_at = details->second.finished_at;
    if (known && container.state == ContainerState::kRunning) facts.pid = details->second.pid;
    inventory_.containers.push_back(std::move(facts));

    MountFacts rootfs{.kind = MountKind::kRootfs,
                      .container = index,
                      .destination = Label("/"),
                      .filesystem = images_filesystem_};
    if (known) rootfs.writable = !details->second.readonly_rootfs;
    add_mount(std::move(rootfs));
    knows_all_mounts_ = knows_all_mounts_ && container.knows_mounts;
    details_ = known ? &details->second : nullptr;
    for (const auto& mount : container.mounts) add_container_mount(index, mount);
    if (known) {
      for (const auto& destination : details->second.tmpfs) {
        add_mount({.kind = MountKind::kTmpfs,
                   .container = index,
                   .destination = Label(destination),
                   .writable = true});
      }
    }
    if (known) find_mount_failure(index, container, details->second.start_error);
    destinations_.clear();
    references_.end_container(index);
  }

  void add_container_mount(std::size_t container, const docker::ContainerMount& mount) {
    MountFacts facts{.container = container,
                     .destination = Label(mount.destination),
                     .writable = mount.writable};
    facts.asked.propagation = mount.propagation;
    switch (mount.type) {
      case MountType::kVolume: {
        facts.kind = MountKind::kVolume;
        facts.volume_label = Label(mount.volume);
        const auto found = volume_index_.find(mount.volume);
        if (found != volume_index_.end() && is_of(mount, found->second)) {
          facts.volume = found->second;
          // The list leaves Source empty for anonymous volumes (20.10): take the volume's.
          facts.source = inventory_.volumes[found->second].mountpoint;
          facts.data_path = volume_places_->directory(found->second);
          facts.data_volume = found->second;
          facts.filesystem = inventory_.volumes[found->second].filesystem;
          // What the volume's options forbid, Docker calls "rw" all the same.
          const docker::Volume& volume = inputs_.docker->volumes[found->second];
          if (is_read_only(volume)) facts.writable = false;
          facts.asked.nosuid = has_mount_option(volume, "nosuid");
          facts.asked.nodev = has_mount_option(volume, "nodev");
          facts.asked.noexec = has_mount_option(volume, "noexec");
          references_.name(found->second, container);
          references_.reach(reach_->of_volume(found->second), container);
        }
        break;
      }
      case MountType::kBind:
        facts.kind = MountKind::kBind;
        facts.source = Label(mount.source);
        facts.needs_source = needs_source(mount);
        facts.is_source_missing = inputs_.is_missing(mount.source);
        add_bind(container, mount.source, facts);
        break;
      case MountType::kTmpfs: facts.kind = MountKind::kTmpfs; break;
      case MountType::kImage:
        facts.kind = MountKind::kImage;
        facts.source = Label(mount.source);
        facts.filesystem = images_filesystem_;
        break;
      case MountType::kOther: return;
    }
    add_mount(std::move(facts));
  }

  // Podman creates no source at a start, of whatever kind of bind mount.
  bool needs_source(const docker::ContainerMount& mount) const {
    if (inputs_.docker->engine.product == "podman") return true;
    if (details_ == nullptr) return false;
    const auto& strict = details_->strict_binds;
    return std::find(strict.begin(), strict.end(), mount.destination) != strict.end();
  }

  // Whether a mount is why it does not run.
  void find_mount_failure(std::size_t index, const docker::Container& container,
                          const std::string& start_error) {
    if (container.state == ContainerState::kRunning) return;
    const auto reason = mount_failure_reason(start_error);
    if (!reason) return;
    const auto found = std::find_if(
        container.mounts.begin(), container.mounts.end(), [&](const docker::ContainerMount& mount) {
          const auto volume = volume_index_.find(mount.volume);
          const bool is_volume = mount.type == MountType::kVolume && volume != volume_index_.end();
          return is_about(start_error, mount,
                          is_volume ? inputs_.docker->volumes[volume->second].mountpoint : "");
        });
    const bool is_known = found != container.mounts.end();
    inventory_.mount_failures.push_back(
        {index, is_known ? Label(found->destination) : Label(), *reason});
  }

  // Not the volume of that name that another driver has (moby issue 15997).
  bool is_of(const docker::ContainerMount& mount, std::size_t volume) const {
    const std::string& driver = inputs_.docker->volumes[volume].driver;
    return mount.driver.empty() || driver.empty() || mount.driver == driver;
  }

  void add_bind(std::size_t container, const std::string& source, MountFacts& facts) {
    if (source.empty() || source.front() != '/') return;
    const std::string resolved = inputs_.resolved(source);
    const auto filesystem = filesystem_of(source);
    facts.data_path = resolved;
    facts.data_volume = volume_of(resolved);
    facts.filesystem = filesystem;
    // What lies on no filesystem is the kernel's, as /proc, and has no size.
    if (filesystem && inputs_.measured_binds.matches(resolved) && !facts.data_volume) {
      binds_.try_emplace(Label(resolved), BindFacts{resolved, Label(resolved), *filesystem,
                                                    filesystems_.is_whole_filesystem(resolved)});
    }
    references_.reach(reach_->of_bind(resolved), container);
  }

  // The volume that a directory is or lies in.
  std::optional<std::size_t> volume_of(const std::string& path) const {
    for (std::size_t i = 0; i < inventory_.volumes.size(); ++i) {
      if (is_at_or_below(path, volume_places_->directory(i))) return i;
      if (is_at_or_below(path, inventory_.volumes[i].path)) return i;
    }
    return {};
  }

  // A second mount on one destination would be a second series with the same labels.
  void add_mount(MountFacts mount) {
    if (destinations_.insert(mount.destination.escaped()).second) {
      inventory_.mounts.push_back(std::move(mount));
    }
  }

  void add_devices() {
    DeviceIndex devices(filesystems_, inventory_, inputs_.devices_below);
    devices.list_all();
    for (const BlockDevice& device : inputs_.more_devices) devices.index_of(device);
  }

  const InventoryInputs& inputs_;
  Inventory inventory_;
  FilesystemIndex filesystems_;
  std::optional<std::size_t> images_filesystem_;  // of the roots of containers, if known
  std::optional<VolumePlaces> volume_places_;
  std::optional<VolumeReach> reach_;
  bool knows_all_mounts_ = true;
  std::unordered_map<std::string, std::size_t> volume_index_;
  VolumeReferences references_{inventory_};
  // By label: two paths that look alike once repaired would be one series twice.
  std::map<Label, BindFacts> binds_;
  std::set<std::string> destinations_;                 // of the container at hand
  const docker::ContainerDetails* details_ = nullptr;  // of the container at hand, if known
};

}  // namespace

Inventory build_inventory(const InventoryInputs& inputs) { return Builder(inputs).build(); }

}  // namespace volumeter
