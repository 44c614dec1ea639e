// SPDX-License-Identifier: GPL-3.0-or-later
// Grids: what the document says, what is refused, and that those that ship are what they say.
#include "engine/experiment/grid.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "engine/base/registry.h"
#include "engine/mask/mask_presets.h"
#include "engine/parallel/dispatch.h"
#include "engine/parallel/strategy.h"
#include "tests/engine/experiment/example.h"
#include "tests/support/expect_error.h"
#include "tests/support/json_schema.h"

namespace longscope {
namespace {

Json small_grid() {
    return parse_json(R"json({
        "longscope_grid": 1, "name": "small", "experiment": {"longscope_experiment": 1, "layout": {"ranks": 9}},
        "axes": [
            {"name": "mask", "cases": [
                {"name": "all", "set": {"mask": {"full": {}}}},
                {"name": "documents", "set": {"mask": {"documents": {}}, "sequence.lengths": {"list": [3, 5]}}}]},
            {"name": "tokens", "field": "sequence.tokens", "values": [8, 16]}],
        "scales": [{"name": "large", "set": {"layout.ranks": 64},
                    "axes": [{"name": "tokens", "field": "sequence.tokens", "values": [1024]},
                             {"name": "seed", "field": "sequence.seed", "values": [1, 2]}]}]})json",
                      "test");
}

std::vector<std::string> names_of_points(const Grid& grid) {
    std::vector<std::string> texts;
    for (const GridPoint& point : points_of(grid.axes, "axes")) {
        texts.push_back(to_text(point.names));
    }
    return texts;
}

TEST(Grid, HoldsEveryCaseOfEachAxisWithThoseOfTheOthers) {
    const Grid grid = parse_grid(small_grid());
    EXPECT_EQ(names_of_points(grid), (std::vector<std::string>{"mask=all tokens=8", "mask=all tokens=16",
                                                               "mask=documents tokens=8", "mask=documents tokens=16"}));
    EXPECT_EQ(to_text(points_of(grid.axes, "axes").back().changes),
              R"(mask={"documents":{}} sequence.lengths={"list":[3,5]} sequence.tokens=16)");
    EXPECT_EQ(grid.experiment.at("name"), "small") << "unless it has one";
    EXPECT_TRUE(looks_like_grid(small_grid()));
    EXPECT_FALSE(looks_like_grid(grid.experiment));
}

TEST(Grid, AScaleReplacesAxesAndSetsFields) {
    Grid grid = parse_grid(small_grid());
    choose_scale(grid, "large", "--scale");
    EXPECT_EQ(names_of_points(grid).size(), 4U);
    EXPECT_EQ(names_of_points(grid)[1], "mask=all tokens=1024 seed=2");
    EXPECT_EQ(grid.experiment.at("layout").at("ranks"), 64);
    expect_error(ErrorKind::bad_input, {"--scale: huge is not a scale of this grid; accepted: large"},
                 [&] { choose_scale(grid, "huge", "--scale"); });
}

TEST(Grid, IsCutDownAndVariedFromOutside) {
    Grid grid = parse_grid(small_grid());
    keep_only(grid, "mask=documents", "--only");
    vary(grid, parse_varied_field("sequence.tokens=32", "--vary"));
    vary(grid, parse_varied_field("layout.ranks=2,4", "--vary"));
    EXPECT_EQ(names_of_points(grid), (std::vector<std::string>{"mask=documents tokens=32 layout.ranks=2",
                                                               "mask=documents tokens=32 layout.ranks=4"}));
    keep_only(grid, "tokens=32", "--only");
    EXPECT_EQ(names_of_points(grid).size(), 2U) << "values go by what they are";
    expect_error(ErrorKind::bad_input, {"--only: mesh is not an axis of this grid; accepted: mask, tokens"},
                 [&] { keep_only(grid, "mesh=2", "--only"); });
    expect_error(ErrorKind::bad_input, {"--only: all is not a case of the axis mask; accepted: documents"},
                 [&] { keep_only(grid, "mask=all", "--only"); });
}

TEST(Grid, WhatIsWrongIsSaidWithItsPlace) {
    const auto expect_refused = [](const char* pointer, const char* value, const std::string& part) {
        Json document = small_grid();
        document[Json::json_pointer(pointer)] = parse_json(value, "test");
        expect_error(ErrorKind::bad_input, {part}, [&] { (void)parse_grid(document); });
    };
    expect_refused("/longscope_grid", "2", "longscope_grid: 2 is newer than this program reads; accepted: 1");
    expect_refused("/longscope_grid", "\"1\"", "is not a version");
    expect_refused("/name", "\"\"", "name: \"\" is not a name");
    expect_refused("/experiment", "[]", "experiment: [] is not an object");
    expect_refused("/axes", "[]", "axes: [] is empty");
    expect_refused("/axes/0/cases", "7", "axes[0].cases: 7 is not a list");
    expect_refused("/axes/0/cases/1/set", "{}", "axes[0].cases[1].set: {} sets nothing");
    expect_refused("/axes/0/cases/1/name", "\"all\"", "axes[0]: \"all\" stands twice");
    expect_refused("/axes/0/cases/1/comment", "\"x\"", "axes[0].cases[1].comment");
    expect_refused("/axes/1/name", "\"mask\"", "axes: mask stands twice");
    expect_refused("/axes/1/values", "[]", "axes[1].values: [] is empty");
    expect_refused("/axes/1/cases", "[]", "axes[1].cases");
    expect_refused("/scales/0/axis", "[]", "scales[0].axis");
    expect_refused("/comment", "\"x\"", "comment");
}

const Json& schema() {
    static const Json document =
        parse_json(read_bounded_file(resources_folder / "schemas" / "grid-1.schema.json", 1 << 20), "schema");
    return document;
}

TEST(GridSchema, AcceptsWhatTheReaderAcceptsAndRefusesWhatItRefuses) {
    EXPECT_EQ(schema_violation(small_grid(), schema()), "");
    for (const auto& [pointer, value] : std::vector<std::pair<const char*, const char*>>{{"/longscope_grid", "2"},
                                                                                         {"/name", "\"\""},
                                                                                         {"/experiment", "[]"},
                                                                                         {"/axes", "[]"},
                                                                                         {"/axes/0/cases/1/set", "{}"},
                                                                                         {"/axes/1/cases", "[]"},
                                                                                         {"/scales/0/axis", "[]"},
                                                                                         {"/comment", "1"}}) {
        Json document = small_grid();
        document[Json::json_pointer(pointer)] = parse_json(value, "test");
        EXPECT_NE(schema_violation(document, schema()), "") << pointer;
        EXPECT_THROW((void)parse_grid(document), Error) << pointer;
    }
}

ExperimentNames all_names() {
    return {names_of(strategies()), names_of(dispatches()), {"cpu", "reference"}};
}

Grid shipped(const std::filesystem::path& path, const std::string& scale) {
    Grid grid = parse_grid(parse_json(read_bounded_file(path, 1 << 20), path.string()));
    choose_scale(grid, scale, "--scale");
    return grid;
}

TEST(ShippedGrids, FitTheSchemaAndHoldExperimentsOnly) {
    int files = 0;
    for (const auto& entry : std::filesystem::directory_iterator(resources_folder / "sweeps")) {
        const Json document = parse_json(read_bounded_file(entry.path(), 1 << 20), entry.path().string());
        EXPECT_EQ(schema_violation(document, schema()), "") << entry.path();
        std::vector<std::string> scales{""};
        for (const GridScale& scale : parse_grid(document).scales) {
            scales.push_back(scale.name);
        }
        for (const std::string& scale : scales) {
            const Grid grid = shipped(entry.path(), scale);
            EXPECT_EQ(grid.name, entry.path().stem().string());
            EXPECT_NE(grid.description, "");
            for (const GridPoint& point : points_of(grid.axes, "axes")) {
                EXPECT_NO_THROW((void)changed_experiment(grid.experiment, entry.path(), all_names(), point.changes))
                    << scale << " " << to_text(point.names);
            }
        }
        ++files;
    }
    EXPECT_GE(files, 1);
}

void expect_every_strategy(const Axis& axis) {
    std::set<std::string> met;
    for (const AxisCase& one : axis.cases) {
        for (const FieldOverride& change : one.changes) {
            if (change.field == "layout.strategy") {
                met.insert(change.value.get<std::string>());
            }
        }
    }
    for (const StrategyEntry& strategy : strategies()) {
        EXPECT_EQ(met.count(std::string(strategy.name)), 1U) << strategy.name << " is not in the matrix";
    }
}

// The first fourteen presets are the masks of the benchmark in its order, the next fourteen those of its long runs.
TEST(ShippedGrids, LongcaHasTheMasksOfTheBenchmarkAndEveryStrategy) {
    const std::filesystem::path path = resources_folder / "sweeps" / "longca.json";
    for (const auto& [scale, suffix] : {std::pair<std::string, std::string>{"", ""}, {"published", "_long"}}) {
        const Grid grid = shipped(path, scale);
        ASSERT_EQ(grid.axes.size(), 3U);
        ASSERT_EQ(grid.axes[0].cases.size(), 14U);
        for (std::size_t i = 0; i < 14; ++i) {
            const AxisCase& one = grid.axes[0].cases[i];
            EXPECT_EQ(one.name, mask_presets()[i].name);
            const MaskPreset* preset = find_mask_preset(std::string(mask_presets()[i].name) + suffix);
            ASSERT_NE(preset, nullptr);
            EXPECT_EQ(one.changes.front().field, "mask");
            EXPECT_EQ(one.changes.front().value, parse_json(preset->expression, "preset")) << preset->name;
        }
        expect_every_strategy(grid.axes[1]);
    }
}

TEST(ShippedGrids, WireDTypeHasEveryStrategyAndType) {
    const Grid grid = shipped(resources_folder / "sweeps" / "wire-dtype.json", "");
    ASSERT_EQ(grid.axes.size(), 3U);
    expect_every_strategy(grid.axes[0]);
    EXPECT_EQ(grid.axes[1].cases.size(), dtype_words.size());
}

// Else a document mask would be the same as one without documents.
TEST(ShippedGrids, LongcaDrawsSeveralDocumentsAlsoWhereItIsSmall) {
    const std::filesystem::path path = resources_folder / "sweeps" / "longca.json";
    const Grid grid = shipped(path, "");
    int with_documents = 0;
    for (const GridPoint& point : points_of(grid.axes, "axes")) {
        const Experiment experiment = changed_experiment(grid.experiment, path, all_names(), point.changes);
        if (experiment.sequence.lengths.form != LengthsField::Form::one_document) {
            EXPECT_GE(documents_of_draw(experiment, 0).size(), 3U) << to_text(point.names);
            ++with_documents;
        }
    }
    EXPECT_GT(with_documents, 0);
}

TEST(ShippedGrids, LongcaIsPublishedAt8KTokensARank) {
    const Grid grid = shipped(resources_folder / "sweeps" / "longca.json", "published");
    std::vector<std::int64_t> ranks;
    for (const AxisCase& size : grid.axes[2].cases) {
        const auto value = [&](std::string_view field) {
            return std::find_if(size.changes.begin(), size.changes.end(),
                                [&](const FieldOverride& change) { return change.field == field; })
                ->value.get<std::int64_t>();
        };
        ranks.push_back(value("layout.ranks"));
        EXPECT_EQ(value("sequence.tokens"), 8192 * value("layout.ranks"));
    }
    EXPECT_EQ(ranks, (std::vector<std::int64_t>{8, 16, 32, 64, 96}));
}

}  // namespace
}  // namespace longscope
