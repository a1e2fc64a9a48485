// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "exporter/base/result.h"

namespace volumeter {

// The capabilities(7) that this program uses, with the kernel's numbers.
enum class Capability : unsigned {
  kDacOverride = 1,
  kDacReadSearch = 2,
  kFowner = 3,
  kSetpcap = 8,
  kSysPtrace = 19,
  kSysAdmin = 21,
  kPerfmon = 38,
  kBpf = 39,
};

// A bit set of capabilities, as in the kernel.
class CapabilitySet {
 public:
  constexpr CapabilitySet() = default;
  constexpr explicit CapabilitySet(std::uint64_t bits) : bits_(bits) {}
  constexpr CapabilitySet(std::initializer_list<Capability> all) {
    for (const Capability one : all) add(one);
  }

  constexpr bool has(Capability one) const { return (bits_ & bit(one)) != 0; }
  constexpr void add(Capability one) { bits_ |= bit(one); }
  constexpr void remove(Capability one) { bits_ &= ~bit(one); }
  constexpr std::uint64_t bits() const { return bits_; }

  friend constexpr CapabilitySet operator&(CapabilitySet a, CapabilitySet b) {
    return CapabilitySet(a.bits_ & b.bits_);
  }
  friend constexpr bool operator==(CapabilitySet, CapabilitySet) = default;

 private:
  static constexpr std::uint64_t bit(Capability one) {
    return std::uint64_t{1} << static_cast<unsigned>(one);
  }

  std::uint64_t bits_ = 0;
};

// A capability and what this program needs it for.
struct CapabilityUse {
  Capability capability;
  std::string_view name;
  std::string_view gives;  // "sizes of directories that ..."
};

// Useful capabilities that are not in `had`, the most important first, without those unknown to
// this kernel.
std::vector<CapabilityUse> missing_capabilities(CapabilitySet had);

// The capabilities that the agent keeps effective.
inline constexpr CapabilitySet kAgentCapabilities{
    Capability::kDacReadSearch, Capability::kSysPtrace, Capability::kPerfmon, Capability::kBpf};
// Permitted, and effective only while a kernel function to be traced is looked up: functions of
// kernel modules (ext4, xfs, overlayfs) need BPF_BTF_GET_FD_BY_ID, which requires CAP_SYS_ADMIN.
inline constexpr CapabilitySet kAgentCapabilitiesOnDemand{Capability::kSysAdmin};
inline constexpr CapabilitySet kHelperCapabilities{Capability::kDacReadSearch, Capability::kFowner,
                                                   Capability::kSysPtrace};

// The permitted set of the calling thread; empty for an unprivileged user.
CapabilitySet permitted_capabilities();

// Permanently drops all capabilities of the calling thread but those in `effective`, which stay
// effective, and in `on_demand`, which stay permitted for WithCapability. Child processes cannot
// gain any. Affects no existing thread: call it before threads are started.
Result<> keep_only(CapabilitySet effective, CapabilitySet on_demand = {});

// Makes a permitted capability effective in the calling thread for its own lifetime.
class WithCapability {
 public:
  explicit WithCapability(Capability capability);
  ~WithCapability();

  WithCapability(const WithCapability&) = delete;
  WithCapability& operator=(const WithCapability&) = delete;

 private:
  const Capability capability_;
  bool was_raised_ = false;
};

// Whether a file or, if missing, its nearest existing parent is owned by another user. Then even
// root needs CAP_DAC_OVERRIDE to write to it.
bool belongs_to_another(const std::string& path);

}  // namespace volumeter
