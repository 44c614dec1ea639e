// SPDX-License-Identifier: GPL-3.0-or-later
// longscope-engine bench attention: how fast the cpu backend computes, as a share of the peak measured beside it.
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdlib>
#include <memory>

#include "app/headless/attention_bench_report.h"
#include "app/headless/bench_recorder.h"
#include "app/headless/bench_report.h"
#include "app/headless/command_line.h"
#include "app/headless/data_folder.h"
#include "app/headless/long_job.h"
#include "app/headless/opencl_child.h"
#include "app/headless/output.h"
#include "app/headless/program_files.h"
#include "app/headless/text_table.h"
#include "app/headless/tile_tuning.h"
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
#include "profiler/peers/backend_peer.h"
#include "profiler/probe/peak.h"

namespace longscope {

namespace {

struct Options {
    std::string lengths;  // a file; empty: bench_lengths()
    std::string only;     // cases whose names contain it
    int threads = 0;      // 0: all
    std::int64_t repetitions = 7;
    bool quick = false;
    bool list = false;
    bool json = false;
    std::string db;       // empty: not stored
    std::string backend;  // measured in turns with cpu; empty: none
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

struct NamedQuality {
    PeakUnit unit;
    PeakQuality quality;
};

// Of the units that the processor has.
std::vector<NamedQuality> peak_qualities() {
    constexpr double seconds = 0.3;
    std::vector<NamedQuality> all;
    for (const PeakUnit unit : {PeakUnit::float32, PeakUnit::dot_product, PeakUnit::matrix}) {
        if (has_peak(unit)) {
            all.push_back({unit, measure_peak_quality(unit, seconds)});
        }
    }
    return all;
}

std::string quality_text(const NamedQuality& peak) {
    const PeakQuality& quality = peak.quality;
    return fmt::format("Peak of {}: {:.1f} FLOP a cycle and thread, {} of {} {} a cycle, at {:.2f} GHz\n",
                       to_string(peak.unit), quality.flops_per_cycle, percent(quality.share), quality.units,
                       peak.unit == PeakUnit::matrix ? "products of 16 x 2 with 2 x 16"
                                                     : fmt::format("vectors of {} lanes", quality.lanes),
                       quality.clock_hz * 1e-9);
}

Json to_json(const NamedQuality& peak) {
    const PeakQuality& quality = peak.quality;
    return {{"unit", to_string(peak.unit)},   {"dtype", peak.unit == PeakUnit::float32 ? "float32" : "bfloat16"},
            {"clock_hz", quality.clock_hz},   {"flops_per_cycle", quality.flops_per_cycle},
            {"units", quality.units},         {"lanes", quality.lanes},
            {"share_of_units", quality.share}};
}

// From the share of the peak that was measured beside it: the clock drifts.
double flops_per_cycle(const AttentionBenchResult& result, const std::vector<NamedQuality>& peaks) {
    const auto own = std::find_if(peaks.begin(), peaks.end(), [&](const NamedQuality& peak) {
        return peak.unit == peak_unit(result.asked.shape.dtype);
    });
    return result.share.count == 0 || own == peaks.end() ? 0.0 : result.share.median * own->quality.flops_per_cycle;
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

// The same for people, with shares of the peak as remarks.
std::vector<BenchRow> rows_with_shares(const std::vector<Measured>& results) {
    std::vector<BenchRow> rows = rows_of(results);
    std::size_t row = 0;
    for (const Measured& result : results) {
        ++row;  // our own
        for (const PeerComparison& peer : result.peers) {
            if (peer.outcome == BenchOutcome::measured) {
                rows[row].message = percent(peer.share.median) + " of the peak";
            }
            ++row;
        }
    }
    return rows;
}

// Each once: several differ in their tokens alone.
std::vector<std::string> case_names(const MachineFacts& machine) {
    std::vector<std::string> names;
    for (const AttentionBenchCase& one : attention_bench_cases(machine)) {
        if (std::find(names.begin(), names.end(), one.name) == names.end()) {
            names.push_back(one.name);
        }
    }
    return names;
}

std::vector<AttentionBenchCase> chosen_cases(const Options& options, const MachineFacts& machine) {
    std::vector<AttentionBenchCase> chosen;
    for (AttentionBenchCase& one : attention_bench_cases(machine)) {
        if ((!options.quick || one.quick) && one.name.find(options.only) != std::string::npos) {
            chosen.push_back(std::move(one));
        }
    }
    if (chosen.empty()) {
        const std::vector<std::string> names = case_names(machine);
        throw bad_input(
            "--only", options.only, "is in no name of a case",
            fmt::format("a part of one of {} names, as of '{}'; --list prints them", names.size(), names.front()));
    }
    return chosen;
}

int bench(const Options& options) {
    const MachineFacts machine = machine_facts();
    if (options.list) {
        write_output(fmt::format("{}\n", fmt::join(case_names(machine), "\n")));
        return exit_done;
    }
    const std::vector<AttentionBenchCase> cases = chosen_cases(options, machine);
    BenchRecorder recorder("attention", options.db);
    const LengthSource lengths = options.lengths.empty() ? bench_lengths() : read_length_file(options.lengths);
    const int threads = options.threads > 0 ? options.threads : machine.hardware_threads;
    const std::vector<NamedQuality> peaks = peak_qualities();

    std::vector<PeerEntry> entries;
    PeerSettings settings;
    settings.threads = threads;
    if (!options.backend.empty() && options.backend != "cpu") {
        settings.backend = options.backend;
        settings.program_cache = program_cache_folder();
        settings.tile_choices = tile_choices_for(options.backend);
        entries.push_back(backend_as_peer(options.backend));
        require_supported(options.backend, AttentionShape());
        require_device_of(options.backend);
    }
    if (options.peers) {
        settings.python = peers_python(options);
        settings.script = resource_path("peers/torch_peer.py");
        entries.insert(entries.end(), peers().begin(), peers().end());
    }
    std::vector<OpenPeer> open = open_peers(entries, settings);
    std::vector<AttentionBenchResult> own;
    std::vector<std::vector<PeerComparison>> compared;
    LongJob job("measured");
    for (const AttentionBenchCase& asked : cases) {
        const auto poll = [&] { job.poll(static_cast<double>(own.size()) / static_cast<double>(cases.size())); };
        poll();
        try {
            const AttentionBenchOptions how{lengths, threads, options.repetitions, job.cancelled(), poll};
            AttentionBenchResult result = measure(asked, how);
            result.flops_per_cycle = flops_per_cycle(result, peaks);
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
    write_output(results_text(own) + orders_text(own));
    if (!open.empty()) {
        std::string text = "\n";
        for (const OpenPeer& one : open) {
            text += facts_text(one);
        }
        write_output(text + "\nOurs / theirs, below 1 where ours is faster; medians of pairs side by side\n" +
                     bench_rows_text(rows_with_shares(results)));
    }
    return 0;
}

}  // namespace

void declare_bench_attention(CLI::App& verb, VerbAction& action) {
    const auto options = std::make_shared<Options>();
    verb.add_option("--lengths", options->lengths,
                    "a lengths file or a histogram that documents are drawn from (as many in each doubling)");
    verb.add_option("--only", options->only, "only cases with this in their name");
    verb.add_flag("--list", options->list, "only print the names of the cases");
    verb.add_option("--threads", options->threads, "of the kernel and of the peak (all of the machine)")
        ->check(CLI::Range(1, 1024));
    verb.add_option("--repetitions", options->repetitions, "of each measurement")
        ->check(CLI::Range(1, 1000))
        ->capture_default_str();
    verb.add_flag("--quick", options->quick, "only cases that together take less than 50 s on two cores");
    verb.add_flag("--json", options->json, "print JSON, with quartiles");
    add_bench_database_option(verb, options->db);
    verb.add_option("--backend", options->backend,
                    "measure this backend in turns with cpu: opencl, on the device that LONGSCOPE_OPENCL_DEVICE names");
    CLI::Option* const with_peers = verb.add_flag(
        "--peers", options->peers, "measure other libraries in turns with ours: OpenBLAS, oneDNN and PyTorch");
    verb.add_option("--peers-python", options->peers_python,
                    "a Python program with PyTorch (bin/python in the folder that LONGSCOPE_PEERS names)")
        ->type_name("PATH")
        ->needs(with_peers);
    verb.callback([options, &action] { action = [options] { return bench(*options); }; });
}

}  // namespace longscope
