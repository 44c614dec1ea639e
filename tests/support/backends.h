// SPDX-License-Identifier: GPL-3.0-or-later
// The backends that one test body holds against the reference. They are made once in a process: programs of opencl are
// built at run time.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "engine/kernel/kernel.h"
#include "tests/support/sanitized.h"

namespace longscope {

inline const Kernel& made_backend(std::string_view name, int threads) {
    static std::map<std::pair<std::string, int>, std::unique_ptr<Kernel>> made;
    std::unique_ptr<Kernel>& kernel = made[{std::string(name), threads}];
    if (kernel == nullptr) {
        kernel = make_kernel(name, threads);
    }
    return *kernel;
}

// For the body that backends share. Sanitizers do not see what a device computes, and make the driver's compiler take
// minutes: with them test_opencl alone computes on a device.
inline const Kernel& backend_of(std::string_view name, int threads) {
    return made_backend(name == "opencl" && sanitizer_slowdown > 1 ? "cpu" : name, threads);
}

}  // namespace longscope
