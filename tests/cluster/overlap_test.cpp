// SPDX-License-Identifier: GPL-3.0-or-later
// On a link that is slow, a transfer costs no more time than it must while a kernel computes. Started by
// overlap_test.sh with two processes on two nodes.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>
#include <numeric>
#include <utility>

#include "engine/execute/executor.h"
#include "engine/parallel/schedule_builder.h"
#include "engine/workload/inputs.h"
#include "tests/mpi/mpi_world.h"
#include "tests/support/dispatched_case.h"

namespace longscope {
namespace {

constexpr std::int64_t rank_tokens = 8192;
constexpr double computing_seconds = 0.22;

// Of each rank 16 MiB of keys and values; a window, whose width says how long computing takes.
AttentionCase problem(std::int64_t window) {
    AttentionCase c;
    c.shape = {1, 4, 4, 64, 64, DType::float32};
    c.domain = {2 * rank_tokens, 2 * rank_tokens, {}};
    c.mask_json = R"({"window": {"left": )" + std::to_string(window) + R"(, "right": 0}})";
    return c;
}

struct Parts {
    bool computes = false;
    bool moves = false;
};

// Rank 0 sends its keys and values to rank 1, beside the computing of both.
Schedule write(const DispatchedCase& c, std::int64_t rank, Parts parts) {
    const StrategyInput input = c.input(rank);
    ScheduleBuilder builder("overlap", input, Pass::forward);
    const ScheduleBuilder::Content content = builder.key_values_of(0, c.problem.shape.key_value_heads);
    builder.alloc_partial(1, rank, {0, c.problem.shape.query_heads});
    if (parts.moves && rank == 0) {
        builder.send(0, own_key_values, content, 1, 0, {});
    } else if (parts.moves) {
        const std::int64_t room = builder.alloc_key_values(2, 0, {0, c.problem.shape.key_value_heads});
        builder.recv(0, 2, content, 0, 0, {room});
    }
    if (parts.computes) {
        const std::int64_t pairs = builder.head_pairs(rank, rank, {0, c.problem.shape.query_heads});
        builder.attend(0, builder.own_queries(), rank, own_key_values, 1, pairs, {});
    }
    builder.finalize(0, 1);
    return builder.take();
}

// How long this thread was ready while other processes had the cores.
Nanoseconds run_queue_delay_ns() {
    std::ifstream file("/proc/thread-self/schedstat");
    Nanoseconds running = 0;
    Nanoseconds waiting = 0;
    file >> running >> waiting;
    return file ? waiting : 0;
}

// Another kernel, which may keep its calls of AttendHooks::poll to itself, and what other processes took of its time.
class WatchedKernel final : public Kernel {
  public:
    WatchedKernel(std::unique_ptr<Kernel> kernel, bool polls) : kernel_(std::move(kernel)), polls_(polls) {}

    void attend(const AttendInput& input, Partial& out, const AttendHooks& hooks) const override {
        const Nanoseconds before_ns = run_queue_delay_ns();
        kernel_->attend(input, out, polls_ ? hooks : AttendHooks{});
        delayed_ns_ += run_queue_delay_ns() - before_ns;
    }
    void attend_backward(const AttendBackwardInput& input, const AttendGradients& out,
                         const AttendHooks& hooks) const override {
        kernel_->attend_backward(input, out, hooks);
    }
    [[nodiscard]] std::string description() const override { return kernel_->description(); }

    [[nodiscard]] Nanoseconds take_delay_ns() const { return std::exchange(delayed_ns_, 0); }

  private:
    std::unique_ptr<Kernel> kernel_;
    bool polls_;
    mutable Nanoseconds delayed_ns_ = 0;
};

// The same problem with all of it, or parts.
class Overlap {
  public:
    explicit Overlap(const WatchedKernel& kernel)
        : kernel_(kernel),
          case_(problem(1024), "contiguous", 2),
          queries_(tensor(InputTensor::query, 1)),
          key_values_(tensor(InputTensor::key, 2)) {
        // So wide a window that computing takes about the time wanted, on this machine and with what else it does.
        std::int64_t window = 1024;
        for (int i = 0; i < 2; ++i) {
            double took = 1e9;
            for (int k = 0; k < 3; ++k) {
                took = std::min(took, seconds({true, false}));
            }
            window = std::llround(static_cast<double>(window) * computing_seconds / took);
            case_ = DispatchedCase(problem(std::clamp<std::int64_t>(window, 16, rank_tokens - 1)), "contiguous", 2);
        }
    }

    // Of the rank that takes longest, without what other processes took while it computed.
    [[nodiscard]] double seconds(Parts parts) const {
        const Schedule schedule =
            schedule_from_json(parse_json(to_json(write(case_, world_.rank(), parts)).dump(), "schedule"));
        world_.barrier();
        const ExecuteResult result =
            execute({schedule,
                     case_.problem.shape,
                     case_.masks,
                     case_.tokens,
                     kernel_,
                     {std::as_bytes(std::span(queries_)), std::as_bytes(std::span(key_values_))}},
                    world_, {});
        const std::vector<std::int64_t> all =
            world_.all_gather(result.end_ns - result.begin_ns - kernel_.take_delay_ns());
        return static_cast<double>(*std::max_element(all.begin(), all.end())) * 1e-9;
    }

  private:
    // So many tensors of it, one behind the other.
    [[nodiscard]] std::vector<float> tensor(InputTensor which, std::int64_t count) const {
        const AttentionShape& shape = case_.problem.shape;
        const std::int64_t heads = count * shape.query_heads;
        std::vector<float> values(static_cast<std::size_t>(heads * rank_tokens * shape.head_dim_qk));
        std::vector<std::int64_t> positions(static_cast<std::size_t>(rank_tokens));
        std::iota(positions.begin(), positions.end(), world_.rank() * rank_tokens);
        fill_inputs(1, which,
                    {std::as_writable_bytes(std::span(values)), shape.dtype, heads, rank_tokens, shape.head_dim_qk},
                    positions);
        return values;
    }

    Communicator& world_ = mpi_world();
    const WatchedKernel& kernel_;
    DispatchedCase case_;
    std::vector<float> queries_;
    std::vector<float> key_values_;
};

double median(std::vector<double> values) {
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    return *middle;
}

// The share of a transfer's time that comes on top of computing's: of three medians, whose rounds take turns. There are
// more rounds as long as it is above what is wanted, since what else the machine does only adds to it.
double exposed_share(const WatchedKernel& kernel, double enough) {
    constexpr std::size_t least_rounds = 9;
    constexpr std::size_t most_rounds = 45;
    const Overlap overlap(kernel);
    std::vector<double> computing;
    std::vector<double> moving;
    std::vector<double> both;
    double exposed = 1;
    while (both.size() < least_rounds || (both.size() < most_rounds && exposed > enough)) {
        computing.push_back(overlap.seconds({true, false}));
        moving.push_back(overlap.seconds({false, true}));
        both.push_back(overlap.seconds({true, true}));
        exposed = (median(both) - median(computing)) / median(moving);
    }
    if (mpi_world().rank() == 0) {
        std::printf(
            "computing alone %.1f ms, 16 MiB alone %.1f ms, both %.1f ms: %.3f of the transfer exposed, %zu "
            "rounds\n",
            median(computing) * 1e3, median(moving) * 1e3, median(both) * 1e3, exposed, both.size());
    }
    EXPECT_GE(median(moving), 0.06) << "the link is to pass 2 Gbit/s";
    EXPECT_GE(median(computing), median(moving)) << "there is to be enough computing to hide the transfer behind";
    return exposed;
}

TEST(Overlap, ATransferHidesBehindTheComputingOfTheCpuKernel) {
    EXPECT_LE(exposed_share(WatchedKernel(make_kernel("cpu", 1, DType::float32), true), 0.2), 0.2);
}

TEST(Overlap, ATransferThatNobodyMovesIsExposed) {
    EXPECT_GE(exposed_share(WatchedKernel(make_kernel("cpu", 1, DType::float32), false), 2.0), 0.6);
}

}  // namespace
}  // namespace longscope
