// SPDX-License-Identifier: GPL-3.0-or-later
// What the report, the exports and the tables derive from a stored run, so that they all say the same.
#pragma once

#include <limits>
#include <optional>
#include <vector>

#include "storage/records.h"

namespace longscope {

// Of the measured repetitions of a draw, in order; warm-up is left out.
[[nodiscard]] std::vector<double> measured_durations_ns(const StoredDraw& draw);

// Without a backward pass: the whole repetition.
[[nodiscard]] Nanoseconds forward_ns(const RepetitionRecord& repetition);

// Medians over the measured repetitions of a draw, each pass for itself: they need not add up to that of the whole.
struct PassMedians {
    double forward_ns = 0;
    double backward_ns = 0;
};
// None without a backward pass.
[[nodiscard]] std::optional<PassMedians> pass_medians(const StoredDraw& draw);

// The largest of a check's gradients; NaN when one is no number.
[[nodiscard]] double largest_gradient_error(const CheckRecord& check);

// The measured repetition whose time is the median (the upper one of two); a null pointer when none is stored.
[[nodiscard]] const StoredRepetition* typical_repetition(const StoredDraw& draw);

// That its timeline lacks, of all ranks.
[[nodiscard]] std::int64_t dropped_events(const RepetitionRecord& repetition);

// The draw's FLOP by a duration; NaN when that is not above zero.
[[nodiscard]] double flops_per_s(const StoredDraw& draw, double duration_ns);

// A run in a few figures.
struct RunFigures {
    double median_ns = std::numeric_limits<double>::quiet_NaN();    // mean over the measured draws of their medians
    double flops_per_s = std::numeric_limits<double>::quiet_NaN();  // all FLOP by the sum of the medians
    // The largest of all checks; NaN when one is no number, or when there are none.
    double output_relative_error = std::numeric_limits<double>::quiet_NaN();
    // The same of dQ, dK and dV; NaN also without a backward pass.
    double query_gradient_error = std::numeric_limits<double>::quiet_NaN();
    double key_gradient_error = std::numeric_limits<double>::quiet_NaN();
    double value_gradient_error = std::numeric_limits<double>::quiet_NaN();

    // The largest of the three; NaN when one is.
    [[nodiscard]] double gradient_error() const;
};
[[nodiscard]] RunFigures figures_of(const StoredRun& run);
// How many draws these are means over.
[[nodiscard]] std::size_t measured_draws(const StoredRun& run);

// The means of one rank over the measured repetitions of a draw: means, not medians, so that the parts still add up to
// the whole. Tokens and pairs do not differ between repetitions; memory and dropped events are the largest.
struct RankMeans {
    std::int64_t rank = 0;
    std::int64_t tokens = 0;
    std::int64_t pairs = 0;
    double computing_ns = 0;
    double exposed_communication_ns = 0;
    double waiting_ns = 0;
    double other_ns = 0;
    double bytes_sent = 0;
    double bytes_received = 0;
    std::int64_t peak_memory_bytes = 0;
    std::int64_t dropped_events = 0;

    [[nodiscard]] double total_ns() const { return computing_ns + exposed_communication_ns + waiting_ns + other_ns; }
};

// By rank; empty without measured repetitions.
[[nodiscard]] std::vector<RankMeans> rank_means(const StoredDraw& draw);

}  // namespace longscope
