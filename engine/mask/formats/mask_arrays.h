// SPDX-License-Identifier: GPL-3.0-or-later
// A mask as other libraries hold it: named arrays of integers and a few numbers besides.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "engine/mask/zone.h"
#include "engine/tensor/integer_array.h"

namespace longscope {

struct MaskArrays {
    using Scalar = std::variant<bool, std::int64_t, std::vector<std::int64_t>>;

    std::string format;  // of mask_formats()
    std::int64_t query_tokens = 0;
    std::int64_t key_tokens = 0;
    std::map<std::string, Scalar> scalars;
    std::map<std::string, IntegerArray> arrays;
    std::map<std::string, std::string> texts;  // by the names of their files; exported only
    std::string place;                         // where they were read from, for messages; may be empty

    // What messages call an array or a number.
    [[nodiscard]] std::string field(std::string_view name) const;
    // Throw Error(bad_input) where there is none, or one of another kind.
    [[nodiscard]] const IntegerArray& array(const std::string& name) const;
    [[nodiscard]] bool flag_or(const std::string& name, bool fallback) const;
    [[nodiscard]] std::int64_t number(const std::string& name, std::int64_t min, std::int64_t max) const;
    // A list of two.
    [[nodiscard]] std::array<std::int64_t, 2> two_or(const std::string& name, std::array<std::int64_t, 2> fallback,
                                                     std::int64_t min, std::int64_t max) const;
    // An array of one dimension; of two with so many columns.
    [[nodiscard]] const IntegerArray& list(const std::string& name) const;
    [[nodiscard]] const IntegerArray& table(const std::string& name, std::int64_t columns) const;
    // An element that must lie in min to max.
    [[nodiscard]] std::int64_t checked(const std::string& name, const IntegerArray& array, std::int64_t index,
                                       std::int64_t min, std::int64_t max) const;
    [[nodiscard]] Box box() const { return {{0, query_tokens}, {0, key_tokens}}; }
};

}  // namespace longscope
