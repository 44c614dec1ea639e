// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/mask/formats/cumulative.h"

#include <fmt/format.h>

#include "engine/base/error.h"

namespace longscope {

namespace {

constexpr std::int64_t max_lengths = std::int64_t{1} << 23;

}  // namespace

std::vector<std::int64_t> read_cumulative(const MaskArrays& arrays, const std::string& name, std::int64_t total) {
    const IntegerArray& list = arrays.list(name);
    if (list.size() < 1 || list.size() - 1 > max_lengths) {
        throw bad_input(arrays.field(name), fmt::format("{} numbers", list.size()), "are no cumulative lengths",
                        fmt::format("1 to {}", max_lengths + 1));
    }
    std::vector<std::int64_t> values;
    values.reserve(static_cast<std::size_t>(list.size()));
    for (std::int64_t i = 0; i < list.size(); ++i) {
        values.push_back(arrays.checked(name, list, i, i == 0 ? 0 : values.back(), i == 0 ? 0 : total));
    }
    if (values.back() != total) {
        throw bad_input(arrays.field(name), fmt::format("{} in all", values.back()), "do not fill the mask",
                        std::to_string(total));
    }
    return values;
}

IntegerArray cumulative_array(const std::vector<std::int64_t>& values) {
    return {{static_cast<std::int64_t>(values.size())}, std::vector<std::int32_t>(values.begin(), values.end())};
}

}  // namespace longscope
