// SPDX-License-Identifier: GPL-3.0-or-later
// Fields of an experiment that take several values in turn, and all combinations of them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/experiment/field_override.h"

namespace longscope {

struct VariedField {
    std::string field;
    std::vector<Json> values;
};

// Reads "FIELD=VALUE,VALUE,...". A value is JSON (a number, "text", an object, a list, true, false), a word that stands
// for itself, or a range of integers: 1..4 is 1, 2, 3, 4; 0..8+4 is 0, 4, 8; 1..8*2 is 1, 2, 4, 8. Commas inside of
// brackets and quotes do not separate. Throws Error(bad_input) that names `option`.
[[nodiscard]] VariedField parse_varied_field(std::string_view text, std::string_view option);

using Combination = std::vector<FieldOverride>;

// One direction of a grid: cases under names, each of which sets some fields.
struct AxisCase {
    Json name;  // a word or a number
    Combination changes;
};
struct Axis {
    std::string name;
    std::vector<AxisCase> cases;
};

// The field's name and its values as cases that set it.
[[nodiscard]] Axis axis_of(const VariedField& field);

struct GridPoint {
    Combination names;    // of the axes, with the case of each: as people read it
    Combination changes;  // of the experiment
};

inline constexpr std::int64_t max_combinations = 10'000;

// Every case of each axis with every one of the others; the last axis changes first. Without axes: one, empty. Throws
// Error(bad_input) that names `option` when a field stands on two axes or the combinations are too many.
[[nodiscard]] std::vector<GridPoint> points_of(const std::vector<Axis>& axes, std::string_view option);

// "layout.ranks=4 mask={"causal":{}}".
[[nodiscard]] std::string to_text(const Combination& combination);
// A value as it was written: a word without quotes.
[[nodiscard]] std::string value_text(const Json& value);

}  // namespace longscope
