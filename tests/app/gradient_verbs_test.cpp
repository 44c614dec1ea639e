// SPDX-License-Identifier: GPL-3.0-or-later
// Gradients of the user's own tensors: what attend writes, and verify compares.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <csignal>

#include "engine/kernel/cpu/tile_variant.h"
#include "engine/tensor/tensor_file.h"
#include "tests/support/backward_case.h"
#include "tests/support/engine_process.h"
#include "tests/support/run_engine.h"
#include "tests/support/scoring_cases.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/tensor_files.h"

namespace longscope {
namespace {

const std::vector<std::string> all_names{"dq", "dk", "dv", "dbias", "dsinks"};

class GradientVerbs : public testing::Test {
  protected:
    GradientVerbs() {
        problem_.shape = {1, 4, 2, 16, 24, DType::float32};
        problem_.domain = {70, 110, {}};
        problem_.mask_json = R"({"causal": {}})";
    }

    [[nodiscard]] std::string file(const std::string& name) const { return (folder_.path() / name).string(); }
    void write_plain(const std::string& name, const std::vector<float>& values,
                     const std::vector<std::int64_t>& shape) const {
        std::ofstream out(file(name), std::ios::binary);
        out << npy_header(shape, ElementType::float32);
        out.write(reinterpret_cast<const char*>(values.data()),
                  static_cast<std::streamsize>(values.size() * sizeof(float)));
    }
    // The problem's tensors as files, of values that the type of elements has.
    void write(const std::string& layout = "htd", ElementType type = ElementType::float32) {
        inputs_.emplace(problem_);
        inputs_->forward = write_inputs(problem_, folder_.path().string(), layout, type);
        std::vector<std::byte> stored(inputs_->output_gradients.size() * static_cast<std::size_t>(size_bytes(type)));
        from_float(inputs_->output_gradients, type, stored);
        to_float(type, stored, inputs_->output_gradients);
        write_npy(file("dout.npy"), inputs_->dout(), layout, type);
        const ScoringCase& scoring = problem_.scoring;
        write_plain("bias.npy", inputs_->forward.bias,
                    {scoring.bias_heads, problem_.domain.query_tokens, problem_.domain.key_tokens});
        write_plain("sinks.npy", inputs_->forward.sinks, {static_cast<std::int64_t>(inputs_->forward.sinks.size())});
        reference_ = reference_gradients(problem_, *inputs_);
    }
    // The options that ask for the problem's scoring.
    [[nodiscard]] std::vector<std::string> scoring_words() const {
        const ScoringCase& scoring = problem_.scoring;
        std::vector<std::string> words;
        const auto add = [&](bool asked, const std::vector<std::string>& more) {
            words.insert(words.end(), more.begin(), asked ? more.end() : more.begin());
        };
        add(scoring.soft_cap != 0.0, {"--soft-cap", fmt::format("{}", scoring.soft_cap)});
        add(scoring.alibi, {"--alibi", "standard"});
        add(scoring.bias_heads != 0, {"--bias", file("bias.npy")});
        add(scoring.sinks, {"--sinks", file("sinks.npy")});
        if (scoring.sigmoid_bias) {
            add(true, {"--sigmoid", "--sigmoid-bias", fmt::format("{}", *scoring.sigmoid_bias)});
        }
        return words;
    }
    // Of all that there are gradients of.
    [[nodiscard]] std::vector<std::string> gradient_words(const std::string& extension = ".npy") const {
        std::vector<std::string> words{"--dout", file("dout.npy")};
        for (const std::string& name : all_names) {
            if ((name != "dbias" || problem_.scoring.bias_heads != 0) && (name != "dsinks" || problem_.scoring.sinks)) {
                words.insert(words.end(), {"--" + name, file(name + extension)});
            }
        }
        return words;
    }
    [[nodiscard]] EngineRun run(const std::string& verb, const std::vector<std::string>& more) const {
        std::vector<std::string> all{verb,
                                     "--q",
                                     file("q.npy"),
                                     "--k",
                                     file("k.npy"),
                                     "--v",
                                     file("v.npy"),
                                     "--mask",
                                     problem_.mask_json,
                                     verb == "attend" ? "--out" : "--o",
                                     file("o.npy")};
        all.insert(all.end(), more.begin(), more.end());
        return run_engine(all);
    }
    [[nodiscard]] static std::vector<std::string> joined(std::vector<std::string> words,
                                                         const std::vector<std::string>& more) {
        words.insert(words.end(), more.begin(), more.end());
        return words;
    }
    [[nodiscard]] Json verdict(int code, const std::vector<std::string>& more) const {
        const EngineRun verified = run("verify", joined(more, {"--json"}));
        EXPECT_EQ(verified.code, code) << verified.out << verified.error;
        return parse_json(verified.out, "verdict");
    }
    // As float32, in the order of the file.
    [[nodiscard]] std::vector<float> plain(const std::string& place) const {
        const TensorFile stored(place);
        std::vector<float> values(
            static_cast<std::size_t>(checked_elements(stored.tensor().shape, stored.tensor().type, place)));
        to_float(stored.tensor().type, stored.tensor().bytes, values);
        return values;
    }
    // Relative L2 errors of the files.
    [[nodiscard]] double worst_error(const std::string& layout = "htd") const {
        const ReferenceGradients& expected = reference_;
        double worst = 0.0;
        const auto compare = [&](const std::vector<double>& of, const std::vector<float>& got, double terms) {
            EXPECT_EQ(of.size(), got.size());
            worst = std::max(worst, relative_l2(of, got, terms / cancelled_at_most));
        };
        compare(expected.queries, read_npy_floats(file("dq.npy"), layout), expected.queries_before_cancelling);
        compare(expected.keys, read_npy_floats(file("dk.npy"), layout), expected.keys_before_cancelling);
        compare(expected.values, read_npy_floats(file("dv.npy"), layout), expected.values_before_cancelling);
        if (problem_.scoring.bias_heads != 0) {
            compare(expected.bias, plain(file("dbias.npy")), expected.bias_before_cancelling);
        }
        if (problem_.scoring.sinks) {
            compare(expected.sinks, plain(file("dsinks.npy")), expected.sinks_before_cancelling);
        }
        return worst;
    }
    void expect_refused(const std::vector<std::string>& more, const std::string& part,
                        int code = exit_bad_input) const {
        const EngineRun refused = run("attend", more);
        EXPECT_EQ(refused.code, code) << refused.out << refused.error;
        EXPECT_NE(refused.error.find(part), std::string::npos) << refused.error;
        EXPECT_EQ(std::count(refused.error.begin(), refused.error.end(), '\n'), 1) << refused.error;
        EXPECT_FALSE(std::filesystem::exists(file("dq.npy")));
    }

    TemporaryFolder folder_;
    AttentionCase problem_;
    std::optional<BackwardInputs> inputs_;
    ReferenceGradients reference_;
};

TEST_F(GradientVerbs, AttendWritesThemInEveryLayoutAndTypeAndVerifyAgrees) {
    for (const char* layout : {"bhtd", "bthd", "htd", "thd"}) {
        for (const ElementType type :
             {ElementType::float64, ElementType::float32, ElementType::float16, ElementType::bfloat16}) {
            SCOPED_TRACE(std::string(layout) + " " + std::string(to_string(type)));
            write(layout, type);
            const EngineRun computed = run("attend", joined(gradient_words(), {"--layout", layout}));
            ASSERT_EQ(computed.code, exit_done) << computed.error;
            EXPECT_LE(worst_error(layout), gradient_bound(kernel_type(type), 110));
            const Json json = verdict(exit_done, joined(gradient_words(), {"--layout", layout}));
            for (const char* name : {"dq", "dk", "dv"}) {
                EXPECT_EQ(json.at("gradients").at(name).at("limit"), gradient_bound(kernel_type(type), 110));
            }
        }
    }
}

TEST_F(GradientVerbs, AttendWritesThoseOfEveryScoringAndEveryTwoOfThemAndVerifyAgrees) {
    for (const ScoringCase& scoring : scoring_options(4, 110)) {
        problem_.scoring = scoring;
        SCOPED_TRACE(problem_.text());
        write();
        const EngineRun computed = run("attend", joined(gradient_words(), scoring_words()));
        ASSERT_EQ(computed.code, exit_done) << computed.error;
        EXPECT_LE(worst_error(), 3e-6);
        const Json exact = verdict(exit_done, joined(gradient_words(), scoring_words()));
        EXPECT_EQ(exact.at("gradients").size(), 3U + (scoring.bias_heads != 0 ? 1 : 0) + (scoring.sinks ? 1 : 0));
        const Json sampled = verdict(exit_done, joined(joined(gradient_words(), scoring_words()), {"--rows", "9"}));
        EXPECT_EQ(sampled.at("gradients").at("dk").at("rows"), 2 * 9);
    }
}

TEST_F(GradientVerbs, AttendWritesThoseOfPackedDocuments) {
    problem_.domain = {90, 90, {0, 20, 90}};
    problem_.mask_json = R"({"and": [{"documents": {}}, {"causal": {}}]})";
    write("thd");
    const EngineRun computed = run("attend", joined(gradient_words(), {"--layout", "thd", "--documents", "20,70"}));
    ASSERT_EQ(computed.code, exit_done) << computed.error;
    EXPECT_LE(worst_error("thd"), 3e-6);
}

// Biases and sinks that are one for all batch items have one gradient, the sum.
TEST_F(GradientVerbs, OfWhatAllBatchItemsShareAreSummed) {
    problem_.scoring.bias_heads = 1;
    problem_.scoring.sinks = true;
    write("bhtd");
    for (const auto& [name, heads, tokens, dim] :
         {std::tuple{"q.npy", 4, 70, 16}, {"k.npy", 2, 110, 16}, {"v.npy", 2, 110, 24}, {"dout.npy", 4, 70, 24}}) {
        const std::vector<float> one = plain(file(name));
        write_plain(name,
                    [&] {
                        std::vector<float> two = one;
                        two.insert(two.end(), one.begin(), one.end());
                        return two;
                    }(),
                    {2, heads, tokens, dim});
    }
    const EngineRun computed = run("attend", joined(gradient_words(), scoring_words()));
    ASSERT_EQ(computed.code, exit_done) << computed.error;
    const std::vector<float> bias = plain(file("dbias.npy"));
    ASSERT_EQ(bias.size(), reference_.bias.size());
    for (std::size_t i = 0; i < bias.size(); ++i) {
        ASSERT_NEAR(bias[i], 2 * reference_.bias[i], 1e-5);
    }
    const std::vector<float> sinks = plain(file("dsinks.npy"));
    ASSERT_EQ(sinks.size(), 4U);
    for (std::size_t i = 0; i < sinks.size(); ++i) {
        EXPECT_NEAR(sinks[i], 2 * reference_.sinks[i], 1e-5 * (1 + std::abs(reference_.sinks[i])));
    }
    const std::vector<float> queries = plain(file("dq.npy"));
    ASSERT_EQ(queries.size(), 2 * reference_.queries.size());
    for (std::size_t i = 0; i < queries.size(); ++i) {
        ASSERT_NEAR(queries[i], reference_.queries[i % reference_.queries.size()], 1e-5);
    }
    // Of a bias of each batch item, each its own.
    std::vector<float> two = inputs_->forward.bias;
    two.insert(two.end(), inputs_->forward.bias.begin(), inputs_->forward.bias.end());
    write_plain("bias.npy", two, {2, 1, 70, 110});
    ASSERT_EQ(run("attend", joined(gradient_words(), scoring_words())).code, exit_done);
    const std::vector<float> of_items = plain(file("dbias.npy"));
    ASSERT_EQ(of_items.size(), 2 * reference_.bias.size());
    for (std::size_t i = 0; i < of_items.size(); ++i) {
        ASSERT_NEAR(of_items[i], reference_.bias[i % reference_.bias.size()], 1e-5);
    }
}

TEST_F(GradientVerbs, VerifyKnowsWhatBatchItemsShare) {
    for (const std::int64_t bias_batch : {1, 2}) {
        problem_.scoring.bias_heads = 4;
        problem_.scoring.sinks = true;
        problem_.shape.batch = 2;
        write("bhtd");
        for (const auto& [name, seed, heads, tokens, dim] : {std::tuple{"q.npy", 1, 4, 70, 16},
                                                             {"k.npy", 2, 2, 110, 16},
                                                             {"v.npy", 3, 2, 110, 24},
                                                             {"dout.npy", 4, 4, 70, 24}}) {
            write_plain(name, normal_tensor(5, static_cast<std::uint64_t>(seed), 2 * heads * tokens * dim),
                        {2, heads, tokens, dim});
        }
        write_plain("bias.npy", normal_tensor(5, 9, bias_batch * 4 * 70 * 110), {bias_batch, 4, 70, 110});
        ASSERT_EQ(run("attend", joined(gradient_words(), scoring_words())).code, exit_done);
        const Json json = verdict(exit_done, joined(gradient_words(), scoring_words()));
        EXPECT_EQ(json.at("gradients").at("dbias").at("rows"), bias_batch * 4 * 70);
        EXPECT_EQ(json.at("gradients").at("dsinks").at("rows"), 4);
        EXPECT_EQ(json.at("gradients").at("dv").at("rows"), 2 * 2 * 110);
    }
}

TEST_F(GradientVerbs, VerifySaysInWhichHeadKeyDocumentAndRankOneDeparts) {
    problem_.domain = {120, 120, {0, 30, 75, 120}};
    problem_.mask_json = R"({"and": [{"causal": {}}, {"documents": {}}]})";
    write();
    const std::vector<std::string> words = joined(gradient_words(), {"--documents", "30,45,45"});
    ASSERT_EQ(run("attend", words).code, exit_done);
    std::vector<float> values = plain(file("dv.npy"));
    values[(1 * 120 + 80) * 24 + 3] += 1.0F;
    write_plain("dv.npy", values, {2, 120, 24});
    const std::vector<std::string> places{"--dispatch", "contiguous", "--ranks", "4"};
    const Json json = verdict(exit_failed, joined(words, places));
    EXPECT_FALSE(json.at("agrees").get<bool>());
    EXPECT_EQ(json.at("departing_rows"), 0) << "the output is right";
    const Json& gradients = json.at("gradients");
    EXPECT_TRUE(gradients.at("dq").at("agrees").get<bool>());
    EXPECT_TRUE(gradients.at("dk").at("agrees").get<bool>());
    ASSERT_EQ(gradients.at("dv").at("departing_rows"), 1) << gradients;
    const Json& worst = gradients.at("dv").at("worst")[0];
    EXPECT_EQ(worst.at("head"), 1);
    EXPECT_EQ(worst.at("key"), 80);
    EXPECT_EQ(worst.at("document"), 2);
    EXPECT_EQ(worst.at("rank"), 2) << "the third of four parts of 30 tokens";
    const EngineRun text = run("verify", joined(words, places));
    EXPECT_NE(text.out.find("departs from the float64 reference"), std::string::npos) << text.out;
    EXPECT_NE(text.out.find("dv: 1 of 240 compared rows depart"), std::string::npos) << text.out;
    EXPECT_NE(text.out.find("Error of dv by rank, contiguous dispatch"), std::string::npos) << text.out;
    EXPECT_EQ(text.out.find("Error of dk"), std::string::npos) << text.out;
}

TEST_F(GradientVerbs, VerifyFindsEachGradientThatIsWrongAndOneThatIsNoNumber) {
    problem_.scoring.bias_heads = 1;
    problem_.scoring.sinks = true;
    write();
    const std::vector<std::string> words = joined(gradient_words(), scoring_words());
    ASSERT_EQ(run("attend", words).code, exit_done);
    for (const std::string& name : all_names) {
        const std::vector<float> right = plain(file(name + ".npy"));
        const std::vector<std::int64_t> shape = TensorFile(file(name + ".npy")).tensor().shape;
        for (const float factor : {1.0F + 1e-5F, std::numeric_limits<float>::quiet_NaN()}) {
            std::vector<float> wrong = right;
            std::transform(right.begin(), right.end(), wrong.begin(), [&](float value) { return factor * value; });
            write_plain(name + ".npy", wrong, shape);
            const Json json = verdict(exit_failed, words);
            for (const auto& [other, one] : json.at("gradients").items()) {
                EXPECT_EQ(one.at("agrees").get<bool>(), other != name) << name << " " << one;
            }
            EXPECT_EQ(run("verify", joined(words, {"--gradient-tolerance", "1e-3"})).code,
                      std::isnan(factor) ? exit_failed : exit_done);
        }
        write_plain(name + ".npy", right, shape);
    }
    write_plain("dk.npy", plain(file("dq.npy")), {4, 70, 16});
    const EngineRun refused = run("verify", words);
    EXPECT_EQ(refused.code, exit_bad_input);
    EXPECT_NE(refused.error.find("--dk: 4 x 70 x 16 is not the shape of this gradient; accepted: 2 x 110 x 16"),
              std::string::npos)
        << refused.error;
}

TEST_F(GradientVerbs, AreWrittenAsSafetensorsInAnyTypeAndAnyOfThemAlone) {
    write();
    ASSERT_EQ(run("attend", gradient_words()).code, exit_done);
    const std::vector<float> expected = plain(file("dk.npy"));
    const EngineRun computed =
        run("attend", {"--dout", file("dout.npy"), "--dk", file("dk.safetensors"), "--out-type", "bfloat16", "--json"});
    ASSERT_EQ(computed.code, exit_done) << computed.error;
    const Json report = parse_json(computed.out, "report").at("gradients");
    EXPECT_EQ(report.at("written"), Json({{"dk", file("dk.safetensors")}}));
    EXPECT_GT(report.at("duration_ns").get<std::int64_t>(), 0);
    // Every query stands 40 keys in.
    EXPECT_EQ(report.at("flops").get<double>(), 2.0 * 4 * (70 * 41 + 70 * 69 / 2) * (3 * 16 + 2 * 24));
    EXPECT_EQ(report.at("stored_probabilities_bytes"), Json());
    const TensorFile stored(file("dk.safetensors") + ":dk");
    EXPECT_EQ(stored.tensor().type, ElementType::bfloat16);
    EXPECT_EQ(stored.tensor().shape, (std::vector<std::int64_t>{2, 110, 16}));
    const std::vector<float> values = plain(file("dk.safetensors") + ":dk");
    for (std::size_t i = 0; i < values.size(); ++i) {
        ASSERT_NEAR(values[i], expected[i], std::abs(expected[i]) / 256 + 1e-6);
    }
}

TEST_F(GradientVerbs, AGradientOfTheOutputInAnotherTypeIsTakenAsItIs) {
    write("htd", ElementType::bfloat16);
    inputs_->output_gradients = BackwardInputs(problem_).output_gradients;
    write_npy(file("dout.npy"), inputs_->dout(), "htd");
    reference_ = reference_gradients(problem_, *inputs_);
    const EngineRun computed = run("attend", gradient_words());
    ASSERT_EQ(computed.code, exit_done) << computed.error;
    EXPECT_NE(computed.out.find(cpu::choose_tile_variant(DType::float32).name), std::string::npos) << computed.out;
    EXPECT_LE(worst_error(), 3e-6);
}

TEST_F(GradientVerbs, StoredProbabilitiesGiveTheSameAndTheirSizeIsSaid) {
    write();
    const EngineRun computed = run("attend", joined(gradient_words(), {"--store-probabilities"}));
    ASSERT_EQ(computed.code, exit_done) << computed.error;
    EXPECT_LE(worst_error(), 3e-6);
    EXPECT_NE(computed.error.find("attend: stored probabilities take "), std::string::npos) << computed.error;
    EXPECT_NE(computed.out.find("probabilities stored: "), std::string::npos) << computed.out;
    const EngineRun json = run("attend", joined(gradient_words(), {"--store-probabilities", "--json"}));
    EXPECT_GE(parse_json(json.out, "report").at("gradients").at("stored_probabilities_bytes").get<std::int64_t>(),
              4 * (70 * 41 + 70 * 69 / 2) * 4)
        << "a float for each pair of each head";
}

TEST_F(GradientVerbs, StoredProbabilitiesAboveTheBudgetAreRefusedAndWhyNothingIsStoredIsSaid) {
    problem_.scoring.soft_cap = 2.0;
    write();
    const EngineRun capped =
        run("attend", joined(joined(gradient_words(), scoring_words()), {"--store-probabilities"}));
    ASSERT_EQ(capped.code, exit_done) << capped.error;
    EXPECT_NE(capped.out.find("no probabilities stored: "), std::string::npos) << capped.out;
    EXPECT_LE(worst_error(), 3e-6);
    for (const std::string& name : all_names) {
        std::filesystem::remove(file(name + ".npy"));
    }
    expect_refused(joined(gradient_words(), {"--store-probabilities", "--stored-budget", "0.00001"}),
                   "more than the budget of 10.5 KiB: without them the backward pass computes them again", exit_failed);
    EXPECT_FALSE(std::filesystem::exists(file("o.npy")) && std::filesystem::exists(file("dk.npy")));
}

TEST_F(GradientVerbs, SayInOneLineWhatDoesNotFit) {
    problem_.scoring.bias_heads = 4;
    problem_.scoring.sinks = true;
    write();
    const std::vector<std::string> dq{"--dout", file("dout.npy"), "--dq", file("dq.npy")};
    expect_refused({"--dq", file("dq.npy")}, "follows from the gradient of the output, which is not given");
    expect_refused({"--dout", file("dout.npy")}, "--dout: " + file("dout.npy") + " is not enough");
    expect_refused({"--dout", file("q.npy"), "--dq", file("dq.npy")},
                   "--dout: 4 x 70 x 16 is not the shape of the output; accepted: 4 x 70 x 24");
    expect_refused(joined(dq, {"--dbias", file("dbias.npy")}), "is the gradient of biases, of which there are none");
    expect_refused(joined(dq, {"--dsinks", file("dsinks.npy")}), "is the gradient of sinks, of which there are none");
    expect_refused(joined(dq, {"--dk", file("dq.npy")}), "--dk: " + file("dq.npy") + " is also the file of --dq");
    expect_refused(joined(dq, {"--dk", file("dout.npy")}), "--dk: " + file("dout.npy") + " is one of the files");
    expect_refused(joined(dq, {"--dk", file("k.npy")}), "--dk: " + file("k.npy") + " is one of the files");
    expect_refused(joined(dq, {"--dk", file("dk.bin")}), "--dk: " + file("dk.bin") + " is not the name of a file");
    expect_refused({"--store-probabilities"}, "--store-probabilities: true serves gradients only");
    expect_refused(joined(dq, {"--stored-budget", "1"}), "--stored-budget: 1 is of stored probabilities");
    expect_refused(joined(dq, {"--sigmoid", "--sinks", file("sinks.npy")}), "sinks take part in a softmax");
}

TEST_F(GradientVerbs, AnInterruptLeavesNoFile) {
    // Minutes of work for the reference.
    problem_.shape = {1, 8, 1, 64, 64, DType::float32};
    problem_.domain = {8192, 8192, {}};
    problem_.mask_json = R"({"full": {}})";
    const BackwardInputs inputs(problem_);
    (void)write_inputs(problem_, folder_.path().string(), "htd");
    write_npy(file("dout.npy"), inputs.dout(), "htd");
    std::vector<std::string> all{"attend",      "--q",    file("q.npy"),      "--k",   file("k.npy"), "--v",
                                 file("v.npy"), "--mask", problem_.mask_json, "--out", file("o.npy"), "--backend",
                                 "reference"};
    EngineProcess engine(joined(all, gradient_words()));
    // It has begun when the file beside the last gradient is there.
    const auto files_of = [&](const std::string& beginning) {
        std::int64_t count = 0;
        for (const auto& entry : std::filesystem::directory_iterator(folder_.path())) {
            count += entry.path().filename().string().rfind(beginning, 0) == 0 ? 1 : 0;
        }
        return count;
    };
    while (files_of("dv.npy.tmp") == 0) {
        poll(nullptr, 0, 5);
    }
    engine.send_signal(SIGINT);
    const EngineEnd& end = engine.finish();
    EXPECT_EQ(end.status.code, exit_interrupted) << end.text();
    for (const char* name : {"o.npy", "dq.npy", "dk.npy", "dv.npy"}) {
        EXPECT_EQ(files_of(name), 0) << name;
    }
}

}  // namespace
}  // namespace longscope
