// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/kernel/opencl/device_scoring.h"

#include <numbers>

namespace longscope::opencl {

DeviceScoring device_scoring(const Scoring& scoring, double scale) {
    return {static_cast<cl_float>(scoring.is_plain() ? scale * std::numbers::log2e : scale),
            static_cast<cl_float>(scoring.soft_cap), static_cast<cl_float>(scoring.sigmoid_bias.value_or(0.0))};
}

void add_scoring_defines(const Scoring& scoring, std::vector<std::pair<std::string, std::string>>& defines) {
    const auto flag = [](bool on) { return std::string(on ? "1" : "0"); };
    defines.emplace_back("SCORED", flag(!scoring.is_plain()));
    defines.emplace_back("SOFT_CAP", flag(scoring.soft_cap != 0.0));
    defines.emplace_back("ALIBI", flag(scoring.slopes != nullptr));
    defines.emplace_back("BIAS", flag(scoring.has_bias()));
    defines.emplace_back("SIGMOID", flag(scoring.is_sigmoid()));
}

}  // namespace longscope::opencl
