// SPDX-License-Identifier: GPL-3.0-or-later
// longscope-engine bench masks: what compiling and counting masks takes, beside what was promised.
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <memory>

#include "app/headless/bench_recorder.h"
#include "app/headless/long_job.h"
#include "app/headless/output.h"
#include "app/headless/text_table.h"
#include "app/headless/verbs/bench.h"
#include "engine/base/error.h"
#include "engine/base/units.h"
#include "engine/workload/length_file.h"
#include "profiler/benches/mask_bench.h"

namespace longscope {

namespace {

struct Options {
    std::string lengths;  // a file; empty: bench_lengths()
    std::uint64_t seed = 1;
    std::int64_t repetitions = 7;
    bool quick = false;
    bool json = false;
    std::string db;  // empty: not stored
};

std::string_view title_of(MaskBenchPart part) {
    switch (part) {
        case MaskBenchPart::goals:
            return "Goals";
        case MaskBenchPart::presets:
            return "Presets at 65,536 tokens";
        case MaskBenchPart::edits:
            return "Presets at 1,048,576 tokens, with one parameter changed";
        case MaskBenchPart::growth:
            break;
    }
    return "Growth";
}

std::string limits_text(const MaskBenchResult& result) {
    const MaskBenchCase& asked = result.asked;
    if (!asked.limit_ns && !asked.limit_bytes) {
        return "";
    }
    std::string text = result.within_limits() ? "yes:" : "NO:";
    if (asked.limit_ns) {
        text += " at most " + format_duration(*asked.limit_ns);
    }
    if (asked.limit_bytes) {
        text += fmt::format(", {} MB", *asked.limit_bytes / 1'000'000);
    }
    return text;
}

std::string duration_text(const Summary& summary) {
    return format_duration(static_cast<Nanoseconds>(summary.median));
}

void print_part(MaskBenchPart part, const std::vector<MaskBenchResult>& results) {
    TextTable table({{"mask", Align::left},
                     {"tokens"},
                     {"documents"},
                     {"pairs"},
                     {"tiles kept"},
                     {"compiled"},
                     {"pairs counted"},
                     {"tiles counted"},
                     {"together"},
                     {"memory"},
                     {"within the limit", Align::left}});
    std::string refusals;
    for (const MaskBenchResult& result : results) {
        if (result.asked.part != part) {
            continue;
        }
        if (!result.refused.empty()) {
            refusals += fmt::format("{}: {}\n", result.asked.name, result.refused);
            continue;
        }
        table.add_row({result.asked.name, format_count(result.asked.tokens), format_count(result.documents),
                       format_count(result.pairs), format_count(result.tiles.full + result.tiles.partial),
                       duration_text(result.compile), duration_text(result.area), duration_text(result.tile_count),
                       duration_text(result.all), format_bytes(result.peak_bytes), limits_text(result)});
    }
    write_output(fmt::format("{}\n{}{}\n", title_of(part), table.text(2), refusals));
}

Json to_json(const MaskBenchResult& result) {
    Json json{{"part", title_of(result.asked.part)},
              {"mask", result.asked.name},
              {"expression", parse_json(result.asked.expression, "mask")},
              {"tokens", result.asked.tokens},
              {"documents", result.documents}};
    if (!result.refused.empty()) {
        json["refused"] = result.refused;
        return json;
    }
    json["pairs"] = result.pairs;
    json["tiles"] = {{"empty", result.tiles.empty}, {"full", result.tiles.full}, {"partial", result.tiles.partial}};
    json["compile_ns"] = to_json(result.compile);
    json["area_ns"] = to_json(result.area);
    json["tile_count_ns"] = to_json(result.tile_count);
    json["all_ns"] = to_json(result.all);
    json["peak_bytes"] = result.peak_bytes;
    if (result.asked.limit_ns) {
        json["limit_ns"] = *result.asked.limit_ns;
    }
    if (result.asked.limit_bytes) {
        json["limit_bytes"] = *result.asked.limit_bytes;
    }
    if (result.asked.limit_ns || result.asked.limit_bytes) {
        json["within_limits"] = result.within_limits();
    }
    return json;
}

// Durations are those of everything together.
std::vector<BenchRow> rows_of(const std::vector<MaskBenchResult>& results) {
    std::vector<BenchRow> rows;
    for (const MaskBenchResult& result : results) {
        BenchRow row;
        row.case_name = fmt::format("{}, {} tokens", result.asked.name, format_count(result.asked.tokens));
        row.outcome = result.refused.empty() ? BenchOutcome::measured : BenchOutcome::unsupported;
        row.message = result.refused;
        row.duration_ns = result.all;
        row.details = to_json(result).dump();
        rows.push_back(std::move(row));
    }
    return rows;
}

int bench(const Options& options) {
    BenchRecorder recorder("masks", options.db);
    const LengthSource lengths = options.lengths.empty() ? bench_lengths() : read_length_file(options.lengths);
    const std::vector<MaskBenchCase> cases = mask_bench_cases(options.quick);
    std::vector<MaskBenchResult> results;
    LongJob job("measured");
    for (const MaskBenchCase& asked : cases) {
        job.poll(static_cast<double>(results.size()) / static_cast<double>(cases.size()));
        if (*job.cancelled()) {
            throw Error(ErrorKind::cancelled, "interrupted: nothing is printed");
        }
        results.push_back(measure(asked, {lengths, options.seed, options.repetitions, options.quick}));
    }
    job.finish();
    const Json settings{{"lengths", lengths.summary()}, {"seed", options.seed}, {"repetitions", options.repetitions}};
    recorder.store(settings, rows_of(results));
    if (options.json) {
        Json all = Json::array();
        for (const MaskBenchResult& result : results) {
            all.push_back(to_json(result));
        }
        write_output(Json{{"lengths", lengths.summary()}, {"seed", options.seed}, {"results", std::move(all)}}.dump(2) +
                     "\n");
        return 0;
    }
    write_output(fmt::format("Documents: {}, seed {}; tiles of {} x {}; medians of {} repetitions\n\n",
                             lengths.summary(), options.seed, bench_tile, bench_tile, options.repetitions));
    for (const MaskBenchPart part :
         {MaskBenchPart::goals, MaskBenchPart::presets, MaskBenchPart::edits, MaskBenchPart::growth}) {
        print_part(part, results);
    }
    return 0;
}

}  // namespace

void declare_bench_masks(CLI::App& verb, VerbAction& action) {
    const auto options = std::make_shared<Options>();
    verb.add_option("--lengths", options->lengths,
                    "a lengths file or a histogram that documents are drawn from (as many in each doubling)");
    verb.add_option("--seed", options->seed, "of the documents")->capture_default_str();
    verb.add_option("--repetitions", options->repetitions, "of each measurement")
        ->check(CLI::Range(1, 1000))
        ->capture_default_str();
    verb.add_flag("--quick", options->quick, "leave out the slowest masks");
    verb.add_flag("--json", options->json, "print JSON, with quartiles");
    add_bench_database_option(verb, options->db);
    verb.callback([options, &action] { action = [options] { return bench(*options); }; });
}

}  // namespace longscope
