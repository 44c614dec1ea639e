// SPDX-License-Identifier: GPL-3.0-or-later
// The page that compares runs: what stands in it, and that nothing from a database becomes markup.
#include "storage/layout_report.h"

#include <gtest/gtest.h>

#include "storage/run_store.h"
#include "tests/support/sample_run.h"
#include "tests/support/temporary_folder.h"

namespace longscope {
namespace {

LayoutFigures line(const std::string& mask, const std::string& strategy, std::int64_t ranks, double rate) {
    LayoutFigures figures;
    figures.run = 7;
    figures.mask = mask;
    figures.strategy = strategy;
    figures.dispatch = "zigzag";
    figures.ranks = ranks;
    figures.tokens = 2048;
    figures.forward = {rate * 1.2, rate};
    figures.of.median_ns = 1e15 / rate;
    figures.of.output_relative_error = 2.5e-7;
    figures.of.query_gradient_error = 3.5e-7;
    return figures;
}

bool has(const std::string& html, const std::string& part) {
    return html.find(part) != std::string::npos;
}

TEST(LayoutReport, HasATableAndCurvesForEachMask) {
    LayoutFigures refused = line("causal", "ulysses", 4, 1e9);
    refused.state = RunState::infeasible;
    refused.message = "64 % 96";
    refused.of = {};
    refused.forward = {};
    const std::string html = layout_report_html(
        "longca", {"Host here"},
        {line("full", "ring", 2, 2e9), line("full", "usp", 2, 3e9), line("causal", "ring", 4, 4e9), refused});
    EXPECT_TRUE(html.starts_with("<!DOCTYPE html>\n"));
    for (const char* part :
         {"<h1>longca</h1>", "Host here", "<h2>full</h2>", "<h2>causal</h2>",
          "<td>2.40 GFLOP/s</td><td>2.00 GFLOP/s</td>", "<td>2.5e-07</td><td>3.5e-07</td>",
          "<td class=\"text\">infeasible: 64 % 96</td>", "By the mean", "By the slowest", "<th>dV error</th>",
          "prefers-color-scheme: dark",
          "<td class=\"text\">full</td><td class=\"text\">2K on 2</td><td class=\"text\">usp, zigzag</td>"}) {
        EXPECT_TRUE(has(html, part)) << part;
    }
    // For each mask three charts, each light and dark.
    std::size_t charts = 0;
    for (std::size_t at = html.find("<svg"); at != std::string::npos; at = html.find("<svg", at + 1)) {
        ++charts;
    }
    EXPECT_EQ(charts, 2U * 3U * 2U);
    // Nothing is loaded from anywhere.
    for (const char* part : {"<script", "src=", "<link", "@import", "url(", "<?xml"}) {
        EXPECT_FALSE(has(html, part)) << part;
    }
}

TEST(LayoutReport, TakesEveryTextAsText) {
    const std::string evil = R"(<script>alert("x")</script>&'<svg onload=alert(1)>)";
    LayoutFigures bad = line(evil, evil, 2, 1e9);
    bad.dispatch = evil;
    bad.state = RunState::failed;
    bad.message = evil;
    const std::string html = layout_report_html(evil, {evil}, {bad});
    EXPECT_FALSE(has(html, "<script"));
    EXPECT_FALSE(has(html, "<svg onload"));
    EXPECT_TRUE(has(html, "&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;&amp;"));
}

TEST(LayoutReport, IsMadeOfStoredRuns) {
    const TemporaryFolder folder;
    const std::string file = (folder.path() / "r.db").string();
    {
        Database database(file);
        RunStore store(database);
        store_sample_run(store);
        store_backward_run(store);
    }
    Database database(file);
    const std::string html = layout_report_of(database, {1, 2});
    EXPECT_TRUE(has(html, "2 runs.")) << html.substr(0, 3000);
    EXPECT_TRUE(has(html, "<td>1</td><td class=\"text\">done</td>"));
    EXPECT_TRUE(has(html, "<td>2e-07</td><td>3e-07</td><td>4e-07</td><td>2</td>")) << "the errors of the gradients";
    EXPECT_TRUE(has(html, "processor: "));
}

}  // namespace
}  // namespace longscope
