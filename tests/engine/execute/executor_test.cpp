// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/execute/executor.h"

#include <gtest/gtest.h>

#include <map>

#include "engine/base/error.h"
#include "engine/execute/local_group.h"
#include "tests/support/strategy_run.h"

namespace longscope {
namespace {

AttentionCase problem() {
    AttentionCase c;
    c.shape = {1, 2, 1, 16, 16, DType::float32};
    c.domain = {300, 300, {}};
    c.mask_json = R"({"causal": {}})";
    return c;
}

TEST(Executor, TracesEveryOperationOnceWithItsStreamInOrder) {
    const AttentionInputs inputs(problem());
    const DispatchedCase c(problem(), "zigzag", 4);
    std::vector<RankRun> runs(4);
    run_local_ranks(4, [&](Communicator& communicator) {
        runs[static_cast<std::size_t>(communicator.rank())] = run_rank(c, "ring", inputs, communicator);
    });
    for (const RankRun& run : runs) {
        std::map<std::int64_t, int> seen;
        std::map<Stream, Nanoseconds> last_end;
        for (const TraceEvent& event : run.result.events) {
            if (event.category != Category::wait) {
                ++seen[event.operation];
            }
            EXPECT_GE(event.start_ns, run.result.begin_ns);
            EXPECT_LE(event.end_ns(), run.result.end_ns);
            EXPECT_GE(event.start_ns, last_end[event.stream]) << "events of one stream overlap";
            last_end[event.stream] = event.end_ns();
        }
        for (const Operation& operation : run.schedule.operations) {
            const bool traced = operation.kind != OperationKind::alloc && operation.kind != OperationKind::free;
            EXPECT_EQ(seen[operation.id], traced ? 1 : 0) << to_string(operation.kind);
        }
    }
}

TEST(Executor, DependenciesHoldInTheTrace) {
    const AttentionInputs inputs(problem());
    const DispatchedCase c(problem(), "zigzag", 3);
    std::vector<RankRun> runs(3);
    run_local_ranks(3, [&](Communicator& communicator) {
        runs[static_cast<std::size_t>(communicator.rank())] = run_rank(c, "ring", inputs, communicator);
    });
    for (const RankRun& run : runs) {
        std::map<std::int64_t, TraceEvent> events;
        for (const TraceEvent& event : run.result.events) {
            if (event.category != Category::wait) {
                events[event.operation] = event;
            }
        }
        for (const Operation& operation : run.schedule.operations) {
            for (const std::int64_t before : operation.after) {
                if (events.count(before) != 0 && events.count(operation.id) != 0) {
                    EXPECT_GE(events[operation.id].start_ns, events[before].end_ns());
                }
            }
        }
    }
}

TEST(Executor, RefusesAScheduleThatWaitsForItself) {
    const AttentionInputs inputs(problem());
    const DispatchedCase c(problem(), "zigzag", 1);
    Schedule schedule = write_ring(c.input(0), Pass::forward);
    schedule.operations[0].after = {1};  // of the same stream, later
    const RankTensors tensors(inputs, c.tokens[0]);
    const std::unique_ptr<Kernel> kernel = make_cpu_kernel(1);
    EXPECT_THROW(run_local_ranks(1,
                                 [&](Communicator& communicator) {
                                     (void)execute(
                                         {schedule, c.problem.shape, c.masks, c.tokens, *kernel, tensors.view()},
                                         communicator, {});
                                 }),
                 Error);
}

TEST(Executor, CancellingWhileARankWaitsEndsIt) {
    const AttentionInputs inputs(problem());
    const DispatchedCase c(problem(), "zigzag", 2);
    const std::unique_ptr<Kernel> kernel = make_cpu_kernel(1);
    std::atomic<bool> cancelled{false};
    try {
        run_local_ranks(2, [&](Communicator& communicator) {
            if (communicator.rank() == 1) {
                return;  // never sends: rank 0 can only wait
            }
            const Schedule schedule = write_ring(c.input(0), Pass::forward);
            const RankTensors tensors(inputs, c.tokens[0]);
            (void)execute({schedule, c.problem.shape, c.masks, c.tokens, *kernel, tensors.view()}, communicator,
                          {[&] { cancelled = true; }, nullptr, &cancelled});
        });
        FAIL() << "not cancelled";
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::cancelled);
    }
}

}  // namespace
}  // namespace longscope
