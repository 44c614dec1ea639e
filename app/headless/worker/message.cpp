// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/headless/worker/message.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "engine/base/error.h"

namespace longscope::message {

namespace {

// Workers and supervisor are of one build; what does not parse is a damaged line.
template <typename Read>
auto reading(const Json& json, Read read) {
    try {
        return read(json);
    } catch (const Json::exception& error) {
        throw longscope::failed(std::string("a message of a worker is damaged: ") + error.what());
    }
}

// Beyond what any worker sends, and so that sums of a few fit.
constexpr std::int64_t max_number = std::int64_t{1} << 60;
constexpr std::int64_t max_index = std::int64_t{1} << 30;

std::int64_t integer_from(const Json& json, std::int64_t min, std::int64_t max) {
    try {
        return checked_integer(json, "a number", min, max);
    } catch (const Error& error) {
        throw longscope::failed(std::string("a message of a worker is damaged: ") + error.what());
    }
}

std::int64_t integer(const Json& json, std::int64_t most = max_number) {
    return integer_from(json, -most, most);
}

std::int32_t index_32(const Json& json) {
    return static_cast<std::int32_t>(integer(json, max_index));
}

// Any that fits: compared with others, never computed with.
std::int64_t label(const Json& json) {
    return integer_from(json, std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max());
}

Json to_json(const TraceEvent& event) {
    return {event.rank,     to_string(event.stream), to_string(event.category),
            event.start_ns, event.duration_ns,       event.bytes,
            event.flops,    event.operation,         event.flow,
            event.step};
}

TraceEvent event_from(const Json& json) {
    TraceEvent event;
    event.rank = index_32(json.at(0));
    event.stream = stream_from_string(json.at(1).get<std::string>());
    event.category = category_from_string(json.at(2).get<std::string>());
    event.start_ns = integer(json.at(3));
    event.duration_ns = integer(json.at(4));
    event.bytes = integer(json.at(5));
    event.flops = json.at(6);
    event.operation = label(json.at(7));
    event.flow = label(json.at(8));
    event.step = index_32(json.at(9));
    return event;
}

Json to_json(const RankResult& rank) {
    return {{"rank", rank.rank},
            {"tokens", rank.tokens},
            {"pairs", rank.pairs},
            {"bytes_sent", rank.bytes_sent},
            {"bytes_received", rank.bytes_received},
            {"peak_memory_bytes", rank.peak_memory_bytes}};
}

RankResult rank_from(const Json& json) {
    RankResult rank;
    rank.rank = integer(json.at("rank"), max_index);
    rank.tokens = integer(json.at("tokens"));
    rank.pairs = integer(json.at("pairs"));
    rank.bytes_sent = integer(json.at("bytes_sent"));
    rank.bytes_received = integer(json.at("bytes_received"));
    rank.peak_memory_bytes = integer(json.at("peak_memory_bytes"));
    return rank;
}

Json to_json(const DroppedEvents& dropped) {
    return {dropped.count, dropped.computing_ns, dropped.standing_ns, dropped.begin_ns, dropped.end_ns};
}

DroppedEvents dropped_from(const Json& json) {
    return {integer(json.at(0)), integer(json.at(1)), integer(json.at(2)), label(json.at(3)), label(json.at(4))};
}

// JSON has no infinities: an error that is infinite travels as null.
Json finite_or_null(double value) {
    return std::isfinite(value) ? Json(value) : Json(nullptr);
}
double infinite_if_null(const Json& json) {
    return json.is_null() ? std::numeric_limits<double>::infinity() : json.get<double>();
}

}  // namespace

Json clock(std::int64_t rank, const ClockOffset& offset) {
    return {{"type", "clock"}, {"rank", rank}, {"offset_ns", offset.offset_ns}, {"error_ns", offset.error_ns}};
}

ClockRecord read_clock(const Json& message) {
    return reading(message, [](const Json& json) {
        return ClockRecord{integer(json.at("rank"), max_index), integer(json.at("offset_ns")),
                           integer(json.at("error_ns"))};
    });
}

Json draw(const Draw& draw) {
    return {{"type", "draw"},
            {"draw", draw.record.index},
            {"seed", draw.record.seed},
            {"documents", draw.record.documents},
            {"tokens", draw.record.tokens},
            {"pairs", draw.record.pairs},
            {"flops", draw.record.flops},
            {"lengths", draw.record.lengths},
            {"plan_hash", draw.record.plan_hash},
            {"schedules", draw.schedules}};
}

Draw read_draw(const Json& message) {
    return reading(message, [](const Json& json) {
        Draw draw;
        draw.record.index = integer(json.at("draw"), max_index);
        draw.record.seed = label(json.at("seed"));
        draw.record.documents = integer(json.at("documents"));
        draw.record.tokens = integer(json.at("tokens"));
        draw.record.pairs = integer(json.at("pairs"));
        draw.record.flops = json.at("flops");
        for (const Json& length : json.at("lengths")) {
            draw.record.lengths.push_back(integer(length));
        }
        draw.record.plan_hash = json.at("plan_hash");
        draw.schedules = json.at("schedules").get<std::vector<std::string>>();
        return draw;
    });
}

Json rank_part(const RankResult& rank, const std::vector<TraceEvent>& events, const DroppedEvents& dropped,
               const PartTimes& times) {
    Json list = Json::array();
    for (const TraceEvent& event : events) {
        list.push_back(to_json(event));
    }
    return {{"rank", to_json(rank)},
            {"events", std::move(list)},
            {"dropped", to_json(dropped)},
            {"begin_ns", times.begin_ns},
            {"forward_end_ns", times.forward_end_ns},
            {"end_ns", times.end_ns}};
}

void add_rank_part(const Json& part, Repetition& repetition) {
    reading(part, [&](const Json& json) {
        repetition.record.ranks.push_back(rank_from(json.at("rank")));
        for (const Json& event : json.at("events")) {
            repetition.record.events.push_back(event_from(event));
        }
        repetition.dropped.push_back(dropped_from(json.at("dropped")));
        const bool first = repetition.record.ranks.size() == 1;
        const auto begin_ns = integer(json.at("begin_ns"));
        const auto forward_end_ns = integer(json.at("forward_end_ns"));
        const auto end_ns = integer(json.at("end_ns"));
        repetition.begin_ns = first ? begin_ns : std::min(repetition.begin_ns, begin_ns);
        repetition.forward_end_ns = first ? forward_end_ns : std::max(repetition.forward_end_ns, forward_end_ns);
        repetition.end_ns = first ? end_ns : std::max(repetition.end_ns, end_ns);
        repetition.record.duration_ns = repetition.end_ns - repetition.begin_ns;
        if (repetition.record.backward_ns) {
            repetition.record.backward_ns = repetition.end_ns - repetition.forward_end_ns;
        }
        return 0;
    });
}

Json repetition(const Repetition& repetition) {
    Json ranks = Json::array();
    for (const RankResult& rank : repetition.record.ranks) {
        ranks.push_back(to_json(rank));
    }
    Json events = Json::array();
    for (const TraceEvent& event : repetition.record.events) {
        events.push_back(to_json(event));
    }
    Json dropped = Json::array();
    for (const DroppedEvents& rank : repetition.dropped) {
        dropped.push_back(to_json(rank));
    }
    return {{"type", "repetition"},
            {"draw", repetition.draw},
            {"index", repetition.record.index},
            {"measured", repetition.record.measured},
            {"duration_ns", repetition.record.duration_ns},
            {"backward_ns", repetition.record.backward_ns ? Json(*repetition.record.backward_ns) : Json(nullptr)},
            {"begin_ns", repetition.begin_ns},
            {"end_ns", repetition.end_ns},
            {"ranks", std::move(ranks)},
            {"dropped", std::move(dropped)},
            {"events", std::move(events)}};
}

Repetition read_repetition(const Json& message) {
    return reading(message, [](const Json& json) {
        Repetition repetition;
        repetition.draw = integer(json.at("draw"), max_index);
        repetition.record.index = integer(json.at("index"), max_index);
        repetition.record.measured = json.at("measured");
        repetition.record.duration_ns = integer(json.at("duration_ns"));
        if (const Json& backward_ns = json.at("backward_ns"); !backward_ns.is_null()) {
            repetition.record.backward_ns = integer(backward_ns);
        }
        repetition.begin_ns = integer(json.at("begin_ns"));
        repetition.end_ns = integer(json.at("end_ns"));
        for (const Json& rank : json.at("ranks")) {
            repetition.record.ranks.push_back(rank_from(rank));
        }
        for (const Json& dropped : json.at("dropped")) {
            repetition.dropped.push_back(dropped_from(dropped));
        }
        for (const Json& event : json.at("events")) {
            repetition.record.events.push_back(event_from(event));
        }
        return repetition;
    });
}

Json check(const Check& check) {
    Json json{{"type", "check"},
              {"draw", check.draw},
              {"rows", check.record.rows},
              {"output_relative_error", finite_or_null(check.record.output_relative_error)},
              {"lse_absolute_error", finite_or_null(check.record.lse_absolute_error)},
              {"output_limit", check.record.output_limit},
              {"lse_limit", check.record.lse_limit},
              {"passed", check.record.passed},
              {"query_gradient_error", finite_or_null(check.record.query_gradient_error)},
              {"key_gradient_error", finite_or_null(check.record.key_gradient_error)},
              {"value_gradient_error", finite_or_null(check.record.value_gradient_error)},
              {"gradient_limit", check.record.gradient_limit}};
    if (check.record.sink_gradient_error) {
        json["sink_gradient_error"] = finite_or_null(*check.record.sink_gradient_error);
    }
    return json;
}

Check read_check(const Json& message) {
    return reading(message, [](const Json& json) {
        Check check;
        check.draw = integer(json.at("draw"), max_index);
        check.record.rows = integer(json.at("rows"));
        check.record.output_relative_error = infinite_if_null(json.at("output_relative_error"));
        check.record.lse_absolute_error = infinite_if_null(json.at("lse_absolute_error"));
        check.record.output_limit = json.at("output_limit");
        check.record.lse_limit = json.at("lse_limit");
        check.record.passed = json.at("passed");
        check.record.gradient_limit = json.at("gradient_limit");
        check.record.query_gradient_error = infinite_if_null(json.at("query_gradient_error"));
        check.record.key_gradient_error = infinite_if_null(json.at("key_gradient_error"));
        check.record.value_gradient_error = infinite_if_null(json.at("value_gradient_error"));
        if (const auto sinks = json.find("sink_gradient_error"); sinks != json.end()) {
            check.record.sink_gradient_error = infinite_if_null(*sinks);
        }
        return check;
    });
}

Json failed(const Failure& failure) {
    return {{"type", "failed"}, {"rank", failure.rank}, {"kind", failure.kind}, {"message", failure.text}};
}

Failure read_failed(const Json& message) {
    return reading(message, [](const Json& json) {
        Failure failure;
        failure.rank = integer(json.at("rank"), max_index);
        failure.kind = json.at("kind");
        failure.text = json.at("message");
        return failure;
    });
}

}  // namespace longscope::message
