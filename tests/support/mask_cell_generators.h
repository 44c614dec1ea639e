// SPDX-License-Identifier: GPL-3.0-or-later
// RapidCheck generators of matrices of cells: of single pairs, and of upright runs that reach over some rows.
#pragma once

#include <rapidcheck.h>

#include "tests/support/mask_cells.h"
#include "tests/support/mask_generators.h"

namespace longscope {

// `kept_of_8`: how many of eight cells are kept, about.
[[nodiscard]] inline rc::Gen<MaskPictureText> random_cells(std::int64_t most_tokens = 20) {
    return rc::gen::mapcat(
        rc::gen::tuple(integer_from(1, most_tokens), integer_from(1, most_tokens), integer_from(1, 8)),
        [](const std::tuple<std::int64_t, std::int64_t, std::int64_t>& drawn) {
            const auto [queries, keys, kept_of_8] = drawn;
            const auto cell =
                rc::gen::map(integer_from(0, 7), [kept = kept_of_8](std::int64_t at) { return at < kept ? '#' : '.'; });
            const auto line = rc::gen::container<std::string>(static_cast<std::size_t>(keys), cell);
            return rc::gen::container<MaskPictureText>(static_cast<std::size_t>(queries), line);
        });
}

// Some cells, perhaps none, turned from kept to masked or back.
[[nodiscard]] inline MaskPictureText with_some_flipped(MaskPictureText cells) {
    const auto flips = *integer_from(0, 5);
    for (std::int64_t i = 0; i < flips; ++i) {
        std::string& row =
            cells[static_cast<std::size_t>(*integer_from(0, static_cast<std::int64_t>(cells.size()) - 1))];
        char& cell = row[static_cast<std::size_t>(*integer_from(0, static_cast<std::int64_t>(row.size()) - 1))];
        cell = cell == '#' ? '.' : '#';
    }
    return cells;
}

}  // namespace longscope
