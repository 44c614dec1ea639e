// SPDX-License-Identifier: GPL-3.0-or-later
// Soft cap, ALiBi, bias, sinks and sigmoid attention on the user's own tensors: what attend computes and verify checks.
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "engine/tensor/tensor_file.h"
#include "tests/support/run_engine.h"
#include "tests/support/scoring_cases.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/tensor_files.h"

namespace longscope {
namespace {

class ScoringVerbs : public testing::Test {
  protected:
    ScoringVerbs() {
        problem_.shape = {1, 4, 2, 16, 24, DType::float32};
        problem_.domain = {70, 110, {}};
        problem_.mask_json = R"({"causal": {}})";
    }

    [[nodiscard]] std::string file(const std::string& name) const { return (folder_.path() / name).string(); }
    void write(const std::string& name, const std::vector<float>& values, const std::vector<std::int64_t>& shape,
               ElementType type = ElementType::float32) const {
        std::vector<std::byte> bytes(values.size() * static_cast<std::size_t>(size_bytes(type)));
        from_float(values, type, bytes);
        std::ofstream out(file(name), std::ios::binary);
        out << npy_header(shape, type);
        out.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    }
    // The inputs of a scoring as files, and the options that name them.
    std::vector<std::string> ask(const ScoringCase& scoring) {
        problem_.scoring = scoring;
        inputs_.emplace(write_inputs(problem_, folder_.path().string(), "htd"));
        std::vector<std::string> options;
        const auto add = [&](bool asked, const std::vector<std::string>& words) {
            options.insert(options.end(), words.begin(), asked ? words.end() : words.begin());
        };
        write("bias.npy", inputs_->bias, {scoring.bias_heads, 70, 110});
        write("sinks.npy", inputs_->sinks, {static_cast<std::int64_t>(inputs_->sinks.size())});
        add(scoring.soft_cap != 0.0, {"--soft-cap", std::to_string(scoring.soft_cap)});
        add(scoring.alibi, {"--alibi", "standard"});
        add(scoring.bias_heads != 0, {"--bias", file("bias.npy")});
        add(scoring.sinks, {"--sinks", file("sinks.npy")});
        if (scoring.sigmoid_bias) {
            add(true, {"--sigmoid", "--sigmoid-bias", std::to_string(*scoring.sigmoid_bias)});
            problem_.scoring.sigmoid_bias = std::stod(std::to_string(*scoring.sigmoid_bias));
            inputs_->asked.sigmoid_bias = problem_.scoring.sigmoid_bias;
        }
        return options;
    }
    [[nodiscard]] EngineRun run(const std::string& verb, const std::string& output_option,
                                const std::vector<std::string>& more) const {
        std::vector<std::string> all{verb,          "--q",    file("q.npy"),      "--k",         file("k.npy"), "--v",
                                     file("v.npy"), "--mask", problem_.mask_json, output_option, file("o.npy")};
        all.insert(all.end(), more.begin(), more.end());
        return run_engine(all);
    }
    [[nodiscard]] double error_of_output() const {
        const ReferenceResult reference = reference_attention(problem_, *inputs_);
        const std::vector<float> output = read_npy_floats(file("o.npy"), "htd");
        double squares = 0.0;
        double norm = 0.0;
        for (std::size_t i = 0; i < reference.output.size(); ++i) {
            squares += std::pow(output.at(i) - reference.output[i], 2);
            norm += std::pow(reference.output[i], 2);
        }
        return std::sqrt(squares / norm);
    }
    void expect_refused(const std::vector<std::string>& more, const std::string& part) const {
        for (const auto& [verb, output] : {std::pair{"attend", "--out"}, {"verify", "--o"}}) {
            const EngineRun refused = run(verb, output, more);
            EXPECT_EQ(refused.code, exit_bad_input) << refused.error;
            EXPECT_NE(refused.error.find(part), std::string::npos) << refused.error;
            EXPECT_EQ(std::count(refused.error.begin(), refused.error.end(), '\n'), 1) << refused.error;
        }
    }
    void expect_explained(const std::vector<std::string>& computed, const std::vector<std::string>& asked,
                          const std::string& text) const {
        ASSERT_EQ(run("attend", "--out", computed).code, exit_done);
        std::vector<std::string> all = asked;
        all.emplace_back("--json");
        const EngineRun verdict = run("verify", "--o", all);
        EXPECT_EQ(verdict.code, exit_failed) << verdict.error;
        EXPECT_EQ(parse_json(verdict.out, "verdict").at("explanations"), Json::array({text})) << verdict.out;
    }

    TemporaryFolder folder_;
    AttentionCase problem_;
    std::optional<AttentionInputs> inputs_;
};

TEST_F(ScoringVerbs, AttendComputesAndVerifyAgreesToEveryOptionAndEveryTwoOfThem) {
    for (const ScoringCase& scoring : scoring_options(4, 110)) {
        const std::vector<std::string> options = ask(scoring);
        SCOPED_TRACE(problem_.text());
        const EngineRun computed = run("attend", "--out", options);
        ASSERT_EQ(computed.code, exit_done) << computed.error;
        EXPECT_LE(error_of_output(), 1e-6);
        const EngineRun verified = run("verify", "--o", options);
        EXPECT_EQ(verified.code, exit_done) << verified.out << verified.error;
    }
}

TEST_F(ScoringVerbs, LseIsThatOfTheSinksToo) {
    std::vector<std::string> options = ask({0.0, false, 0, 0.0, std::nullopt, true});
    options.insert(options.end(), {"--lse", file("lse.npy")});
    ASSERT_EQ(run("attend", "--out", options).code, exit_done);
    const ReferenceResult reference = reference_attention(problem_, *inputs_);
    const TensorFile lse(file("lse.npy"));
    std::vector<float> got(reference.lse.size());
    to_float(ElementType::float32, lse.tensor().bytes, got);
    for (std::size_t i = 0; i < got.size(); ++i) {
        EXPECT_NEAR(got[i], reference.lse[i], 1e-5);
    }
    EXPECT_EQ(run("verify", "--o", options).code, exit_done);
}

TEST_F(ScoringVerbs, BiasesAreTakenInEveryShapeAndTypeThatFits) {
    (void)ask({0.0, false, 1, 0.2, std::nullopt, false});
    round_to(DType::bfloat16, inputs_->bias);
    for (const std::vector<std::int64_t>& shape :
         std::vector<std::vector<std::int64_t>>{{70, 110}, {1, 70, 110}, {1, 1, 70, 110}}) {
        for (const ElementType type : {ElementType::float32, ElementType::bfloat16, ElementType::float64}) {
            write("bias.npy", inputs_->bias, shape, type);
            const EngineRun computed = run("attend", "--out", {"--bias", file("bias.npy")});
            ASSERT_EQ(computed.code, exit_done) << computed.error;
            EXPECT_LE(error_of_output(), 1e-6);
        }
    }
}

TEST_F(ScoringVerbs, SlopesMayBeAFileAndTheBiasOfTheSigmoidIsMinusLnOfTheKeys) {
    (void)ask({0.0, true, 0, 0.0, std::nullopt, false});
    write("slopes.npy", inputs_->slopes, {4});
    ASSERT_EQ(run("attend", "--out", {"--alibi", file("slopes.npy")}).code, exit_done);
    EXPECT_LE(error_of_output(), 1e-6);
    (void)ask({});
    problem_.scoring.sigmoid_bias = inputs_->asked.sigmoid_bias = -std::log(110.0);
    const EngineRun computed = run("attend", "--out", {"--sigmoid", "--json"});
    ASSERT_EQ(computed.code, exit_done);
    EXPECT_LE(error_of_output(), 1e-6);
    EXPECT_NEAR(parse_json(computed.out, "report").at("scoring").at("sigmoid_bias").get<double>(), -std::log(110.0),
                1e-12);
}

TEST_F(ScoringVerbs, SayWhatTheyComputed) {
    const EngineRun computed = run("attend", "--out", ask({50.0, true, 4, 0.0, std::nullopt, true}));
    EXPECT_NE(computed.out.find("; soft cap 50, ALiBi (standard), bias 4 x 70 x 110, sinks"), std::string::npos)
        << computed.out;
}

TEST_F(ScoringVerbs, AnOptionThatWasLeftOutIsNamed) {
    expect_explained({}, ask({0.5, false, 0, 0.0, std::nullopt, false}), "the soft cap was not applied");
    expect_explained({}, ask({0.0, true, 0, 0.0, std::nullopt, false}), "ALiBi was not applied");
    expect_explained({}, ask({0.0, false, 4, 0.0, std::nullopt, false}), "the bias was not added");
    expect_explained({}, ask({0.0, false, 0, 0.0, std::nullopt, true}), "the sinks were left out");
    expect_explained({}, ask({0.0, false, 0, 0.0, -2.0, false}),
                     "weights were a softmax of the scores, not their sigmoid");
    expect_explained({"--sigmoid", "--sigmoid-bias", "0"}, ask({0.0, false, 0, 0.0, -2.0, false}),
                     "nothing was added to the scores of the sigmoid");
}

TEST_F(ScoringVerbs, RefuseWhatCannotBe) {
    (void)ask({0.0, false, 4, 0.0, std::nullopt, true});
    write_npy(file("o.npy"), {std::vector<float>(4 * 70 * 24).data(), 4, 70, 24}, "htd");
    expect_refused({"--soft-cap", "0"}, "--soft-cap: 0 cannot be; accepted: a finite number above 0");
    expect_refused({"--soft-cap", "inf"}, "--soft-cap: inf");
    expect_refused({"--sigmoid-bias", "1"}, "--sigmoid-bias: 1 is of sigmoid attention");
    expect_refused({"--sigmoid", "--sinks", file("sinks.npy")}, "sinks take part in a softmax");
    expect_refused({"--sigmoid", "--lse", file("lse.npy")}, "has no meaning with --sigmoid");
    expect_refused({"--alibi", file("bias.npy")}, "--alibi: 4 x 70 x 110 is not one number for each query head");
    expect_refused({"--bias", file("sinks.npy")},
                   "--bias: 4 does not fit --q and --k; accepted: [1 or 1 x] [1 or 4 x] 70 x 110");
    write("sinks.npy", {0.0F, 0.0F, std::numeric_limits<float>::infinity(), 0.0F}, {4});
    expect_refused({"--sinks", file("sinks.npy")}, "--sinks: inf is not a logit");
}

TEST_F(ScoringVerbs, ABiasForWhichThereIsNoMemoryIsRefusedWithItsSize) {
    // A sparse file: 2^40 biases of 2 bytes would take 4.00 TiB as float32.
    constexpr std::int64_t tokens = std::int64_t{1} << 20;
    AttentionCase c = problem_;
    c.shape = {1, 1, 1, 1, 1, DType::float32};
    c.domain = {tokens, tokens, {}};
    problem_ = c;
    (void)write_inputs(c, folder_.path().string(), "htd");
    {
        std::ofstream out(file("bias.npy"), std::ios::binary);
        out << npy_header({tokens, tokens}, ElementType::float16);
    }
    const auto header = std::filesystem::file_size(file("bias.npy"));
    std::error_code error;
    std::filesystem::resize_file(file("bias.npy"), header + std::uintmax_t{2} * tokens * tokens, error);
    ASSERT_FALSE(error) << "sparse files of 2 TiB: " << error.message();
    const EngineRun refused = run("attend", "--out", {"--bias", file("bias.npy")});
    EXPECT_NE(refused.code, exit_done);
    EXPECT_NE(refused.error.find("--bias: 1 x 1,048,576 x 1,048,576 of float16 take 4.00 TiB as float32"),
              std::string::npos)
        << refused.error;
    EXPECT_FALSE(std::filesystem::exists(file("o.npy")));
}

}  // namespace
}  // namespace longscope
