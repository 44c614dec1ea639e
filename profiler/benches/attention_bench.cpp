// SPDX-License-Identifier: GPL-3.0-or-later
#include "profiler/benches/attention_bench.h"

#include <memory>

#include "engine/base/clock.h"
#include "engine/kernel/cpu/tile_variant.h"
#include "profiler/benches/attention_work.h"
#include "profiler/probe/peak.h"
#include "profiler/probe/read_bandwidth.h"

namespace longscope {

namespace {

constexpr double peak_seconds = 0.03;
constexpr std::string_view full_mask = R"({"full": {}})";

// Is the goal of `asked` a share of what `other` reaches?
bool is_measure_of(const AttentionBenchCase& other, const AttentionBenchCase& asked) {
    if (other.direction != asked.direction || other.stored != asked.stored) {
        return false;
    }
    AttentionShape shape = asked.shape;
    if (asked.goal_of == GoalOf::float32) {
        shape.dtype = DType::float32;
        return other.shape == shape && other.mask == asked.mask && other.tokens == asked.tokens;
    }
    return other.shape == shape && other.mask == full_mask;
}

// Does the cpu backend multiply such inputs on the matrix unit?
bool runs_on_matrix_unit(DType dtype) {
    return dtype == DType::bfloat16 && cpu::choose_tile_variant(dtype).name == cpu::matrix_unit_variant;
}

template <typename Work>
double timed(const Work& work) {
    const Nanoseconds begin_ns = now_ns();
    work();
    return static_cast<double>(now_ns() - begin_ns);
}

// The two orders of the loops, one after the other in every repetition.
class OrderTurns {
  public:
    explicit OrderTurns(AttentionWork& work) {
        const cpu::OrderCost predicted = work.predicted_order();
        comparison_.predicted_speedup = predicted.speedup();
        comparison_.predicted = predicted.cheaper();
        // Pages and caches.
        work.repeat_in(cpu::LoopOrder::query_major);
        work.repeat_in(cpu::LoopOrder::key_major);
    }

    // Returns how long the predicted one took.
    double repeat(AttentionWork& work) {
        query_major_ns_.push_back(timed([&] { work.repeat_in(cpu::LoopOrder::query_major); }));
        key_major_ns_.push_back(timed([&] { work.repeat_in(cpu::LoopOrder::key_major); }));
        speedups_.push_back(query_major_ns_.back() / key_major_ns_.back());
        return comparison_.predicted == cpu::LoopOrder::query_major ? query_major_ns_.back() : key_major_ns_.back();
    }

    OrderComparison finish() {
        comparison_.query_major_ns = summarize(std::move(query_major_ns_));
        comparison_.key_major_ns = summarize(std::move(key_major_ns_));
        comparison_.speedup = summarize(std::move(speedups_));
        return comparison_;
    }

  private:
    OrderComparison comparison_;
    std::vector<double> query_major_ns_;
    std::vector<double> key_major_ns_;
    std::vector<double> speedups_;
};

}  // namespace

AttentionBenchResult measure(const AttentionBenchCase& asked, const AttentionBenchOptions& options) {
    const AttentionShape& shape = asked.shape;
    AttentionWork work(asked, options);
    AttentionBenchResult result;
    result.asked = asked;
    result.pairs = work.mask().pairs();
    result.flops = work.flops();
    result.stored_bytes = work.stored_bytes();
    result.memory_bytes = work.memory_bytes();
    result.gradient_bytes = work.gradient_bytes();
    // In turns with the limit that the case is measured against.
    std::unique_ptr<ReadBandwidth> memory;
    if (asked.goal_of == GoalOf::reading) {
        result.read_bytes = work.read_bytes();
        memory = std::make_unique<ReadBandwidth>(result.read_bytes);
    }
    const auto limit = [&] {
        return memory != nullptr ? memory->measure(options.threads)
                                 : measure_peak(peak_unit(shape.dtype), options.threads, peak_seconds).flops_per_s;
    };
    const bool on_matrix_unit = memory == nullptr && runs_on_matrix_unit(shape.dtype);
    const auto matrix_limit = [&] {
        return on_matrix_unit ? measure_peak(PeakUnit::matrix, options.threads, peak_seconds).flops_per_s : 0.0;
    };
    std::vector<double> durations;
    std::vector<double> limits;
    std::vector<double> shares;
    const double done = memory != nullptr ? static_cast<double>(result.read_bytes) : result.flops;
    std::unique_ptr<OrderTurns> orders = asked.both_orders ? std::make_unique<OrderTurns>(work) : nullptr;
    std::vector<double> matrix_limits;
    std::vector<double> matrix_shares;
    double before = limit();
    double matrix_before = matrix_limit();
    for (std::int64_t i = 0; i < options.repetitions; ++i) {
        double duration_ns = 0.0;
        if (orders != nullptr) {
            duration_ns = orders->repeat(work);
        } else {
            duration_ns = timed([&] { work.repeat(); });
        }
        const double matrix_after = matrix_limit();
        const double after = limit();
        durations.push_back(duration_ns);
        limits.push_back((before + after) / 2);
        shares.push_back(done / (duration_ns * 1e-9) / limits.back());
        before = after;
        if (on_matrix_unit) {
            matrix_limits.push_back((matrix_before + matrix_after) / 2);
            matrix_shares.push_back(done / (duration_ns * 1e-9) / matrix_limits.back());
            matrix_before = matrix_after;
        }
    }
    if (orders != nullptr) {
        result.orders = orders->finish();
    }
    result.duration_ns = summarize(std::move(durations));
    if (memory != nullptr) {
        result.reading_share = summarize(std::move(shares));
        result.read_bytes_per_s = summarize(std::move(limits));
        return result;
    }
    result.peak_flops_per_s = summarize(std::move(limits));
    result.share = summarize(std::move(shares));
    if (on_matrix_unit) {
        result.matrix_flops_per_s = summarize(std::move(matrix_limits));
        result.matrix_share = summarize(std::move(matrix_shares));
    }
    const double flops_s = result.flops / result.peak_flops_per_s.median;
    const double exponentials =
        asked.stored ? 0.0 : static_cast<double>(result.pairs) * static_cast<double>(shape.query_heads);
    result.roofline_share =
        flops_s / (flops_s + exponentials / (measure_exponential_rate(peak_seconds) * options.threads));
    return result;
}

void judge(std::vector<AttentionBenchResult>& results) {
    for (AttentionBenchResult& result : results) {
        result.asked_share = result.asked.goal;
        if (!result.asked.goal || result.asked.goal_of == GoalOf::peak || result.asked.goal_of == GoalOf::reading) {
            continue;
        }
        const AttentionBenchResult* measure = nullptr;
        for (const AttentionBenchResult& other : results) {
            if (is_measure_of(other.asked, result.asked) &&
                (measure == nullptr || other.asked.tokens > measure->asked.tokens)) {
                measure = &other;
            }
        }
        result.asked_share =
            measure == nullptr ? std::nullopt : std::optional(*result.asked.goal * measure->share.median);
    }
}

}  // namespace longscope
