// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/headless/attention_bench_report.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "app/headless/text_table.h"
#include "app/headless/verbs/bench.h"
#include "engine/base/units.h"
#include "profiler/environment.h"
#include "profiler/probe/peak.h"

namespace longscope {

namespace {

std::string goal_text(const AttentionBenchResult& result) {
    if (!result.asked_share) {
        return "";
    }
    return fmt::format("{} at least {}", result.reached() ? "yes:" : "NO:", percent(*result.asked_share));
}

// What a backward pass takes beyond the caller's tensors, by what the gradients take.
std::string memory_text(const AttentionBenchResult& result) {
    if (result.gradient_bytes == 0) {
        return "";
    }
    const double share = result.memory_of_gradients();
    return fmt::format("{}{:.2f} x", share > most_memory_of_gradients ? "NO: " : "", share);
}

std::string verdict_text(const OrderComparison& orders) {
    const std::string_view faster = cpu::to_string(orders.faster());
    if (!orders.is_clear()) {
        return "either";
    }
    return fmt::format("{}: {}", faster, orders.predicted == orders.faster() ? "as predicted" : "NOT as predicted");
}

}  // namespace

std::string percent(double share) {
    return fmt::format("{:.1f} %", 100.0 * share);
}

std::string full_name(const AttentionBenchCase& asked) {
    return fmt::format("{}, {} tokens", asked.name, format_count(asked.tokens));
}

Json to_json(const AttentionBenchResult& result) {
    const AttentionBenchCase& asked = result.asked;
    Json json{{"case", asked.name},
              {"mask", parse_json(asked.mask, "mask")},
              {"tokens", asked.tokens},
              {"query_heads", asked.shape.query_heads},
              {"key_value_heads", asked.shape.key_value_heads},
              {"head_dim_qk", asked.shape.head_dim_qk},
              {"head_dim_v", asked.shape.head_dim_v},
              {"dtype", to_string(asked.shape.dtype)},
              {"pairs_per_head", result.pairs},
              {"flops", result.flops},
              {"duration_ns", to_json(result.duration_ns)}};
    if (asked.queries > 0) {
        json["queries"] = asked.queries;
    }
    if (asked.page_tokens > 0) {
        json["page_tokens"] = asked.page_tokens;
    }
    if (asked.goal_of == GoalOf::reading) {
        json["read_bytes"] = result.read_bytes;
        json["read_bytes_per_s"] = to_json(result.read_bytes_per_s);
        json["share_of_reading"] = to_json(result.reading_share);
    } else {
        json["peak_flops_per_s"] = to_json(result.peak_flops_per_s);
        json["share_of_peak"] = to_json(result.share);
        json["roofline_share_of_peak"] = result.roofline_share;
        json["flops_per_cycle_and_thread"] = result.flops_per_cycle;
    }
    if (result.matrix_share.count > 0) {
        json["matrix_unit_flops_per_s"] = to_json(result.matrix_flops_per_s);
        json["share_of_matrix_unit"] = to_json(result.matrix_share);
    }
    if (result.orders) {
        const OrderComparison& orders = *result.orders;
        json["orders"] = {
            {"query_major_ns", to_json(orders.query_major_ns)}, {"key_major_ns", to_json(orders.key_major_ns)},
            {"key_major_speedup", to_json(orders.speedup)},     {"predicted_speedup", orders.predicted_speedup},
            {"predicted", cpu::to_string(orders.predicted)},    {"faster", cpu::to_string(orders.faster())}};
    }
    if (result.gradient_bytes > 0) {
        json["memory_bytes"] = result.memory_bytes;
        json["gradient_bytes"] = result.gradient_bytes;
    }
    if (asked.stored) {
        json["stored_bytes"] = result.stored_bytes;
    }
    if (asked.document_seed) {
        json["document_seed"] = *asked.document_seed;
    }
    if (result.asked_share) {
        json["asked_share"] = *result.asked_share;
        json["reached"] = result.reached();
    }
    return json;
}

std::string results_text(const std::vector<AttentionBenchResult>& results) {
    TextTable table({{"case", Align::left},
                     {"tokens"},
                     {"time"},
                     {"rate"},
                     {"share"},
                     {"of", Align::left},
                     {"quartiles"},
                     {"FLOP/cycle"},
                     {"matrix unit"},
                     {"roofline"},
                     {"memory"},
                     {"goal", Align::left}});
    bool any_above = false;
    bool any_memory = false;
    bool any_matrix = false;
    for (const AttentionBenchResult& result : results) {
        const bool reads = result.asked.goal_of == GoalOf::reading;
        const Summary& share = result.judged();
        // Then that peak is not what bounds it.
        const bool above = !reads && share.median > 1.0;
        any_above = any_above || above;
        any_matrix = any_matrix || result.matrix_share.count > 0;
        any_memory = any_memory || result.gradient_bytes > 0;
        table.add_row(
            {result.asked.name, format_count(result.asked.tokens),
             format_duration(static_cast<Nanoseconds>(result.duration_ns.median)),
             reads ? fmt::format("{:.1f} GB/s", static_cast<double>(result.read_bytes) / result.duration_ns.median)
                   : fmt::format("{:.0f} GFLOP/s", result.flops / result.duration_ns.median),
             percent(share.median), reads ? "reading memory" : "the peak",
             fmt::format("{:.1f} to {:.1f}", 100.0 * share.first_quartile, 100.0 * share.third_quartile),
             reads ? "" : fmt::format("{:.1f}", result.flops_per_cycle),
             result.matrix_share.count == 0 ? "" : percent(result.matrix_share.median),
             reads || above ? "" : percent(result.roofline_share), memory_text(result), goal_text(result)});
    }
    std::string text = table.text();
    if (any_memory) {
        text += fmt::format(
            "\nMemory: what the backward pass took beyond the tensors, times the gradients' bytes: at most {} x. "
            "Weights that are stored stand beside that.\n",
            most_memory_of_gradients);
    }
    if (any_matrix) {
        text +=
            "\nMatrix unit: the share of its own peak, of cases that are multiplied on it; it leaves the exponentials "
            "to "
            "the vectors.\n";
    }
    if (any_above) {
        text +=
            "\nAbove 100 %: taken on the processor's matrix unit, or in float32, which are faster here than what the "
            "peak "
            "is of.\n";
    }
    return text;
}

std::string orders_text(const std::vector<AttentionBenchResult>& results) {
    TextTable table({{"case", Align::left},
                     {"tokens"},
                     {"query-major"},
                     {"key-major"},
                     {"ratio"},
                     {"quartiles"},
                     {"predicted"},
                     {"taken", Align::left},
                     {"faster", Align::left}});
    bool any = false;
    for (const AttentionBenchResult& result : results) {
        if (!result.orders) {
            continue;
        }
        const OrderComparison& orders = *result.orders;
        any = true;
        table.add_row({result.asked.name, format_count(result.asked.tokens),
                       format_duration(static_cast<Nanoseconds>(orders.query_major_ns.median)),
                       format_duration(static_cast<Nanoseconds>(orders.key_major_ns.median)),
                       fmt::format("{:.2f}", orders.speedup.median),
                       fmt::format("{:.2f} to {:.2f}", orders.speedup.first_quartile, orders.speedup.third_quartile),
                       fmt::format("{:.2f}", orders.predicted_speedup), std::string(cpu::to_string(orders.predicted)),
                       verdict_text(orders)});
    }
    if (!any) {
        return {};
    }
    return fmt::format(
               "\nThe loops in either order, in turns; ratio: query-major / key-major, measured and "
               "predicted; above, the order that is taken. Either: less than {:.0f} % apart\n",
               100.0 * (OrderComparison::clear - 1.0)) +
           table.text();
}
}  // namespace longscope
