// SPDX-License-Identifier: GPL-3.0-or-later
// LightSeq: who works for whom in which step (light_seq.cpp).
#pragma once

#include <cstdint>

namespace longscope {

// What a rank computes in a step: its own queries, or those of another with its own keys.
enum class LightSeqWork { idle, own, help };

// Who works for whom in which step.
class LightSeqPlan {
  public:
    LightSeqPlan(std::int64_t ranks, std::int64_t rank) : ranks_(ranks), rank_(rank) {}

    [[nodiscard]] std::int64_t steps() const { return ranks_ / 2 + 1; }
    [[nodiscard]] LightSeqWork work(std::int64_t t) const { return work_of(rank_, t); }
    // Whose keys and values, or queries, the rank works with.
    [[nodiscard]] std::int64_t source(std::int64_t t) const { return (rank_ - t + ranks_) % ranks_; }
    // Who works with what this rank has, and how.
    [[nodiscard]] std::int64_t target(std::int64_t t) const { return (rank_ + t) % ranks_; }
    [[nodiscard]] LightSeqWork work_of_target(std::int64_t t) const {
        return t < 1 ? LightSeqWork::idle : work_of(target(t), t);
    }
    [[nodiscard]] bool is_helped() const { return rank_ > ranks_ / 2; }

  private:
    [[nodiscard]] LightSeqWork work_of(std::int64_t rank, std::int64_t t) const {
        if (t < 0 || t >= steps()) {
            return LightSeqWork::idle;
        }
        return t <= rank ? LightSeqWork::own : t < ranks_ - ranks_ / 2 ? LightSeqWork::help : LightSeqWork::idle;
    }

    std::int64_t ranks_;
    std::int64_t rank_;
};

}  // namespace longscope
