// SPDX-License-Identifier: GPL-3.0-or-later
#include "storage/run_comparison.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

#include "engine/base/units.h"
#include "profiler/statistics.h"
#include "storage/run_statistics.h"

namespace longscope {

namespace {

constexpr double unknown = std::numeric_limits<double>::quiet_NaN();

std::string time_text(double value) {
    return format_duration(static_cast<Nanoseconds>(value));
}
std::string bytes_text(double value) {
    return format_bytes(static_cast<std::int64_t>(value));
}
std::string error_text(double value) {
    return fmt::format("{:.2g}", value);
}

Figure exactly(double value) {
    return {value, value, value};
}

// The mean over the draws with measured repetitions, as figures_of() has it; unknown without any.
template <typename OfDraw>
Figure mean_over_draws(const StoredRun& run, const OfDraw& of_draw) {
    Figure sum;
    double draws = 0;
    for (const StoredDraw& draw : run.draws) {
        if (!measured_durations_ns(draw).empty()) {
            const Figure figure = of_draw(draw);
            sum.low += figure.low;
            sum.middle += figure.middle;
            sum.high += figure.high;
            draws += 1;
        }
    }
    return draws > 0 ? Figure{sum.low / draws, sum.middle / draws, sum.high / draws} : exactly(unknown);
}

Figure time_of(const StoredRun& run) {
    return mean_over_draws(run, [](const StoredDraw& draw) {
        const Summary summary = summarize(measured_durations_ns(draw));
        return Figure{summary.first_quartile, summary.median, summary.third_quartile};
    });
}

Figure rate_of(const StoredRun& run) {
    const Figure flops = mean_over_draws(run, [](const StoredDraw& draw) { return exactly(draw.record.flops); });
    const Figure time = time_of(run);
    return {flops.middle * 1e9 / time.high, flops.middle * 1e9 / time.middle, flops.middle * 1e9 / time.low};
}

// Means over the ranks, and over the draws.
template <double RankMeans::*Part>
Figure part_of(const StoredRun& run) {
    return mean_over_draws(run, [](const StoredDraw& draw) {
        const std::vector<RankMeans> ranks = rank_means(draw);
        double sum = 0;
        for (const RankMeans& rank : ranks) {
            sum += rank.*Part;
        }
        return exactly(ranks.empty() ? unknown : sum / static_cast<double>(ranks.size()));
    });
}

Figure bytes_of(const StoredRun& run) {
    return mean_over_draws(run, [](const StoredDraw& draw) {
        const std::vector<RankMeans> ranks = rank_means(draw);
        double sum = 0;
        for (const RankMeans& rank : ranks) {
            sum += rank.bytes_received;
        }
        return exactly(ranks.empty() ? unknown : sum);
    });
}

Figure memory_of(const StoredRun& run) {
    double largest = unknown;
    for (const StoredDraw& draw : run.draws) {
        for (const RankMeans& rank : rank_means(draw)) {
            largest = std::fmax(largest, static_cast<double>(rank.peak_memory_bytes));
        }
    }
    return exactly(largest);
}

Figure error_of(const StoredRun& run) {
    double largest = unknown;
    for (const StoredDraw& draw : run.draws) {
        for (const CheckRecord& check : draw.checks) {
            // An error that is no number is the largest there is.
            const double error = std::isnan(check.output_relative_error) ? std::numeric_limits<double>::infinity()
                                                                         : check.output_relative_error;
            largest = std::fmax(largest, error);
        }
    }
    return exactly(largest);
}

}  // namespace

std::vector<Difference> differences(const Json& a, const Json& b, const std::string& path) {
    if (a == b) {
        return {};
    }
    if (!a.is_object() || !b.is_object()) {
        return {{path, a.dump(), b.dump()}};
    }
    std::vector<Difference> found;
    const auto compare = [&](const std::string& name, const Json& left, const Json& right) {
        for (Difference& difference : differences(left, right, path.empty() ? name : path + "." + name)) {
            found.push_back(std::move(difference));
        }
    };
    for (const auto& [name, value] : a.items()) {
        compare(name, value, b.value(name, Json()));
    }
    for (const auto& [name, value] : b.items()) {
        if (!a.contains(name)) {
            compare(name, Json(), value);
        }
    }
    return found;
}

Json configuration(const StoredRun& run) {
    Json json = parse_json(run.record.experiment, "experiment");
    json["environment"] = parse_json(run.record.environment, "environment");
    json["environment"]["host"] = run.record.host;
    return json;
}

const std::vector<Metric>& metrics() {
    static const std::vector<Metric> list{
        {"time", "median time of a measured repetition, mean over the draws", time_text, time_of},
        {"rate", "floating-point operations a second: those of all draws by their median times", format_flops_per_s,
         rate_of},
        {"computing", "time that ranks compute, on average", time_text, part_of<&RankMeans::computing_ns>},
        {"exposed", "communication that nothing hides, on average", time_text,
         part_of<&RankMeans::exposed_communication_ns>},
        {"waiting", "time that ranks wait for others, on average", time_text, part_of<&RankMeans::waiting_ns>},
        {"bytes", "received by all ranks in one repetition, mean over the draws", bytes_text, bytes_of},
        {"memory", "largest memory of a rank's process", bytes_text, memory_of},
        {"error", "largest output error against the reference", error_text, error_of},
    };
    return list;
}

Figure ratio(const Figure& a, const Figure& b) {
    return {b.low / a.high, b.middle / a.middle, b.high / a.low};
}

}  // namespace longscope
