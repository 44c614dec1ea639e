// SPDX-License-Identifier: GPL-3.0-or-later
#include "profiler/benches/peer_bench.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "engine/base/clock.h"
#include "engine/base/error.h"
#include "engine/execute/row_check.h"
#include "profiler/benches/attention_work.h"
#include "profiler/probe/peak.h"

namespace longscope {

namespace {

// Long enough for the threads of one implementation to fall asleep before the other one is measured: those of OpenMP
// and of TBB look for work for some milliseconds.
constexpr double peak_seconds = 0.03;

double relative_error(const std::vector<float>& theirs, const HeadMatrix<const float>& ours) {
    double error = 0;
    double norm = 0;
    for (std::size_t i = 0; i < theirs.size(); ++i) {
        const double difference = double{theirs[i]} - double{ours.data[i]};
        error += difference * difference;
        norm += double{ours.data[i]} * double{ours.data[i]};
    }
    const double relative = std::sqrt(error / std::max(norm, std::numeric_limits<double>::min()));
    return std::isfinite(relative) ? relative : std::numeric_limits<double>::infinity();
}

double largest_error(const PeerResults& theirs, const std::vector<HeadMatrix<const float>>& ours) {
    double largest = 0;
    for (std::size_t i = 0; i < ours.size(); ++i) {
        largest = std::max(largest, relative_error(theirs.at(i), ours[i]));
    }
    return largest;
}

PeerTask task_of(const AttentionWork& work) {
    const AttendInput input = work.input();
    PeerTask task;
    task.direction = work.asked().direction;
    task.shape = work.asked().shape;
    task.mask = &work.mask();
    task.expression = work.asked().mask;
    task.domain = &work.domain();
    task.queries = input.queries;
    task.keys = input.keys;
    task.values = input.values;
    task.scale = input.scale;
    if (task.direction == Direction::backward) {
        task.output_gradients = work.output_gradients();
    }
    return task;
}

void measure_pairs(AttentionWork& work, const AttentionBenchOptions& options, Peer& peer, PeerComparison& row) {
    std::vector<double> own;
    std::vector<double> theirs;
    std::vector<double> ratios;
    std::vector<double> shares;
    const auto peak = [&] {
        return measure_peak(peak_unit(work.asked().shape.dtype), options.threads, peak_seconds).flops_per_s;
    };
    (void)peak();
    for (std::int64_t i = 0; i < options.repetitions; ++i) {
        const Nanoseconds begin_ns = now_ns();
        work.repeat_whole();
        own.push_back(static_cast<double>(now_ns() - begin_ns));
        const double before = peak();
        theirs.push_back(static_cast<double>(peer.repeat()));
        const double after = peak();
        ratios.push_back(own.back() / theirs.back());
        shares.push_back(work.flops() / (theirs.back() * 1e-9) / ((before + after) / 2));
        if (options.poll) {
            options.poll();
        }
    }
    row.own_ns = summarize(std::move(own));
    row.peer_ns = summarize(std::move(theirs));
    row.ratio = summarize(std::move(ratios));
    row.share = summarize(std::move(shares));
}

PeerComparison compare(AttentionWork& work, const AttentionBenchOptions& options, OpenPeer& open) {
    PeerComparison row;
    row.peer = open.entry->name;
    try {
        const bool in_one_piece = work.asked().page_tokens == 0 && !work.asked().values_in_keys;
        if (!in_one_piece && !open.peer->reads_any_view()) {
            throw Error(ErrorKind::unsupported, "other libraries are given keys and values each in one piece");
        }
        open.peer->prepare(task_of(work));
        (void)open.peer->repeat();
        work.repeat_whole();
        row.relative_error = largest_error(open.peer->results(), work.results());
        measure_pairs(work, options, *open.peer, row);
        if (const double limit = peer_error_limit(work.asked()); !(row.relative_error <= limit)) {
            row.outcome = BenchOutcome::wrong;
            row.message =
                fmt::format("its result differs from ours by {:.1e}, more than {:.1e}", row.relative_error, limit);
        }
    } catch (const Error& error) {
        if (error.kind() == ErrorKind::cancelled) {
            open.peer->release();
            throw;
        }
        const bool cannot = error.kind() == ErrorKind::unsupported || error.kind() == ErrorKind::out_of_memory;
        row.outcome = cannot ? BenchOutcome::unsupported : BenchOutcome::failed;
        row.message = error.what();
    }
    open.peer->release();
    return row;
}

}  // namespace

std::vector<OpenPeer> open_peers(const std::vector<PeerEntry>& registry, const PeerSettings& settings) {
    std::vector<OpenPeer> open;
    for (const PeerEntry& entry : registry) {
        OpenPeer one;
        one.entry = &entry;
        try {
            one.peer = entry.make(settings);
            one.facts = one.peer->facts();
        } catch (const Error& error) {
            one.peer.reset();
            one.outcome = error.kind() == ErrorKind::unsupported ? BenchOutcome::unsupported : BenchOutcome::failed;
            one.message = error.what();
        }
        open.push_back(std::move(one));
    }
    return open;
}

double peer_error_limit(const AttentionBenchCase& asked) {
    constexpr double both_rounded = 4.0;
    const double of_gradients = asked.direction == Direction::backward ? 3.0 : 1.0;
    return both_rounded * of_gradients * output_error_limit(asked.shape.dtype, asked.tokens);
}

std::vector<PeerComparison> compare_with_peers(const AttentionBenchCase& asked, const AttentionBenchOptions& options,
                                               std::vector<OpenPeer>& open) {
    AttentionWork work(asked, options);
    std::vector<PeerComparison> rows;
    for (OpenPeer& one : open) {
        const bool takes_part = asked.direction == Direction::forward ? one.entry->forward : one.entry->backward;
        if (one.peer != nullptr && takes_part) {
            rows.push_back(compare(work, options, one));
        }
    }
    return rows;
}

}  // namespace longscope
