// SPDX-License-Identifier: GPL-3.0-or-later
// Compositions over the libraries that are installed here compute what the float64 reference computes.
#include "profiler/peers/composition.h"

#include <gtest/gtest.h>

#include <limits>

#include "engine/base/error.h"
#include "profiler/peers/softmax_loops.h"
#include "tests/support/reference_gradients.h"

namespace longscope {
namespace {

struct LibraryCase {
    const char* name;
    std::unique_ptr<GemmLibrary> (*load)();
};

void PrintTo(const LibraryCase& library, std::ostream* out) {
    *out << library.name;
}

double relative_error(const std::vector<float>& given, const std::vector<double>& expected) {
    EXPECT_EQ(given.size(), expected.size());
    double squares = 0;
    double norm = 0;
    for (std::size_t i = 0; i < given.size(); ++i) {
        squares += (given[i] - expected[i]) * (given[i] - expected[i]);
        norm += expected[i] * expected[i];
    }
    return std::sqrt(squares / norm);
}

class CompositionOf : public testing::TestWithParam<LibraryCase> {
  protected:
    // Null, and the test skipped, where it is not installed.
    [[nodiscard]] static std::unique_ptr<GemmLibrary> library() {
        try {
            return GetParam().load();
        } catch (const Error& error) {
            EXPECT_EQ(error.kind(), ErrorKind::unsupported);
            EXPECT_NE(std::string(error.what()).find("not installed: no "), std::string::npos) << error.what();
            return nullptr;
        }
    }
    static PeerTask task_of(const AttentionCase& c, const BackwardInputs& inputs, const Mask& mask,
                            Direction direction) {
        PeerTask task;
        task.direction = direction;
        task.shape = c.shape;
        task.mask = &mask;
        task.expression = c.mask_json;
        task.domain = &c.domain;
        task.queries = inputs.forward.q();
        task.keys = inputs.forward.k();
        task.values = inputs.forward.v();
        task.output_gradients = inputs.dout();
        task.scale = c.scale();
        return task;
    }
    // Grouped heads, two dims, several blocks of rows, more rows than keys that some of them see.
    static std::vector<AttentionCase> cases() {
        std::vector<AttentionCase> all;
        for (const char* mask :
             {R"({"full": {}})", R"({"causal": {}})", R"({"window": {"left": 20, "right": 3}})",
              R"({"and": [{"documents": {}}, {"causal": {}}]})",
              R"({"and": [{"causal": {}}, {"not": {"sink": {"tokens": 5}}}]})",
              R"({"random_block_sparse": {"q_block": 16, "k_block": 32, "kept": 0.3, "seed": 4}})"}) {
            AttentionCase& one = all.emplace_back();
            one.shape = {1, 4, 2, 24, 40, DType::float32};
            one.domain.query_tokens = 700;
            one.domain.key_tokens = 700;
            one.domain.cu_seqlens = {0, 130, 131, 700};
            one.mask_json = mask;
        }
        return all;
    }
};

TEST_P(CompositionOf, EqualsTheReferenceInBothDirections) {
    std::unique_ptr<GemmLibrary> loaded = library();
    if (loaded == nullptr) {
        GTEST_SKIP() << GetParam().name << " is not installed";
    }
    EXPECT_FALSE(loaded->version().empty());
    EXPECT_FALSE(loaded->dispatch().empty());
    for (const BackwardWeights weights : {BackwardWeights::recomputed, BackwardWeights::stored}) {
        const auto peer = make_composition(GetParam().load(), weights, 2);
        for (const AttentionCase& c : cases()) {
            SCOPED_TRACE(c.text());
            const BackwardInputs inputs(c);
            const ReferenceGradients expected = reference_gradients(c, inputs);
            const auto mask = c.mask();
            peer->prepare(task_of(c, inputs, *mask, Direction::forward));
            EXPECT_GT(peer->repeat(), 0);
            EXPECT_LE(relative_error(peer->results().at(0), expected.forward.output), 1e-6);

            peer->prepare(task_of(c, inputs, *mask, Direction::backward));
            for (int repetition = 0; repetition < 2; ++repetition) {  // the second must not add to the first
                EXPECT_GT(peer->repeat(), 0);
            }
            const PeerResults gradients = peer->results();
            ASSERT_EQ(gradients.size(), 3U);
            EXPECT_LE(relative_error(gradients[0], expected.queries), 3e-6);
            EXPECT_LE(relative_error(gradients[1], expected.keys), 3e-6);
            EXPECT_LE(relative_error(gradients[2], expected.values), 3e-6);
            peer->release();
        }
    }
}

TEST_P(CompositionOf, ComputesOneQueryAndRefusesOtherTypes) {
    std::unique_ptr<GemmLibrary> loaded = library();
    if (loaded == nullptr) {
        GTEST_SKIP() << GetParam().name << " is not installed";
    }
    const auto peer = make_composition(std::move(loaded), BackwardWeights::recomputed, 1);
    EXPECT_EQ(peer->facts().threads, 1);
    AttentionCase c;
    c.shape = {1, 8, 1, 32, 32, DType::float32};
    c.domain.query_tokens = 1;
    c.domain.key_tokens = 3000;
    const BackwardInputs inputs(c);
    const auto mask = c.mask();
    peer->prepare(task_of(c, inputs, *mask, Direction::forward));
    (void)peer->repeat();
    // Eight rows only, of many keys whose values nearly cancel: single precision sums no better.
    EXPECT_LE(relative_error(peer->results().at(0), reference_attention(c, inputs.forward).output), 2e-6);
    c.shape.dtype = DType::bfloat16;
    try {
        peer->prepare(task_of(c, inputs, *mask, Direction::forward));
        FAIL() << "not refused";
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::unsupported);
    }
}

INSTANTIATE_TEST_SUITE_P(Libraries, CompositionOf,
                         testing::Values(LibraryCase{"OpenBLAS", load_openblas}, LibraryCase{"oneDNN", load_onednn}),
                         [](const auto& instance) { return instance.param.name; });

TEST(SoftmaxLoops, EqualPlainOnesForEveryCount) {
    for (std::int64_t count = 0; count < 100; ++count) {
        std::vector<float> a = normal_tensor(1, 0, count);
        std::vector<float> b = normal_tensor(1, 1, count);
        float largest = -std::numeric_limits<float>::infinity();
        double dot = 0;
        for (std::size_t i = 0; i < a.size(); ++i) {
            largest = std::max(largest, a[i]);
            dot += double{a[i]} * b[i];
        }
        EXPECT_EQ(largest_of(a.data(), count), largest);
        EXPECT_NEAR(dot_of(a.data(), b.data(), count), dot, 1e-4);
        std::vector<float> powers = a;
        const float sum = powers_of_two(powers.data(), count, 1.5F, 0.25F);
        double expected_sum = 0;
        for (std::size_t i = 0; i < a.size(); ++i) {
            const double expected = std::exp2(double{a[i]} * 1.5 - 0.25);
            EXPECT_NEAR(powers[i], expected, 1e-6 * expected);
            expected_sum += expected;
        }
        EXPECT_NEAR(sum, expected_sum, 1e-5 * expected_sum);
        score_gradients(a.data(), b.data(), count, 0.5F);
        const std::vector<float> raw = normal_tensor(1, 1, count);
        for (std::size_t i = 0; i < a.size(); ++i) {
            EXPECT_NEAR(b[i], a[i] * (raw[i] - 0.5F), 1e-6);
        }
        multiply_by(a.data(), count, 2.0F);
        const std::vector<float> before = normal_tensor(1, 0, count);
        for (std::size_t i = 0; i < a.size(); ++i) {
            EXPECT_EQ(a[i], 2.0F * before[i]);
        }
    }
}

}  // namespace
}  // namespace longscope
