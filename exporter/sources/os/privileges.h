// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "exporter/base/result.h"

namespace volumeter {

// Those of capabilities(7) that this program has a use for, by the kernel's number.
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

// A set of capabilities as the kernel keeps it: a bit each.
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

// A capability and what this program does by it.
struct CapabilityUse {
  Capability capability;
  std::string_view name;
  std::string_view gives;  // "sizes of directories that ..."
};

// What would be of use and is not in `had`, the most important first; nothing that this kernel
// does not know.
std::vector<CapabilityUse> missing_capabilities(CapabilitySet had);

// What is kept all the time by the agent and by its helper processes, and what on demand.
inline constexpr CapabilitySet kAgentCapabilities{
    Capability::kDacReadSearch, Capability::kSysPtrace, Capability::kPerfmon, Capability::kBpf};
// What the agent makes effective while it looks for a function of the kernel that it counts: those
// of a module (ext4, xfs, overlayfs) are told by BPF_BTF_GET_FD_BY_ID, which takes this.
inline constexpr CapabilitySet kAgentCapabilitiesOnDemand{Capability::kSysAdmin};
inline constexpr CapabilitySet kHelperCapabilities{Capability::kDacReadSearch, Capability::kFowner,
                                                   Capability::kSysPtrace};

// What the calling thread may use or make effective. Empty for an ordinary user.
CapabilitySet permitted_capabilities();

// Gives up, for good, every capability of the calling thread but those in `effective`, which
// it goes on using, and `on_demand`, which WithCapability makes effective; of both only those
// it has. No program it starts can gain any. Threads that exist already keep theirs: call it
// before there are any.
Result<> keep_only(CapabilitySet effective, CapabilitySet on_demand = {});

// Makes a capability effective in the calling thread while it lives, if that is permitted.
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

// Whether a file, or while it does not exist the nearest directory above it, belongs to
// another user: then root, too, writes to it only by CAP_DAC_OVERRIDE.
bool belongs_to_another(const std::string& path);

}  // namespace volumeter
