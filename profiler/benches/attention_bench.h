// SPDX-License-Identifier: GPL-3.0-or-later
// How fast the cpu backend computes attention, as a share of the peak of the multiply-add units that is measured in
// turns with it: absolute rates of a shared machine drift by more than kernels differ.
#pragma once

#include <atomic>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "engine/kernel/cpu/loop_order.h"
#include "engine/tensor/attention_shape.h"
#include "engine/workload/length_source.h"
#include "profiler/environment.h"
#include "profiler/statistics.h"

namespace longscope {

// What a goal is a share of.
enum class GoalOf {
    reading,  // of the measured rate of reading memory
    peak,     // of the measured peak of the units
    dense,    // of the share of peak that the full mask of the same shape reaches in the same run
    float32,  // of the share that the same case reaches in float32 in the same run
};

// What a backward pass may take beyond the caller's tensors, by what the gradients take.
inline constexpr double most_memory_of_gradients = 1.2;

struct AttentionBenchCase {
    std::string name;
    Direction direction = Direction::forward;
    AttentionShape shape;
    std::string mask = R"({"full": {}})";  // JSON
    std::int64_t tokens = 0;               // keys
    std::int64_t queries = 0;              // the last rows of the sequence; 0: as many as keys
    std::int64_t page_tokens = 0;          // keys and values in pages of so many, in any order; 0: in one piece
    bool values_in_keys = false;           // values are the first elements of the keys
    // Packed from documents drawn with this seed; otherwise one document.
    std::optional<std::uint64_t> document_seed = {};
    std::optional<double> goal = {};
    GoalOf goal_of = GoalOf::peak;
    bool stored = false;  // a backward pass with the weights that the forward pass, which is not timed, kept
    bool quick = false;   // also measured by the short form
    // Forward: measured in both orders of the loops, in turns.
    bool both_orders = false;
};

// A forward case in either order of the loops.
struct OrderComparison {
    // From this ratio on one of them is clearly the faster one.
    static constexpr double clear = 1.2;

    Summary query_major_ns;
    Summary key_major_ns;
    Summary speedup;  // of key-major, repetition by repetition
    double predicted_speedup = 1.0;
    cpu::LoopOrder predicted = cpu::LoopOrder::query_major;  // and so taken

    [[nodiscard]] cpu::LoopOrder faster() const {
        return speedup.median > 1.0 ? cpu::LoopOrder::key_major : cpu::LoopOrder::query_major;
    }
    [[nodiscard]] bool is_clear() const { return speedup.median > clear || speedup.median < 1.0 / clear; }
};

struct AttentionBenchResult {
    AttentionBenchCase asked;
    std::int64_t pairs = 0;  // of one head
    double flops = 0.0;
    // The share of the peak that is left when every pair also takes an exponential, one after the other
    // (time of a pair = FLOPs / peak + 1 / rate of exponentials).
    double roofline_share = 0.0;
    // Over repetitions.
    Summary duration_ns;
    Summary peak_flops_per_s;      // measured before and after each
    Summary share;                 // of the peak, repetition by repetition
    double flops_per_cycle = 0.0;  // of a thread: the share, of the peak's own; filled by those who know that
    // Of cases that are multiplied on the matrix unit, whose peak is not the one above; without repetitions otherwise.
    Summary matrix_flops_per_s;
    Summary matrix_share;
    // Of cases that are measured against reading: the bytes of keys and values, and the rate of reading them as a share
    // of that of reading memory, repetition by repetition.
    std::int64_t read_bytes = 0;
    std::int64_t stored_bytes = 0;  // of kept weights
    // Of backward cases: how far the process grew in the first pass, and what the gradients take.
    std::int64_t memory_bytes = 0;
    std::int64_t gradient_bytes = 0;
    Summary read_bytes_per_s;
    Summary reading_share;
    std::optional<OrderComparison> orders = {};  // the other figures are those of the predicted one then
    // Filled by judge(): what the goal asks of judged().
    std::optional<double> asked_share = {};

    // What the goal is about.
    [[nodiscard]] const Summary& judged() const { return asked.goal_of == GoalOf::reading ? reading_share : share; }
    [[nodiscard]] bool reached() const { return !asked_share || judged().median >= *asked_share; }
    [[nodiscard]] double memory_of_gradients() const {
        return gradient_bytes == 0 ? 0.0 : static_cast<double>(memory_bytes) / static_cast<double>(gradient_bytes);
    }
};

struct AttentionBenchOptions {
    LengthSource lengths;  // of the documents
    int threads = 1;
    std::int64_t repetitions = 7;
    // When it becomes true, measure() ends with Error(cancelled).
    const std::atomic<bool>* cancelled = nullptr;
    std::function<void()> poll = {};
};

// In the order in which they are reported. Of the machine: its caches and memory.
[[nodiscard]] std::vector<AttentionBenchCase> attention_bench_cases(const MachineFacts& machine);

[[nodiscard]] AttentionBenchResult measure(const AttentionBenchCase& asked, const AttentionBenchOptions& options);

// Goals that are shares of the dense rate need all results: of full masks of the same shape, the one with most tokens.
void judge(std::vector<AttentionBenchResult>& results);

}  // namespace longscope
