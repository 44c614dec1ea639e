// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/base/registry.h"
#include "engine/kernel/kernel.h"

namespace longscope {

const std::vector<KernelEntry>& kernels() {
    static const std::vector<KernelEntry> entries{
        {"cpu", "tiled float32 forward on all SIMD widths, multi-threaded", make_cpu_kernel},
        {"reference", "float64, row by row: slow and plain, what the others are compared with", make_reference_kernel},
    };
    return entries;
}

std::unique_ptr<Kernel> make_kernel(std::string_view name, int threads) {
    return find_entry(kernels(), name, "backend.name", "a backend").make(threads);
}

}  // namespace longscope
