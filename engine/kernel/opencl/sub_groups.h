// SPDX-License-Identifier: GPL-3.0-or-later
// Sub-groups in the kernels for GPUs: used where a device proves that its items reach each other as these need it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/kernel/opencl/session.h"

namespace longscope::opencl {

// What resources/opencl/sub_groups.cl must give: item i reaches i ^ 1, i ^ 2, i ^ 4 and i ^ 8.
[[nodiscard]] bool are_neighbours(const std::vector<std::uint32_t>& reached);

// Why the kernels do without them on this device, in one line; empty where they use them.
[[nodiscard]] std::string why_no_sub_groups(Session& session);

}  // namespace longscope::opencl
