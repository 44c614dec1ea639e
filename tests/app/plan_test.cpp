// SPDX-License-Identifier: GPL-3.0-or-later
// What plan and run --explain tell of an experiment without running it.
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "app/headless/command_line.h"
#include "engine/base/bounded_file.h"
#include "engine/base/json.h"
#include "tests/support/run_engine.h"
#include "tests/support/temporary_folder.h"

namespace longscope {
namespace {

class PlanVerb : public testing::Test {
  protected:
    PlanVerb() {
        document_ = parse_json(R"json({"longscope_experiment": 1, "name": "plan me",
            "shape": {"query_heads": 12, "key_value_heads": 4, "head_dim_qk": 16, "head_dim_v": 16, "dtype": "float32"},
            "sequence": {"tokens": 1000}, "mask": {"causal": {}},
            "layout": {"ranks": 4, "strategy": "ring", "dispatch": "contiguous"}})json",
                               "test");
    }
    [[nodiscard]] std::string file() const {
        const std::string path = (folder_.path() / "experiment.json").string();
        std::ofstream(path) << document_.dump();
        return path;
    }

    TemporaryFolder folder_;
    Json document_;
};

TEST_F(PlanVerb, ListsWhatIsFeasibleAndTellsWhyTheRestIsNot) {
    const EngineRun run = run_engine({"plan", file(), "--ranks", "5", "--why"});
    EXPECT_EQ(run.code, exit_done) << run.error;
    EXPECT_NE(run.out.find("plan me: 1,000 tokens over 5 ranks, forward\n"), std::string::npos) << run.out;
    EXPECT_NE(run.out.find("  ulysses: Ulysses needs query heads divisible by 5 ranks: 12 are given\n"),
              std::string::npos)
        << run.out;
    const EngineRun brief = run_engine({"plan", file(), "--ranks", "5"});
    EXPECT_NE(brief.out.find(" not feasible: --why tells the reasons\n"), std::string::npos) << brief.out;
}

TEST_F(PlanVerb, TellsWhatTheMemoryDoesNotAllow) {
    document_["sequence"]["tokens"] = 1 << 20;
    document_["backend"] = {{"memory_per_rank_bytes", 1 << 30}};
    const EngineRun limited = run_engine({"plan", file(), "--ranks", "2", "--why"});
    EXPECT_NE(limited.out.find("  rsa: rank 0 would need 24.0 TiB for its tensors and buffers; "
                               "backend.memory_per_rank_bytes allows 1.00 GiB\n"),
              std::string::npos)
        << limited.out;
    document_.erase("backend");
    const EngineRun here = run_engine({"plan", file(), "--ranks", "2", "--why"});
    EXPECT_NE(here.out.find(" of them need more memory for 2 ranks than the "), std::string::npos)
        << "no machine has 48 TiB: " << here.out;
}

TEST_F(PlanVerb, NamesTheDispatchesThatStandInTheWay) {
    const EngineRun causal = run_engine({"plan", file(), "--why"});
    EXPECT_NE(causal.out.find("  light_seq, zigzag, per_document_zigzag, striped, balanced, balanced_free: LightSeq "
                              "needs the tokens in order, one part for each rank (layout.dispatch contiguous): those "
                              "of rank 0 are several parts\n"),
              std::string::npos)
        << causal.out;
    document_["mask"] = {{"full", Json::object()}};
    const EngineRun full = run_engine({"plan", file(), "--why"});
    EXPECT_NE(full.out.find("  light_seq, contiguous: LightSeq needs a mask in which no query sees a key of a later "
                            "rank: tokens 0 to 249 of rank 0 do\n"),
              std::string::npos)
        << full.out;
}

TEST_F(PlanVerb, GivesProgramsEveryLayout) {
    document_["pass"] = "forward_backward";
    const EngineRun run = run_engine({"plan", file(), "--json"});
    ASSERT_EQ(run.code, exit_done) << run.error;
    const Json json = parse_json(run.out, "plan");
    EXPECT_EQ(json.at("ranks"), 4);
    EXPECT_EQ(json.at("pass"), "forward_backward");
    bool ring = false;
    bool refused = false;
    for (const Json& layout : json.at("layouts")) {
        if (layout.at("strategy") == "ring" && layout.at("dispatch") == "zigzag") {
            ring = true;
            // Keys and values of 750 tokens twice, and the sums of all 1,000 in float32.
            EXPECT_EQ(layout.at("bytes_received"), (2 * 750 + 1000) * 4 * 32 * 4);
            EXPECT_LT(layout.at("largest_over_mean"), 1.01);
        }
        refused = refused || (layout.at("strategy") == "token_ring" &&
                              layout.at("infeasible") == "token_ring has no backward pass");
    }
    EXPECT_TRUE(ring);
    EXPECT_TRUE(refused);
}

TEST_F(PlanVerb, RefusesWhatIsNotThereInOneLine) {
    const EngineRun draw = run_engine({"plan", file(), "--draw", "3"});
    EXPECT_EQ(draw.code, exit_bad_input);
    EXPECT_EQ(draw.error,
              "longscope-engine: --draw: 3 is not a draw of the experiment; accepted: an integer from 0 to 0\n");
    EXPECT_EQ(run_engine({"plan", file(), "--ranks", "0"}).code, exit_bad_input);
}

TEST_F(PlanVerb, ExplainsTheStepsOfALayout) {
    const EngineRun run = run_engine({"run", file(), "--explain"});
    ASSERT_EQ(run.code, exit_done) << run.error;
    EXPECT_NE(run.out.find("plan me: ring over 4 ranks, dispatch contiguous, forward\n"), std::string::npos) << run.out;
    EXPECT_NE(run.out.find("   0  own 50.2 %         idle         idle         idle\n"), std::string::npos) << run.out;
    EXPECT_NE(run.out.find("   3  own 50.2 %  own 100.0 %  own 100.0 %  own 100.0 %\n"), std::string::npos) << run.out;
    EXPECT_NE(run.out.find("   2     3   0  125 KiB\n"), std::string::npos) << run.out;
    document_["layout"]["ranks"] = 65;
    EXPECT_NE(run_engine({"run", file(), "--explain"}).error.find("1 to 64, or a picture: --output FILE"),
              std::string::npos);
    document_["layout"]["strategy"] = "ulysses";
    document_["layout"]["ranks"] = 5;
    const EngineRun infeasible = run_engine({"run", file(), "--explain"});
    EXPECT_EQ(infeasible.code, exit_bad_input);
    EXPECT_EQ(infeasible.error, "longscope-engine: Ulysses needs query heads divisible by 5 ranks: 12 are given\n");
}

TEST_F(PlanVerb, ExplainsWhatACheckpointKeeps) {
    EXPECT_EQ(run_engine({"run", file(), "--explain"}).out.find("checkpoint"), std::string::npos);
    document_["pass"] = "forward_backward";
    const EngineRun run = run_engine({"run", file(), "--explain"});
    EXPECT_NE(run.out.find("\nBetween the passes a rank holds up to 449 KiB (checkpoint at the attention's output). "
                           "With a checkpoint at its inputs it would hold nothing, and the forward pass would run "
                           "again: 28.6 % more computing, 1.46 MiB more received by all ranks.\n"),
              std::string::npos)
        << run.out;
}

TEST_F(PlanVerb, DrawsWhatItExplains) {
    document_["pass"] = "forward_backward";
    document_["layout"]["ranks"] = 80;
    for (const char* picture : {"steps", "communication", "memory"}) {
        const std::string path = (folder_.path() / (std::string(picture) + ".svg")).string();
        const EngineRun run = run_engine({"run", file(), "--explain", "--output", path, "--picture", picture});
        ASSERT_EQ(run.code, exit_done) << run.error;
        EXPECT_EQ(run.out, path + "\n");
        const std::string svg = read_bounded_file(path, std::int64_t{1} << 24);
        EXPECT_NE(svg.find("plan me: " + std::string(picture)), std::string::npos);
        EXPECT_NE(svg.find("ring over 80 ranks, dispatch contiguous, forward_backward: 160 steps"), std::string::npos);
    }
    EXPECT_EQ(run_engine({"run", file(), "--output", "picture.svg"}).code, exit_bad_input) << "only with --explain";
    EXPECT_EQ(run_engine({"run", file(), "--explain", "--output", "picture.gif"}).code, exit_bad_input);
    document_["layout"]["ranks"] = 257;
    const EngineRun many = run_engine({"run", file(), "--explain", "--output", "picture.svg"});
    EXPECT_EQ(many.code, exit_bad_input);
    EXPECT_EQ(many.error,
              "longscope-engine: layout.ranks: 257 are too many to show step by step; accepted: 1 to 256\n");
}

}  // namespace
}  // namespace longscope
