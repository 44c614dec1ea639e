// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/parallel/overlap_stages.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <utility>

namespace longscope {

namespace {

constexpr Nanoseconds never = std::numeric_limits<Nanoseconds>::max();

// Chunks [first, last) as an index of PassCosts.
std::size_t at(std::int64_t chunks, std::int64_t first, std::int64_t last) {
    return static_cast<std::size_t>(first * (chunks + 1) + last);
}

}  // namespace

StageSearch::StageSearch(std::vector<PassCosts> passes, const std::vector<std::int64_t>& tokens)
    : passes_(std::move(passes)), chunks_(static_cast<std::int64_t>(tokens.size())) {
    const auto all = static_cast<double>(std::accumulate(tokens.begin(), tokens.end(), std::int64_t{0}));
    Nanoseconds whole = 0;
    for (const PassCosts& pass : passes_) {
        whole += pass.moving[at(chunks_, 0, chunks_)];
    }
    unevenness_.resize(at(chunks_, chunks_, chunks_) + 1);
    for (std::int64_t first = 0; first <= chunks_; ++first) {
        double own = 0;
        for (std::int64_t last = first; last <= chunks_; ++last) {
            const double share = all == 0 ? 0 : own / all;
            unevenness_[at(chunks_, first, last)] =
                static_cast<Nanoseconds>(share * share * static_cast<double>(whole) / 256);
            own += last < chunks_ ? static_cast<double>(tokens[static_cast<std::size_t>(last)]) : 0;
        }
    }
}

StageCut StageSearch::next() {
    if (best_.empty()) {
        begin();
    } else {
        add_stage();
    }
    return best_cut();
}

Nanoseconds StageSearch::after_own(std::int64_t last) const {
    Nanoseconds time = unevenness_[at(chunks_, 0, last)];
    for (const PassCosts& pass : passes_) {
        time += std::max(pass.moving[at(chunks_, 0, last)], pass.computing_own);
    }
    return time;
}

Nanoseconds StageSearch::between(std::int64_t first, std::int64_t middle, std::int64_t last) const {
    Nanoseconds time = unevenness_[at(chunks_, middle, last)];
    for (const PassCosts& pass : passes_) {
        time += std::max(pass.moving[at(chunks_, middle, last)], pass.computing[at(chunks_, first, middle)]);
    }
    return time;
}

Nanoseconds StageSearch::at_the_end(std::int64_t first) const {
    Nanoseconds time = 0;
    for (const PassCosts& pass : passes_) {
        time += pass.computing[at(chunks_, first, chunks_)];
    }
    return time;
}

void StageSearch::begin() {
    best_.assign(unevenness_.size(), never);
    for (std::int64_t last = 0; last <= chunks_; ++last) {
        best_[at(chunks_, 0, last)] = after_own(last);
    }
}

// Dynamic programming: what follows depends on the last stage of a beginning alone.
void StageSearch::add_stage() {
    std::vector<Nanoseconds> next(best_.size(), never);
    std::vector<std::int64_t>& from = before_.emplace_back(best_.size(), 0);
    for (std::int64_t first = 0; first <= chunks_; ++first) {
        for (std::int64_t middle = first; middle <= chunks_; ++middle) {
            const Nanoseconds known = best_[at(chunks_, first, middle)];
            for (std::int64_t last = middle; known != never && last <= chunks_; ++last) {
                const Nanoseconds time = known + between(first, middle, last);
                Nanoseconds& least = next[at(chunks_, middle, last)];
                if (time < least) {
                    least = time;
                    from[at(chunks_, middle, last)] = first;
                }
            }
        }
    }
    best_ = std::move(next);
}

StageCut StageSearch::best_cut() const {
    std::int64_t first = 0;
    Nanoseconds least = never;
    for (std::int64_t start = 0; start <= chunks_; ++start) {
        const Nanoseconds known = best_[at(chunks_, start, chunks_)];
        if (known != never && known + at_the_end(start) < least) {
            least = known + at_the_end(start);
            first = start;
        }
    }
    StageCut cut{{chunks_, first}, 0};
    for (std::size_t stage = before_.size(); stage-- > 0;) {
        const std::int64_t last = cut.starts[cut.starts.size() - 2];
        cut.starts.push_back(before_[stage][at(chunks_, cut.starts.back(), last)]);
    }
    std::reverse(cut.starts.begin(), cut.starts.end());
    cut.time_ns = time_of_cut(passes_, chunks_, cut.starts);
    return cut;
}

Nanoseconds time_of_cut(const std::vector<PassCosts>& passes, std::int64_t chunks,
                        const std::vector<std::int64_t>& starts) {
    Nanoseconds sum = 0;
    for (const PassCosts& pass : passes) {
        Nanoseconds computing = pass.computing_own;
        for (std::size_t stage = 0; stage + 1 < starts.size(); ++stage) {
            const std::size_t own = at(chunks, starts[stage], starts[stage + 1]);
            sum += std::max(pass.moving[own], computing);
            computing = pass.computing[own];
        }
        sum += computing;
    }
    return sum;
}

}  // namespace longscope
