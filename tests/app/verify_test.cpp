// SPDX-License-Identifier: GPL-3.0-or-later
// Outputs that are right, wrong in one place, or wrong by a known mistake.
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <numbers>

#include "engine/base/bounded_file.h"
#include "tests/support/run_engine.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/tensor_files.h"

namespace longscope {
namespace {

class VerifyVerb : public testing::Test {
  protected:
    VerifyVerb() {
        problem_.shape = {1, 6, 2, 16, 24, DType::float32};
        problem_.domain = {120, 120, {0, 30, 75, 120}};
        problem_.mask_json = R"({"and": [{"window": {"left": 20, "right": 0}}, {"documents": {}}]})";
        (void)write_inputs(problem_, folder_.path().string(), "htd");
    }
    [[nodiscard]] std::string file(const std::string& name) const { return (folder_.path() / name).string(); }
    // The output of another problem over the same inputs, as somebody else might have computed it.
    void write_output_of(AttentionCase other, float change_lse = 1.0F) {
        other.shape = problem_.shape;
        other.seed = problem_.seed;
        const ReferenceResult result = reference_attention(other, AttentionInputs(problem_));
        output_.assign(result.output.begin(), result.output.end());
        std::vector<float> lse;
        for (const double value : result.lse) {
            lse.push_back(static_cast<float>(value) * change_lse);
        }
        write();
        write_npy(file("lse.npy"), {lse.data(), 6, 120, 1}, "htd");
    }
    void write() { write_npy(file("o.npy"), {output_.data(), 6, 120, 24}, "htd"); }
    [[nodiscard]] std::vector<std::string> arguments(const std::vector<std::string>& more = {}) const {
        std::vector<std::string> all{"verify",      "--q",    file("q.npy"),      "--k",         file("k.npy"), "--v",
                                     file("v.npy"), "--mask", problem_.mask_json, "--documents", "30,45,45",    "--o",
                                     file("o.npy"), "--lse",  file("lse.npy")};
        all.insert(all.end(), more.begin(), more.end());
        return all;
    }
    Json verdict(int code, const std::vector<std::string>& more = {}) {
        std::vector<std::string> all = arguments(more);
        all.emplace_back("--json");
        const EngineRun run = run_engine(all);
        EXPECT_EQ(run.code, code) << run.error << run.out;
        return parse_json(run.out, "verdict");
    }
    void expect_explained(const AttentionCase& other, const std::string& text) {
        write_output_of(other);
        const Json json = verdict(exit_failed);
        EXPECT_EQ(json.at("explanations"), Json::array({text})) << json.at("explanations").dump();
    }

    TemporaryFolder folder_;
    AttentionCase problem_;
    std::vector<float> output_;
};

TEST_F(VerifyVerb, AgreesWithWhatIsRight) {
    write_output_of(problem_);
    const EngineRun run = run_engine(arguments());
    EXPECT_EQ(run.code, exit_done) << run.out << run.error;
    EXPECT_NE(run.out.find("agrees with the float64 reference: 120 of 120 queries, 6 heads"), std::string::npos);
    const Json json = verdict(exit_done, {"--rows", "7"});
    EXPECT_EQ(json.at("queries"), 7);
    EXPECT_EQ(json.at("departing_rows"), 0);
    EXPECT_LE(json.at("output_relative_error").get<double>(), 1e-7);
}

TEST_F(VerifyVerb, SaysInWhichHeadRowDocumentAndRankItDeparts) {
    write_output_of(problem_);
    output_[(4 * 120 + 80) * 24 + 3] += 1.0F;
    write();
    const Json json = verdict(exit_failed, {"--dispatch", "contiguous", "--ranks", "4"});
    ASSERT_EQ(json.at("departing_rows"), 1);
    const Json& worst = json.at("worst")[0];
    EXPECT_EQ(worst.at("head"), 4);
    EXPECT_EQ(worst.at("query"), 80);
    EXPECT_EQ(worst.at("document"), 2);
    EXPECT_EQ(worst.at("rank"), 2) << "the third of four parts of 30 tokens";
    EXPECT_TRUE(json.at("explanations").empty());
    const EngineRun run =
        run_engine(arguments({"--dispatch", "contiguous", "--ranks", "4", "--picture", file("e.svg")}));
    EXPECT_NE(run.out.find("departs from the float64 reference"), std::string::npos);
    EXPECT_NE(run.out.find("Error by rank, contiguous dispatch"), std::string::npos);
    EXPECT_NE(read_bounded_file(file("e.svg"), 1 << 20).find("Relative error of a row"), std::string::npos);
}

TEST_F(VerifyVerb, NamesTheMistakeThatExplainsTheDifference) {
    AttentionCase other = problem_;
    other.mask_json = R"({"window": {"left": 20, "right": 0}})";
    expect_explained(other, "the borders of documents were ignored");
    other.mask_json = R"({"and": [{"window": {"left": 19, "right": 0}}, {"documents": {}}]})";
    expect_explained(other, "the window kept one key less: w keys instead of w + 1");
    other.mask_json = R"({"and": [{"window": {"left": 21, "right": 0}}, {"documents": {}}]})";
    expect_explained(other, "the window kept one key more");
    other.mask_json = R"({"full": {}})";
    expect_explained(other, "the mask was not applied");
    problem_.mask_json = R"({"documents": {}})";
    other.mask_json = R"({"and": [{"causal": {}}, {"documents": {}}]})";
    expect_explained(other, "a causal mask was applied on top");
}

TEST_F(VerifyVerb, NamesAnLseInAnotherBase) {
    write_output_of(problem_, 1.0F / std::numbers::ln2_v<float>);
    const Json json = verdict(exit_failed);
    EXPECT_EQ(json.at("explanations"), Json::array({"the lse is a logarithm to base 2: multiply it by ln 2"}));
    EXPECT_LE(json.at("output_relative_error").get<double>(), 1e-7);
}

TEST_F(VerifyVerb, ANumberThatIsNoneNeverAgrees) {
    write_output_of(problem_);
    output_[5] = std::nanf("");
    write();
    const Json json = verdict(exit_failed, {"--tolerance", "1e9"});
    EXPECT_TRUE(json.at("output_relative_error").is_null());
    EXPECT_EQ(json.at("worst")[0].at("query"), 0);
}

TEST_F(VerifyVerb, TheToleranceIsTheUsersOrThatOfTheType) {
    write_output_of(problem_);
    for (float& value : output_) {
        value *= 1.0005F;
    }
    write();
    EXPECT_EQ(verdict(exit_failed).at("output_limit"), 1e-6);
    EXPECT_EQ(verdict(exit_done, {"--tolerance", "1e-3"}).at("output_limit"), 1e-3);
    write_npy(file("o.npy"), {output_.data(), 6, 120, 24}, "htd", ElementType::bfloat16);
    EXPECT_EQ(verdict(exit_done).at("output_limit"), 8e-3);
}

// What the inputs are stored as counts too, since it says what products were taken in.
TEST_F(VerifyVerb, TheToleranceIsThatOfTheCoarsestTensor) {
    for (const auto& [type, limit] :
         {std::pair{ElementType::float64, 1e-6}, {ElementType::float16, 1e-3}, {ElementType::bfloat16, 8e-3}}) {
        SCOPED_TRACE(to_string(type));
        const AttentionInputs inputs = write_inputs(problem_, folder_.path().string(), "htd", type);
        const ReferenceResult result = reference_attention(problem_, inputs);
        output_.assign(result.output.begin(), result.output.end());
        for (float& value : output_) {
            value *= static_cast<float>(1 + limit / 2);
        }
        write();
        const std::vector<float> lse(result.lse.begin(), result.lse.end());
        write_npy(file("lse.npy"), {lse.data(), 6, 120, 1}, "htd");
        const Json json = verdict(exit_done);
        EXPECT_EQ(json.at("output_limit"), limit);
        EXPECT_EQ(json.at("lse_limit"), type == ElementType::float64 ? 1e-5 : limit);
        for (float& value : output_) {
            value *= static_cast<float>(1 + 2 * limit);
        }
        write();
        EXPECT_EQ(verdict(exit_failed).at("output_limit"), limit);
    }
}

TEST_F(VerifyVerb, SaysInOneLineWhatDoesNotFit) {
    write_output_of(problem_);
    const auto expect_bad = [&](const std::vector<std::string>& all, const std::string& part) {
        const EngineRun run = run_engine(all);
        EXPECT_EQ(run.code, exit_bad_input);
        EXPECT_NE(run.error.find(part), std::string::npos) << run.error;
        EXPECT_EQ(std::count(run.error.begin(), run.error.end(), '\n'), 1) << run.error;
    };
    expect_bad(arguments({"--rows", "0"}), "--rows: 0 is too small; accepted: an integer of at least 1");
    expect_bad(arguments({"--rows", "some"}),
               "--rows: some is not a number of rows; accepted: all, or an integer from 1");
    expect_bad(arguments({"--ranks", "4"}),
               "--dispatch: (nothing) is not enough; accepted: --dispatch and --ranks together");
    expect_bad(arguments({"--ranks", "4", "--dispatch", "zigzig"}), "--dispatch: zigzig is not a dispatch");
    expect_bad(arguments({"--picture", "e.gif"}), "--picture: ");
    std::vector<std::string> all = arguments();
    all[12] = file("q.npy");
    expect_bad(all, "--o: 6 x 120 x 16 is not the shape of the output; accepted: 6 x 120 x 24");
    all = arguments();
    all[14] = file("k.npy");
    expect_bad(all, "--lse: 2 x 120 x 16 is not one number a row; accepted: batch x heads x tokens");
}

}  // namespace
}  // namespace longscope
