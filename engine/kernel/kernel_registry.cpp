// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include "engine/base/error.h"
#include "engine/base/registry.h"
#include "engine/kernel/kernel.h"

namespace longscope {

namespace {

template <const std::string_view& name>
std::string float32_only(const AttentionShape& shape) {
    return shape.dtype == DType::float32
               ? ""
               : fmt::format("backend {} computes float32 only: {} is given", name, to_string(shape.dtype));
}

constexpr std::string_view cpu = "cpu";
constexpr std::string_view reference = "reference";

}  // namespace

const std::vector<KernelEntry>& kernels() {
    static const std::vector<KernelEntry> entries{
        {cpu, "tiles in SIMD, forward and backward, multi-threaded", float32_only<cpu>, make_cpu_kernel},
        {reference, "float64, row by row: slow and plain, what the others are compared with", float32_only<reference>,
         make_reference_kernel},
    };
    return entries;
}

std::unique_ptr<Kernel> make_kernel(std::string_view name, int threads) {
    return find_entry(kernels(), name, "backend.name", "a backend").make(threads);
}

void require_supported(std::string_view backend, const AttentionShape& shape) {
    const KernelEntry& entry = find_entry(kernels(), backend, "backend.name", "a backend");
    if (const std::string reason = entry.unsupported(shape); !reason.empty()) {
        throw Error(ErrorKind::unsupported, reason);
    }
}

}  // namespace longscope
