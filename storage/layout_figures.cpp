// SPDX-License-Identifier: GPL-3.0-or-later
#include "storage/layout_figures.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <map>
#include <nlohmann/json.hpp>
#include <numeric>
#include <optional>

#include "engine/base/error.h"
#include "engine/mask/expression.h"
#include "engine/mask/mask_presets.h"
#include "engine/parallel/pass.h"
#include "profiler/pass_times.h"
#include "storage/run_query.h"

namespace longscope {

namespace {

constexpr std::int64_t max_dim = 1024;
constexpr std::int64_t max_ranks = 65536;
constexpr Nanoseconds max_time_ns = Nanoseconds{1} << 61;

// The field at a JSON pointer, or null.
const Json& field(const Json& document, const char* pointer) {
    static const Json none;
    const Json::json_pointer place(pointer);
    return document.contains(place) ? document.at(place) : none;
}

std::string text_of(const Json& value) {
    return value.is_string() ? value.get<std::string>() : value.is_null() ? "" : shown(value);
}

std::int64_t integer_of(const Json& value) {
    return value.is_number_integer() ? value.get<std::int64_t>() : 0;
}

std::string mask_name(const Json& mask) {
    if (mask.is_null()) {
        return {};
    }
    static const std::map<std::string, std::string_view> presets = [] {
        std::map<std::string, std::string_view> names;
        for (const MaskPreset& preset : mask_presets()) {
            // The first of several with one expression.
            names.emplace(to_json(parse_mask(parse_json(preset.expression, preset.name), "mask")).dump(), preset.name);
        }
        return names;
    }();
    const std::string text = shown(mask);
    const auto found = presets.find(text);
    return found == presets.end() ? text : std::string(found->second);
}

// Of the FLOP of both passes; none where the document does not say the dimensions.
std::optional<double> forward_share(const Json& document) {
    const std::int64_t qk = integer_of(field(document, "/shape/head_dim_qk"));
    const std::int64_t v = integer_of(field(document, "/shape/head_dim_v"));
    if (qk < 1 || qk > max_dim || v < 1 || v > max_dim) {
        return std::nullopt;
    }
    AttentionShape shape;
    shape.head_dim_qk = qk;
    shape.head_dim_v = v;
    return flops_of_head_pairs(shape, 1.0, Direction::forward) /
           flops_of_head_pairs(shape, 1.0, Pass::forward_backward);
}

struct MeanRate {
    double sum = 0;
    double count = 0;

    void add(double flops, double duration_ns) {
        if (duration_ns > 0) {
            sum += flops * 1e9 / duration_ns;
            count += 1;
        }
    }
    [[nodiscard]] double mean() const { return count > 0 ? sum / count : std::numeric_limits<double>::quiet_NaN(); }
};

double sum_of(const std::vector<Nanoseconds>& times_ns) {
    return std::accumulate(times_ns.begin(), times_ns.end(), 0.0);
}

// The times of each pass by rank; none where they cannot be told, since events are missing or a file says odd things.
std::optional<PassTimes> stored_pass_times(Database& database, const StoredRun& run,
                                           const StoredRepetition& repetition) {
    if (repetition.event_count == 0 || dropped_events(repetition.record) > 0 || run.record.ranks > max_ranks) {
        return std::nullopt;
    }
    Trace trace{static_cast<std::int32_t>(run.record.ranks), read_events(database, repetition.id)};
    const bool sound = std::all_of(trace.events.begin(), trace.events.end(), [&](const TraceEvent& event) {
        return event.rank >= 0 && event.rank < trace.ranks && std::abs(event.start_ns) < max_time_ns &&
               event.duration_ns >= 0 && event.duration_ns < max_time_ns;
    });
    if (!sound) {
        return std::nullopt;
    }
    PassTimes times = pass_times(trace);
    const bool every_rank =
        times.backward_ns.size() == (repetition.record.backward_ns ? static_cast<std::size_t>(trace.ranks) : 0U);
    return every_rank ? std::optional(std::move(times)) : std::nullopt;
}

void add_rates(Database& database, const StoredRun& run, const Json& document, LayoutFigures& figures) {
    const double ranks = static_cast<double>(run.record.ranks);
    MeanRate forward_mean;
    MeanRate forward_slowest;
    MeanRate backward_mean;
    MeanRate backward_slowest;
    for (const StoredDraw& draw : run.draws) {
        const StoredRepetition* typical = typical_repetition(draw);
        if (typical == nullptr) {
            continue;
        }
        const RepetitionRecord& repetition = typical->record;
        const std::optional<double> share =
            repetition.backward_ns ? forward_share(document) : std::optional<double>(1.0);
        if (!share) {
            continue;
        }
        const double forward = draw.record.flops * *share;
        const double backward = draw.record.flops - forward;
        forward_slowest.add(forward, ranks * static_cast<double>(forward_ns(repetition)));
        if (repetition.backward_ns) {
            backward_slowest.add(backward, ranks * static_cast<double>(*repetition.backward_ns));
        }
        if (const std::optional<PassTimes> times = stored_pass_times(database, run, *typical)) {
            forward_mean.add(forward, sum_of(times->forward_ns));
            backward_mean.add(backward, sum_of(times->backward_ns));
        }
    }
    figures.forward = {forward_mean.mean(), forward_slowest.mean()};
    figures.backward = {backward_mean.mean(), backward_slowest.mean()};
}

void add_ranks(const StoredRun& run, LayoutFigures& figures) {
    double all_ns = 0;
    double exposed_ns = 0;
    double busiest_ns = 0;    // of the busiest rank of each draw
    double mean_rank_ns = 0;  // of the mean rank of each draw
    for (const StoredDraw& draw : run.draws) {
        const std::vector<RankMeans> ranks = rank_means(draw);
        double busiest_of_draw_ns = 0;
        for (const RankMeans& rank : ranks) {
            all_ns += rank.total_ns();
            exposed_ns += rank.exposed_communication_ns;
            mean_rank_ns += rank.computing_ns / static_cast<double>(ranks.size());
            busiest_of_draw_ns = std::max(busiest_of_draw_ns, rank.computing_ns);
            // Not a number so far: then fmax takes the other one.
            figures.bytes_received = std::fmax(figures.bytes_received, rank.bytes_received);
            figures.peak_memory_bytes = std::max(figures.peak_memory_bytes, rank.peak_memory_bytes);
        }
        busiest_ns += busiest_of_draw_ns;
    }
    if (all_ns > 0) {
        figures.exposed_share = exposed_ns / all_ns;
    }
    if (mean_rank_ns > 0) {
        figures.imbalance = busiest_ns / mean_rank_ns;
    }
}

}  // namespace

LayoutFigures layout_figures(Database& database, const StoredRun& run) {
    LayoutFigures figures;
    figures.run = run.id;
    figures.state = run.record.state;
    figures.message = run.record.message;
    figures.ranks = run.record.ranks;
    const Json document = parse_json(run.record.experiment, fmt::format("experiment of run {}", run.id));
    figures.mask = mask_name(field(document, "/mask"));
    figures.strategy = text_of(field(document, "/layout/strategy"));
    if (const std::int64_t degree = integer_of(field(document, "/layout/ulysses")); degree > 0) {
        figures.strategy += fmt::format(" (ulysses {})", degree);
    }
    figures.dispatch = text_of(field(document, "/layout/dispatch"));
    figures.tokens = integer_of(field(document, "/sequence/tokens"));
    figures.of = figures_of(run);
    add_rates(database, run, document, figures);
    add_ranks(run, figures);
    return figures;
}

}  // namespace longscope
