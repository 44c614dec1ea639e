// SPDX-License-Identifier: GPL-3.0-or-later
// longscope-engine bench attention: how fast the cpu backend computes, as a share of the peak measured beside it.
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cstdlib>
#include <memory>

#include "app/headless/bench_recorder.h"
#include "app/headless/bench_report.h"
#include "app/headless/long_job.h"
#include "app/headless/output.h"
#include "app/headless/program_files.h"
#include "app/headless/text_table.h"
#include "app/headless/verbs/bench.h"
#include "engine/base/child_process.h"
#include "engine/base/error.h"
#include "engine/base/units.h"
#include "engine/kernel/kernel.h"
#include "engine/workload/length_file.h"
#include "profiler/benches/attention_bench.h"
#include "profiler/benches/mask_bench.h"
#include "profiler/benches/peer_bench.h"
#include "profiler/environment.h"
#include "profiler/probe/peak.h"

namespace longscope {

namespace {

struct Options {
    std::string lengths;  // a file; empty: bench_lengths()
    std::string only;     // cases whose names contain it
    int threads = 0;      // 0: all
    std::int64_t repetitions = 7;
    bool quick = false;
    bool json = false;
    std::string db;  // empty: not stored
    bool peers = false;
    std::string peers_python;  // empty: as LONGSCOPE_PEERS says
};

// A case by ours and, of --peers, by others.
struct Measured {
    AttentionBenchResult own;
    std::vector<PeerComparison> peers;
};

// The Python program with PyTorch; empty where none was told of.
std::string peers_python(const Options& options) {
    const char* const folder = std::getenv("LONGSCOPE_PEERS");
    std::string python = options.peers_python;
    if (python.empty() && folder != nullptr && *folder != '\0') {
        python = std::string(folder) + "/bin/python";
    }
    if (!python.empty() && !find_program(python)) {
        throw bad_input(options.peers_python.empty() ? "LONGSCOPE_PEERS" : "--peers-python", python, "is not a program",
                        "a Python with PyTorch (tests/peers/make_environment.sh makes one)");
    }
    return python;
}

std::string facts_text(const OpenPeer& open) {
    return open.peer == nullptr
               ? fmt::format("{}: {}: {}\n", open.entry->name, to_string(open.outcome), printable(open.message))
               : fmt::format("{}: {}, which says that it uses {}, {} threads\n", open.entry->name,
                             printable(open.facts.version), printable(open.facts.dispatch), open.facts.threads);
}

Json to_json(const OpenPeer& open) {
    Json json{{"name", open.entry->name}, {"meaning", open.entry->meaning}, {"outcome", to_string(open.outcome)}};
    if (open.peer == nullptr) {
        json["message"] = open.message;
    } else {
        json["version"] = open.facts.version;
        json["dispatch"] = open.facts.dispatch;
        json["threads"] = open.facts.threads;
    }
    return json;
}

Json to_json(const PeerComparison& row) {
    Json json{{"implementation", row.peer}, {"outcome", to_string(row.outcome)}, {"message", row.message}};
    if (row.ratio.count > 0) {
        json["duration_ns"] = to_json(row.peer_ns);
        json["own_duration_ns"] = to_json(row.own_ns);
        json["ratio"] = to_json(row.ratio);
        json["share_of_peak"] = to_json(row.share);
        json["relative_error"] = row.relative_error;
    }
    return json;
}

std::string percent(double share) {
    return fmt::format("{:.1f} %", 100.0 * share);
}

struct NamedQuality {
    DType dtype;
    PeakQuality quality;
};

// Of the types that the processor multiplies itself.
std::vector<NamedQuality> peak_qualities() {
    constexpr double seconds = 0.3;
    std::vector<NamedQuality> all{{DType::float32, measure_peak_quality(DType::float32, seconds)}};
    if (peak_type(DType::bfloat16) == DType::bfloat16) {
        all.push_back({DType::bfloat16, measure_peak_quality(DType::bfloat16, seconds)});
    }
    return all;
}

std::string quality_text(const NamedQuality& peak) {
    const PeakQuality& quality = peak.quality;
    return fmt::format("Peak of {}: {:.1f} FLOP a cycle and thread, {} of {} units of {} lanes, at {:.2f} GHz\n",
                       to_string(peak.dtype), quality.flops_per_cycle, percent(quality.share), quality.units,
                       quality.lanes, quality.clock_hz * 1e-9);
}

Json to_json(const NamedQuality& peak) {
    const PeakQuality& quality = peak.quality;
    return {
        {"dtype", to_string(peak.dtype)}, {"clock_hz", quality.clock_hz}, {"flops_per_cycle", quality.flops_per_cycle},
        {"units", quality.units},         {"lanes", quality.lanes},       {"share_of_units", quality.share}};
}

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

// Names are those of several cases that differ in their tokens.
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

void print_table(const std::vector<AttentionBenchResult>& results) {
    TextTable table({{"case", Align::left},
                     {"tokens"},
                     {"time"},
                     {"rate"},
                     {"share"},
                     {"of", Align::left},
                     {"quartiles"},
                     {"roofline"},
                     {"memory"},
                     {"goal", Align::left}});
    bool any_above = false;
    bool any_memory = false;
    for (const AttentionBenchResult& result : results) {
        const bool reads = result.asked.goal_of == GoalOf::reading;
        const Summary& share = result.judged();
        // Then that peak is not what bounds it.
        const bool above = !reads && share.median > 1.0;
        any_above = any_above || above;
        any_memory = any_memory || result.gradient_bytes > 0;
        table.add_row(
            {result.asked.name, format_count(result.asked.tokens),
             format_duration(static_cast<Nanoseconds>(result.duration_ns.median)),
             reads ? fmt::format("{:.1f} GB/s", static_cast<double>(result.read_bytes) / result.duration_ns.median)
                   : fmt::format("{:.0f} GFLOP/s", result.flops / result.duration_ns.median),
             percent(share.median), reads ? "reading memory" : "the peak",
             fmt::format("{:.1f} to {:.1f}", 100.0 * share.first_quartile, 100.0 * share.third_quartile),
             reads || above ? "" : percent(result.roofline_share), memory_text(result), goal_text(result)});
    }
    write_output(table.text());
    if (any_memory) {
        write_output(fmt::format(
            "\nMemory: what the backward pass took beyond the tensors, times the gradients' bytes: at most {} x. "
            "Weights that are stored stand beside that.\n",
            most_memory_of_gradients));
    }
    if (any_above) {
        write_output(
            "\nAbove 100 %: taken on the processor's matrix unit, or in float32, which are faster here than the dot "
            "product "
            "of bfloat16 that the peak is of.\n");
    }
}

std::string verdict_text(const OrderComparison& orders) {
    const std::string_view faster = cpu::to_string(orders.faster());
    if (!orders.is_clear()) {
        return "either";
    }
    return fmt::format("{}: {}", faster, orders.predicted == orders.faster() ? "as predicted" : "NOT as predicted");
}

// Of the cases that are measured in both orders of the loops.
void print_orders(const std::vector<AttentionBenchResult>& results) {
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
    if (any) {
        write_output(fmt::format("\nThe loops in either order, in turns; ratio: query-major / key-major, measured and "
                                 "predicted; above, the order that is taken. Either: less than {:.0f} % apart\n",
                                 100.0 * (OrderComparison::clear - 1.0)) +
                     table.text());
    }
}

std::vector<BenchRow> rows_of(const std::vector<Measured>& results) {
    std::vector<BenchRow> rows;
    for (const Measured& result : results) {
        BenchRow row;
        row.case_name = full_name(result.own.asked);
        row.duration_ns = result.own.duration_ns;
        row.details = to_json(result.own).dump();
        rows.push_back(row);
        for (const PeerComparison& peer : result.peers) {
            rows.push_back(
                {row.case_name, peer.peer, peer.outcome, peer.message, peer.peer_ns, peer.ratio, to_json(peer).dump()});
        }
    }
    return rows;
}

std::vector<AttentionBenchCase> chosen_cases(const Options& options) {
    std::vector<AttentionBenchCase> chosen;
    for (AttentionBenchCase& one : attention_bench_cases()) {
        if ((!options.quick || one.quick) && one.name.find(options.only) != std::string::npos) {
            chosen.push_back(std::move(one));
        }
    }
    if (chosen.empty()) {
        std::string names;
        for (const AttentionBenchCase& one : attention_bench_cases()) {
            names += (names.empty() ? "" : "; ") + one.name;
        }
        throw bad_input("--only", options.only, "is in no name of a case", names);
    }
    return chosen;
}

int bench(const Options& options) {
    const std::vector<AttentionBenchCase> cases = chosen_cases(options);
    BenchRecorder recorder("attention", options.db);
    const LengthSource lengths = options.lengths.empty() ? bench_lengths() : read_length_file(options.lengths);
    const MachineFacts machine = machine_facts();
    const int threads = options.threads > 0 ? options.threads : machine.hardware_threads;
    const std::vector<NamedQuality> peaks = peak_qualities();

    std::vector<OpenPeer> open;
    if (options.peers) {
        PeerSettings settings;
        settings.threads = threads;
        settings.python = peers_python(options);
        settings.script = resource_path("peers/torch_peer.py");
        open = open_peers(peers(), settings);
    }
    std::vector<AttentionBenchResult> own;
    std::vector<std::vector<PeerComparison>> compared;
    LongJob job("measured");
    for (const AttentionBenchCase& asked : cases) {
        const auto poll = [&] { job.poll(static_cast<double>(own.size()) / static_cast<double>(cases.size())); };
        poll();
        try {
            const AttentionBenchOptions how{lengths, threads, options.repetitions, job.cancelled(), poll};
            AttentionBenchResult result = measure(asked, how);
            compared.push_back(open.empty() ? std::vector<PeerComparison>() : compare_with_peers(asked, how, open));
            own.push_back(std::move(result));
        } catch (const Error& error) {
            if (error.kind() == ErrorKind::cancelled) {
                throw Error(ErrorKind::cancelled, "interrupted: nothing is printed");
            }
            throw;
        }
    }
    job.finish();
    judge(own);
    std::vector<Measured> results;
    for (std::size_t i = 0; i < own.size(); ++i) {
        results.push_back({own[i], std::move(compared[i])});
    }
    Json all_peers = Json::array();
    for (const OpenPeer& one : open) {
        all_peers.push_back(to_json(one));
    }
    const std::string kernel = make_kernel("cpu", threads)->description();
    Json all_peaks = Json::array();
    for (const NamedQuality& peak : peaks) {
        all_peaks.push_back(to_json(peak));
    }
    recorder.store({{"kernel", kernel},
                    {"threads", threads},
                    {"repetitions", options.repetitions},
                    {"lengths", lengths.summary()},
                    {"peaks", all_peaks},
                    {"peers", all_peers}},
                   rows_of(results));
    if (options.json) {
        Json all = Json::array();
        for (const Measured& result : results) {
            all.push_back(to_json(result.own));
            for (const PeerComparison& peer : result.peers) {
                all.back()["peers"].push_back(to_json(peer));
            }
        }
        write_output(Json{{"machine", environment_json(machine, "")},
                          {"kernel", kernel},
                          {"lengths", lengths.summary()},
                          {"peaks", std::move(all_peaks)},
                          {"peers", std::move(all_peers)},
                          {"results", std::move(all)}}
                         .dump(2) +
                     "\n");
        return 0;
    }
    std::string peak_text;
    for (const NamedQuality& peak : peaks) {
        peak_text += quality_text(peak);
    }
    write_output(fmt::format("{}; {}\n{}Documents: {}; medians of {} repetitions in turns with the peak\n\n",
                             printable(machine.processor), kernel, peak_text, lengths.summary(), options.repetitions));
    print_table(own);
    print_orders(own);
    if (options.peers) {
        std::string text = "\n";
        for (const OpenPeer& one : open) {
            text += facts_text(one);
        }
        write_output(text + "\nOurs / theirs, below 1 where ours is faster; medians of pairs side by side\n" +
                     bench_rows_text(rows_of(results)));
    }
    return 0;
}

}  // namespace

void declare_bench_attention(CLI::App& verb, VerbAction& action) {
    const auto options = std::make_shared<Options>();
    verb.add_option("--lengths", options->lengths,
                    "a lengths file or a histogram that documents are drawn from (as many in each doubling)");
    verb.add_option("--only", options->only, "only cases with this in their name");
    verb.add_option("--threads", options->threads, "of the kernel and of the peak (all of the machine)")
        ->check(CLI::Range(1, 1024));
    verb.add_option("--repetitions", options->repetitions, "of each measurement")
        ->check(CLI::Range(1, 1000))
        ->capture_default_str();
    verb.add_flag("--quick", options->quick, "only the cases that together take less than a minute");
    verb.add_flag("--json", options->json, "print JSON, with quartiles");
    add_bench_database_option(verb, options->db);
    CLI::Option* const with_peers = verb.add_flag(
        "--peers", options->peers, "measure other libraries in turns with ours: OpenBLAS, oneDNN and PyTorch");
    verb.add_option("--peers-python", options->peers_python,
                    "a Python program with PyTorch (bin/python in the folder that LONGSCOPE_PEERS names)")
        ->type_name("PATH")
        ->needs(with_peers);
    verb.callback([options, &action] { action = [options] { return bench(*options); }; });
}

}  // namespace longscope
