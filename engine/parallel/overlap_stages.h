// SPDX-License-Identifier: GPL-3.0-or-later
// Work that comes from elsewhere, cut into stages so that the moving of each hides behind the computing before it
// (MagiAttention's overlap solver: docs/source/blog/magi_attn.md). Of stages 1 ... S, and 0, which is here already:
//   time = sum of max(moving(j + 1), computing(j)) for j = 0 ... S - 1, + computing(S).
// A backward pass that goes through the stages from the last one to 0, whose results go back, takes the same sum.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/base/clock.h"

namespace longscope {

// Of the chunks of which stages are made. Of each [first, last) of them: first x (chunks + 1) + last.
struct PassCosts {
    Nanoseconds computing_own = 0;
    std::vector<Nanoseconds> moving;
    std::vector<Nanoseconds> computing;
};

struct StageCut {
    std::vector<std::int64_t> starts;  // the first chunk of each stage; then the number of chunks
    Nanoseconds time_ns = 0;           // of all passes
};

// Finds the best cuts, stages may be empty. Of cuts that take the same time, but for a few thousandths, it takes even
// ones, which hold less at once.
class StageSearch {
  public:
    // `tokens` are those of each chunk.
    StageSearch(std::vector<PassCosts> passes, const std::vector<std::int64_t>& tokens);

    // Into one stage, then into one more each time.
    [[nodiscard]] StageCut next();

  private:
    [[nodiscard]] Nanoseconds after_own(std::int64_t last) const;
    [[nodiscard]] Nanoseconds between(std::int64_t first, std::int64_t middle, std::int64_t last) const;
    [[nodiscard]] Nanoseconds at_the_end(std::int64_t first) const;
    void begin();
    void add_stage();
    [[nodiscard]] StageCut best_cut() const;

    std::vector<PassCosts> passes_;
    std::int64_t chunks_;
    std::vector<Nanoseconds> unevenness_;  // small, convex in the share of a stage: the sum is least where even
    std::vector<Nanoseconds> best_;        // of a beginning of the chunks, by where its last stage begins and ends
    std::vector<std::vector<std::int64_t>> before_;  // of each stage from the second: where the one before it begins
};

// Of one cut, by the sum above.
[[nodiscard]] Nanoseconds time_of_cut(const std::vector<PassCosts>& passes, std::int64_t chunks,
                                      const std::vector<std::int64_t>& starts);

}  // namespace longscope
