// SPDX-License-Identifier: GPL-3.0-or-later
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>

#include "engine/kernel/cpu/tile_amx.h"

namespace longscope::cpu {

namespace {

// Intel's Software Developer's Manual, volume 1, section 18.4: AMX-TILE and AMX-BF16.
bool has_matrix_unit() {
    std::uint32_t eax = 0;
    std::uint32_t ebx = 0;
    std::uint32_t ecx = 0;
    std::uint32_t edx = 0;
    constexpr std::uint32_t bfloat16 = 1U << 22U;
    constexpr std::uint32_t tiles = 1U << 24U;
    return __get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) != 0 && (edx & bfloat16) != 0 && (edx & tiles) != 0;
}

// Linux saves the tiles of a process only once it has asked (Documentation/arch/x86/xstate.rst).
bool is_permitted() {
    constexpr long request = 0x1023;  // ARCH_REQ_XCOMP_PERM
    constexpr long tile_data = 18;
    return syscall(SYS_arch_prctl, request, tile_data) == 0;
}

}  // namespace

bool may_use_matrix_unit() {
    static const bool may = has_matrix_unit() && is_permitted();
    return may;
}

}  // namespace longscope::cpu
