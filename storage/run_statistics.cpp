// SPDX-License-Identifier: GPL-3.0-or-later
#include "storage/run_statistics.h"

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <limits>
#include <map>

#include "profiler/statistics.h"

namespace longscope {

std::vector<double> measured_durations_ns(const StoredDraw& draw) {
    std::vector<double> durations_ns;
    for (const StoredRepetition& repetition : draw.repetitions) {
        if (repetition.record.measured) {
            durations_ns.push_back(static_cast<double>(repetition.record.duration_ns));
        }
    }
    return durations_ns;
}

Nanoseconds forward_ns(const RepetitionRecord& repetition) {
    return repetition.duration_ns - repetition.backward_ns.value_or(0);
}

std::optional<PassMedians> pass_medians(const StoredDraw& draw) {
    std::vector<double> forward;
    std::vector<double> backward;
    for (const StoredRepetition& repetition : draw.repetitions) {
        if (repetition.record.measured && repetition.record.backward_ns) {
            forward.push_back(static_cast<double>(forward_ns(repetition.record)));
            backward.push_back(static_cast<double>(*repetition.record.backward_ns));
        }
    }
    if (backward.empty()) {
        return std::nullopt;
    }
    return PassMedians{summarize(forward).median, summarize(backward).median};
}

namespace {

// NaN is the worst of all, and stays.
double worse_of(double worst, double error) {
    return std::isnan(worst) || error <= worst ? worst : error;
}

double worst_of(std::initializer_list<double> errors) {
    double worst = 0;
    for (const double error : errors) {
        worst = worse_of(worst, error);
    }
    return worst;
}

}  // namespace

double largest_gradient_error(const CheckRecord& check) {
    return worst_of({check.query_gradient_error, check.key_gradient_error, check.value_gradient_error,
                     check.sink_gradient_error.value_or(0.0)});
}

double RunFigures::gradient_error() const {
    return worst_of({query_gradient_error, key_gradient_error, value_gradient_error});
}

const StoredRepetition* typical_repetition(const StoredDraw& draw) {
    std::vector<const StoredRepetition*> measured;
    for (const StoredRepetition& repetition : draw.repetitions) {
        if (repetition.record.measured) {
            measured.push_back(&repetition);
        }
    }
    if (measured.empty()) {
        return nullptr;
    }
    const auto middle = measured.begin() + static_cast<std::ptrdiff_t>(measured.size() / 2);
    std::nth_element(measured.begin(), middle, measured.end(),
                     [](const StoredRepetition* a, const StoredRepetition* b) {
                         return a->record.duration_ns < b->record.duration_ns;
                     });
    return *middle;
}

std::int64_t dropped_events(const RepetitionRecord& repetition) {
    std::int64_t sum = 0;
    for (const RankResult& rank : repetition.ranks) {
        // A file may say anything.
        const std::int64_t room = std::numeric_limits<std::int64_t>::max() - sum;
        sum += std::clamp<std::int64_t>(rank.dropped_events, 0, room);
    }
    return sum;
}

double flops_per_s(const StoredDraw& draw, double duration_ns) {
    return duration_ns > 0 ? draw.record.flops * 1e9 / duration_ns : std::numeric_limits<double>::quiet_NaN();
}

RunFigures figures_of(const StoredRun& run) {
    RunFigures figures;
    double sum_ns = 0;
    double flops = 0;
    double draws = 0;
    bool checked = false;
    bool has_gradients = false;
    double output = 0;
    double query = 0;
    double key = 0;
    double value = 0;
    for (const StoredDraw& draw : run.draws) {
        if (const Summary summary = summarize(measured_durations_ns(draw)); summary.count > 0) {
            sum_ns += summary.median;
            flops += draw.record.flops;
            draws += 1;
        }
        for (const CheckRecord& check : draw.checks) {
            checked = true;
            output = worse_of(output, check.output_relative_error);
            if (check.has_gradients()) {
                has_gradients = true;
                query = worse_of(query, check.query_gradient_error);
                key = worse_of(key, check.key_gradient_error);
                value = worse_of(value, check.value_gradient_error);
            }
        }
    }
    if (draws > 0) {
        figures.median_ns = sum_ns / draws;
    }
    if (sum_ns > 0) {
        figures.flops_per_s = flops * 1e9 / sum_ns;
    }
    if (checked) {
        figures.output_relative_error = output;
    }
    if (has_gradients) {
        figures.query_gradient_error = query;
        figures.key_gradient_error = key;
        figures.value_gradient_error = value;
    }
    return figures;
}

std::size_t measured_draws(const StoredRun& run) {
    return static_cast<std::size_t>(std::count_if(run.draws.begin(), run.draws.end(), [](const StoredDraw& draw) {
        return typical_repetition(draw) != nullptr;
    }));
}

std::vector<RankMeans> rank_means(const StoredDraw& draw) {
    struct Sum {
        RankMeans of;
        double count = 0;
    };
    std::map<std::int64_t, Sum> sums;
    for (const StoredRepetition& repetition : draw.repetitions) {
        if (!repetition.record.measured) {
            continue;
        }
        for (const RankResult& result : repetition.record.ranks) {
            Sum& sum = sums[result.rank];
            sum.count += 1;
            sum.of.rank = result.rank;
            sum.of.tokens = result.tokens;
            sum.of.pairs = result.pairs;
            sum.of.computing_ns += static_cast<double>(result.computing_ns);
            sum.of.exposed_communication_ns += static_cast<double>(result.exposed_communication_ns);
            sum.of.waiting_ns += static_cast<double>(result.waiting_ns);
            sum.of.other_ns += static_cast<double>(result.other_ns);
            sum.of.bytes_sent += static_cast<double>(result.bytes_sent);
            sum.of.bytes_received += static_cast<double>(result.bytes_received);
            sum.of.peak_memory_bytes = std::max(sum.of.peak_memory_bytes, result.peak_memory_bytes);
            sum.of.dropped_events = std::max(sum.of.dropped_events, result.dropped_events);
        }
    }
    std::vector<RankMeans> means;
    for (auto& [rank, sum] : sums) {
        sum.of.computing_ns /= sum.count;
        sum.of.exposed_communication_ns /= sum.count;
        sum.of.waiting_ns /= sum.count;
        sum.of.other_ns /= sum.count;
        sum.of.bytes_sent /= sum.count;
        sum.of.bytes_received /= sum.count;
        means.push_back(sum.of);
    }
    return means;
}

}  // namespace longscope
