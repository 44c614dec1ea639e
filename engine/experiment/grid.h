// SPDX-License-Identifier: GPL-3.0-or-later
// A grid: an experiment and the axes along which it is varied, as one versioned JSON document
// (resources/docs/sweeps.md, resources/schemas/grid-1.schema.json), so that a whole comparison is one command. It may
// hold several scales, such as one for a laptop and the published one.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "engine/experiment/variation.h"

namespace longscope {

inline constexpr std::int64_t grid_version = 1;

struct GridScale {
    std::string name;
    std::string description;
    Combination changes;     // of the experiment, before those of the axes
    std::vector<Axis> axes;  // replace those of the same name; others are added behind them
};

struct Grid {
    std::string name;
    std::string description;
    Json experiment;         // as it stands there, not yet checked
    std::vector<Axis> axes;  // the first one changes last
    std::vector<GridScale> scales;
};

// Tells a grid from an experiment.
[[nodiscard]] bool looks_like_grid(const Json& document);

// Throws Error(bad_input). What the experiments say is checked with each combination.
[[nodiscard]] Grid parse_grid(const Json& document);

// Throws Error(bad_input) that names `option` and lists the scales. An empty name leaves the grid as it is.
void choose_scale(Grid& grid, std::string_view name, std::string_view option);

// "AXIS=CASE,CASE,...": leaves out the other cases of this axis. Throws Error(bad_input) that names `option`.
void keep_only(Grid& grid, std::string_view text, std::string_view option);

// Replaces the axis that varies just this field, or adds one.
void vary(Grid& grid, const VariedField& field);

}  // namespace longscope
