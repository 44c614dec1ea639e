// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <memory>

#include "app/headless/mask_source.h"
#include "app/headless/text_table.h"
#include "app/headless/verbs/mask_verbs.h"
#include "engine/base/clock.h"
#include "engine/base/units.h"
#include "engine/mask/local_mask.h"
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
    explicit Stats(MaskSource asked) : source(std::move(asked)) {}

    MaskSource source;
    Nanoseconds compile_ns = 0;
    std::int64_t pairs = 0;
    std::int64_t all_pairs = 0;
    TileCounts tiles;
    RowStatistics rows;
    std::vector<std::int64_t> rank_pairs;  // of one head; empty without a layout

    [[nodiscard]] double density() const { return static_cast<double>(pairs) / static_cast<double>(all_pairs); }
    [[nodiscard]] std::int64_t documents() const {
        return std::max<std::int64_t>(static_cast<std::int64_t>(source.domain.cu_seqlens.size()) - 1, 1);
    }
};

Stats measure(const Options& options) {
    Stats stats(resolve(options.source));
    const Nanoseconds begin_ns = now_ns();
    const std::unique_ptr<Mask> mask = stats.source.mask();
    stats.compile_ns = now_ns() - begin_ns;
    stats.pairs = mask->pairs();
    stats.all_pairs = mask->box().pairs();
    stats.tiles = count_tiles(*mask, options.q_tile, options.k_tile);
    stats.rows = row_statistics(*mask);
    const TokenSet all_keys({{0, mask->key_tokens()}});
    for (const TokenSet& queries : stats.source.ranks) {
        stats.rank_pairs.push_back(LocalMask(*mask, queries, all_keys).pairs());
    }
    return stats;
}

// How much more than the mean the busiest rank has to do.
double largest_over_mean(const std::vector<std::int64_t>& pairs) {
    std::int64_t sum = 0;
    for (const std::int64_t rank : pairs) {
        sum += rank;
    }
    return sum == 0 ? 1.0
                    : static_cast<double>(*std::max_element(pairs.begin(), pairs.end())) *
                          static_cast<double>(pairs.size()) / static_cast<double>(sum);
}

void print_json(const Stats& stats) {
    Json document{
        {"mask", stats.source.input.json()},
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
    if (stats.source.shape) {
        document["forward_flops"] = forward_flops(*stats.source.shape, stats.pairs);
    }
    if (!stats.rank_pairs.empty()) {
        Json tokens = Json::array();
        for (const TokenSet& rank : stats.source.ranks) {
            tokens.push_back(rank.size());
        }
        document["ranks"] = {{"tokens", std::move(tokens)},
                             {"pairs", stats.rank_pairs},
                             {"largest_over_mean", largest_over_mean(stats.rank_pairs)}};
    }
    fmt::print("{}\n", document.dump(2));
}

void print_text(const Stats& stats) {
    const auto line = [](std::string_view name, const std::string& value) { fmt::print("{:<16} {}\n", name, value); };
    line("mask", stats.source.input.text());
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
    if (stats.source.shape) {
        line("forward FLOPs", format_short_count(forward_flops(*stats.source.shape, stats.pairs)));
    }
    line("compiled in", format_duration(stats.compile_ns));
    if (!stats.rank_pairs.empty()) {
        TextTable table({{"rank"}, {"tokens"}, {"pairs"}});
        for (std::size_t rank = 0; rank < stats.rank_pairs.size(); ++rank) {
            table.add_row({std::to_string(rank), format_count(stats.source.ranks[rank].size()),
                           format_count(stats.rank_pairs[rank])});
        }
        fmt::print("\n{}the busiest rank has {:.3f} times the mean\n", table.text(),
                   largest_over_mean(stats.rank_pairs));
    }
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
