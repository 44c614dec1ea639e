// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/execute/executor.h"

#include <gtest/gtest.h>

#include <algorithm>
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

// Computes as another one and tells of two commands of a device.
class DeviceKernel final : public Kernel {
  public:
    void attend(const AttendInput& input, Partial& out, const AttendHooks& hooks) const override {
        kernel_->attend(input, out, {});
        const Nanoseconds now = now_ns();
        // The second was asked for before the first began, and waited for it from then on.
        hooks.device({DeviceWork::upload, now - 900, now - 700, now - 300, 64, 0.0});
        hooks.device({DeviceWork::compute, now - 800, now - 400, now - 100, 32, 5.0});
    }
    void attend_backward(const AttendBackwardInput& input, const AttendGradients& out,
                         const AttendHooks& hooks) const override {
        kernel_->attend_backward(input, out, hooks);
    }
    [[nodiscard]] std::string description() const override { return "a device"; }

  private:
    std::unique_ptr<Kernel> kernel_ = make_cpu_kernel(1);
};

TEST(Executor, WhatADeviceDidIsAPartOfItsAttendOnStreamsOfItsOwn) {
    const AttentionInputs inputs(problem());
    const DispatchedCase c(problem(), "zigzag", 1);
    const Schedule schedule = write_ring(c.input(0), Pass::forward);
    const RankTensors tensors(inputs, c.tokens[0]);
    const DeviceKernel kernel;
    ExecuteResult result;
    run_local_ranks(1, [&](Communicator& communicator) {
        result = execute({schedule, c.problem.shape, c.masks, c.tokens, kernel, tensors.view()}, communicator, {});
    });
    const auto attend = std::find_if(result.events.begin(), result.events.end(),
                                     [](const TraceEvent& event) { return event.category == Category::attend; });
    ASSERT_NE(attend, result.events.end());
    std::vector<TraceEvent> of_device;
    for (const TraceEvent& event : result.events) {
        if (event.operation == attend->operation && is_of_device(event.stream)) {
            EXPECT_EQ(event.step, attend->step);
            of_device.push_back(event);
        }
    }
    ASSERT_EQ(of_device.size(), 4U);
    const std::vector<std::pair<Stream, Category>> places{{Stream::device_queue, Category::queue},
                                                          {Stream::device_upload, Category::upload},
                                                          {Stream::device_queue, Category::queue},
                                                          {Stream::device_compute, Category::kernel}};
    for (std::size_t i = 0; i < places.size(); ++i) {
        EXPECT_EQ(std::pair(of_device[i].stream, of_device[i].category), places[i]) << i;
    }
    EXPECT_EQ(of_device[0].duration_ns, 200);
    EXPECT_EQ(of_device[1].duration_ns, 400);
    EXPECT_EQ(of_device[1].bytes, 64);
    EXPECT_EQ(of_device[2].start_ns, of_device[1].start_ns) << "in the queue behind the first until that began";
    EXPECT_EQ(of_device[2].duration_ns, 300);
    EXPECT_EQ(of_device[3].duration_ns, 300);
    EXPECT_EQ(of_device[3].flops, 5.0);
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

// The schedule is what is carried out: without an operation the result is another one, or an error says what is wrong.
class BackwardSchedule : public testing::Test {
  protected:
    // The operation, counted from the first of its kind.
    static std::size_t find(const Schedule& schedule, OperationKind kind, std::int64_t number = 0) {
        for (const Operation& operation : schedule.operations) {
            if (operation.kind == kind && number-- == 0) {
                return static_cast<std::size_t>(operation.id);
            }
        }
        ADD_FAILURE() << "there is no such " << to_string(kind);
        return 0;
    }

    // Gradients of both ranks, with the schedule of rank 0 changed.
    template <typename Change>
    Gradients run(const std::string& strategy, Change change) const {
        Gradients all(inputs_.forward);
        const std::unique_ptr<Kernel> kernel = make_cpu_kernel(1);
        std::vector<ExecuteResult> results(2);
        run_local_ranks(2, [&](Communicator& communicator) {
            Schedule schedule = find_strategy(strategy).forward_backward(case_.input(communicator.rank()));
            if (communicator.rank() == 0) {
                change(schedule);
            }
            open_groups(schedule, communicator);
            const auto rank = static_cast<std::size_t>(communicator.rank());
            const RankTensors tensors(inputs_, case_.tokens[rank]);
            results[rank] = execute({schedule, case_.problem.shape, case_.masks, case_.tokens, *kernel, tensors.view()},
                                    communicator, {});
        });
        for (std::size_t rank = 0; rank < 2; ++rank) {
            scatter(results[rank].gradients, case_.tokens[rank], inputs_.forward, all);
        }
        return all;
    }

    template <typename Change>
    std::string error_of(const std::string& strategy, Change change) const {
        try {
            (void)run(strategy, change);
        } catch (const Error& error) {
            EXPECT_EQ(error.kind(), ErrorKind::failed);
            return error.what();
        }
        return "no error";
    }

    DispatchedCase case_{problem(), "zigzag", 2};
    BackwardInputs inputs_{problem()};
};

TEST_F(BackwardSchedule, WithoutAReduceTheSumsAreOthers) {
    const auto nothing = [](Schedule&) {};
    for (const auto& [strategy, kind] : {std::pair{"ring", OperationKind::reduce},
                                         {"all_gather", OperationKind::scatter_add},
                                         {"ulysses", OperationKind::scatter_add},
                                         {"ring", OperationKind::attend_backward},
                                         {"ring", OperationKind::delta}}) {
        const Gradients right = run(strategy, nothing);
        const Gradients wrong = run(strategy, [&, operation_kind = kind](Schedule& schedule) {
            Operation& operation = schedule.operations[find(schedule, operation_kind)];
            operation.kind = OperationKind::free;  // of a buffer that is not there
            operation.buffer = 1000;
        });
        EXPECT_NE(right, wrong) << strategy << " without " << to_string(kind);
    }
}

TEST_F(BackwardSchedule, WhatDoesNotFitTogetherIsSaid) {
    EXPECT_NE(error_of("ring",
                       [](Schedule& schedule) {
                           schedule.operations[find(schedule, OperationKind::attend_backward)].delta = 3;
                       })
                  .find("buffer 3 holds partial where delta are needed"),
              std::string::npos);
    EXPECT_NE(error_of("ulysses",
                       [](Schedule& schedule) {
                           schedule.operations[find(schedule, OperationKind::attend_backward)].output_gradients =
                               own_output_gradients;
                       })
                  .find("queries, keys and result do not fit together"),
              std::string::npos);
    EXPECT_NE(error_of("all_gather",
                       [](Schedule& schedule) {
                           Operation& operation = schedule.operations[find(schedule, OperationKind::scatter_add)];
                           operation.role = BufferRole::partial;
                           operation.into = 3;
                       })
                  .find("adds to partial, which are no sums"),
              std::string::npos);
    for (const auto& [offset, message] : {std::pair{std::int64_t{2}, "sums do not begin between floats"},
                                          {std::int64_t{1} << 40, "a message is too short for its blocks"}}) {
        EXPECT_NE(error_of("all_gather",
                           [bytes = offset](Schedule& schedule) {
                               schedule.operations[find(schedule, OperationKind::scatter_add)].offset_bytes = bytes;
                           })
                      .find(message),
                  std::string::npos);
    }
    EXPECT_NE(error_of("ring",
                       [](Schedule& schedule) {
                           Operation free;
                           free.id = static_cast<std::int64_t>(schedule.operations.size());
                           free.kind = OperationKind::free;
                           free.buffer = 6;
                           schedule.operations.push_back(free);
                       })
                  .find("it ends with 0 buffers of query_gradients"),
              std::string::npos);
}

TEST_F(BackwardSchedule, NeedsTheGradientsOfTheOutput) {
    const std::unique_ptr<Kernel> kernel = make_cpu_kernel(1);
    const DispatchedCase one(problem(), "zigzag", 1);
    const RankTensors forward_only(inputs_.forward, one.tokens[0]);
    try {
        run_local_ranks(1, [&](Communicator& communicator) {
            (void)execute({write_ring(one.input(0), Pass::forward_backward), one.problem.shape, one.masks, one.tokens,
                           *kernel, forward_only.view()},
                          communicator, {});
        });
        FAIL() << "not refused";
    } catch (const Error& error) {
        EXPECT_STREQ(error.what(), "schedule: it has a backward pass, and there are no gradients of the output");
    }
}

TEST_F(BackwardSchedule, HasEveryOperationInItsTraceOnce) {
    std::vector<RankRun> runs(2);
    for (const char* strategy : {"ring", "all_gather", "ulysses", "rsa"}) {
        run_local_ranks(2, [&](Communicator& communicator) {
            runs[static_cast<std::size_t>(communicator.rank())] =
                run_rank_backward(case_, strategy, inputs_, communicator);
        });
        for (const RankRun& run : runs) {
            std::map<std::int64_t, int> seen;
            double flops = 0;
            for (const TraceEvent& event : run.result.events) {
                seen[event.operation] += event.category == Category::wait ? 0 : 1;
                flops += event.category == Category::wait ? 0 : event.flops;
            }
            for (const Operation& operation : run.schedule.operations) {
                const bool traced = operation.kind != OperationKind::alloc && operation.kind != OperationKind::free;
                EXPECT_EQ(seen[operation.id], traced ? 1 : 0) << strategy << " " << to_string(operation.kind);
            }
            EXPECT_DOUBLE_EQ(flops, totals(run.schedule).flops);
        }
    }
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
