// SPDX-License-Identifier: GPL-3.0-or-later
// The backends that one test body holds against the reference. They are made once in a process: programs of opencl are
// built at run time.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/kernel/kernel.h"
#include "engine/kernel/opencl/opencl_kernel.h"
#include "tests/support/sanitized.h"

namespace longscope {

// Both designs of the opencl backend. Which of them the first name stands for is chosen by the device.
inline constexpr std::string_view tiled_backend = "opencl_tiled";
inline constexpr std::array<std::string_view, 2> opencl_backends{"opencl", tiled_backend};
// Programs of a device are built for every dimension and scoring, which takes longer than running them: where a test
// has many, the second design takes some.
using Backends = std::vector<std::string_view>;
inline const Backends& every_backend() {
    static const Backends all{"cpu", "opencl", tiled_backend};
    return all;
}

inline const Kernel& made_backend(std::string_view name, int threads) {
    static std::map<std::pair<std::string, int>, std::unique_ptr<Kernel>> made;
    std::unique_ptr<Kernel>& kernel = made[{std::string(name), threads}];
    if (kernel == nullptr) {
        // Of opencl_tiled, which is no name of the registry, the design for GPUs on whatever device there is.
        kernel = name == tiled_backend ? opencl::make_kernel_of(opencl::Design::tiled, {threads, {}, {}, 0})
                                       : make_kernel(name, threads);
    }
    return *kernel;
}

// For the body that backends share. Sanitizers do not see what a device computes, and make the driver's compiler take
// minutes: with them test_opencl alone computes on a device.
inline const Kernel& backend_of(std::string_view name, int threads) {
    return made_backend(name.substr(0, 6) == "opencl" && sanitizer_slowdown > 1 ? "cpu" : name, threads);
}

}  // namespace longscope
