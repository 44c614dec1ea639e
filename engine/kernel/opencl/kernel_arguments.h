// SPDX-License-Identifier: GPL-3.0-or-later
// Arguments of a kernel in the order in which it declares them.
#pragma once

#include "engine/kernel/opencl/cl_api.h"

namespace longscope::opencl {

// From the argument `first` on; returns the number of the next one.
template <typename... Values>
cl_uint set_arguments(cl::Kernel& kernel, cl_uint first, const Values&... values) {
    cl_uint at = first;
    (kernel.setArg(at++, values), ...);
    return at;
}

}  // namespace longscope::opencl
