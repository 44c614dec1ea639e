// SPDX-License-Identifier: GPL-3.0-or-later
// Tuned tile shapes of the devices of OpenCL: measured on them, kept in the default result database, read back for
// kernels.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/kernel/opencl/device_facts.h"
#include "engine/kernel/opencl/tile_choice.h"

namespace longscope {

// For a kernel of this backend; empty for those that have none, and where nothing is kept or it cannot be read: shapes
// change how long a call takes, not what it computes.
[[nodiscard]] std::vector<opencl::TileChoice> tile_choices_for(std::string_view backend);

// "tuned" or "default", of the classes in the design of the device.
[[nodiscard]] std::string tiles_text(const opencl::DeviceFacts& device, const std::vector<opencl::TileChoice>& choices);

// Measures on every chosen device, stores and prints.
int tune_devices(bool json);

}  // namespace longscope
