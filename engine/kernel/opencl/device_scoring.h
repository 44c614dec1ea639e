// SPDX-License-Identifier: GPL-3.0-or-later
// The scoring of a call as resources/opencl/wide_scores.cl is told of it.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "engine/kernel/opencl/cl_api.h"
#include "engine/kernel/scoring.h"

namespace longscope::opencl {

// `struct scoring` there.
struct DeviceScoring {
    cl_float scale = 1.0F;
    cl_float soft_cap = 0.0F;
    cl_float sigmoid_bias = 0.0F;
};

// `scale`: of a product; plain scores are base-2 logarithms of weights.
[[nodiscard]] DeviceScoring device_scoring(const Scoring& scoring, double scale);

// Defines of a program, after those that it has.
void add_scoring_defines(const Scoring& scoring, std::vector<std::pair<std::string, std::string>>& defines);

}  // namespace longscope::opencl
