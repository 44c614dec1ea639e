// SPDX-License-Identifier: GPL-3.0-or-later
// The field "lengths" of a sequence: nothing, a file, a list or a histogram.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "engine/experiment/experiment.h"

namespace longscope {

// `value` is null where the field is absent: one document of `tokens`.
[[nodiscard]] LengthsField parse_lengths_field(const Json* value, const std::string& path, std::int64_t tokens,
                                               const std::filesystem::path& folder);

[[nodiscard]] Json to_json(const LengthsField& lengths);

}  // namespace longscope
