// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <memory>

#include "app/headless/mask_source.h"
#include "app/headless/verbs/mask_verbs.h"
#include "engine/base/clock.h"
#include "engine/base/units.h"
#include "engine/mask/row_statistics.h"

namespace longscope {

namespace {

struct Options {
    MaskSourceOptions source;
    std::int64_t q_tile = 128;
    std::int64_t k_tile = 128;
    bool json = false;
};

struct Stats {
    MaskSource source;
    Nanoseconds compile_ns = 0;
    std::int64_t pairs = 0;
    std::int64_t all_pairs = 0;
    TileCounts tiles;
    RowStatistics rows;

    [[nodiscard]] double density() const { return static_cast<double>(pairs) / static_cast<double>(all_pairs); }
    [[nodiscard]] std::int64_t documents() const {
        return std::max<std::int64_t>(static_cast<std::int64_t>(source.domain.cu_seqlens.size()) - 1, 1);
    }
};

Stats measure(const Options& options) {
    Stats stats;
    stats.source = resolve(options.source);
    const Nanoseconds begin_ns = now_ns();
    const std::unique_ptr<Mask> mask = compile_mask(stats.source.expression, stats.source.domain);
    stats.compile_ns = now_ns() - begin_ns;
    stats.pairs = mask->pairs();
    stats.all_pairs = mask->box().pairs();
    stats.tiles = count_tiles(*mask, options.q_tile, options.k_tile);
    stats.rows = row_statistics(*mask);
    return stats;
}

void print_json(const Stats& stats) {
    const Json document{
        {"mask", to_json(stats.source.expression)},
        {"tokens", stats.source.domain.query_tokens},
        {"documents", stats.documents()},
        {"pairs", stats.pairs},
        {"density", stats.density()},
        {"tiles",
         {{"q_tile", stats.tiles.q_tile},
          {"k_tile", stats.tiles.k_tile},
          {"empty", stats.tiles.empty},
          {"full", stats.tiles.full},
          {"partial", stats.tiles.partial},
          {"kept_share", stats.tiles.kept_share()}}},
        {"keys_per_query",
         {{"min", stats.rows.min_keys}, {"mean", stats.rows.mean_keys}, {"max", stats.rows.max_keys}}},
        {"compile_ns", stats.compile_ns},
    };
    fmt::print("{}\n", document.dump(2));
}

void print_text(const Stats& stats) {
    const auto line = [](std::string_view name, const std::string& value) { fmt::print("{:<16} {}\n", name, value); };
    line("mask", to_text(stats.source.expression));
    line("tokens", format_count(stats.source.domain.query_tokens));
    line("documents", format_count(stats.documents()));
    line("pairs kept", fmt::format("{} of {}", format_count(stats.pairs), format_count(stats.all_pairs)));
    line("density", format_percent(stats.density()));
    line("tiles", fmt::format("{} of {} x {}: {} empty, {} full, {} partial", format_count(stats.tiles.total()),
                              stats.tiles.q_tile, stats.tiles.k_tile, format_count(stats.tiles.empty),
                              format_count(stats.tiles.full), format_count(stats.tiles.partial)));
    line("tiles kept", format_percent(stats.tiles.kept_share()));
    line("keys per query", fmt::format("min {}, mean {:.1f}, max {}", format_count(stats.rows.min_keys),
                                       stats.rows.mean_keys, format_count(stats.rows.max_keys)));
    line("compiled in", format_duration(stats.compile_ns));
}

}  // namespace

void declare_mask_stats(CLI::App& verb, VerbAction& action) {
    const auto options = std::make_shared<Options>();
    declare_mask_source(verb, options->source);
    const auto tile_sizes = CLI::Range(std::int64_t{1}, max_tokens);
    verb.add_option("--q-tile", options->q_tile, "queries a tile")->check(tile_sizes)->capture_default_str();
    verb.add_option("--k-tile", options->k_tile, "keys a tile")->check(tile_sizes)->capture_default_str();
    verb.add_flag("--json", options->json, "print JSON");
    verb.callback([options, &action] {
        action = [options] {
            const Stats stats = measure(*options);
            if (options->json) {
                print_json(stats);
            } else {
                print_text(stats);
            }
            return 0;
        };
    });
}

}  // namespace longscope
