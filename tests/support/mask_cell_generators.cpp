// SPDX-License-Identifier: GPL-3.0-or-later
// Rows of cells of a drawn length, each cell by itself, so that failing ones shrink.
#include "tests/support/mask_cell_generators.h"

#include <string>
#include <tuple>

#include "tests/support/mask_generators.h"

namespace longscope {

rc::Gen<MaskPictureText> random_cells(std::int64_t most_tokens) {
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

MaskPictureText with_some_flipped(MaskPictureText cells) {
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
