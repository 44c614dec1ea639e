// SPDX-License-Identifier: GPL-3.0-or-later
// What a device did during a call, as the caller is told: on its own clock, complete, and copies while it computes.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>

#include "engine/execute/row_check.h"
#include "engine/kernel/opencl/device_clock.h"
#include "engine/kernel/opencl/opencl_kernel.h"
#include "engine/kernel/opencl/session_settings.h"
#include "engine/kernel/opencl/task_queue.h"
#include "tests/support/expect_error.h"
#include "tests/support/forward_case.h"
#include "tests/support/sanitized.h"
#include "tests/support/scoped_variable.h"

namespace longscope::opencl {
namespace {

// Loads the drivers before any kernel is made, so that they are unloaded after the kernels at the end of the program.
const bool drivers_first = !device_facts().empty();

using Commands = std::vector<DeviceCommand>;

std::unique_ptr<Kernel> kernel_with(const char* memory) {
    const ScopedVariable variable(memory_variable, memory);
    KernelOptions options;
    options.threads = 2;
    return make_opencl_kernel(options);
}

// The commands of a call, and when it began and ended.
struct Watched {
    Commands commands;
    Nanoseconds begin_ns = 0;
    Nanoseconds end_ns = 0;
    std::vector<float> result;
};

Watched watched_forward(const Kernel& kernel, const AttentionCase& c, const AttentionInputs& inputs) {
    Watched watched;
    ForwardCall call;
    call.hooks.device = [&](const DeviceCommand& command) { watched.commands.push_back(command); };
    watched.begin_ns = now_ns();
    watched.result = numbers(run_forward(kernel, c, inputs, call));
    watched.end_ns = now_ns();
    return watched;
}

Commands of_work(const Commands& commands, DeviceWork work, std::int64_t least_bytes) {
    Commands some;
    std::copy_if(commands.begin(), commands.end(), std::back_inserter(some),
                 [&](const DeviceCommand& command) { return command.work == work && command.bytes >= least_bytes; });
    return some;
}

AttentionCase causal_case() {
    return {{1, 4, 2, 40, 24, DType::float32}, {600, 600, {}}, R"({"causal": {}})", 2};
}

// Few rows, so that there is little to compute; 16 MiB of keys and values for each of four heads.
// More rows than are taken for decoding, which a device with memory of its own does otherwise.
AttentionCase wide_case() {
    return {{1, 4, 4, 128, 128, DType::float32}, {160, 16384, {}}, R"({"full": {}})", 2};
}

TEST(DeviceClock, BetweenTwoMarksTheDistanceChangesEvenly) {
    const ClockMark first{1'000, 51'000};
    const ClockMark last{2'000, 52'100};
    EXPECT_EQ(on_host_clock(1'000, first, last), 51'000);
    EXPECT_EQ(on_host_clock(1'500, first, last), 51'550);
    EXPECT_EQ(on_host_clock(2'000, first, last), 52'100);
    EXPECT_EQ(on_host_clock(1'700, first, first), 51'700) << "one mark alone";
}

// In deterministic times: what is to be told of a slice.
TEST(QueuedTasks, ReadWhatTheyShareOnce) {
    std::vector<QueuedTask> tasks(3);
    tasks[0] = {0, 0, 1.0, 1, 10, 500, 0};
    tasks[1] = {0, 1, 1.0, 1, 10, 300, 0};
    tasks[2] = {1, 0, 1.0, 1, 10, 200, 1};
    EXPECT_EQ(bytes_of(tasks), 30 + 500 + 200);
    EXPECT_EQ(bytes_of({}), 0);
}

TEST(DeviceEvents, LieWithinTheCallOnTheHostsClockAndInOrder) {
    const AttentionCase c = causal_case();
    const AttentionInputs inputs(c);
    ASSERT_TRUE(drivers_first) << why_no_device();
    const std::unique_ptr<Kernel> kernel = kernel_with("shared");
    // Marks of two clocks are as good as the time between two looks at one of them.
    constexpr Nanoseconds slack_ns = 1'000'000;
    for (int run = 0; run < 2; ++run) {
        const Watched watched = watched_forward(*kernel, c, inputs);
        ASSERT_FALSE(watched.commands.empty());
        Nanoseconds before_ns = 0;
        for (const DeviceCommand& command : watched.commands) {
            EXPECT_GE(command.queued_ns, watched.begin_ns - slack_ns);
            EXPECT_LE(command.queued_ns, command.start_ns);
            EXPECT_LE(command.start_ns, command.end_ns);
            EXPECT_LE(command.end_ns, watched.end_ns + slack_ns);
            EXPECT_GE(command.start_ns, before_ns);
            before_ns = command.start_ns;
        }
    }
}

TEST(DeviceEvents, SayWhatKernelsComputeAndMove) {
    const AttentionCase c = causal_case();
    const AttentionInputs inputs(c);
    const Watched watched = watched_forward(*kernel_with("shared"), c, inputs);
    double flops = 0;
    for (const DeviceCommand& command : of_work(watched.commands, DeviceWork::compute, 0)) {
        flops += command.flops;
        // Outputs alone, of all rows.
        EXPECT_GE(command.bytes, 4 * 600 * 24 * 4);
        EXPECT_GT(command.end_ns, command.start_ns);
    }
    // Of tiles: more than of the pairs alone, less than of all pairs of whole tiles.
    EXPECT_GE(flops, flops_of_head_pairs(c.shape, static_cast<double>(4 * c.mask()->pairs()), Direction::forward));
    EXPECT_LE(flops, 2.0 * 4 * 800 * 800 * 64);
    EXPECT_EQ(of_work(watched.commands, DeviceWork::pack, 1).size(), 2U) << "of keys and of values";
    EXPECT_TRUE(of_work(watched.commands, DeviceWork::download, 1).empty()) << "the memory is shared";
}

TEST(DeviceEvents, NobodyIsToldWhoDoesNotAsk) {
    const AttentionCase c = causal_case();
    const AttentionInputs inputs(c);
    const std::unique_ptr<Kernel> kernel = kernel_with("shared");
    const std::vector<float> alone = numbers(run_forward(*kernel, c, inputs));
    EXPECT_EQ(watched_forward(*kernel, c, inputs).result, alone);
}

TEST(CopiedMemory, GivesTheSameBitsAndMovesEveryTensorOnce) {
    const AttentionCase c = causal_case();
    const AttentionInputs inputs(c);
    const Watched in_place = watched_forward(*kernel_with("shared"), c, inputs);
    const Watched copied = watched_forward(*kernel_with("copied"), c, inputs);
    EXPECT_EQ(copied.result, in_place.result);
    const auto bytes_of_work = [&](DeviceWork work) {
        std::int64_t sum = 0;
        for (const DeviceCommand& command : of_work(copied.commands, work, 0)) {
            sum += command.bytes;
        }
        return sum;
    };
    const std::int64_t inputs_bytes = 4 * 600 * (4 * 40 + 2 * 40 + 2 * 24);
    EXPECT_GE(bytes_of_work(DeviceWork::upload), inputs_bytes);
    EXPECT_EQ(bytes_of_work(DeviceWork::download), 4 * 600 * 4 * (24 + 1)) << "outputs and lse";
}

TEST(CopiedMemory, OfRowsThatDoNotStandSideBySideAndOfGradientsToo) {
    const AttentionCase c = causal_case();
    const BackwardInputs inputs(c);
    const ReferenceGradients reference = reference_gradients(c, inputs);
    const std::unique_ptr<Kernel> in_place = kernel_with("shared");
    const std::unique_ptr<Kernel> copied = kernel_with("copied");
    ForwardCall call;
    call.row_gap = 5;
    EXPECT_EQ(numbers(run_forward(*copied, c, inputs.forward, call)),
              numbers(run_forward(*in_place, c, inputs.forward)));
    EXPECT_EQ(run_backward(*copied, c, inputs, reference), run_backward(*in_place, c, inputs, reference));
}

TEST(CopiedMemory, TheNextHeadsArriveAndTheLastOnesLeaveWhileHeadsAreComputed) {
    if (sanitizer_slowdown > 1) {
        GTEST_SKIP() << "a sanitizer does not see what a device does, and makes this take minutes";
    }
    const AttentionCase c = wide_case();
    const AttentionInputs inputs(c);
    const std::unique_ptr<Kernel> kernel = kernel_with("copied");
    const Watched watched = watched_forward(*kernel, c, inputs);
    EXPECT_EQ(watched.result, numbers(run_forward(*kernel_with("shared"), c, inputs)));
    // Keys, then values of a head; plans and queries are smaller.
    constexpr std::int64_t head_bytes = std::int64_t{16384} * 128 * 4;
    const Commands uploads = of_work(watched.commands, DeviceWork::upload, head_bytes);
    Commands computed = of_work(watched.commands, DeviceWork::compute, 0);
    // Parts of the keys, which a device with many units has, are merged without operations that count.
    std::erase_if(computed, [](const DeviceCommand& command) { return command.flops == 0.0; });
    const Commands downloads = of_work(watched.commands, DeviceWork::download, 160 * 128 * 4);
    ASSERT_EQ(uploads.size(), 8U);
    ASSERT_EQ(computed.size(), 4U);
    ASSERT_EQ(downloads.size(), 4U);
    for (std::size_t head = 0; head < 4; ++head) {
        EXPECT_GE(computed[head].start_ns, uploads[2 * head + 1].end_ns) << "a head is computed when it is there";
        EXPECT_GE(downloads[head].start_ns, computed[head].end_ns) << "and goes when it is computed";
        if (head > 0) {
            EXPECT_LT(uploads[2 * head].start_ns, computed[head - 1].end_ns)
                << "the copy of head " << head << " begins before the one before it has been computed";
        }
    }
}

// lse and delta are not those of a forward pass: copies are watched, and the same numbers are computed in place.
Watched watched_backward(const Kernel& kernel, const AttentionCase& c, const BackwardInputs& inputs,
                         const BackwardCall& call) {
    Watched watched;
    ReferenceGradients sums;
    const auto rows = static_cast<std::size_t>(c.shape.query_heads * c.domain.query_tokens);
    sums.forward.lse.assign(rows, 11.0);
    sums.delta.assign(rows, 0.5);
    BackwardCall told = call;
    told.hooks.device = [&](const DeviceCommand& command) { watched.commands.push_back(command); };
    const Gradients gradients = run_backward(kernel, c, inputs, sums, told);
    for (const std::vector<float>* part : {&gradients.queries, &gradients.keys, &gradients.values}) {
        watched.result.insert(watched.result.end(), part->begin(), part->end());
    }
    return watched;
}

TEST(CopiedMemory, GradientsOfHeadsLeaveWhileTheNextHeadsAreComputed) {
    if (sanitizer_slowdown > 1) {
        GTEST_SKIP() << "a sanitizer does not see what a device does, and makes this take minutes";
    }
    const AttentionCase c = wide_case();
    const BackwardInputs inputs(c);
    const Watched watched = watched_backward(*kernel_with("copied"), c, inputs, {});
    EXPECT_EQ(watched.result, watched_backward(*kernel_with("shared"), c, inputs, {}).result);
    constexpr std::int64_t head_bytes = std::int64_t{16384} * 128 * 4;
    const Commands uploads = of_work(watched.commands, DeviceWork::upload, head_bytes);
    const Commands downloads = of_work(watched.commands, DeviceWork::download, head_bytes);
    const Commands computed = of_work(watched.commands, DeviceWork::compute, 0);
    ASSERT_EQ(uploads.size(), 16U) << "keys, values and what is added to their gradients, of four heads, each once";
    ASSERT_EQ(downloads.size(), 8U) << "gradients of keys and values of four heads";
    ASSERT_EQ(computed.size(), 8U) << "of queries, then of keys and values, of four heads";
    // Of the first head sums come first, of the others inputs.
    for (std::size_t head = 0; head < 4; ++head) {
        EXPECT_GE(computed[2 * head].start_ns, uploads[4 * head + 3].end_ns) << "a head is computed when it is there";
        EXPECT_GE(downloads[2 * head].start_ns, computed[2 * head + 1].end_ns) << "and goes when it is computed";
        if (head > 0) {
            EXPECT_LT(uploads[4 * head + 3].start_ns, computed[2 * head - 1].end_ns)
                << "copies of head " << head << " begin before the one before it has been computed";
            EXPECT_LT(downloads[2 * head - 1].start_ns, computed[2 * head].end_ns)
                << "gradients of head " << head - 1 << " leave before the next one has been computed";
        }
    }
}

// A problem, and another one of the same dimensions: the keys that come next from another rank.
struct TwoCalls {
    AttentionCase first{{1, 2, 2, 64, 64, DType::float32}, {1500, 1500, {}}, R"({"full": {}})", 2};
    AttentionCase second = [this] {
        AttentionCase c = first;
        c.seed = 3;
        return c;
    }();
};

std::shared_ptr<const ReadAhead> read_ahead_of(const AttentionInputs& inputs) {
    return std::make_shared<const ReadAhead>(ReadAhead{inputs.q(), inputs.k(), inputs.v()});
}

Partial attend_announced(const Kernel& kernel, const AttentionCase& c, const AttentionInputs& inputs,
                         const AttendHooks& hooks) {
    const HeadMasks masks = c.masks();
    const TokenSet all({{0, c.domain.key_tokens}});
    const LocalMask mask(masks, all, all);
    Partial out(c.shape.query_heads, c.domain.query_tokens, c.shape.head_dim_v, MergeRule::softmax);
    kernel.attend({inputs.q(), inputs.k(), inputs.v(), &mask, c.scale()}, out, hooks);
    return out;
}

TEST(ReadAhead, KeysOfTheNextCallArriveWhileThisOneIsComputed) {
    const TwoCalls c;
    const AttentionInputs first(c.first);
    const AttentionInputs second(c.second);
    const std::unique_ptr<Kernel> kernel = kernel_with("copied");
    const std::shared_ptr<const ReadAhead> ahead = read_ahead_of(second);
    constexpr std::int64_t tensor_bytes = std::int64_t{2} * 1500 * 64 * 4;
    int asked = 0;
    Commands commands;
    ForwardCall call;
    call.hooks.next = [&] {
        ++asked;
        return ahead;
    };
    call.hooks.device = [&](const DeviceCommand& command) { commands.push_back(command); };
    static_cast<void>(run_forward(*kernel, c.first, first, call));
    EXPECT_EQ(asked, 1) << "until it is told";
    const Commands uploads = of_work(commands, DeviceWork::upload, tensor_bytes);
    ASSERT_EQ(uploads.size(), 5U) << "queries, keys and values of this call, keys and values of the next one";
    const Commands computed = of_work(commands, DeviceWork::compute, 1);
    // Begun when a thread of the processor is free: that they overlap is for tests of runs.
    EXPECT_GT(uploads[3].queued_ns, computed.front().queued_ns);

    for (const bool as_announced : {true, false}) {
        SCOPED_TRACE(as_announced);
        commands.clear();
        AttendHooks hooks;
        hooks.device = call.hooks.device;
        hooks.announced = as_announced ? ahead : nullptr;
        const Partial out = attend_announced(*kernel, c.second, second, hooks);
        EXPECT_EQ(of_work(commands, DeviceWork::upload, tensor_bytes).size(), as_announced ? 1U : 3U);
        EXPECT_EQ(numbers(out), numbers(run_forward(*kernel_with("shared"), c.second, second)));
    }
}

TEST(ReadAhead, WhatWasToldIsVoidWhenAnotherCallComes) {
    const TwoCalls c;
    const AttentionInputs first(c.first);
    const std::unique_ptr<Kernel> kernel = kernel_with("copied");
    AttentionInputs other(c.second);
    const std::shared_ptr<const ReadAhead> ahead = read_ahead_of(other);
    ForwardCall call;
    call.hooks.next = [&] { return ahead; };
    // The same memory, other numbers, and told of by somebody else.
    const std::vector<float> keys = other.keys;
    for (const std::shared_ptr<const ReadAhead>& told : {std::shared_ptr<const ReadAhead>(), read_ahead_of(other)}) {
        std::copy(keys.begin(), keys.end(), other.keys.begin());
        static_cast<void>(run_forward(*kernel, c.first, first, call));
        std::copy(first.keys.begin(), first.keys.end(), other.keys.begin());
        AttendHooks hooks;
        hooks.announced = told;
        EXPECT_EQ(numbers(attend_announced(*kernel, c.second, other, hooks)),
                  numbers(attend_announced(*kernel_with("shared"), c.second, other, {})));
    }
}

TEST(ReadAhead, OfABackwardCallToo) {
    const TwoCalls c;
    const BackwardInputs first(c.first);
    const AttentionInputs second(c.second);
    BackwardCall call;
    call.hooks.next = [ahead = read_ahead_of(second)] { return ahead; };
    const std::unique_ptr<Kernel> kernel = kernel_with("copied");
    const Watched watched = watched_backward(*kernel, c.first, first, call);
    constexpr std::int64_t tensor_bytes = std::int64_t{2} * 1500 * 64 * 4;
    const Commands uploads = of_work(watched.commands, DeviceWork::upload, tensor_bytes);
    const Commands computed = of_work(watched.commands, DeviceWork::compute, 1);
    ASSERT_EQ(uploads.size(), 9U) << "four inputs, three sums, and keys and values of the next call";
    EXPECT_LT(uploads[7].queued_ns, computed.back().queued_ns) << "before the last kernel is asked for";
    EXPECT_EQ(watched.result, watched_backward(*kernel_with("shared"), c.first, first, {}).result);
}

TEST(SessionSettings, RefuseWhatTheyDoNotKnow) {
    for (const char* wrong : {"0", "-1", "soon", "1e9", "nan"}) {
        const ScopedVariable variable(watchdog_variable, wrong);
        expect_error(ErrorKind::bad_input, {watchdog_variable, wrong, "seconds"},
                     [] { static_cast<void>(asked_watchdog_ns()); });
    }
    const ScopedVariable seconds(watchdog_variable, "1.5");
    EXPECT_EQ(asked_watchdog_ns(), 1'500'000'000);
    const ScopedVariable memory(memory_variable, "mine");
    expect_error(ErrorKind::bad_input, {memory_variable, "mine", "shared, copied"},
                 [] { static_cast<void>(asks_for_copies()); });
}

}  // namespace
}  // namespace longscope::opencl
