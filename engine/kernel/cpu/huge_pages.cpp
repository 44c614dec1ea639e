// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/kernel/cpu/huge_pages.h"

#include <sys/mman.h>

#include <cstdint>

namespace longscope::cpu {

void advise_huge_pages(AlignedBuffer<float>& buffer) {
    // Whole pages only; what lies beside it is not ours.
    constexpr std::uintptr_t page = 4096;
    const auto begin = (reinterpret_cast<std::uintptr_t>(buffer.data()) + page - 1) / page * page;
    const auto end =
        (reinterpret_cast<std::uintptr_t>(buffer.data()) + static_cast<std::uintptr_t>(buffer.size_bytes())) / page *
        page;
    if (begin < end) {
        // NOLINTNEXTLINE(performance-no-int-to-ptr): the boundary of a page inside the buffer.
        static_cast<void>(madvise(reinterpret_cast<void*>(begin), end - begin, MADV_HUGEPAGE));
    }
}

}  // namespace longscope::cpu
