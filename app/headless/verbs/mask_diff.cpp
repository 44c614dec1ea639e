// SPDX-License-Identifier: GPL-3.0-or-later
// longscope-engine mask diff: whether two masks, in whatever form each is given, keep the same pairs.
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <memory>
#include <optional>

#include "app/headless/command_line.h"
#include "app/headless/mask_source.h"
#include "app/headless/output.h"
#include "app/headless/picture_options.h"
#include "app/headless/verbs/mask_verbs.h"
#include "engine/base/units.h"
#include "engine/mask/difference_rows.h"

namespace longscope {

namespace {

struct Options {
    std::string a;
    std::string b;
    MaskSourceOptions common;  // without a place
    PictureOptions picture;
    std::size_t rows = 5;
    bool json = false;
};

struct Side {
    MaskSource source;
    std::unique_ptr<Mask> mask;
};

Side open_side(const Options& options, const std::string& place, const MaskDomain* fallback) {
    MaskSourceOptions asked = options.common;
    asked.place = place;
    MaskSource source = resolve(asked, fallback);
    std::unique_ptr<Mask> mask = source.mask();
    return {std::move(source), std::move(mask)};
}

// An expression that is given no tokens is over those of the other mask.
std::pair<Side, Side> open_sides(const Options& options) {
    MaskSourceOptions asked = options.common;
    asked.place = options.a;
    if (knows_its_tokens(asked)) {
        Side a = open_side(options, options.a, nullptr);
        Side b = open_side(options, options.b, &a.source.domain);
        return {std::move(a), std::move(b)};
    }
    Side b = open_side(options, options.b, nullptr);
    Side a = open_side(options, options.a, &b.source.domain);
    return {std::move(a), std::move(b)};
}

Json runs_json(const Mask& mask, std::int64_t row, std::size_t most) {
    std::vector<Range> runs;
    mask.row_runs(row, runs);
    Json list = Json::array();
    for (std::size_t i = 0; i < std::min(runs.size(), most); ++i) {
        list.push_back({runs[i].begin, runs[i].end});
    }
    return list;
}

std::string report_text(const Options& options, const Side& a, const Side& b, const MaskDifference& difference) {
    std::string text = fmt::format("A                {}\nB                {}\n", a.source.title, b.source.title);
    const auto line = [&](std::string_view name, const std::string& value) {
        text += fmt::format("{:<16} {}\n", name, value);
    };
    line("pairs in A", format_count(a.mask->pairs()));
    line("pairs in B", format_count(b.mask->pairs()));
    line("in both", format_count(difference.both->pairs()));
    line("only in A", format_count(difference.only_a->pairs()));
    line("only in B", format_count(difference.only_b->pairs()));
    if (difference.equal()) {
        return text + "equal\n";
    }
    line("queries", fmt::format("{} of {} see other keys", format_count(count_differing_rows(difference)),
                                format_count(a.mask->query_tokens())));
    for (const std::int64_t row : first_differing_rows(difference, options.rows)) {
        text += fmt::format("query {}: A sees {}; B sees {}\n", row, keys_text(*a.mask, row), keys_text(*b.mask, row));
    }
    return text + "different\n";
}

std::string report_json(const Options& options, const Side& a, const Side& b, const MaskDifference& difference) {
    constexpr std::size_t most_runs = 1000;
    Json rows = Json::array();
    for (const std::int64_t row : first_differing_rows(difference, options.rows)) {
        rows.push_back(
            {{"query", row}, {"a", runs_json(*a.mask, row, most_runs)}, {"b", runs_json(*b.mask, row, most_runs)}});
    }
    const Json report{{"a", a.source.input.json()},
                      {"b", b.source.input.json()},
                      {"query_tokens", a.mask->query_tokens()},
                      {"key_tokens", a.mask->key_tokens()},
                      {"pairs_a", a.mask->pairs()},
                      {"pairs_b", b.mask->pairs()},
                      {"pairs_in_both", difference.both->pairs()},
                      {"pairs_only_in_a", difference.only_a->pairs()},
                      {"pairs_only_in_b", difference.only_b->pairs()},
                      {"equal", difference.equal()},
                      {"differing_queries", count_differing_rows(difference)},
                      {"first_differing_queries", std::move(rows)}};
    return report.dump(1) + '\n';
}

int diff(const Options& options) {
    std::optional<MaskPictureOptions> picture;
    if (!options.picture.output.empty()) {
        picture = picture_options(options.picture);
    }
    const auto [a, b] = open_sides(options);
    const MaskDifference difference = mask_difference(*a.mask, *b.mask);
    if (picture) {
        picture->title = fmt::format("A: {}; B: {}", a.source.title, b.source.title);
        picture->cu_seqlens = a.source.domain.cu_seqlens;
        paint_picture(draw_mask_difference(difference, *picture), options.picture);
    }
    write_output(options.json ? report_json(options, a, b, difference) : report_text(options, a, b, difference));
    return difference.equal() ? exit_done : exit_failed;
}

}  // namespace

void declare_mask_diff(CLI::App& verb, VerbAction& action) {
    const auto options = std::make_shared<Options>();
    const char* side = "a mask in any form: JSON, a file of JSON, an experiment, a folder of arrays, a .npy file";
    verb.add_option("A", options->a, side)->required()->type_name("JSON|PATH");
    verb.add_option("B", options->b, side)->required()->type_name("JSON|PATH");
    declare_mask_domain(verb, options->common);
    declare_picture(verb, options->picture);
    verb.add_option("--rows", options->rows, "how many of the first queries that see other keys are shown")
        ->check(CLI::Range(std::size_t{0}, std::size_t{1000}))
        ->capture_default_str();
    verb.add_flag("--json", options->json, "print JSON");
    verb.footer(
        "Exit code 0: equal; 3: different. An expression without --tokens and --documents is over those of the other "
        "mask.");
    verb.callback([options, &action] { action = [options] { return diff(*options); }; });
}

}  // namespace longscope
