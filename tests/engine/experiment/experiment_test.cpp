// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/experiment/experiment.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cmath>
#include <numeric>

#include "engine/experiment/field_override.h"
#include "tests/engine/experiment/example.h"
#include "tests/support/message_of.h"
#include "tests/support/temporary_folder.h"

namespace longscope {
namespace {

Json minimal_document() {
    return parse_json(R"({"longscope_experiment": 1,
        "shape": {"query_heads": 2, "key_value_heads": 2, "head_dim_qk": 8, "head_dim_v": 8},
        "sequence": {"tokens": 64}, "mask": {"causal": {}}})",
                      "minimal");
}

TEST(Experiment, HoldsWhatItsDocumentSays) {
    const Experiment experiment = parsed(example_document());
    EXPECT_EQ(experiment.name, "example");
    EXPECT_EQ(experiment.description, "Two lines\nof text.");
    EXPECT_EQ(experiment.shape, (AttentionShape{1, 6, 2, 32, 16, DType::float32}));
    EXPECT_EQ(experiment.sequence.tokens, 100);
    EXPECT_EQ(experiment.sequence.draws, 3);
    EXPECT_EQ(experiment.sequence.seed, 7);
    EXPECT_EQ(experiment.layout.ranks, 4);
    EXPECT_EQ(experiment.layout.strategy, "ulysses");
    EXPECT_EQ(experiment.layout.dispatch, "zigzag");
    EXPECT_EQ(experiment.backend.name, "reference");
    EXPECT_EQ(experiment.backend.threads, 2);
    EXPECT_EQ(experiment.backend.device, "gpu");
    EXPECT_EQ(experiment.repetitions.warm_up, 2);
    EXPECT_EQ(experiment.repetitions.measured, 9);
    EXPECT_EQ(experiment.check.rows, 8);
    EXPECT_EQ(to_text(experiment.mask),
              "documents and (causal or prefix(tokens 10) or sink(tokens 4) or not window(left 20, right 5)) and full");
}

TEST(Experiment, WritesOutItsDefaults) {
    const Json expected = parse_json(R"({"longscope_experiment": 1, "name": "untitled", "description": "",
        "shape": {"batch": 1, "query_heads": 2, "key_value_heads": 2, "head_dim_qk": 8, "head_dim_v": 8,
                  "dtype": "float32"},
        "sequence": {"tokens": 64, "draws": 1, "seed": 1},
        "mask": {"causal": {}},
        "layout": {"ranks": 1, "strategy": "ring", "dispatch": "contiguous"},
        "backend": {"name": "cpu", "threads": 0, "memory_per_rank_bytes": 0},
        "repetitions": {"warm_up": 1, "measured": 5},
        "check": {"rows": 64}})",
                                     "expected");
    EXPECT_EQ(to_json(parsed(minimal_document())).dump(2), expected.dump(2));
}

TEST(Experiment, LeavesWhatEditorsKeepAlone) {
    Json document = minimal_document();
    const std::string before = to_json(parsed(document)).dump();
    document["editor"] = {{"layers", {1, 2}}};
    EXPECT_EQ(to_json(parsed(document)).dump(), before);
    document["editor"] = 5;
    EXPECT_NE(message_of([&] { (void)parsed(document); }).find("editor: 5 is not an object"), std::string::npos);
}

TEST(Experiment, KnowsEveryElementType) {
    for (const DType dtype : {DType::float32, DType::bfloat16, DType::float16}) {
        Json document = minimal_document();
        document["shape"]["dtype"] = to_string(dtype);
        EXPECT_EQ(parsed(document).shape.dtype, dtype);
        EXPECT_EQ(to_json(parsed(document))["shape"]["dtype"], to_string(dtype));
    }
}

TEST(Experiment, ReadsBackWhatItWrites) {
    for (const Json& document : {example_document(), example_document_with_lengths("file"),
                                 example_document_with_lengths("histogram"), minimal_document()}) {
        const Experiment experiment = parsed(document);
        const Experiment again = parsed(parse_json(to_json(experiment).dump(), "again"));
        EXPECT_EQ(again, experiment);
        EXPECT_EQ(to_json(again).dump(), to_json(experiment).dump());
    }
    EXPECT_EQ(to_json(parsed(example_document())).dump(), example_document().dump());
    EXPECT_FALSE(parsed(example_document()) == parsed(minimal_document()));
}

TEST(Experiment, WithoutLengthsIsOneDocument) {
    const Experiment experiment = parsed(minimal_document());
    EXPECT_EQ(documents_of_draw(experiment, 0), (std::vector<std::int64_t>{64}));
    EXPECT_EQ(domain_of_draw(experiment, 0).cu_seqlens, (std::vector<std::int64_t>{0, 64}));
}

TEST(Experiment, WithAListHasTheseDocumentsInEveryDrawButOtherValues) {
    const Experiment experiment = parsed(example_document());
    for (const std::int64_t draw : {0, 1, 2}) {
        const MaskDomain domain = domain_of_draw(experiment, draw);
        EXPECT_EQ(domain.query_tokens, 100);
        EXPECT_EQ(domain.key_tokens, 100);
        EXPECT_EQ(domain.cu_seqlens, (std::vector<std::int64_t>{0, 60, 99, 100}));
    }
    EXPECT_NE(input_seed_of_draw(experiment, 0), input_seed_of_draw(experiment, 1));
}

TEST(Experiment, WithAHistogramOrAFileDrawsDocumentsAnewInEveryDraw) {
    for (const std::string form : {"histogram", "file"}) {
        Json document = example_document_with_lengths(form);
        document["sequence"]["tokens"] = 100000;
        const Experiment experiment = parsed(document);
        const auto first = documents_of_draw(experiment, 0);
        EXPECT_EQ(std::accumulate(first.begin(), first.end(), std::int64_t{0}), 100000);
        EXPECT_EQ(documents_of_draw(experiment, 0), first);
        EXPECT_NE(documents_of_draw(experiment, 1), first);
        document["sequence"]["seed"] = 8;
        EXPECT_NE(documents_of_draw(parsed(document), 0), first);
    }
}

TEST(Experiment, KeepsThePathOfItsLengthsAsGivenAndCanMakeItAbsolute) {
    const Experiment experiment = parsed(example_document_with_lengths("file"));
    EXPECT_EQ(to_json(experiment)["sequence"]["lengths"]["file"], "../lengths/mixed-documents.json");
    const Experiment portable = with_absolute_paths(experiment);
    const auto expected = (resources_folder / "lengths" / "mixed-documents.json").lexically_normal();
    EXPECT_EQ(to_json(portable)["sequence"]["lengths"]["file"], expected.string());
    EXPECT_EQ(parse_experiment(to_json(portable), "/", known_names()), portable);
}

class ExperimentFile : public testing::Test {
  protected:
    std::filesystem::path write(const std::string& name, const std::string& content) {
        write_file_atomically(folder_.path() / name, content);
        return folder_.path() / name;
    }
    static std::string refusal_of(const std::filesystem::path& path) {
        return message_of([&] { (void)read_experiment(path, known_names()); });
    }

  private:
    TemporaryFolder folder_;
};

TEST_F(ExperimentFile, FindsItsLengthsBesideIt) {
    write("lengths.txt", "5\n6\n");
    Json document = example_document();
    document["sequence"]["lengths"] = {{"file", "lengths.txt"}};
    const Experiment experiment = read_experiment(write("e.json", document.dump()), known_names());
    EXPECT_EQ(experiment.sequence.lengths.source, LengthSource::list({5, 6}, "any"));
}

TEST_F(ExperimentFile, WithoutANameIsCalledAfterItself) {
    EXPECT_EQ(read_experiment(write("long run.json", minimal_document().dump()), known_names()).name, "long run");
}

TEST_F(ExperimentFile, MessagesBeginWithItsName) {
    const auto path = write("e.json", R"({"longscope_experiment": 1})");
    EXPECT_EQ(refusal_of(path), path.string() + ": shape: is missing; accepted: a JSON object {...}");
    write("e.json", "{");
    EXPECT_EQ(refusal_of(path), path.string() + ": line 1, column 2 is not valid JSON; accepted: a JSON document");
    Json document = example_document_with_lengths("file");
    document["sequence"]["lengths"]["file"] = "none.txt";
    write("e.json", document.dump());
    const std::string lengths = path.parent_path() / "none.txt";
    EXPECT_EQ(refusal_of(path),
              path.string() + ": sequence.lengths.file: " + lengths + ": cannot read: No such file or directory");
    write("none.txt", "7\n-7\n");
    EXPECT_EQ(refusal_of(path).find(path.string() + ": sequence.lengths.file: " + lengths + ": line 2: -7 is too"), 0U);
}

TEST_F(ExperimentFile, FieldsCanBeSetFromOutsideAndAreCheckedLikeTheDocument) {
    const auto path = write("e.json", minimal_document().dump());
    const Experiment experiment =
        read_experiment(path, known_names(), {{"layout.ranks", 8}, {"backend.name", "reference"}, {"name", "x"}});
    EXPECT_EQ(experiment.layout.ranks, 8);
    EXPECT_EQ(experiment.backend.name, "reference");
    EXPECT_EQ(experiment.name, "x");
    const auto refusal = [&](const std::string& field, const Json& value) {
        return message_of([&] { (void)read_experiment(path, known_names(), {{field, value}}); });
    };
    EXPECT_EQ(refusal("layout.ranks", 0),
              path.string() + ": layout.ranks: 0 is too small; accepted: an integer from 1 to 65536");
    EXPECT_EQ(refusal("layout.rank", 2),
              path.string() +
                  ": layout.rank: 2 is an unknown field; accepted: cost_model, dispatch, head_stride, "
                  "placement, ranks, stages, strategy, tolerance_percent, ulysses, window, wire_dtype");
    EXPECT_EQ(refusal("sequence.tokens.x", 2),
              path.string() +
                  ": sequence.tokens.x: 2 lies inside what is not an object; accepted: a field, as "
                  "layout.ranks");
    EXPECT_EQ(refusal("layout.", 2),
              path.string() + ": layout.: 2 is set by an empty name; accepted: a field, as layout.ranks");
}

TEST(Experiment, HasTheScoringThatItsDocumentSays) {
    const Experiment softmax = parsed(example_document_with_scoring(false));
    EXPECT_EQ(softmax.scoring, (ScoringField{30.5, true, true, false, std::nullopt}));
    const LayerScoring layer = scoring_of_draw(softmax, 1);
    EXPECT_EQ(layer.soft_cap, 30.5);
    EXPECT_EQ(layer.slopes, standard_slopes(6));
    EXPECT_EQ(layer.sinks.size(), 6U);
    EXPECT_NE(layer.sinks, scoring_of_draw(softmax, 2).sinks) << "draws differ in them";
    EXPECT_EQ(layer.sinks, scoring_of_draw(softmax, 1).sinks);
    EXPECT_EQ(layer.merge_rule(), MergeRule::softmax);
    Json document = example_document_with_scoring(true);
    EXPECT_EQ(scoring_of_draw(parsed(document), 0).sigmoid_bias, -4.5);
    document["scoring"]["sigmoid"] = Json::object();
    const LayerScoring sigmoid = scoring_of_draw(parsed(document), 0);
    EXPECT_EQ(sigmoid.sigmoid_bias, -std::log(100.0));
    EXPECT_EQ(sigmoid.merge_rule(), MergeRule::sum);
    EXPECT_TRUE(sigmoid.slopes.empty() && sigmoid.sinks.empty());
    for (const bool of_sigmoid : {true, false}) {
        const Experiment written = parsed(example_document_with_scoring(of_sigmoid));
        EXPECT_EQ(parsed(to_json(written)), written);
    }
}

TEST(Experiment, SaysNothingOfAScoringWhereNoneIsAskedFor) {
    Json document = minimal_document();
    EXPECT_FALSE(to_json(parsed(document)).contains("scoring"));
    document["scoring"] = {{"soft_cap", 0}, {"alibi", false}};
    EXPECT_FALSE(to_json(parsed(document)).contains("scoring"));
    EXPECT_TRUE(scoring_of_draw(parsed(document), 0).of_heads(0).is_plain());
}

TEST(Experiment, NamesItsPassWhereItIsNotTheForwardPassAlone) {
    Json document = minimal_document();
    EXPECT_EQ(parsed(document).pass, Pass::forward);
    EXPECT_FALSE(to_json(parsed(document)).contains("pass"));
    document["pass"] = "forward";
    EXPECT_FALSE(to_json(parsed(document)).contains("pass"));
    document["pass"] = "forward_backward";
    const Experiment both = parsed(document);
    EXPECT_EQ(both.pass, Pass::forward_backward);
    EXPECT_EQ(to_json(both).at("pass"), "forward_backward");
    EXPECT_EQ(parsed(to_json(both)), both);
}

TEST(Experiment, IsToldFromAHistogramOfLengths) {
    EXPECT_TRUE(looks_like_experiment(example_document()));
    EXPECT_FALSE(looks_like_experiment(example_lengths("histogram")["histogram"]));
    EXPECT_FALSE(looks_like_experiment(Json::array({"longscope_experiment"})));
    EXPECT_FALSE(looks_like_experiment("longscope_experiment"));
}

}  // namespace
}  // namespace longscope
