// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/mask/formats/mask_arrays.h"

#include <fmt/format.h>

#include "engine/base/error.h"
#include "engine/tensor/stored_tensor.h"

namespace longscope {

std::string MaskArrays::field(std::string_view name) const {
    return place.empty() ? std::string(name) : fmt::format("{}: {}", place, name);
}

const IntegerArray& MaskArrays::array(const std::string& name) const {
    const auto found = arrays.find(name);
    if (found == arrays.end()) {
        throw bad_input(field(name), "an array that is not there", fmt::format("is needed by the format {}", format),
                        name + ".npy");
    }
    return found->second;
}

bool MaskArrays::flag_or(const std::string& name, bool fallback) const {
    const auto found = scalars.find(name);
    if (found == scalars.end()) {
        return fallback;
    }
    const bool* value = std::get_if<bool>(&found->second);
    if (value == nullptr) {
        throw bad_input(field(name), "something else", "is not a truth value", "true, false");
    }
    return *value;
}

std::int64_t MaskArrays::number(const std::string& name, std::int64_t min, std::int64_t max) const {
    const auto found = scalars.find(name);
    const std::int64_t* value = found == scalars.end() ? nullptr : std::get_if<std::int64_t>(&found->second);
    if (value == nullptr || *value < min || *value > max) {
        throw bad_input(field(name), value == nullptr ? "no integer" : std::to_string(*value), "is not what it must be",
                        fmt::format("an integer from {} to {}", min, max));
    }
    return *value;
}

std::array<std::int64_t, 2> MaskArrays::two_or(const std::string& name, std::array<std::int64_t, 2> fallback,
                                               std::int64_t min, std::int64_t max) const {
    const auto found = scalars.find(name);
    if (found == scalars.end()) {
        return fallback;
    }
    const auto* values = std::get_if<std::vector<std::int64_t>>(&found->second);
    if (values == nullptr || values->size() != 2) {
        throw bad_input(field(name), "something else", "is not a pair of integers",
                        fmt::format("[a, b] with both from {} to {}", min, max));
    }
    for (const std::int64_t value : *values) {
        if (value < min || value > max) {
            throw bad_input(field(name), std::to_string(value), "is out of range",
                            fmt::format("integers from {} to {}", min, max));
        }
    }
    return {values->front(), values->back()};
}

const IntegerArray& MaskArrays::list(const std::string& name) const {
    const IntegerArray& found = array(name);
    if (found.shape().size() != 1) {
        throw bad_input(field(name), shape_text(found.shape()), "is not the shape of a list", "one dimension");
    }
    return found;
}

const IntegerArray& MaskArrays::table(const std::string& name, std::int64_t columns) const {
    const IntegerArray& found = array(name);
    if (found.shape().size() != 2 || found.shape()[1] != columns) {
        throw bad_input(field(name), shape_text(found.shape()), "is not its shape", fmt::format("n x {}", columns));
    }
    return found;
}

std::int64_t MaskArrays::checked(const std::string& name, const IntegerArray& array, std::int64_t index,
                                 std::int64_t min, std::int64_t max) const {
    const std::int64_t value = array.at(index);
    if (value < min || value > max) {
        throw bad_input(fmt::format("{}[{}]", field(name), index), std::to_string(value), "is out of range",
                        fmt::format("integers from {} to {}", min, max));
    }
    return value;
}

}  // namespace longscope
