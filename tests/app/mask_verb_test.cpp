// SPDX-License-Identifier: GPL-3.0-or-later
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "engine/base/json.h"
#include "engine/mask/leaf_page.h"
#include "tests/support/paths.h"
#include "tests/support/run_engine.h"
#include "tests/support/temporary_folder.h"

namespace longscope {
namespace {

EngineRun run(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "mask");
    return run_engine(arguments);
}

const std::string causal_documents = R"({"and": [{"causal": {}}, {"documents": {}}]})";

TEST(MaskStats, PrintsExactFigures) {
    const EngineRun outcome = run({"stats", "--mask", causal_documents, "--documents", "100,200,300"});
    EXPECT_EQ(outcome.code, exit_done) << outcome.error;
    for (const char* line :
         {"mask             causal and documents\n", "tokens           600\n", "pairs kept       70,300 of 360,000\n",
          "density          19.5 %\n", "tiles            25 of 128 x 128: 14 empty, 1 full, 10 partial\n",
          "tiles kept       44.0 %\n", "keys per query   min 1, mean 117.2, max 300\n"}) {
        EXPECT_NE(outcome.out.find(line), std::string::npos) << line << "in\n" << outcome.out;
    }
}

// As GNA's simulator: the tiles that are touched become fewer when neighbours on the grid stand in one tile.
TEST(MaskStats, CountsTilesInAnotherOrderOfTheTokens) {
    const std::string neighbourhood =
        R"({"neighbourhood": {"grid": [16, 16], "window": [4, 4], "stride": [4, 4], "dilation": [1, 1],
            "causal": [false, false]}})";
    const EngineRun outcome = run({"stats", "--mask", neighbourhood, "--tokens", "256", "--tile", "16x16", "--order",
                                   R"({"tiles": {"grid": [16, 16], "tile": [4, 4]}})", "--json"});
    ASSERT_EQ(outcome.code, exit_done) << outcome.error;
    const Json document = parse_json(outcome.out, "output");
    // Windows of blocks: each touches one tile in their order, and four rows of the grid otherwise.
    EXPECT_EQ(document.at("order"), parse_json(R"({"tiles": {"grid": [16, 16], "tile": [4, 4]}})", "expected"));
    EXPECT_EQ(document.at("tile_bounds")[0].at("touched_pairs"), 16 * 4 * 16 * 16);
    EXPECT_EQ(document.at("ordered_tile_bounds")[0].at("full"), 16);
    EXPECT_EQ(document.at("ordered_tile_bounds")[0].at("touched_pairs"), document.at("pairs"));
    const EngineRun refused =
        run({"stats", "--mask", neighbourhood, "--tokens", "256", "--order", R"({"list": {"tokens": [0]}})"});
    EXPECT_EQ(refused.code, exit_bad_input);
    EXPECT_EQ(
        refused.error,
        "longscope-engine: --order.list.tokens: a list of 1 tokens does not order 256 tokens; accepted: 256 tokens\n");
}

TEST(MaskStats, PrintsJson) {
    const EngineRun outcome = run({"stats", "--mask", R"({"window": {"left": 3, "right": 0}})", "--tokens", "10",
                                   "--q-tile", "4", "--k-tile", "2", "--json"});
    ASSERT_EQ(outcome.code, exit_done) << outcome.error;
    Json document = parse_json(outcome.out, "output");
    EXPECT_GE(document.at("compile_ns").get<std::int64_t>(), 0);
    document.erase("compile_ns");
    EXPECT_EQ(document, parse_json(R"({
        "mask": {"window": {"left": 3, "right": 0}},
        "tokens": 10,
        "documents": 1,
        "pairs": 34,
        "density": 0.34,
        "tiles": {"q_tile": 4, "k_tile": 2, "empty": 6, "full": 1, "partial": 8, "kept_share": 0.6},
        "keys_per_query": {"min": 1, "mean": 3.4, "max": 4},
        "queries_per_key": {"min": 1, "mean": 3.4, "max": 4},
        "queries_without_keys": {"count": 0, "first": null},
        "keys_without_queries": {"count": 0, "first": null},
        "causality": {"causal": true, "leaking_pairs": 0, "first_leak": null},
        "cache": {"most_resident_keys": 3, "after_query": 2, "kv_efficient": true, "held_pairs": 34, "seen_pairs": 34,
                  "first_gap": null, "local_needed": 0},
        "ideal_speedup": {"over_full": 2.9411764705882355, "over_causal": 1.6176470588235294},
        "tile_bounds": [{"q_tile": 4, "k_tile": 2, "empty": 6, "full": 1, "partial": 8, "touched_pairs": 60,
                         "speedup_over_full": 1.6666666666666667, "speedup_over_causal": 1.1333333333333333}]})",
                                   "expected"));
}

TEST(MaskStats, AnswersWhatAMaskIsAskedFor) {
    const EngineRun outcome = run({"stats", "--mask", R"({"or": [{"causal": {}}, {"prefix": {"tokens": 8}}]})",
                                   "--tokens", "1024", "--tile", "128x128,64x1024"});
    EXPECT_EQ(outcome.code, exit_done) << outcome.error;
    for (const char* line :
         {"causal           no: 28 pairs with later keys, first query 0 with key 1\n", "blind queries    none\n",
          "resident keys    at most 1,023, after query 1,022\n", "passed keys      do not come back (KV-efficient)\n",
          "by tiles         128 x 128: 1.78 x over full, 1.00 x over causal\n",
          "by tiles         64 x 1024: 1.00 x over full, 1.00 x over causal\n"}) {
        EXPECT_NE(outcome.out.find(line), std::string::npos) << line << "in\n" << outcome.out;
    }
}

TEST(MaskStats, TellsWhichKeysComeBack) {
    const EngineRun outcome = run({"stats", "--mask", R"({"strided_diagonals": {"stride": 4}})", "--tokens", "10"});
    EXPECT_NE(
        outcome.out.find(
            "passed keys      come back: key 0 is passed by query 1 and seen by query 4; none if the last 8 stay\n"),
        std::string::npos)
        << outcome.out;
}

TEST(MaskStats, GivesThePairsOfEveryDocument) {
    const EngineRun outcome =
        run({"stats", "--mask", R"({"shared_question": {}})", "--documents", "10,20", "--per-document", "--json"});
    ASSERT_EQ(outcome.code, exit_done) << outcome.error;
    EXPECT_EQ(parse_json(outcome.out, "output").at("per_document"),
              parse_json(R"([{"begin": 0, "tokens": 10, "pairs": 55, "inside": 55},
                             {"begin": 10, "tokens": 20, "pairs": 410, "inside": 210}])",
                         "expected"));
}

TEST(MaskStats, GivesTheDistributionOverDraws) {
    const std::string lengths = LONGSCOPE_SOURCE_DIR "/resources/lengths/mixed-documents.json";
    const auto of_draw = [&](const std::string& draw) {
        const EngineRun outcome = run({"stats", "--mask", causal_documents, "--tokens", "20000", "--lengths", lengths,
                                       "--seed", "7", "--draw", draw, "--draws", "3", "--json"});
        EXPECT_EQ(outcome.code, exit_done) << outcome.error;
        return parse_json(outcome.out, "output");
    };
    std::vector<std::int64_t> pairs;
    for (const char* draw : {"0", "1", "2"}) {
        pairs.push_back(of_draw(draw).at("pairs"));
    }
    std::sort(pairs.begin(), pairs.end());
    const Json figure = of_draw("0").at("draws").at("figures").at("pairs");
    EXPECT_EQ(figure.at("min"), pairs[0]);
    EXPECT_EQ(figure.at("median"), pairs[1]);
    EXPECT_EQ(figure.at("max"), pairs[2]);
    EXPECT_NEAR(figure.at("p90").get<double>(),
                static_cast<double>(pairs[1]) + 0.8 * static_cast<double>(pairs[2] - pairs[1]), 1.0);
}

TEST(MaskHeads, AreNeverChosenSilently) {
    const auto complaint = [](std::vector<std::string> arguments) {
        const EngineRun outcome = run(std::move(arguments));
        EXPECT_EQ(outcome.code, exit_bad_input);
        return outcome.error;
    };
    EXPECT_EQ(
        complaint({"stats", "duo_attention", "--tokens", "4096"}),
        "longscope-engine: --head: (nothing) is not enough: the mask differs from head to head; accepted: an integer "
        "from 0 to 65535\n");
    EXPECT_NE(
        complaint({"stats", "longgen", "--tokens", "4096", "--head", "3"}).find("--layer: (nothing) is not enough"),
        std::string::npos);
    EXPECT_NE(complaint({"diff", "duo_attention", "causal", "--tokens", "4096"}).find("--head: "), std::string::npos);
    EXPECT_NE(complaint({"code", "moa", "--library", "flex", "--tokens", "4096"}).find("--head: "), std::string::npos);
    EXPECT_NE(complaint({"stats", "moa", "--tokens", "4096", "--head", "8"}).find("has none for head 8"),
              std::string::npos);
    EXPECT_NE(complaint({"stats", "duo_attention", "--tokens", "4096", "--heads", "4", "--head", "3"}).find("--head"),
              std::string::npos);
}

TEST(MaskHeads, EveryVerbTakesOne) {
    const EngineRun streaming = run({"stats", "duo_attention", "--tokens", "4096", "--head", "16"});
    EXPECT_NE(streaming.out.find("mask             sink(tokens 128) or window(left 255, right 0)\n"), std::string::npos)
        << streaming.out << streaming.error;
    EXPECT_NE(streaming.out.find("resident keys    at most 383, after query 382\n"), std::string::npos);
    const EngineRun same = run({"diff", "duo_attention", "causal", "--tokens", "4096", "--head", "15"});
    EXPECT_EQ(same.code, exit_done) << same.error;
    const EngineRun other = run({"diff", "duo_attention", "causal", "--tokens", "4096", "--head", "16"});
    EXPECT_EQ(other.code, exit_failed);
    const EngineRun code = run({"code", "duo_attention", "--library", "flex", "--tokens", "4096", "--head", "0"});
    EXPECT_EQ(code.code, exit_done) << code.error;
    EXPECT_NE(code.out.find("(kv_idx <= q_idx)"), std::string::npos) << code.out;
}

TEST(MaskHeads, AreShownAsMasksOfTheirOwn) {
    const auto shown = [](std::vector<std::string> arguments) {
        arguments.insert(arguments.begin(), "show");
        const EngineRun outcome = run(std::move(arguments));
        EXPECT_EQ(outcome.code, exit_done) << outcome.error;
        return parse_json(outcome.out, "output");
    };
    EXPECT_EQ(shown({"longgen", "--layer", "12"}), parse_json(R"({"causal": {}})", "expected"));
    EXPECT_TRUE(shown({"longgen"}).contains("per_heads"));
    const Json groups = shown({"duo_attention", "--heads", "32", "--layers", "2"});
    ASSERT_EQ(groups.size(), 2U);
    EXPECT_EQ(groups[0].at("heads"), "heads 0-15 of layers 0-1");
    EXPECT_EQ(groups[1].at("count"), 32);
}

TEST(MaskHeads, AnswerTogether) {
    const EngineRun outcome = run({"stats", "s2_attention", "--tokens", "8192", "--heads", "32", "--tile", "64x64"});
    EXPECT_EQ(outcome.code, exit_done) << outcome.error;
    for (const char* line :
         {"heads            32 in all layers, 16 different masks\n", "seen by any head every causal pair\n"}) {
        EXPECT_NE(outcome.out.find(line), std::string::npos) << line << "in\n" << outcome.out;
    }
    const EngineRun ladder = run({"stats", "lacache", "--tokens", "8192", "--heads", "2", "--layers", "1", "--json"});
    const Json document = parse_json(ladder.out, "output");
    EXPECT_EQ(document.at("masks").size(), 1U);
    EXPECT_EQ(document.at("first_unseen"), Json::array({548, 36}));
}

TEST(MaskStats, ReadsTheMaskFromAFile) {
    const TemporaryFolder folder;
    const std::filesystem::path path = folder.path() / "mask.json";
    std::ofstream(path) << causal_documents;
    const EngineRun outcome = run({"stats", "--mask", path.string(), "--tokens", "64"});
    EXPECT_EQ(outcome.code, exit_done) << outcome.error;
    EXPECT_NE(outcome.out.find("pairs kept       2,080 of 4,096\n"), std::string::npos);
}

TEST(MaskStats, TakesTheLongestSequence) {
    const EngineRun outcome =
        run({"stats", "--mask", R"({"full": {}})", "--tokens", "1073741824", "--q-tile", "1048576"});
    EXPECT_EQ(outcome.code, exit_done) << outcome.error;
    EXPECT_NE(outcome.out.find("pairs kept       1,152,921,504,606,846,976 of"), std::string::npos);
}

TEST(MaskStats, NamesWhatIsWrongInOneLine) {
    const auto complaint = [](std::vector<std::string> arguments) {
        arguments.insert(arguments.begin(), "stats");
        const EngineRun outcome = run(std::move(arguments));
        EXPECT_EQ(outcome.code, exit_bad_input);
        EXPECT_EQ(outcome.out, "");
        EXPECT_EQ(std::count(outcome.error.begin(), outcome.error.end(), '\n'), 1) << outcome.error;
        return outcome.error;
    };
    const std::string start = "longscope-engine: ";
    EXPECT_EQ(
        complaint({"--mask", causal_documents, "--tokens", "5", "--documents", "1,2"}),
        start + "--documents: 3 tokens in all do not fill the sequence; accepted: lengths that sum to --tokens 5\n");
    for (const char* documents : {"1,x", "1,,2", "-4", "1,2,", "1.5", "0", "99999999999999999999", "1 ,2"}) {
        EXPECT_NE(complaint({"--mask", causal_documents, "--documents", documents}).find("is not the length of a doc"),
                  std::string::npos)
            << documents;
    }
    EXPECT_NE(complaint({"--mask", causal_documents, "--documents", "1073741824,1"}).find("too many"),
              std::string::npos);
    EXPECT_EQ(complaint({"--mask", causal_documents}),
              start + "--tokens: is missing; accepted: an integer from 1 to 1073741824, or --documents\n");
    for (const char* tokens : {"0", "-1", "1073741825", "99999999999999999999", "x", "1.5"}) {
        EXPECT_NE(complaint({"--mask", causal_documents, "--tokens", tokens}).find("--tokens"), std::string::npos);
    }
    EXPECT_NE(complaint({"--mask", R"({"windw": {}})", "--tokens", "5"}).find("mask: windw is not a mask"),
              std::string::npos);
    EXPECT_NE(complaint({"--mask", R"({"window": {"left": 9, "right": 0}})", "--tokens", "5"})
                  .find("mask.window.left: 9 is larger than the sequence"),
              std::string::npos);
    for (const char* tile : {"128", "x", "0x4", "4x", "4x4x4", "4 x4", "1073741825x1"}) {
        EXPECT_NE(
            complaint({"--mask", causal_documents, "--tokens", "5", "--tile", tile}).find("is not a shape of tiles"),
            std::string::npos)
            << tile;
    }
    EXPECT_NE(complaint({"--mask", causal_documents, "--tokens", "5", "--draws", "3"})
                  .find("--draws: 3 needs documents that are drawn"),
              std::string::npos);
    EXPECT_NE(complaint({"--mask", causal_documents, "--lengths", "/no/such", "--documents", "3"})
                  .find("--lengths: /no/such does not say how long the sequence is"),
              std::string::npos);
    EXPECT_NE(complaint({"--mask", "{", "--tokens", "5"}).find("is not valid JSON"), std::string::npos);
    EXPECT_NE(complaint({"--mask", "/no/such/file", "--tokens", "5"}).find("/no/such/file: cannot read"),
              std::string::npos);
    EXPECT_NE(complaint({"--mask", causal_documents, "--tokens", "5", "--q-tile", "0"}).find("--q-tile"),
              std::string::npos);
}

TEST(MaskRender, DrawsIntoTheFile) {
    const TemporaryFolder folder;
    for (const char* name : {"mask.png", "mask.svg", "mask.pdf"}) {
        const std::filesystem::path path = folder.path() / name;
        const EngineRun outcome =
            run({"render", "--mask", causal_documents, "--documents", "3000,2000", "-o", path.string(), "--theme",
                 "dark", "--width", "700", "--region", "0:4000,1000:5000"});
        EXPECT_EQ(outcome.code, exit_done) << outcome.error;
        EXPECT_EQ(outcome.out, path.string() + "\n");
        EXPECT_GT(std::filesystem::file_size(path), 1000U);
    }
    std::ifstream file(folder.path() / "mask.svg");
    const std::string svg{std::istreambuf_iterator<char>(file), {}};
    EXPECT_NE(svg.find(R"(width="700")"), std::string::npos);
    EXPECT_NE(svg.find(">causal and documents</text>"), std::string::npos);
    EXPECT_NE(svg.find(">Shown: queries 0 to 4,000, keys 1,000 to 5,000; "), std::string::npos);
}

TEST(MaskRender, NamesWhatIsWrong) {
    const TemporaryFolder folder;
    const auto complaint = [](int code, std::vector<std::string> more) {
        std::vector<std::string> arguments{"render", "--mask", causal_documents, "--tokens", "100"};
        arguments.insert(arguments.end(), more.begin(), more.end());
        const EngineRun outcome = run(arguments);
        EXPECT_EQ(outcome.code, code);
        return outcome.error;
    };
    const std::string picture = (folder.path() / "a.png").string();
    EXPECT_NE(complaint(exit_bad_input, {}).find("--output is required"), std::string::npos);
    EXPECT_NE(complaint(exit_bad_input, {"-o", "a.gif"}).find("--output: a.gif is not the name of a picture"),
              std::string::npos);
    EXPECT_NE(complaint(exit_bad_input, {"-o", picture, "--theme", "pink"}).find("--theme: pink is not a theme"),
              std::string::npos);
    for (const char* region : {"0:5,0", "0:5", "a:b,c:d", "0:5,0:5x", "0,5:0,5", "0:99999999999999999999,0:5", ":"}) {
        EXPECT_NE(complaint(exit_bad_input, {"-o", picture, "--region", region}).find("is not a region"),
                  std::string::npos)
            << region;
    }
    for (const char* region : {"0:101,0:5", "5:5,0:5", "-1:5,0:5"}) {
        EXPECT_NE(complaint(exit_bad_input, {"-o", picture, "--region", region}).find("is not a part of the mask"),
                  std::string::npos)
            << region;
    }
    EXPECT_NE(complaint(exit_bad_input, {"-o", picture, "--width", "10"}).find("--width"), std::string::npos);
    EXPECT_FALSE(std::filesystem::exists(picture));
    EXPECT_NE(complaint(exit_failed, {"-o", "/no/such/folder/a.png"}).find("/no/such/folder/a.png: cannot write"),
              std::string::npos);
}

TEST(Mask, HelpListsTheMasks) {
    const EngineRun outcome = run({"--help"});
    EXPECT_EQ(outcome.code, exit_done);
    for (const char* word : {"stats", "render", "causal", "documents", "window", "and, or", "not"}) {
        EXPECT_NE(outcome.out.find(word), std::string::npos) << word;
    }
}

TEST(Mask, ListsLeavesAndPresetsForPeopleAndForTheManual) {
    EXPECT_NE(run({"leaves"}).out.find("  window                 left, right "), std::string::npos);
    EXPECT_EQ(run({"leaves", "--format", "markdown"}).out, leaves_as_markdown());
    EXPECT_NE(run({"presets"}).out.find("  streaming_llm "), std::string::npos);
    EXPECT_EQ(run({"presets", "--format", "markdown"}).out, presets_as_markdown());
    EXPECT_EQ(run({"leaves", "--format", "html"}).code, exit_bad_input);
}

TEST(Mask, KnowsPresetsByName) {
    const EngineRun outcome = run({"stats", "--mask", "prefix_lm_causal", "--tokens", "8192"});
    EXPECT_EQ(outcome.code, exit_done) << outcome.error;
    EXPECT_NE(outcome.out.find("mask             causal or prefix(tokens 1024)\n"), std::string::npos) << outcome.out;
}

TEST(Mask, WantsAWordMore) {
    const EngineRun outcome = run({});
    EXPECT_EQ(outcome.code, exit_bad_input);
    EXPECT_NE(outcome.error.find("subcommand"), std::string::npos);
}

TEST(MaskVerb, TakesAnExperimentWithItsDocumentsAndItsLayout) {
    const std::string file = LONGSCOPE_SOURCE_DIR "/resources/experiments/documents-64k-zigzag.json";
    const EngineRun outcome = run({"stats", file, "--draw", "1", "--json"});
    ASSERT_EQ(outcome.code, 0) << outcome.error;
    const Json stats = parse_json(outcome.out, "stats");
    std::int64_t pairs = 0;
    for (const Json& rank : stats.at("ranks").at("pairs")) {
        pairs += rank.get<std::int64_t>();
    }
    EXPECT_EQ(stats.at("tokens"), 65536);
    EXPECT_EQ(stats.at("ranks").at("pairs").size(), 4U);
    EXPECT_EQ(pairs, stats.at("pairs").get<std::int64_t>());
    // 2 heads (Dqk + Dv) a pair.
    EXPECT_EQ(stats.at("forward_flops").get<double>(), 2.0 * 8 * 128 * static_cast<double>(pairs));
    EXPECT_NE(stats.at("pairs"), parse_json(run({"stats", file, "--json"}).out, "stats").at("pairs"));

    EXPECT_NE(run({"stats", file, "--draw", "3"})
                  .error.find("--draw: 3 is not a draw of the experiment; accepted: an "
                              "integer from 0 to 2"),
              std::string::npos);
    EXPECT_EQ(run({"stats", file, "--mask", "{}"}).code, exit_bad_input);
    EXPECT_EQ(run({"stats"}).error,
              "longscope-engine: FILE: is missing; accepted: an experiment, or --mask and --tokens\n");
}

}  // namespace
}  // namespace longscope
