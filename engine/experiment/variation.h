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

inline constexpr std::int64_t max_combinations = 10'000;

// Every value of each field with every one of the others; the last field changes first. Without fields: one, empty.
// Throws Error(bad_input) that names `option` when a field stands twice or the combinations are too many.
[[nodiscard]] std::vector<Combination> combinations_of(const std::vector<VariedField>& fields, std::string_view option);

// "layout.ranks=4 mask={"causal":{}}".
[[nodiscard]] std::string to_text(const Combination& combination);
// A value as it was written: a word without quotes.
[[nodiscard]] std::string value_text(const Json& value);

}  // namespace longscope
