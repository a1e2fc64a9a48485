// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/interface/mount_tracer.h"

#include <bpf/bpf.h>
#include <sys/utsname.h>

#include <cerrno>
#include <cstdio>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "exporter/base/unique_fd.h"
#include "exporter/sources/ebpf/bpf/count_map.h"
#include "exporter/sources/ebpf/bpf/filesystem_hooks.h"
#include "exporter/sources/ebpf/bpf/kernel_calls.h"
#include "exporter/sources/ebpf/bpf/loading.h"
#include "exporter/sources/ebpf/bpf/packed_device.h"
#include "exporter/sources/ebpf/bpf/shared.h"
#include "exporter/sources/ebpf/bpf/tracers.h"
#include "exporter/sources/ebpf/bpf/volume_io.skel.h"
#include "exporter/sources/os/privileges.h"

namespace volumeter {
namespace {

using Programs = bpf::Skeleton<volume_io_bpf>;

constexpr std::size_t kMaxNamespaceBytes = 64 << 20;  // 4 million processes

using bpf::duplicate;
using bpf::Link;

// A program and the kernel function to trace.
struct Hook {
  const char* program;
  std::string_view function;
};

// The maps shared by all programs.
struct Maps {
  UniqueFd watched_mounts;
  UniqueFd changes;
  UniqueFd counts;
  UniqueFd slots;
  UniqueFd tasks;
  UniqueFd queued;
};

// The programs, none of them selected for loading.
Programs open_programs(const std::optional<bpf::KernelFunctions>& functions) {
  Programs programs(volume_io_bpf__open(), volume_io_bpf__destroy);
  if (!programs) return programs;
  if (!bpf::set_kernel_calls(programs->obj, functions)) {
    programs.reset();
    errno = ENOMEM;
    return programs;
  }
  bpf_program* program = nullptr;
  bpf_object__for_each_program(program, programs->obj) bpf_program__set_autoload(program, false);
  return programs;
}

Result<Link> attach(bpf_program* program) {
  Link link(bpf_program__attach(program));
  if (!link) return bpf::failure(bpf_program__name(program), errno);
  return link;
}

// Since Linux 6.18 ("mm/fault: try to map the entire file folio in finish_fault()") one call of
// page_mkwrite can make all pages of a large folio writable, so calls are no pages any more.
bool has_one_fault_per_page() {
  utsname kernel{};
  unsigned major = 0;
  unsigned minor = 0;
  if (::uname(&kernel) != 0) return false;
  // 6.12.48+deb13-amd64
  if (std::sscanf(kernel.release, "%u.%u", &major, &minor) != 2) return false;
  return std::pair(major, minor) < std::pair(6U, 18U);
}

class BpfMountTracer final : public MountTracer {
 public:
  // Loads what does not depend on the filesystem. If the kernel accepts the first tracing program
  // it accepts all of them.
  Result<> start() {
    const bpf::GiveBackMemory at_the_end;
    functions_ = bpf::find_kernel_functions();
    Programs programs = open_programs(functions_);
    if (!programs) return bpf::failure("volume_io", errno);
    bpf_program__set_autoload(programs->progs.list_namespaces, true);
    if (const int result = volume_io_bpf__load(programs.get()); result != 0) {
      return bpf::failure("volume_io", -result);
    }
    maps_ = {duplicate(programs->maps.watched_mounts), duplicate(programs->maps.data_changes),
             duplicate(programs->maps.counts),         duplicate(programs->maps.bss),
             duplicate(programs->maps.tasks),          duplicate(programs->maps.queued)};
    Link iterator(bpf_program__attach_iter(programs->progs.list_namespaces, nullptr));
    if (!iterator) return bpf::failure("iter/task", errno);
    iterator_ = std::move(iterator);
    // Which of them exist depends on kernel version and configuration.
    for (const auto* function : {"io_complete_rw", "io_complete_rw_iopoll", "aio_complete_rw"}) {
      const auto hooked = load_and_attach({{"queued_done", function}});
      if (!hooked && hooked.error().kind != ErrorKind::kNotFound) return hooked.error();
    }
    return Nothing{};
  }

  Result<> follow(std::string_view fstype) override {
    const auto* hooks = bpf::hooks_of(fstype);
    if (hooks == nullptr) {
      return Error{ErrorKind::kUnsupported, std::string(fstype), "unsupported filesystem type"};
    }
    if (followed_.contains(hooks->fstype)) return Nothing{};
    const std::size_t before = links_.size();
    auto done = attach_all(*hooks);
    if (!done) {
      links_.resize(before);
      return done;
    }
    followed_.insert(hooks->fstype);
    return Nothing{};
  }

  bool counts_mapped_writes(std::string_view fstype) const override {
    const auto* hooks = bpf::hooks_of(fstype);
    return hooks != nullptr && with_mapped_writes_.contains(hooks->fstype);
  }

  Result<std::unordered_map<std::uint32_t, std::uint64_t>> namespaces() override {
    const UniqueFd file(bpf_iter_create(bpf_link__fd(iterator_.get())));
    if (!file) return from_errno("iter/task", errno);
    const auto text = read_to_end(file.get(), "iter/task", kMaxNamespaceBytes);
    if (!text) return text.error();
    std::unordered_map<std::uint32_t, std::uint64_t> all;
    for (std::size_t at = 0; at + sizeof(task_namespace) <= text->size();
         at += sizeof(task_namespace)) {
      task_namespace record{};
      text->copy(reinterpret_cast<char*>(&record), sizeof record, at);
      all.emplace(record.pid, record.namespace_id);
    }
    return all;
  }

  Result<> watch(MountToken token, const MountIdentity& mount) override {
    const watched_mount value{
        .namespace_id = mount.namespace_id, .token = token, .device = bpf::packed(mount.device)};
    const int result = bpf_map_update_elem(maps_.watched_mounts.get(), &mount.id, &value, BPF_ANY);
    changed();
    if (result != 0) return from_errno("watched_mounts", -result);
    return Nothing{};
  }

  void unwatch(MountToken token, const MountIdentity& mount) override {
    watched_mount now{};
    const int known = bpf_map_lookup_elem(maps_.watched_mounts.get(), &mount.id, &now);
    if (known != 0 || now.token != token) return;
    bpf_map_delete_elem(maps_.watched_mounts.get(), &mount.id);
    changed();
  }

  Result<std::unordered_map<MountToken, MountIo>> read() override {
    std::unordered_map<MountToken, MountIo> all;
    const auto see = [&](std::uint32_t key, const IoCounts& sum) {
      MountIo& mount = all[io_key_token(key)];
      switch (io_key_operation(key)) {
        case IO_READ: mount.reads.add(sum); break;
        case IO_WRITE: mount.writes.add(sum); break;
        case IO_FSYNC: mount.fsyncs.add(sum); break;
        case IO_MAPPED_WRITE: mount.mapped_writes += sum.operations; break;
        default: break;
      }
    };
    if (const auto done = bpf::read_counts<std::uint32_t>(maps_.counts.get(), see); !done) {
      return done.error();
    }
    return all;
  }

  void forget(MountToken token) override {
    for (std::uint32_t operation = IO_READ; operation <= IO_MAPPED_WRITE; ++operation) {
      const std::uint32_t key = io_key(token, operation);
      bpf_map_delete_elem(maps_.counts.get(), &key);
    }
  }

 private:
  // Attaches all or, with an error, none. kNotFound if the kernel has no such function.
  Result<> load_and_attach(std::initializer_list<Hook> hooks) {
    const WithCapability modules(Capability::kSysAdmin);
    const bpf::GiveBackMemory at_the_end;
    Programs programs = open_programs(functions_);
    if (!programs) return bpf::failure("volume_io", errno);
    share_maps(*programs);
    for (const Hook& hook : hooks) {
      bpf_program* program = bpf_object__find_program_by_name(programs->obj, hook.program);
      const std::string function(hook.function);
      if (bpf_program__set_attach_target(program, 0, function.c_str()) != 0) {
        return Error{ErrorKind::kNotFound, "eBPF: " + function,
                     "no such kernel function; functions of kernel modules need CAP_SYS_ADMIN"};
      }
      bpf_program__set_autoload(program, true);
    }
    if (const int result = volume_io_bpf__load(programs.get()); result != 0) {
      return bpf::failure(std::string(hooks.begin()->function), -result);
    }
    std::vector<Link> links;
    for (const Hook& hook : hooks) {
      auto link = attach(bpf_object__find_program_by_name(programs->obj, hook.program));
      if (!link) return link.error();
      links.push_back(std::move(link).value());
    }
    for (auto& link : links) links_.push_back(std::move(link));
    return Nothing{};
  }

  // Invalidates what the programs have cached about mounts.
  void changed() {
    const std::uint32_t zero = 0;
    ++changes_;
    bpf_map_update_elem(maps_.changes.get(), &zero, &changes_, BPF_ANY);
  }

  // Attaches exits before entries: an entry without an exit would seem to last for ever.
  Result<> attach_all(const bpf::FilesystemHooks& hooks) {
    auto done = load_and_attach({{"read_exit", hooks.read}, {"read_enter", hooks.read}});
    if (!done) return done;
    done = load_and_attach({{"write_exit", hooks.write}, {"write_enter", hooks.write}});
    if (!done && done.error().kind == ErrorKind::kNotFound && !hooks.write_before.empty()) {
      done = load_and_attach(
          {{"write_exit", hooks.write_before}, {"write_enter", hooks.write_before}});
    }
    if (done) done = attach_if_there({{"fsync_exit", hooks.fsync}, {"fsync_enter", hooks.fsync}});
    if (done) {
      done = attach_if_there(
          {{"splice_read_exit", hooks.splice_read}, {"splice_read_enter", hooks.splice_read}});
    }
    if (done) {
      done = attach_if_there(
          {{"splice_write_exit", hooks.splice_write}, {"splice_write_enter", hooks.splice_write}});
    }
    return done ? attach_mapped_write(hooks) : done;
  }

  Result<> attach_mapped_write(const bpf::FilesystemHooks& hooks) {
    if (hooks.mapped_write.empty() || !has_one_fault_per_page()) return Nothing{};
    auto done = load_and_attach({{"mapped_write", hooks.mapped_write}});
    if (done) with_mapped_writes_.insert(hooks.fstype);
    if (!done && done.error().kind == ErrorKind::kNotFound) return Nothing{};
    return done;
  }

  // An existing function that cannot be traced would leave I/O uncounted.
  Result<> attach_if_there(std::initializer_list<Hook> hooks) {
    if (hooks.begin()->function.empty()) return Nothing{};
    auto done = load_and_attach(hooks);
    if (!done && done.error().kind == ErrorKind::kNotFound) return Nothing{};
    return done;
  }

  void share_maps(volume_io_bpf& programs) const {
    bpf_map__reuse_fd(programs.maps.watched_mounts, maps_.watched_mounts.get());
    bpf_map__reuse_fd(programs.maps.data_changes, maps_.changes.get());
    bpf_map__reuse_fd(programs.maps.counts, maps_.counts.get());
    bpf_map__reuse_fd(programs.maps.bss, maps_.slots.get());
    bpf_map__reuse_fd(programs.maps.tasks, maps_.tasks.get());
    bpf_map__reuse_fd(programs.maps.queued, maps_.queued.get());
  }

  std::optional<bpf::KernelFunctions> functions_;
  Maps maps_;
  std::uint32_t changes_ = 0;
  Link iterator_;
  std::vector<Link> links_;
  std::set<std::string_view> followed_;
  std::set<std::string_view> with_mapped_writes_;
};

}  // namespace

Result<std::unique_ptr<MountTracer>> make_mount_tracer() {
  bpf::be_quiet();
  auto tracer = std::make_unique<BpfMountTracer>();
  if (const auto started = tracer->start(); !started) return started.error();
  return std::unique_ptr<MountTracer>(std::move(tracer));
}

}  // namespace volumeter
