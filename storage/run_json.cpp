// SPDX-License-Identifier: GPL-3.0-or-later
#include "storage/run_json.h"

#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>

#include "profiler/statistics.h"
#include "storage/run_statistics.h"

namespace longscope {

namespace {

Json text_or_null(const std::string& text) {
    return text.empty() ? Json(nullptr) : Json(text);
}

Json rank_to_json(const RankResult& r) {
    return {{"rank", r.rank},
            {"tokens", r.tokens},
            {"pairs", r.pairs},
            {"computing_ns", r.computing_ns},
            {"exposed_communication_ns", r.exposed_communication_ns},
            {"waiting_ns", r.waiting_ns},
            {"other_ns", r.other_ns},
            {"bytes_sent", r.bytes_sent},
            {"bytes_received", r.bytes_received},
            {"peak_memory_bytes", r.peak_memory_bytes},
            {"dropped_events", r.dropped_events}};
}

Json repetition_to_json(const StoredRepetition& repetition) {
    Json json{{"repetition", repetition.record.index},
              {"kind", repetition.record.measured ? "measured" : "warm-up"},
              {"duration_ns", repetition.record.duration_ns},
              {"forward_ns", forward_ns(repetition.record)},
              {"backward_ns", repetition.record.backward_ns ? Json(*repetition.record.backward_ns) : Json(nullptr)},
              {"ranks", Json::array()}};
    for (const RankResult& rank : repetition.record.ranks) {
        json["ranks"].push_back(rank_to_json(rank));
    }
    return json;
}

Json check_to_json(const CheckRecord& check) {
    const auto of_gradients = [&](double value) {
        return check.has_gradients() ? number_to_json(value) : Json(nullptr);
    };
    return {
        {"rows", check.rows},
        {"output_relative_error", number_to_json(check.output_relative_error)},
        {"lse_absolute_error", number_to_json(check.lse_absolute_error)},
        {"output_limit", number_to_json(check.output_limit)},
        {"lse_limit", number_to_json(check.lse_limit)},
        {"passed", check.passed},
        {"query_gradient_error", of_gradients(check.query_gradient_error)},
        {"key_gradient_error", of_gradients(check.key_gradient_error)},
        {"value_gradient_error", of_gradients(check.value_gradient_error)},
        {"sink_gradient_error", check.sink_gradient_error ? number_to_json(*check.sink_gradient_error) : Json(nullptr)},
        {"gradient_limit", of_gradients(check.gradient_limit)}};
}

Json statistics_to_json(const StoredDraw& draw) {
    const Summary summary = summarize(measured_durations_ns(draw));
    const std::optional<PassMedians> passes = pass_medians(draw);
    const auto median_of = [&](double PassMedians::*pass) {
        return passes ? number_to_json((*passes).*pass) : Json(nullptr);
    };
    return {{"repetitions", summary.count},
            {"minimum_ns", number_to_json(summary.min)},
            {"first_quartile_ns", number_to_json(summary.first_quartile)},
            {"median_ns", number_to_json(summary.median)},
            {"median_forward_ns", median_of(&PassMedians::forward_ns)},
            {"median_backward_ns", median_of(&PassMedians::backward_ns)},
            {"third_quartile_ns", number_to_json(summary.third_quartile)},
            {"maximum_ns", number_to_json(summary.max)},
            {"flops_per_s", number_to_json(flops_per_s(draw, summary.median))}};
}

Json draw_to_json(const StoredDraw& draw) {
    const DrawRecord& record = draw.record;
    Json json{{"draw", record.index},          {"seed", record.seed},
              {"documents", record.documents}, {"tokens", record.tokens},
              {"pairs", record.pairs},         {"flops", number_to_json(record.flops)},
              {"plan_hash", record.plan_hash}, {"statistics", statistics_to_json(draw)},
              {"checks", Json::array()},       {"repetitions", Json::array()},
              {"lengths", record.lengths}};
    for (const CheckRecord& check : draw.checks) {
        json["checks"].push_back(check_to_json(check));
    }
    for (const StoredRepetition& repetition : draw.repetitions) {
        json["repetitions"].push_back(repetition_to_json(repetition));
    }
    return json;
}

}  // namespace

Json number_to_json(double value) {
    if (std::isnan(value)) {
        return nullptr;
    }
    if (std::isinf(value)) {
        return value > 0 ? "inf" : "-inf";
    }
    return value;
}

Json event_to_json(const TraceEvent& event) {
    return {{"rank", event.rank},
            {"stream", to_string(event.stream)},
            {"category", to_string(event.category)},
            {"start_ns", event.start_ns},
            {"duration_ns", event.duration_ns},
            {"bytes", event.bytes},
            {"flops", number_to_json(event.flops)},
            {"operation", event.operation},
            {"flow", event.flow},
            {"step", event.step}};
}

Json summary_to_json(const RunSummary& run) {
    return {{"run", run.id},
            {"uuid", run.uuid},
            {"name", run.name},
            {"state", to_string(run.state)},
            {"message", text_or_null(run.message)},
            {"backend", run.backend},
            {"ranks", run.ranks},
            {"started_utc", run.started_utc},
            {"ended_utc", text_or_null(run.ended_utc)},
            {"host", run.host},
            {"draws", run.draws},
            {"measured_repetitions", run.measured_repetitions},
            {"flops_per_s", number_to_json(run.flops_per_s)}};
}

Json run_to_json(const StoredRun& run) {
    const RunRecord& record = run.record;
    Json json{{"version", run_json_version},
              {"run", run.id},
              {"uuid", record.uuid},
              {"name", record.experiment_name},
              {"state", to_string(record.state)},
              {"message", text_or_null(record.message)},
              {"command_line", record.command_line},
              {"backend", record.backend},
              {"ranks", record.ranks},
              {"started_utc", record.started_utc},
              {"ended_utc", text_or_null(record.ended_utc)},
              {"host", record.host},
              {"pid", record.pid},
              {"run_folder", record.run_folder},
              {"tags", run.tags},
              {"note", text_or_null(run.note)},
              {"experiment", parse_json(record.experiment, "experiment.document")},
              {"environment", parse_json(record.environment, "environment.document")},
              {"clocks", Json::array()},
              {"artifacts", Json::array()},
              {"draws", Json::array()}};
    for (const ClockRecord& clock : run.clocks) {
        json["clocks"].push_back({{"rank", clock.rank}, {"offset_ns", clock.offset_ns}, {"error_ns", clock.error_ns}});
    }
    for (const ArtifactRecord& artifact : run.artifacts) {
        json["artifacts"].push_back({{"kind", artifact.kind}, {"path", artifact.path}});
    }
    for (const StoredDraw& draw : run.draws) {
        json["draws"].push_back(draw_to_json(draw));
    }
    return json;
}

}  // namespace longscope
