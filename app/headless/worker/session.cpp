// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/headless/worker/session.h"

#include <fmt/format.h>
#include <sched.h>
#include <unistd.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <bit>
#include <cmath>
#include <span>
#include <thread>
#include <utility>

#include "app/headless/data_folder.h"
#include "app/headless/tile_tuning.h"
#include "app/headless/worker/draw_context.h"
#include "app/headless/worker/memory_check.h"
#include "app/headless/worker/peak_memory.h"
#include "app/headless/worker/rank_log.h"
#include "engine/base/hash.h"
#include "engine/base/host.h"
#include "engine/base/thread_team.h"
#include "engine/base/units.h"
#include "engine/base/version.h"
#include "engine/execute/collective.h"
#include "engine/execute/executor.h"
#include "engine/execute/gradient_check.h"
#include "engine/execute/process_groups.h"
#include "engine/execute/row_check.h"
#include "engine/parallel/plan_text.h"

namespace longscope {

namespace {

constexpr Nanoseconds progress_interval_ns = 200'000'000;

class Session {
  public:
    Session(const Experiment& experiment, Communicator& communicator, const SessionOptions& options,
            const MessageSink& sink)
        : experiment_(experiment),
          communicator_(communicator),
          kernel_(make_kernel(experiment.backend.name, {.threads = options.threads,
                                                        .arithmetic = experiment.shape.dtype,
                                                        .program_cache = program_cache_folder(),
                                                        .rank = communicator.rank(),
                                                        .device = experiment.backend.device,
                                                        .tile_choices = tile_choices_for(experiment.backend.name)})),
          team_(options.threads),
          max_events_(options.max_events),
          sink_(sink),
          log_(options.experiment_file, communicator.rank()) {
        log_.line(fmt::format("rank {} of {}, process {} on {}: {}; longscope {} ({})", communicator.rank(),
                              communicator.size(), getpid(), host_name(), kernel_->description(), version_text(),
                              revision_text()));
        tell({{"type", "started"},
              {"version", version_text()},
              {"revision", revision_text()},
              {"ranks", communicator.size()},
              {"library", options.library_text},
              {"kernel", kernel_->description()}});
    }

    void run() {
        try {
            run_all();
            log_.line("finished");
        } catch (const std::exception& error) {
            log_.line(fmt::format("failed: {}", error.what()));
            throw;
        }
    }

  private:
    void run_all() {
        offset_ = align_clock(communicator_);
        const std::vector<std::int64_t> offsets = communicator_.all_gather(offset_.offset_ns);
        const std::vector<std::int64_t> errors = communicator_.all_gather(offset_.error_ns);
        for (std::size_t rank = 0; rank < offsets.size(); ++rank) {
            tell(message::clock(static_cast<std::int64_t>(rank), {offsets[rank], errors[rank]}));
        }
        for (std::int64_t draw = 0; draw < experiment_.sequence.draws; ++draw) {
            run_draw(draw);
        }
        tell({{"type", "finished"}});
    }

    void tell(const Json& json) const {
        if (communicator_.rank() == 0) {
            sink_(json);
        }
    }

    [[nodiscard]] std::int64_t repetitions() const {
        return experiment_.repetitions.warm_up + experiment_.repetitions.measured;
    }

    // "repetition 1 of 30" of those that count; the ones before are told apart.
    [[nodiscard]] std::string repetition_text(std::int64_t number) const {
        const std::int64_t warm_up = experiment_.repetitions.warm_up;
        return number < warm_up ? fmt::format("warm-up {} of {}", number + 1, warm_up)
                                : fmt::format("repetition {} of {}", number - warm_up + 1, repetitions() - warm_up);
    }

    void run_draw(std::int64_t draw) {
        DrawContext context(experiment_, draw, communicator_.rank(), communicator_.size());
        require_same_plan(communicator_, context.plan_hash());
        open_groups(context.schedule(), communicator_);
        report_draw(draw, context);
        const MemoryLedger ledger = memory_ledger(context.schedule(), experiment_.shape,
                                                  {context.own_queries().size(), context.own_tokens().size()});
        log_.line(fmt::format("draw {}: plan {}", draw, hash_text(context.plan_hash())));
        log_.line(fmt::format("draw {}: {} tokens, {} pairs a head, needs {} of memory", draw,
                              format_count(context.own_tokens().size()), format_count(context.pairs()),
                              format_bytes(ledger.taken_bytes())));
        require_memory(communicator_, ledger, experiment_.backend.memory_per_rank_bytes);
        team_.run([&] { context.make_inputs(); });
        const auto memory = std::make_shared<BufferMemory>(context.schedule());
        log_.line(fmt::format("draw {}: buffers in {}, of which at most {} at once", draw,
                              format_bytes(memory->bytes()), format_bytes(ledger.buffer_bytes)));
        ExecuteResult last;
        for (std::int64_t i = 0; i < repetitions(); ++i) {
            last = run_repetition(draw, i, context, memory);
        }
        if (experiment_.check.rows > 0) {
            check(draw, context, last);
        }
    }

    void report_draw(std::int64_t draw, const DrawContext& context) {
        message::Draw report;
        report.schedules = communicator_.gather(to_json(context.schedule()).dump(), 0);
        report.record.index = draw;
        report.record.seed = experiment_.sequence.seed;
        report.record.documents = static_cast<std::int64_t>(context.documents().size());
        report.record.tokens = experiment_.sequence.tokens;
        const std::int64_t heads = experiment_.shape.query_heads;
        const std::int64_t head_pairs = context.masks().head_pairs({0, heads});
        report.record.pairs = head_pairs / heads;
        report.record.flops = flops_of_head_pairs(experiment_.shape, static_cast<double>(head_pairs), experiment_.pass);
        report.record.lengths = context.documents();
        report.record.plan_hash = hash_text(context.plan_hash());
        tell(message::draw(report));
    }

    ExecuteResult run_repetition(std::int64_t draw, std::int64_t number, const DrawContext& context,
                                 const std::shared_ptr<BufferMemory>& memory) {
        const std::int64_t sent_before = communicator_.payload_bytes_sent();
        const std::int64_t received_before = communicator_.payload_bytes_received();
        head_pairs_done_ = 0;
        const double whole = static_cast<double>(experiment_.sequence.draws * repetitions());
        const double before = static_cast<double>(draw * repetitions() + number);
        ExecuteHooks hooks;
        hooks.head_pairs_done = &head_pairs_done_;
        hooks.poll = [&] { report_progress((before + done_of_repetition(context)) / whole); };
        communicator_.barrier();
        ExecuteResult result = execute({context.schedule(), experiment_.shape, context.masks(), context.tokens(),
                                        *kernel_, context.inputs(), max_events_, context.scoring(), memory},
                                       communicator_, hooks);
        log_.line(fmt::format("draw {}, {}: {}", draw, repetition_text(number),
                              format_duration(result.end_ns - result.begin_ns)));
        RankResult rank;
        rank.rank = communicator_.rank();
        rank.tokens = context.own_tokens().size();
        rank.pairs = context.pairs();
        rank.bytes_sent = communicator_.payload_bytes_sent() - sent_before;
        rank.bytes_received = communicator_.payload_bytes_received() - received_before;
        rank.peak_memory_bytes = peak_memory_bytes();
        shift(result.events, offset_);
        shift(result.dropped, offset_);
        report_repetition(
            draw, number,
            message::rank_part(rank, result.events, result.dropped,
                               {result.begin_ns + offset_.offset_ns, result.forward_end_ns + offset_.offset_ns,
                                result.end_ns + offset_.offset_ns}));
        return result;
    }

    // The share of this rank's work: pairs weigh what a pass does for them.
    [[nodiscard]] double done_of_repetition(const DrawContext& context) const {
        const auto head_pairs = static_cast<double>(std::max<std::int64_t>(1, context.head_pairs()));
        const auto done = static_cast<double>(head_pairs_done_);
        const AttentionShape& shape = experiment_.shape;
        return (flops_of_head_pairs(shape, std::min(done, head_pairs), Direction::forward) +
                flops_of_head_pairs(shape, std::max(done - head_pairs, 0.0), Direction::backward)) /
               flops_of_head_pairs(shape, head_pairs, experiment_.pass);
    }

    void report_repetition(std::int64_t draw, std::int64_t number, const Json& part) {
        const std::vector<std::string> parts = communicator_.gather(part.dump(), 0);
        if (parts.empty()) {
            return;
        }
        message::Repetition repetition;
        repetition.draw = draw;
        repetition.record.measured = number >= experiment_.repetitions.warm_up;
        if (experiment_.pass == Pass::forward_backward) {
            repetition.record.backward_ns = 0;
        }
        repetition.record.index = repetition.record.measured ? number - experiment_.repetitions.warm_up : number;
        for (const std::string& text : parts) {
            message::add_rank_part(parse_json(text, "a worker's report"), repetition);
        }
        tell(message::repetition(repetition));
    }

    void report_progress(double done) {
        const Nanoseconds now = now_ns();
        if (communicator_.rank() == 0 && now - last_progress_ns_ >= progress_interval_ns) {
            last_progress_ns_ = now;
            tell({{"type", "progress"}, {"done", done}});
        }
    }

    // What travels in a short type is rounded as inputs of it are.
    [[nodiscard]] double error_limit(double (*of_type)(DType, std::int64_t), const DrawContext& context) const {
        const std::int64_t keys = context.masks().key_tokens();
        return std::max(of_type(experiment_.shape.dtype, keys), of_type(experiment_.layout.options.wire_dtype, keys));
    }

    // Where all ranks have the same rows each looks at its share of them.
    [[nodiscard]] std::vector<std::int64_t> checked_positions(const DrawContext& context) const {
        const SequenceField& sequence = experiment_.sequence;
        const std::int64_t first = sequence.first_query();
        std::vector<std::int64_t> positions;
        const std::vector<std::int64_t> sample =
            sample_positions(sequence.tokens - first, experiment_.check.rows, context.input_seed());
        for (std::size_t i = 0; i < sample.size(); ++i) {
            if (first == 0 || static_cast<int>(i) % communicator_.size() == communicator_.rank()) {
                positions.push_back(first + sample[i]);
            }
        }
        return positions;
    }

    void check(std::int64_t draw, const DrawContext& context, const ExecuteResult& result) {
        const std::vector<std::int64_t> positions = checked_positions(context);
        RowCheck own;
        team_.run([&] {
            own = check_rows(*result.output, context.own_queries(), context.masks(), experiment_.shape,
                             context.input_seed(), positions, context.scoring());
        });
        message::Check report;
        report.draw = draw;
        report.record.rows = 0;
        for (const std::int64_t rows : communicator_.all_gather(own.rows)) {
            report.record.rows += rows;
        }
        const double error = sum(own.squared_error);
        const double norm = sum(own.squared_norm);
        report.record.output_relative_error = norm == 0.0 ? std::sqrt(error) : std::sqrt(error / norm);
        report.record.lse_absolute_error = 0.0;
        for (const double lse : all(own.lse_absolute_error)) {
            report.record.lse_absolute_error = std::max(report.record.lse_absolute_error, lse);
        }
        report.record.output_limit = error_limit(output_error_limit, context);
        report.record.lse_limit = lse_error_limit;
        // Written so that a NaN does not pass.
        report.record.passed = report.record.output_relative_error <= report.record.output_limit &&
                               report.record.lse_absolute_error <= report.record.lse_limit;
        if (experiment_.pass == Pass::forward_backward) {
            check_gradients(context, result, positions, report.record);
        }
        tell(message::check(report));
    }

    void check_gradients(const DrawContext& context, const ExecuteResult& result,
                         const std::vector<std::int64_t>& positions, CheckRecord& record) {
        const CheckedProblem problem{context.masks(), experiment_.shape, context.input_seed(), context.scoring()};
        GradientSums queries;
        team_.run([&] {
            queries = check_query_gradients(result.gradients.queries, problem, context.own_tokens(), positions);
        });
        GradientSums keys;
        GradientSums values;
        // So many keys at a time that their sums are about a megabyte.
        const std::int64_t key_bytes = experiment_.shape.key_value_gradient_bytes_per_token() * 2;
        const std::int64_t step = std::max<std::int64_t>(1, (std::int64_t{1} << 20) / key_bytes);
        const auto count = static_cast<std::int64_t>(positions.size());
        for (std::int64_t first = 0; first < count; first += step) {
            const std::vector<std::int64_t> part(positions.begin() + first,
                                                 positions.begin() + std::min(first + step, count));
            KeyGradientSums sums;
            team_.run([&] { sums = sum_key_gradients(*result.output, problem, context.own_tokens(), part); });
            add_over_ranks(sums.gradients);
            const KeyGradientCheck of_part = check_key_gradients(result.gradients.keys, result.gradients.values,
                                                                 sums.gradients, context.own_tokens(), part);
            keys += of_part.keys;
            values += of_part.values;
            keys.squared_terms += sums.squared_key_terms;
            values.squared_terms += sums.squared_value_terms;
        }
        record.query_gradient_error = over_ranks(queries).relative_error();
        record.key_gradient_error = over_ranks(keys).relative_error();
        record.value_gradient_error = over_ranks(values).relative_error();
        record.gradient_limit = error_limit(gradient_error_limit, context);
        for (const double error :
             {record.query_gradient_error, record.key_gradient_error, record.value_gradient_error}) {
            record.passed = record.passed && error <= record.gradient_limit;
        }
        if (context.scoring().sinks_of_heads(0) != nullptr) {
            const double error = sink_gradient_error(problem, context, result);
            record.sink_gradient_error = error;
            record.passed = record.passed && error <= record.gradient_limit;
        }
    }

    double sink_gradient_error(const CheckedProblem& problem, const DrawContext& context, const ExecuteResult& result) {
        SinkGradientTerms sums;
        team_.run([&] { sums = sum_sink_gradients(*result.output, problem, context.own_tokens()); });
        add_over_ranks(sums.gradients);
        sums.squared_terms = sum(sums.squared_terms);
        const std::vector<float>& own = result.gradients.sinks;
        std::vector<double> gradients(own.begin(), own.end());
        gradients.resize(static_cast<std::size_t>(experiment_.shape.query_heads));  // of a rank without rows: zeros
        add_over_ranks(gradients);
        return check_sink_gradients(gradients, sums).relative_error();
    }

    GradientSums over_ranks(const GradientSums& own) {
        return {sum(own.squared_error), sum(own.squared_norm), sum(own.squared_terms)};
    }

    // Each number becomes its sum over all ranks, in their order: the same bits on every rank.
    void add_over_ranks(std::vector<double>& numbers) {
        const auto ranks = static_cast<std::size_t>(communicator_.size());
        std::vector<double> all(numbers.size() * ranks);
        const std::vector<std::span<const std::byte>> sent(ranks, std::as_bytes(std::span(numbers)));
        std::vector<std::span<std::byte>> received;
        for (std::size_t rank = 0; rank < ranks; ++rank) {
            received.push_back(std::as_writable_bytes(std::span(all).subspan(rank * numbers.size(), numbers.size())));
        }
        CopyCount copies;
        const std::unique_ptr<Transfer> exchange =
            start_exchange(communicator_, channel_of_all, sent, received, copies);
        while (!exchange->done()) {
            std::this_thread::yield();
        }
        std::fill(numbers.begin(), numbers.end(), 0.0);
        for (std::size_t i = 0; i < all.size(); ++i) {
            numbers[i % numbers.size()] += all[i];
        }
    }

    std::vector<double> all(double value) {
        std::vector<double> values;
        for (const std::int64_t bits : communicator_.all_gather(std::bit_cast<std::int64_t>(value))) {
            values.push_back(std::bit_cast<double>(bits));
        }
        return values;
    }
    double sum(double value) {
        double total = 0;
        for (const double part : all(value)) {
            total += part;
        }
        return total;
    }

    const Experiment& experiment_;
    Communicator& communicator_;
    std::unique_ptr<Kernel> kernel_;
    ThreadTeam team_;
    std::int64_t max_events_;
    const MessageSink& sink_;
    RankLog log_;
    ClockOffset offset_;
    std::atomic<std::int64_t> head_pairs_done_{0};
    Nanoseconds last_progress_ns_ = 0;
};

}  // namespace

void run_session(const Experiment& experiment, Communicator& communicator, const SessionOptions& options,
                 const MessageSink& sink) {
    Session(experiment, communicator, options, sink).run();
}

std::int64_t event_limit(std::int64_t wanted, int ranks) {
    constexpr std::int64_t of_all_ranks = 500'000;
    constexpr std::int64_t most = 100'000;
    constexpr std::int64_t least = 100;
    return wanted > 0 ? wanted : std::clamp(of_all_ranks / std::max(1, ranks), least, most);
}

int thread_share(std::int64_t wanted, int ranks) {
    if (wanted > 0) {
        return static_cast<int>(wanted);
    }
    cpu_set_t allowed;
    CPU_ZERO(&allowed);
    const int processors = sched_getaffinity(0, sizeof(allowed), &allowed) == 0
                               ? CPU_COUNT(&allowed)
                               : static_cast<int>(sysconf(_SC_NPROCESSORS_ONLN));
    return std::max(1, processors / std::max(1, ranks));
}

}  // namespace longscope
