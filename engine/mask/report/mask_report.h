// SPDX-License-Identifier: GPL-3.0-or-later
// What a mask answers: everything that is known of it without running it, exactly and without the matrix.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "engine/mask/leaf.h"
#include "engine/mask/report/causality.h"
#include "engine/mask/report/document_pairs.h"
#include "engine/mask/report/key_lifetime.h"
#include "engine/mask/report/rows_without_keys.h"
#include "engine/mask/report/tile_bound.h"
#include "engine/mask/row_statistics.h"
#include "engine/mask/token_order.h"

namespace longscope {

struct TileShape {
    std::int64_t q_tile = 128;
    std::int64_t k_tile = 128;
    [[nodiscard]] bool operator==(const TileShape&) const = default;
};

struct MaskReport {
    std::int64_t pairs = 0;
    std::int64_t all_pairs = 0;
    std::int64_t causal_pairs = 0;  // of a causal mask over the same matrix
    RowStatistics keys_per_query;
    RowStatistics queries_per_key;
    RowsWithoutKeys without_keys;
    RowsWithoutKeys unseen;  // keys that no query sees
    Causality causality;
    KeyLifetime lifetime;
    std::vector<TileBound> tiles;           // one for each shape that was asked for
    std::vector<TileBound> tiles_in_order;  // the same with the tokens in another order; empty where none was given
    std::vector<DocumentPairs> documents;

    [[nodiscard]] double density() const { return static_cast<double>(pairs) / static_cast<double>(all_pairs); }
    // Times less work than all pairs, or the causal ones: the speed-up where nothing but pairs counts.
    [[nodiscard]] double ideal_over_full() const { return static_cast<double>(all_pairs) / static_cast<double>(pairs); }
    [[nodiscard]] double ideal_over_causal() const {
        return static_cast<double>(causal_pairs) / static_cast<double>(pairs);
    }
};

// The mask is over the domain. Throws Error(bad_input) where it falls into too many pieces, or where the order does not
// suit its tokens.
[[nodiscard]] MaskReport mask_report(const Mask& mask, const MaskDomain& domain, const std::vector<TileShape>& tiles,
                                     const TokenOrder* order = nullptr);

// The report as named numbers, for statistics over many masks: "pairs", "tiles_128x128.speedup_over_causal", ...; those
// of reports with the same shapes of tiles have the same names in the same order.
using Figures = std::vector<std::pair<std::string, double>>;
[[nodiscard]] Figures figures(const MaskReport& report);

}  // namespace longscope
