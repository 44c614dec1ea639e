// SPDX-License-Identifier: GPL-3.0-or-later
// Masks cell by cell, for tests of what must mean the same: what one holds as text, and masks from such text.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "engine/mask/mask.h"
#include "engine/mask/mask_of_zones.h"
#include "engine/mask/zone_gatherer.h"

namespace longscope {

// A line a query: '#' for a key that it sees, '.' for one that it does not.
using MaskPictureText = std::vector<std::string>;

[[nodiscard]] inline MaskPictureText cells_of(const Mask& mask) {
    MaskPictureText lines;
    for (std::int64_t query = 0; query < mask.query_tokens(); ++query) {
        std::string line;
        for (std::int64_t key = 0; key < mask.key_tokens(); ++key) {
            line += mask.contains(query, key) ? '#' : '.';
        }
        lines.push_back(line);
    }
    return lines;
}

[[nodiscard]] inline std::vector<Range> runs_of(const std::string& line) {
    std::vector<Range> runs;
    for (std::size_t key = 0; key < line.size(); ++key) {
        if (line[key] != '#') {
            continue;
        }
        const auto at = static_cast<std::int64_t>(key);
        if (!runs.empty() && runs.back().end == at) {
            ++runs.back().end;
        } else {
            runs.push_back({at, at + 1});
        }
    }
    return runs;
}

[[nodiscard]] inline std::unique_ptr<Mask> mask_of_cells(const MaskPictureText& lines) {
    ZoneGatherer gatherer("cells");
    for (std::size_t query = 0; query < lines.size(); ++query) {
        gatherer.add(static_cast<std::int64_t>(query), runs_of(lines[query]));
    }
    return mask_of_zones(static_cast<std::int64_t>(lines.size()), static_cast<std::int64_t>(lines.front().size()),
                         gatherer.finish());
}

}  // namespace longscope
