// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/tensor/huge_pages.h"

#include <sys/mman.h>

#include <cstdint>

namespace longscope {

void advise_huge_pages(std::span<std::byte> memory) {
    // Whole pages only; what lies beside it is not ours.
    constexpr std::uintptr_t page = 4096;
    const auto first = reinterpret_cast<std::uintptr_t>(memory.data());
    const auto begin = (first + page - 1) / page * page;
    const auto end = (first + memory.size()) / page * page;
    if (begin < end) {
        // NOLINTNEXTLINE(performance-no-int-to-ptr): the boundary of a page inside the buffer.
        static_cast<void>(madvise(reinterpret_cast<void*>(begin), end - begin, MADV_HUGEPAGE));
    }
}

}  // namespace longscope
