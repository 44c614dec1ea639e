// SPDX-License-Identifier: GPL-3.0-or-later
// The pages on masks and experiments cannot fall behind the program: their tables and examples are read here.
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "engine/experiment/grid.h"
#include "engine/mask/leaf_page.h"
#include "tests/engine/experiment/example.h"
#include "tests/support/json_schema.h"

namespace longscope {
namespace {

std::string page(const std::string& name) {
    return read_bounded_file(resources_folder / "docs" / name, 1 << 20);
}

std::vector<Json> examples_of(const std::string& text) {
    std::vector<Json> examples;
    std::size_t at = 0;
    const std::string open = "```json\n";
    while ((at = text.find(open, at)) != std::string::npos) {
        at += open.size();
        const std::size_t end = text.find("```", at);
        examples.push_back(parse_json(std::string_view(text).substr(at, end - at), "example"));
        at = end;
    }
    return examples;
}

// Between the marks of a part of the page that a verb writes.
std::string written_part(const std::string& text, const std::string& what, const std::string& verb) {
    const std::string first = "<!-- The " + what + ", as `longscope-engine " + verb + "` writes them. -->\n\n";
    const std::size_t begin = text.find(first);
    const std::size_t end = text.find("<!-- End of the " + what + ". -->");
    EXPECT_NE(begin, std::string::npos) << first;
    EXPECT_NE(end, std::string::npos);
    return begin >= end ? "" : text.substr(begin + first.size(), end - begin - first.size());
}

TEST(PageOnMasks, HoldsTheRegistries) {
    const std::string how = " prints belongs between the two marks of the page";
    const std::string leaves = "mask leaves --format markdown";
    EXPECT_EQ(written_part(page("masks.md"), "leaves", leaves), leaves_as_markdown())
        << "what longscope-engine " << leaves << how;
    const std::string orders = "mask orders --format markdown";
    EXPECT_EQ(written_part(page("masks.md"), "orders", orders), orders_as_markdown())
        << "what longscope-engine " << orders << how;
    const std::string presets = "mask presets --format markdown";
    EXPECT_EQ(written_part(page("masks.md"), "presets", presets), presets_as_markdown())
        << "what longscope-engine " << presets << how;
}

TEST(PageOnMasks, HasExamplesThatAreMasks) {
    const auto examples = examples_of(page("masks.md"));
    EXPECT_GE(examples.size(), 3U);
    for (const Json& example : examples) {
        EXPECT_NO_THROW((void)compile_mask(parse_mask(example, "mask"), {8192, 8192, {0, 4096, 8192}})) << example;
    }
}

TEST(PageOnMasks, CountsAsTheProgramDoes) {
    const auto keys_of_last_query = [](const char* text) {
        const auto mask = compile_mask(parse_mask(parse_json(text, "mask"), "mask"), {8192, 8192, {}});
        std::vector<Range> runs;
        mask->row_runs(8191, runs);
        std::int64_t keys = 0;
        for (const Range& run : runs) {
            keys += run.size();
        }
        return keys;
    };
    const std::string text = page("masks.md");
    EXPECT_NE(text.find("keeps 1025 keys"), std::string::npos);
    EXPECT_EQ(keys_of_last_query(R"({"window": {"left": 1024, "right": 0}})"), 1025);
    // Aligned at the bottom right: the last query sees every key, the first one those that the others leave over.
    const auto mask = compile_mask(parse_mask(Json{{"causal", Json::object()}}, "mask"), {4, 10, {}});
    EXPECT_TRUE(mask->contains(3, 9));
    EXPECT_TRUE(mask->contains(0, 6));
    EXPECT_FALSE(mask->contains(0, 7));
    EXPECT_NE(text.find("4 queries and 10 keys, query 0 sees the keys 0 to 6"), std::string::npos);
}

void collect_fields(const Json& described, const Json& schema, const std::string& path, std::vector<std::string>& out) {
    if (!described.contains("properties")) {
        return;
    }
    for (const auto& item : described["properties"].items()) {
        out.push_back(path + item.key());
        collect_fields(item.value(), schema, path + item.key() + ".", out);
    }
}

TEST(PageOnExperiments, ListsEveryFieldWithItsRangeAndDefault) {
    const Json schema =
        parse_json(read_bounded_file(resources_folder / "schemas" / "experiment-1.schema.json", 1 << 20), "schema");
    std::vector<std::string> fields;
    collect_fields(schema, schema, "", fields);
    const std::string text = page("experiment.md");
    for (const std::string& field : fields) {
        const std::size_t row = text.find("| `" + field + "` |");
        ASSERT_NE(row, std::string::npos) << field;
        const std::string line = text.substr(row, text.find('\n', row) - row);
        std::string pointer = "/properties/" + field;
        for (std::size_t dot = pointer.find('.'); dot != std::string::npos; dot = pointer.find('.')) {
            pointer.replace(dot, 1, "/properties/");
        }
        const Json& rules = schema.at(Json::json_pointer(pointer));
        for (const char* word : {"minimum", "maximum", "default"}) {
            if (rules.contains(word)) {
                const Json& value = rules[word];
                const std::string shown_value = !value.is_string()                 ? value.dump()
                                                : value.get<std::string>().empty() ? "empty"
                                                                                   : value.get<std::string>();
                EXPECT_NE(line.find(shown_value), std::string::npos) << line << " lacks " << word;
            }
        }
    }
}

TEST(PageOnGrids, HasAnExampleThatIsAGridOfExperiments) {
    const auto examples = examples_of(page("sweeps.md"));
    ASSERT_EQ(examples.size(), 1U);
    const Grid grid = parse_grid(examples.front());
    const std::vector<GridPoint> points = points_of(grid.axes, "axes");
    EXPECT_EQ(points.size(), 4U);
    for (const GridPoint& point : points) {
        EXPECT_NO_THROW((void)changed_experiment(grid.experiment, "sweeps.md", known_names(), point.changes))
            << to_text(point.names);
    }
}

TEST(PageOnExperiments, HasAnExampleThatIsAnExperiment) {
    const auto examples = examples_of(page("experiment.md"));
    ASSERT_GE(examples.size(), 1U);
    EXPECT_NO_THROW((void)parsed(examples.front()));
}

}  // namespace
}  // namespace longscope
