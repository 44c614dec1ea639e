// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/base/error.h"
#include "engine/base/registry.h"
#include "engine/kernel/cpu/cpu_kernel.h"
#include "engine/kernel/kernel.h"
#include "engine/kernel/opencl/opencl_kernel.h"

namespace longscope {

namespace {

std::string computes_every_shape(const AttentionShape& /*shape*/) {
    return {};
}

std::unique_ptr<Kernel> make_cpu(const KernelOptions& options) {
    return options.arithmetic ? cpu::make_kernel_of(cpu::choose_tile_variant(*options.arithmetic), options.threads)
                              : make_cpu_kernel(options.threads);
}

// Better than any type of inputs: float64 always.
std::unique_ptr<Kernel> make_reference(const KernelOptions& options) {
    return make_reference_kernel(options.threads);
}

}  // namespace

const std::vector<KernelEntry>& kernels() {
    static const std::vector<KernelEntry> entries{
        {"cpu", "tiles in SIMD, forward and backward, multi-threaded", computes_every_shape, make_cpu},
        {"opencl", "tiles in vectors of 16 floats on an OpenCL device, built for it at run time",
         opencl::why_unsupported, opencl::make_opencl_kernel},
        {"reference", "float64, row by row: slow and plain, what the others are compared with", computes_every_shape,
         make_reference},
    };
    return entries;
}

std::unique_ptr<Kernel> make_kernel(std::string_view name, const KernelOptions& options) {
    return find_entry(kernels(), name, "backend.name", "a backend").make(options);
}

std::unique_ptr<Kernel> make_kernel(std::string_view name, int threads, std::optional<DType> arithmetic) {
    return make_kernel(name, {threads, arithmetic, {}, 0});
}

void require_supported(std::string_view backend, const AttentionShape& shape) {
    const KernelEntry& entry = find_entry(kernels(), backend, "backend.name", "a backend");
    if (const std::string reason = entry.unsupported(shape); !reason.empty()) {
        throw Error(ErrorKind::unsupported, reason);
    }
}

}  // namespace longscope
