// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/base/error.h"
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
    std::string names;
    for (const KernelEntry& entry : kernels()) {
        if (entry.name == name) {
            return entry.make(threads);
        }
        names += (names.empty() ? "" : ", ") + std::string(entry.name);
    }
    throw bad_input("backend.name", name, "is not a backend", names);
}

}  // namespace longscope
