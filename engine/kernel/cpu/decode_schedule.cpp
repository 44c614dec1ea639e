// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/kernel/cpu/decode_schedule.h"

#include <algorithm>
#include <numeric>

namespace longscope::cpu {

std::vector<DecodePiece> decode_pieces(DecodeSplit split, std::int64_t parts, const std::vector<std::int64_t>& tiles) {
    std::vector<DecodePiece> pieces;
    const auto kv_heads = static_cast<std::int64_t>(tiles.size());
    if (split == DecodeSplit::stream) {
        const std::int64_t all = std::accumulate(tiles.begin(), tiles.end(), std::int64_t{0});
        std::int64_t before = 0;  // tiles of the heads before
        std::int64_t part = 0;
        for (std::int64_t head = 0; head < kv_heads; ++head) {
            const std::int64_t end = before + tiles[static_cast<std::size_t>(head)];
            for (std::int64_t at = before; at < end;) {
                while ((part + 1) * all / parts <= at) {
                    ++part;
                }
                const std::int64_t stop = std::min(end, (part + 1) * all / parts);
                pieces.push_back({part, head, {at - before, stop - before}});
                at = stop;
            }
            before = end;
        }
        return pieces;
    }
    const std::int64_t count = split == DecodeSplit::unsplit ? 1 : parts;
    for (std::int64_t head = 0; head < kv_heads; ++head) {
        const std::int64_t own = tiles[static_cast<std::size_t>(head)];
        for (std::int64_t part = 0; part < count; ++part) {
            const Range range{part * own / count, (part + 1) * own / count};
            if (!range.empty()) {
                pieces.push_back({head * count + part, head, range});
            }
        }
    }
    return pieces;
}

double decode_imbalance(const std::vector<DecodePiece>& pieces, int workers) {
    std::vector<std::int64_t> load(static_cast<std::size_t>(workers), 0);
    for (std::size_t i = 0; i < pieces.size();) {
        auto least = std::min_element(load.begin(), load.end());
        for (const std::int64_t part = pieces[i].part; i < pieces.size() && pieces[i].part == part; ++i) {
            *least += pieces[i].tiles.size();
        }
    }
    const std::int64_t total = std::accumulate(load.begin(), load.end(), std::int64_t{0});
    return total == 0 ? 1.0
                      : static_cast<double>(*std::max_element(load.begin(), load.end())) * workers /
                            static_cast<double>(total);
}

}  // namespace longscope::cpu
