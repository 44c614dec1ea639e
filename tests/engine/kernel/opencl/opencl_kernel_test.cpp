// SPDX-License-Identifier: GPL-3.0-or-later
// What is the opencl backend's own; that it is exact is the test of every backend (cpu_kernel_test.cpp and others).
#include <gtest/gtest.h>

#include <unistd.h>

#include <fstream>
#include <limits>
#include <thread>

#include "engine/execute/row_check.h"
#include "engine/kernel/opencl/opencl_kernel.h"
#include "tests/support/backends.h"
#include "tests/support/expect_error.h"
#include "tests/support/forward_case.h"
#include "tests/support/sanitized.h"

namespace longscope {
namespace {

// Loads the drivers before any kernel is made, so that they are unloaded after the kernels at the end of the program.
const bool drivers_first = !opencl::device_facts().empty();

constexpr auto causal = R"({"causal": {}})";

AttentionCase make_case(std::int64_t tokens) {
    return {{1, 4, 2, 40, 24, DType::float32}, {tokens, tokens, {}}, causal, 2};
}

std::int64_t resident_bytes() {
    std::ifstream file("/proc/self/statm");
    std::int64_t whole = 0;
    std::int64_t resident = 0;
    file >> whole >> resident;
    return resident * sysconf(_SC_PAGESIZE);
}

// Small enough for a simulator of devices (oclgrind), which sees what a device does not tell.
TEST(OpenClSmall, EveryKernelWithEveryClassOfTilesIsExact) {
    AttentionCase plain{{1, 2, 1, 5, 6, DType::float32}, {205, 270, {}}, R"({"window": {"left": 230, "right": 0}})", 4};
    AttentionCase scored = plain;
    scored.scoring = {3.0, true, 2, 0.1, std::nullopt, false};
    AttentionCase half = plain;
    half.shape.dtype = DType::float16;
    ASSERT_TRUE(drivers_first) << opencl::why_no_device();
    // Rows that are alike, and a last tile of keys that is not full.
    AttentionCase alike = plain;
    alike.domain = {60, 32, {}};
    alike.mask_json = R"({"full": {}})";
    for (const AttentionCase& c : {alike, plain, scored, half}) {
        SCOPED_TRACE(c.text());
        const BackwardInputs inputs(c);
        const ReferenceGradients reference = reference_gradients(c, inputs);
        for (const std::string_view backend : opencl_backends) {
            SCOPED_TRACE(backend);
            const Kernel& kernel = made_backend(backend, 2);
            const AttentionError error =
                error_of(reference_attention(c, inputs.forward), run_forward(kernel, c, inputs.forward));
            EXPECT_LE(error.output_relative_l2, output_error_limit(c.shape.dtype, c.domain.key_tokens));
            EXPECT_LE(error.lse_absolute, c.shape.dtype == DType::float32 ? 1e-5 : 1e-3);
            const Gradients got = run_backward(kernel, c, inputs, reference);
            EXPECT_LE(error_of_gradients(reference, got).worst(), gradient_bound(c.shape.dtype, c.domain.key_tokens));
        }
    }
}

TEST(OpenClKernel, IsBitEqualFromRunToRunAndForAnyNumberOfThreads) {
    const AttentionCase c = make_case(700);
    const AttentionInputs inputs(c);
    for (const std::string_view backend : opencl_backends) {
        const std::vector<float> one = numbers(run_forward(made_backend(backend, 1), c, inputs));
        for (const int threads : {1, 2, 64}) {
            for (int run = 0; run < 3; ++run) {
                EXPECT_EQ(numbers(run_forward(made_backend(backend, threads), c, inputs)), one) << backend << threads;
            }
        }
    }
}

TEST(OpenClKernel, GradientsAreBitEqualFromRunToRunAndForAnyNumberOfThreads) {
    const AttentionCase c = make_case(500);
    const BackwardInputs inputs(c);
    const ReferenceGradients reference = reference_gradients(c, inputs);
    for (const std::string_view backend : opencl_backends) {
        const Gradients one = run_backward(made_backend(backend, 1), c, inputs, reference);
        for (const int threads : {1, 2, 64}) {
            EXPECT_EQ(run_backward(made_backend(backend, threads), c, inputs, reference), one) << backend << threads;
        }
    }
}

// As when a model decodes: too few tiles of rows for any device.
TEST(OpenClKernel, SharesOutTheKeysOfFewQueriesAndMergesThemInOrder) {
    constexpr auto window = R"({"window": {"left": 700, "right": 0}})";
    for (const char* mask : {causal, window}) {
        for (const std::int64_t queries : {1, 7, 64}) {
            AttentionCase plain{{1, 1, 1, 40, 24, DType::float32}, {queries, 2100, {}}, mask, 5};
            AttentionCase sigmoid = plain;
            sigmoid.scoring.sigmoid_bias = -7.0;
            AttentionCase scored = plain;
            scored.scoring = {20.0, true, 1, 0.1, std::nullopt, false};
            for (const AttentionCase& c : {plain, sigmoid, scored}) {
                SCOPED_TRACE(c.text());
                const AttentionInputs inputs(c);
                const ReferenceResult reference = reference_attention(c, inputs);
                for (const std::string_view backend : opencl_backends) {
                    SCOPED_TRACE(backend);
                    std::vector<std::string> told;
                    std::atomic<std::int64_t> pairs{0};
                    ForwardCall call;
                    call.hooks.explain = [&](const std::string& line) { told.push_back(line); };
                    call.hooks.head_pairs_done = &pairs;
                    const Partial out = run_forward(made_backend(backend, 2), c, inputs, call);
                    ASSERT_EQ(told.size(), 1U);
                    EXPECT_NE(told[0].find("parts, merged in order"), std::string::npos) << told[0];
                    EXPECT_EQ(pairs, c.mask()->pairs());
                    const AttentionError error = error_of(reference, out);
                    EXPECT_LE(error.output_relative_l2, 1e-6);
                    if (!c.scoring.sigmoid_bias) {
                        EXPECT_LE(error.lse_absolute, 1e-5);
                    }
                    EXPECT_EQ(numbers(run_forward(made_backend(backend, 1), c, inputs)), numbers(out));
                }
            }
        }
    }
}

// Keys and values are read where they lie where a processor decodes.
TEST(OpenClKernel, DecodesInEveryTypeForHeadsThatShareKeysAndMasksOfTheirOwn) {
    for (const DType dtype : {DType::float32, DType::bfloat16, DType::float16}) {
        for (const std::int64_t queries : {1, 3, 11}) {
            for (const auto& [qk, v] : {std::pair<std::int64_t, std::int64_t>{40, 24}, {16, 96}}) {
                AttentionCase c{{1, 10, 2, qk, v, dtype}, {queries, 1037, {}}, causal, 6};
                SCOPED_TRACE(c.text());
                const AttentionInputs inputs(c);
                const AttentionError error =
                    error_of(reference_attention(c, inputs), run_forward(made_backend("opencl", 2), c, inputs));
                EXPECT_LE(error.output_relative_l2, output_error_limit(dtype, 1037));
                EXPECT_LE(error.lse_absolute, dtype == DType::float32 ? 1e-5 : 1e-3);
            }
        }
    }
}

TEST(OpenClKernel, DecodesWithWhatPositionsAndBiasesChange) {
    for (const ScoringCase& scoring :
         {ScoringCase{0.0, true, 0, 0.0, std::nullopt, false}, ScoringCase{0.0, false, 1, 0.0, std::nullopt, false},
          ScoringCase{20.0, true, 10, 0.1, std::nullopt, false}, ScoringCase{0.0, true, 10, 0.1, -7.0, false}}) {
        for (const std::int64_t queries : {1, 3, 11}) {
            AttentionCase c{{1, 10, 2, 40, 24, DType::float32}, {queries, 1037, {}}, causal, 6};
            c.scoring = scoring;
            SCOPED_TRACE(c.text());
            const AttentionInputs inputs(c);
            std::string told;
            ForwardCall call;
            call.hooks.explain = [&](const std::string& line) { told = line; };
            const AttentionError error =
                error_of(reference_attention(c, inputs), run_forward(made_backend("opencl", 2), c, inputs, call));
            EXPECT_NE(told.find("keys where they lie"), std::string::npos) << told;
            EXPECT_LE(error.output_relative_l2, output_error_limit(DType::float32, 1037));
            if (!scoring.sigmoid_bias) {
                EXPECT_LE(error.lse_absolute, 1e-5);
            }
        }
    }
}

TEST(OpenClKernel, DecodesWithoutTouchingWhatABiasHides) {
    constexpr float infinity = std::numeric_limits<float>::infinity();
    AttentionCase c{{1, 2, 1, 16, 16, DType::float32}, {3, 700, {}}, R"({"full": {}})", 6};
    c.scoring.bias_heads = 1;
    AttentionInputs inputs(c);
    constexpr std::size_t hidden = 437;
    for (std::size_t row = 0; row < 3; ++row) {
        inputs.bias[row * 700 + hidden] = -infinity;
    }
    const std::vector<float> clean = numbers(run_forward(made_backend("opencl", 2), c, inputs));
    inputs.values[hidden * 16 + 4] = infinity;
    inputs.values[hidden * 16 + 5] = std::numeric_limits<float>::quiet_NaN();
    EXPECT_EQ(numbers(run_forward(made_backend("opencl", 2), c, inputs)), clean);
}

TEST(OpenClKernel, DecodesWithoutTouchingWhatIsHidden) {
    constexpr float infinity = std::numeric_limits<float>::infinity();
    AttentionCase c{{1, 2, 1, 16, 16, DType::float32}, {3, 700, {}}, R"({"window": {"left": 400, "right": 0}})", 6};
    AttentionInputs inputs(c);
    const std::vector<float> clean = numbers(run_forward(made_backend("opencl", 2), c, inputs));
    for (const std::int64_t hidden : {5, 250}) {
        inputs.keys[static_cast<std::size_t>(hidden * 16 + 3)] = std::numeric_limits<float>::quiet_NaN();
        inputs.values[static_cast<std::size_t>(hidden * 16 + 4)] = -infinity;
    }
    inputs.values[699 * 16 + 4] = infinity;  // seen by the last row alone
    const Partial got = run_forward(made_backend("opencl", 2), c, inputs);
    const std::vector<float> all = numbers(got);
    for (std::int64_t head = 0; head < 2; ++head) {
        for (std::int64_t i = 0; i < 3 * 16; ++i) {
            const auto at = static_cast<std::size_t>(head * 3 * 16 + i);
            if (i == 2 * 16 + 4) {
                EXPECT_EQ(all[at], infinity);
            } else {
                EXPECT_NEAR(all[at], clean[at], 1e-6) << i;
            }
        }
    }
}

TEST(OpenClKernel, CountsPairsAndPollsOnTheCallingThreadOnly) {
    const AttentionCase c = make_case(500);
    const AttentionInputs inputs(c);
    std::atomic<std::int64_t> pairs{0};
    std::atomic<int> foreign_polls{0};
    int polls = 0;
    ForwardCall call;
    call.hooks.head_pairs_done = &pairs;
    call.hooks.poll = [&, caller = std::this_thread::get_id()] {
        if (std::this_thread::get_id() == caller) {
            ++polls;
        } else {
            ++foreign_polls;
        }
    };
    static_cast<void>(run_forward(made_backend("opencl", 2), c, inputs, call));
    EXPECT_EQ(pairs, 4 * c.mask()->pairs());
    EXPECT_GT(polls, 0);
    EXPECT_EQ(foreign_polls, 0);
}

TEST(OpenClKernel, StopsWhenCancelledAndComputesAfterwards) {
    const AttentionCase c = make_case(300);
    const AttentionInputs inputs(c);
    const std::atomic<bool> cancelled{true};
    ForwardCall call;
    call.hooks.cancelled = &cancelled;
    expect_error(ErrorKind::cancelled, {"cancelled"},
                 [&] { static_cast<void>(run_forward(made_backend("opencl", 2), c, inputs, call)); });
    const AttentionError error =
        error_of(reference_attention(c, inputs), run_forward(made_backend("opencl", 2), c, inputs));
    EXPECT_LE(error.output_relative_l2, 1e-6);
}

TEST(OpenClKernel, CallsFromSeveralThreadsDoNotDisturbEachOther) {
    const AttentionCase c = make_case(300);
    const AttentionInputs inputs(c);
    const Kernel& kernel = made_backend("opencl", 2);
    const std::vector<float> alone = numbers(run_forward(kernel, c, inputs));
    std::vector<std::vector<float>> results(4);
    std::vector<std::thread> threads;
    for (std::vector<float>& result : results) {
        threads.emplace_back([&] { result = numbers(run_forward(kernel, c, inputs)); });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    for (const std::vector<float>& result : results) {
        EXPECT_EQ(result, alone);
    }
}

TEST(OpenClKernel, AThousandRunsTakeNoMoreMemoryThanAHundred) {
    if (sanitizer_slowdown > 1) {
        GTEST_SKIP() << "a sanitizer keeps what was freed, and looks for leaks itself";
    }
    const AttentionCase c = make_case(70);
    const BackwardInputs inputs(c);
    const ReferenceGradients reference = reference_gradients(c, inputs);
    const Kernel& kernel = made_backend("opencl", 2);
    const auto run = [&](int times) {
        for (int i = 0; i < times; ++i) {
            static_cast<void>(run_forward(kernel, c, inputs.forward));
            static_cast<void>(run_backward(kernel, c, inputs, reference));
        }
    };
    run(100);
    const std::int64_t before = resident_bytes();
    run(1000);
    // A leak of one buffer, event or kernel a run would be 200 bytes at the least.
    EXPECT_LE(resident_bytes() - before, 1000 * 200);
}

}  // namespace
}  // namespace longscope
