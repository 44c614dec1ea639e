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

// Sums over the draws; unknown when a draw has no measured repetition.
Figure time_of(const StoredRun& run) {
    Figure sum = run.draws.empty() ? exactly(unknown) : exactly(0);
    for (const StoredDraw& draw : run.draws) {
        const Summary summary = summarize(measured_durations_ns(draw));
        if (summary.count == 0) {
            return exactly(unknown);
        }
        sum.low += summary.first_quartile;
        sum.middle += summary.median;
        sum.high += summary.third_quartile;
    }
    return sum;
}

Figure rate_of(const StoredRun& run) {
    double flops = 0;
    for (const StoredDraw& draw : run.draws) {
        flops += draw.record.flops;
    }
    const Figure time = time_of(run);
    return {flops * 1e9 / time.high, flops * 1e9 / time.middle, flops * 1e9 / time.low};
}

// Means over the ranks, sums over the draws.
template <double RankMeans::*Part>
Figure part_of(const StoredRun& run) {
    double sum = 0;
    for (const StoredDraw& draw : run.draws) {
        const std::vector<RankMeans> ranks = rank_means(draw);
        if (ranks.empty()) {
            return exactly(unknown);
        }
        double of_draw = 0;
        for (const RankMeans& rank : ranks) {
            of_draw += rank.*Part;
        }
        sum += of_draw / static_cast<double>(ranks.size());
    }
    return exactly(run.draws.empty() ? unknown : sum);
}

Figure bytes_of(const StoredRun& run) {
    double sum = 0;
    for (const StoredDraw& draw : run.draws) {
        const std::vector<RankMeans> ranks = rank_means(draw);
        if (ranks.empty()) {
            return exactly(unknown);
        }
        for (const RankMeans& rank : ranks) {
            sum += rank.bytes_received;
        }
    }
    return exactly(run.draws.empty() ? unknown : sum);
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
        {"time", "median time of the measured repetitions, summed over the draws", time_text, time_of},
        {"rate", "floating-point operations a second at that time", format_flops_per_s, rate_of},
        {"computing", "time that ranks compute, on average", time_text, part_of<&RankMeans::computing_ns>},
        {"exposed", "communication that nothing hides, on average", time_text,
         part_of<&RankMeans::exposed_communication_ns>},
        {"waiting", "time that ranks wait for others, on average", time_text, part_of<&RankMeans::waiting_ns>},
        {"bytes", "received by all ranks in one repetition of each draw", bytes_text, bytes_of},
        {"memory", "largest memory of a rank's process", bytes_text, memory_of},
        {"error", "largest output error against the reference", error_text, error_of},
    };
    return list;
}

Figure ratio(const Figure& a, const Figure& b) {
    return {b.low / a.high, b.middle / a.middle, b.high / a.low};
}

}  // namespace longscope
