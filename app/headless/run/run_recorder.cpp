// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/headless/run/run_recorder.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "engine/base/error.h"
#include "engine/base/units.h"
#include "engine/base/version.h"
#include "profiler/trace_analysis.h"

namespace longscope {

namespace {

// What another build says may mean something else.
void require_same_build(const Json& message) {
    const std::string theirs = fmt::format("{} ({})", message.value("version", "?"), message.value("revision", "?"));
    const std::string ours = fmt::format("{} ({})", version_text(), revision_text());
    if (theirs != ours) {
        throw failed(
            fmt::format("the workers are longscope {}, this program is longscope {}: build both anew", theirs, ours));
    }
}

}  // namespace

void RunRecorder::hear(const Json& message) {
    try {
        record(message);
    } catch (const Json::exception& error) {
        throw failed(fmt::format("a message of a worker is damaged: {}", error.what()));
    } catch (const std::out_of_range&) {
        throw failed(fmt::format("a message of a worker is damaged: no such draw or rank in {:.200}", shown(message)));
    }
}

void RunRecorder::record(const Json& message) {
    const std::string type = message.is_object() ? message.value("type", "") : "";
    if (type == "started") {
        require_same_build(message);
    } else if (type == "clock") {
        store_.add_clock(run_, message::read_clock(message));
    } else if (type == "draw") {
        add_draw(message);
    } else if (type == "progress") {
        done_ = std::max(done_, message.value("done", 0.0));
    } else if (type == "repetition") {
        add_repetition(message);
    } else if (type == "check") {
        add_check(message);
    } else if (type == "finished") {
        finished_ = true;
        done_ = 1.0;
    } else if (type == "failed" && failure_kind_.empty()) {
        const message::Failure failure = message::read_failed(message);
        failure_kind_ = failure.kind;
        // What the ranks found out together, each of them says with the same words, which name the rank that it is
        // about.
        failure_text_ = failure.text.find("rank ") == std::string::npos
                            ? fmt::format("rank {}: {}", failure.rank, failure.text)
                            : failure.text;
    }
}

std::string RunRecorder::where() const {
    if (draw_ids_.empty()) {
        return "before the first draw";
    }
    const std::int64_t all = experiment_.repetitions.warm_up + experiment_.repetitions.measured;
    const std::int64_t draw = draw_ids_.rbegin()->first;
    const std::int64_t measured = std::max<std::int64_t>(0, repetitions_heard_ - experiment_.repetitions.warm_up);
    return repetitions_heard_ < all
               ? fmt::format("in draw {}, after {} of {} repetitions", draw, measured, experiment_.repetitions.measured)
               : fmt::format("in draw {}, while checking", draw);
}

void RunRecorder::add_draw(const Json& message) {
    const message::Draw draw = message::read_draw(message);
    const std::int64_t id = store_.add_draw(run_, draw.record);
    draw_ids_[draw.record.index] = id;
    repetitions_heard_ = 0;
    for (std::size_t rank = 0; rank < draw.schedules.size(); ++rank) {
        store_.add_plan(id, static_cast<std::int64_t>(rank), draw.schedules[rank]);
    }
}

void RunRecorder::add_repetition(const Json& message) {
    message::Repetition repetition = message::read_repetition(message);
    const Trace trace{static_cast<std::int32_t>(repetition.record.ranks.size()), repetition.record.events};
    const std::vector<RankBreakdown> breakdowns =
        analyse(trace, repetition.begin_ns, repetition.end_ns, repetition.dropped);
    count_dropped(repetition);
    for (RankResult& rank : repetition.record.ranks) {
        const RankBreakdown& breakdown = breakdowns.at(static_cast<std::size_t>(rank.rank));
        rank.computing_ns = breakdown.computing_ns;
        rank.exposed_communication_ns = breakdown.exposed_communication_ns;
        rank.waiting_ns = breakdown.waiting_ns;
        rank.other_ns = breakdown.other_ns;
    }
    // Stored times count from the begin of the repetition.
    for (TraceEvent& event : repetition.record.events) {
        event.start_ns -= repetition.begin_ns;
    }
    store_.add_repetition(draw_ids_.at(repetition.draw), repetition.record);
    ++repetitions_heard_;
    const auto all = static_cast<double>(experiment_.sequence.draws *
                                         (experiment_.repetitions.warm_up + experiment_.repetitions.measured));
    const auto before =
        static_cast<double>(repetition.draw * (experiment_.repetitions.warm_up + experiment_.repetitions.measured));
    done_ = std::max(done_, (before + static_cast<double>(repetitions_heard_)) / all);
}

void RunRecorder::count_dropped(message::Repetition& repetition) {
    for (std::size_t i = 0; i < repetition.dropped.size(); ++i) {
        RankResult& result = repetition.record.ranks.at(i);
        const std::int64_t rank = result.rank;
        const std::int64_t dropped = repetition.dropped[i].count;
        result.dropped_events = dropped;
        if (dropped > cuts_[rank].dropped) {
            const auto kept = std::count_if(repetition.record.events.begin(), repetition.record.events.end(),
                                            [&](const TraceEvent& event) { return event.rank == rank; });
            cuts_[rank] = {dropped, kept};
        }
    }
}

std::string RunRecorder::left_out() const {
    constexpr std::size_t max_named = 8;
    std::vector<std::string> sentences;
    std::size_t cut_ranks = 0;
    for (const auto& [rank, cut] : cuts_) {
        if (cut.dropped > 0 && ++cut_ranks <= max_named) {
            sentences.push_back(fmt::format("rank {}: {} of {} events kept", rank, format_count(cut.kept),
                                            format_count(cut.kept + cut.dropped)));
        }
    }
    if (cut_ranks > max_named) {
        sentences.push_back(fmt::format("{} more ranks likewise", cut_ranks - max_named));
    }
    return sentences.empty() ? "" : fmt::format("timelines are cut: {}", fmt::join(sentences, "; "));
}

void RunRecorder::add_check(const Json& message) {
    const message::Check check = message::read_check(message);
    store_.add_check(draw_ids_.at(check.draw), check.record);
    if (!check.record.passed && failure_kind_.empty()) {
        failure_kind_ = "failed";
        failure_text_ = fmt::format(
            "draw {}: the {} from the reference: relative error {:.2g} (at most {:.2g}), lse off by {:.2g} (at most "
            "{:.2g})",
            check.draw, check.record.has_gradients() ? "output or its gradients differ" : "output differs",
            check.record.output_relative_error, check.record.output_limit, check.record.lse_absolute_error,
            check.record.lse_limit);
        if (check.record.has_gradients()) {
            failure_text_ += fmt::format(", dQ {:.2g}, dK {:.2g}, dV {:.2g} (at most {:.2g})",
                                         check.record.query_gradient_error, check.record.key_gradient_error,
                                         check.record.value_gradient_error, check.record.gradient_limit);
        }
        if (check.record.sink_gradient_error) {
            failure_text_ += fmt::format(", gradients of sinks {:.2g}", *check.record.sink_gradient_error);
        }
    }
}

}  // namespace longscope
