// SPDX-License-Identifier: GPL-3.0-or-later
// What each leaf means, as a plain predicate of one query and one key, and how to draw parameters for it. Written from
// the definitions alone; shares no code with the leaves.
#pragma once

#include <algorithm>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "engine/base/json.h"
#include "engine/base/random.h"
#include "engine/mask/leaf.h"

namespace longscope {

// A query and a key. `q` is where the query stands among the keys.
struct LeafCell {
    const MaskDomain& domain;
    std::int64_t row;
    std::int64_t q;
    std::int64_t k;

    // Documents count from 1; those without a token are counted too.
    [[nodiscard]] std::int64_t document(std::int64_t position) const {
        return std::count_if(domain.cu_seqlens.begin(), domain.cu_seqlens.end(),
                             [&](std::int64_t start) { return start <= position; });
    }
    [[nodiscard]] std::int64_t start(std::int64_t position) const {
        const std::int64_t document_of_it = document(position);
        return document_of_it == 0 ? 0 : domain.cu_seqlens[static_cast<std::size_t>(document_of_it - 1)];
    }
    [[nodiscard]] bool same_document() const { return document(q) == document(k); }
};

class LeafDraw {
  public:
    explicit LeafDraw(std::uint64_t seed) : random_(seed, 0) {}
    // Both ends included.
    std::int64_t from(std::int64_t first, std::int64_t last) {
        return first + static_cast<std::int64_t>(random_.next_below(static_cast<std::uint64_t>(last - first + 1)));
    }
    bool coin() { return from(0, 1) == 1; }
    // Positive lengths that sum to at most `most`; none when most is 0.
    std::vector<std::int64_t> lengths(std::int64_t most) {
        std::vector<std::int64_t> drawn;
        while (most > 0 && from(0, 4) > 0) {
            drawn.push_back(from(1, 1 + most / 2));
            most -= drawn.back();
        }
        return drawn;
    }
    // Some of the numbers below `count`, in any order.
    std::vector<std::int64_t> some_below(std::int64_t count) {
        std::vector<std::int64_t> drawn;
        const std::int64_t one_in = from(1, 6);
        for (std::int64_t i = 0; i < count; ++i) {
            if (from(1, one_in) == 1) {
                drawn.insert(drawn.begin() + from(0, static_cast<std::int64_t>(drawn.size())), i);
            }
        }
        return drawn;
    }

  private:
    RandomStream random_;
};

struct LeafTruth {
    std::string name;
    bool square;  // needs as many queries as keys
    Json (*draw)(LeafDraw& draw, const MaskDomain& domain);
    bool (*sees)(const Json& parameters, const LeafCell& at);
};

[[nodiscard]] const std::vector<LeafTruth>& leaf_truths();

// Those of structured sequences (trees, branches, workers, grids), those of lists and random numbers, and those that
// differ from head to head.
[[nodiscard]] std::vector<LeafTruth> structure_truths();
[[nodiscard]] std::vector<LeafTruth> list_truths();
[[nodiscard]] std::vector<LeafTruth> head_truths();

}  // namespace longscope
