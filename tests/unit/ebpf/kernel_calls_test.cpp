// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/ebpf/bpf/kernel_calls.h"

#include <catch2/catch.hpp>
#include <optional>
#include <vector>

namespace volumeter::bpf::kernel_calls_test {
namespace {

constexpr KernelFunctions kFunctions = {101, 102, 103, 104};

bpf_insn instruction(unsigned char code, int imm = 0) {
  bpf_insn made{};
  made.code = code;
  made.imm = imm;
  return made;
}

bpf_insn call(int number) { return instruction(BPF_JMP | BPF_CALL, number); }

bool is_same(const bpf_insn& one, const bpf_insn& other) {
  return one.code == other.code && one.dst_reg == other.dst_reg && one.src_reg == other.src_reg &&
         one.off == other.off && one.imm == other.imm;
}

TEST_CASE("a program calls the kernel's functions by the numbers of the running kernel") {
  const std::vector<bpf_insn> program = {call(CALL_PREEMPT_DISABLE), call(CALL_IRQ_SAVE),
                                         call(CALL_PREEMPT_ENABLE), call(CALL_IRQ_RESTORE)};
  const auto done = with_kernel_calls(program, kFunctions);
  REQUIRE(done.size() == program.size());
  const int expected[] = {101, 103, 102, 104};
  for (std::size_t i = 0; i < done.size(); ++i) {
    auto kernel_call = call(expected[i]);
    kernel_call.src_reg = BPF_PSEUDO_KFUNC_CALL;
    CHECK(is_same(done[i], kernel_call));
  }
}

TEST_CASE("without the kernel's functions a program keeps its length and does nothing instead") {
  const std::vector<bpf_insn> program = {call(CALL_PREEMPT_DISABLE), call(CALL_IRQ_RESTORE)};
  const auto done = with_kernel_calls(program, std::nullopt);
  REQUIRE(done.size() == program.size());
  for (const auto& each : done) CHECK(is_same(each, instruction(BPF_JMP | BPF_JA)));
}

TEST_CASE("helper calls, calls within the program and constants are left alone") {
  auto local_call = call(CALL_PREEMPT_DISABLE);
  local_call.src_reg = BPF_PSEUDO_CALL;
  const std::vector<bpf_insn> program = {
      call(BPF_FUNC_ktime_get_ns),
      call(FIRST_KERNEL_CALL - 1),
      call(AFTER_KERNEL_CALLS),
      call(-1),
      local_call,
      instruction(BPF_ALU64 | BPF_MOV | BPF_K, CALL_PREEMPT_DISABLE),
      instruction(BPF_JMP | BPF_EXIT),
  };
  for (const auto& functions : {std::optional(kFunctions), std::optional<KernelFunctions>()}) {
    const auto done = with_kernel_calls(program, functions);
    REQUIRE(done.size() == program.size());
    for (std::size_t i = 0; i < done.size(); ++i) CHECK(is_same(done[i], program[i]));
  }
}

}  // namespace
}  // namespace volumeter::bpf::kernel_calls_test
