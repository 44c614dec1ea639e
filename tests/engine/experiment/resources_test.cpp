// SPDX-License-Identifier: GPL-3.0-or-later
// What ships in resources is read by the program that it ships with, and is what it says.
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cmath>

#include "engine/workload/length_file.h"
#include "tests/engine/experiment/example.h"
#include "tests/support/json_schema.h"

namespace longscope {
namespace {

TEST(ShippedExperiments, AreReadAndFitTheSchemaAndAreCalledAsTheirFiles) {
    const Json schema =
        parse_json(read_bounded_file(resources_folder / "schemas" / "experiment-1.schema.json", 1 << 20), "schema");
    int files = 0;
    for (const auto& entry : std::filesystem::directory_iterator(resources_folder / "experiments")) {
        const auto& path = entry.path();
        const Json document = parse_json(read_bounded_file(path, 1 << 20), path.string());
        EXPECT_EQ(schema_violation(document, schema), "") << path;
        const Experiment experiment = read_experiment(path, known_names());
        EXPECT_EQ(experiment.name, path.stem().string());
        EXPECT_NE(experiment.description, "");
        ++files;
    }
    EXPECT_GE(files, 3);
}

TEST(ShippedExperiments, TheMainOnePacksManyDocumentsInEachOfThreeDraws) {
    const Experiment experiment =
        read_experiment(resources_folder / "experiments" / "documents-64k-zigzag.json", known_names());
    ASSERT_EQ(experiment.sequence.draws, 3);
    for (const std::int64_t draw : {0, 1, 2}) {
        EXPECT_EQ(domain_of_draw(experiment, draw).cu_seqlens.back(), 65536);
        EXPECT_GE(documents_of_draw(experiment, draw).size(), 20U);
    }
}

TEST(ShippedLengths, MixedDocumentsAreTheRoundedLogNormalDistributionOfTheirReadme) {
    const LengthSource source = read_length_file(resources_folder / "lengths" / "mixed-documents.json");
    const auto share_below = [](std::int64_t x) {
        return (1 + std::erf((std::log(static_cast<double>(x)) - std::log(600.0)) / (1.2 * std::sqrt(2.0)))) / 2;
    };
    ASSERT_EQ(source.bins().front().begin, 1);
    ASSERT_EQ(source.bins().back().end, 16384);
    const double whole = share_below(16384) - share_below(1);
    std::int64_t end = 1;
    double sum = 0.0;
    for (const LengthBin& bin : source.bins()) {
        EXPECT_EQ(bin.begin, end);
        end = bin.end;
        sum += bin.weight;
        EXPECT_NEAR(bin.weight, (share_below(bin.end) - share_below(bin.begin)) / whole, 0.00051);
    }
    double before = 0.0;
    for (const LengthBin& bin : source.bins()) {
        if (before < sum / 2 && before + bin.weight >= sum / 2) {
            const auto width = static_cast<double>(bin.end - bin.begin);
            EXPECT_NEAR(static_cast<double>(bin.begin) + (sum / 2 - before) / bin.weight * width, 612, 0.5);
        }
        before += bin.weight;
    }
    EXPECT_NEAR(source.mean(), 1193, 0.5);
    EXPECT_EQ(source.longest(), 16383);
}

}  // namespace
}  // namespace longscope
