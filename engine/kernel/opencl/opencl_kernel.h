// SPDX-License-Identifier: GPL-3.0-or-later
// The opencl backend: exact attention on a device of OpenCL.
#pragma once

#include <memory>
#include <string>

#include "engine/kernel/kernel.h"
#include "engine/kernel/opencl/design.h"

namespace longscope::opencl {

// Empty: every shape is computed, where there is a device. Asks no driver.
[[nodiscard]] std::string why_unsupported(const AttentionShape& shape);

// Of this rank, as LONGSCOPE_OPENCL_DEVICE asks for. Throws Error.
[[nodiscard]] DeviceFacts chosen_device(int rank);
// How many LONGSCOPE_OPENCL_DEVICE stands for; ranks from 0 on have one each. Throws Error.
[[nodiscard]] std::size_t chosen_device_count();
// The design that suits a device, or that LONGSCOPE_OPENCL_DESIGN asks for. Throws Error(bad_input).
[[nodiscard]] Design chosen_design(const DeviceFacts& device);

// With this design of the kernels, for tests and for tuning. Throws Error(unsupported) where there is no device.
[[nodiscard]] std::unique_ptr<Kernel> make_kernel_of(Design design, const KernelOptions& options);
// With the design that suits the device, or that LONGSCOPE_OPENCL_DESIGN asks for.
[[nodiscard]] std::unique_ptr<Kernel> make_opencl_kernel(const KernelOptions& options);

}  // namespace longscope::opencl
