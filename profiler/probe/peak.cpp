// SPDX-License-Identifier: GPL-3.0-or-later
#include "profiler/probe/peak.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "engine/base/clock.h"
#include "engine/base/thread_team.h"
#include "profiler/probe/busy_loops.h"
#include "profiler/statistics.h"

namespace longscope {

namespace {

double seconds_since(Nanoseconds begin_ns) {
    return static_cast<double>(now_ns() - begin_ns) * 1e-9;
}

struct Work {
    double done = 0.0;
    double seconds = 0.0;

    [[nodiscard]] double rate() const { return done / seconds; }
};

// Calls `loop(rounds)`, which says how much it did, for about `seconds`.
template <typename Loop>
Work work_for(double seconds, const Loop& loop) {
    constexpr std::int64_t rounds = 20'000;  // some tens of microseconds
    Work work;
    const Nanoseconds begin_ns = now_ns();
    do {
        work.done += loop(rounds);
        work.seconds = seconds_since(begin_ns);
    } while (work.seconds < seconds);
    return work;
}

// Adds one call of `loop`, which says how much it did.
template <typename Loop>
void add_slice(Work& work, const Loop& loop) {
    const Nanoseconds begin_ns = now_ns();
    work.done += loop();
    work.seconds += seconds_since(begin_ns);
}

double loop_of(PeakUnit unit, std::int64_t rounds) {
    // A product of tiles takes as long as several vectors.
    constexpr std::int64_t vectors_of_tile = 8;
    switch (unit) {
        case PeakUnit::matrix:
            return run_matrix_unit_loop(rounds / vectors_of_tile);
        case PeakUnit::dot_product:
            return run_bfloat16_loop(rounds);
        case PeakUnit::float32:
            break;
    }
    return run_float32_loop(rounds);
}

// Vectors a cycle of a processor that was seen to do so many.
double units_behind(double vectors_per_cycle) {
    // So much below still means that many (the peak is then reported as poor), and so much above is an error of the
    // measurement.
    constexpr double below = 0.1;
    constexpr double above = 1.1;
    for (const double units : {0.25, 0.5}) {
        if (vectors_per_cycle <= above * units) {
            return units;
        }
    }
    return std::max(1.0, std::ceil(vectors_per_cycle - below));
}

}  // namespace

std::string_view to_string(PeakUnit unit) {
    switch (unit) {
        case PeakUnit::matrix:
            return "bfloat16 on the matrix unit";
        case PeakUnit::dot_product:
            return "bfloat16";
        case PeakUnit::float32:
            break;
    }
    return "float32";
}

bool has_peak(PeakUnit unit) {
    switch (unit) {
        case PeakUnit::matrix:
            return has_matrix_unit();
        case PeakUnit::dot_product:
            return has_bfloat16_dot_product();
        case PeakUnit::float32:
            break;
    }
    return true;
}

PeakUnit peak_unit(DType dtype) {
    return dtype == DType::bfloat16 && has_peak(PeakUnit::dot_product) ? PeakUnit::dot_product : PeakUnit::float32;
}

PeakRate measure_peak(PeakUnit unit, int threads, double seconds) {
    ThreadTeam team(threads);
    std::vector<double> flops(static_cast<std::size_t>(threads), 0.0);
    // From the first begin to the last end: threads that had to take turns are not counted as if they had not.
    const Nanoseconds begin_ns = now_ns();
    team.for_each(threads, [&](std::int64_t i) {
        flops[static_cast<std::size_t>(i)] =
            work_for(seconds, [&](std::int64_t rounds) { return loop_of(unit, rounds); }).done;
    });
    return {std::accumulate(flops.begin(), flops.end(), 0.0) / seconds_since(begin_ns), threads};
}

double measure_exponential_rate(double seconds) {
    return work_for(seconds, [](std::int64_t rounds) { return run_exponential_loop(rounds / 20); }).rate();
}

PeakQuality measure_peak_quality(PeakUnit unit, double seconds) {
    // Wide multiply-adds lower the clock of some processors, and the clock of a chain of plain additions climbs again
    // within a millisecond: both in slices of some tens of microseconds, in turns, and the median of the ratios.
    constexpr int turns = 9;
    constexpr std::int64_t rounds = 20'000;
    std::vector<double> clocks;
    std::vector<double> per_cycle;
    for (int i = 0; i < turns; ++i) {
        Work cycles;
        Work flops;
        while (cycles.seconds + flops.seconds < seconds / turns) {
            add_slice(flops, [&] { return loop_of(unit, rounds); });
            add_slice(cycles, [] { return run_clock_chain(rounds / 16); });
        }
        clocks.push_back(cycles.rate());
        per_cycle.push_back(flops.rate() / cycles.rate());
    }
    PeakQuality quality;
    quality.clock_hz = summarize(std::move(clocks)).median;
    quality.flops_per_cycle = summarize(std::move(per_cycle)).median;
    constexpr std::int64_t sums_of_tile = 16 * 16;
    quality.lanes = unit == PeakUnit::matrix ? sums_of_tile : float32_lanes();
    const double per_vector = static_cast<double>(quality.lanes) * (unit == PeakUnit::float32 ? 2.0 : 4.0);
    quality.units = units_behind(quality.flops_per_cycle / per_vector);
    quality.share = quality.flops_per_cycle / (per_vector * quality.units);
    return quality;
}

}  // namespace longscope
