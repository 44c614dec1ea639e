// SPDX-License-Identifier: GPL-3.0-or-later
// longscope-engine mask stats: what a mask answers, of one sequence or of many draws of its documents.
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <charconv>
#include <memory>
#include <optional>

#include "app/headless/head_report_text.h"
#include "app/headless/long_job.h"
#include "app/headless/mask_report_text.h"
#include "app/headless/mask_source.h"
#include "app/headless/output.h"
#include "app/headless/text_table.h"
#include "app/headless/verbs/mask_verbs.h"
#include "engine/base/clock.h"
#include "engine/base/error.h"
#include "engine/base/units.h"
#include "engine/mask/local_mask.h"
#include "engine/mask/token_order.h"

namespace longscope {

namespace {

constexpr std::int64_t most_draws = 100'000;
constexpr std::size_t most_order_bytes = 200;

struct Options {
    MaskSourceOptions source;
    std::int64_t q_tile = 128;
    std::int64_t k_tile = 128;
    std::vector<std::string> tiles;  // "128x64"; empty: q_tile x k_tile
    std::int64_t draws = 0;          // 0: only the one draw
    std::int64_t heads = 0;          // 0: the one head
    std::int64_t layers = 1;
    std::string order;  // of the tokens, as JSON or a file; empty: as they are
    bool per_document = false;
    bool json = false;
};

struct Stats {
    explicit Stats(MaskSource asked) : source(std::move(asked)) {}

    MaskSource source;
    Nanoseconds compile_ns = 0;
    MaskReport report;
    std::vector<std::int64_t> rank_pairs;  // of one head; empty without a layout
    std::vector<Figures> draws;            // where they were asked for
    std::optional<TokenOrder> order;       // that tiles were counted in too

    [[nodiscard]] const TileCounts& tiles() const { return report.tiles.front().tiles; }
    [[nodiscard]] std::int64_t documents() const {
        return std::max<std::int64_t>(static_cast<std::int64_t>(source.domain.cu_seqlens.size()) - 1, 1);
    }
};

TileShape parse_tile(const std::string& text) {
    TileShape shape;
    const char* end = text.data() + text.size();
    const auto [middle, status] = std::from_chars(text.data(), end, shape.q_tile);
    if (status == std::errc() && middle != end && *middle == 'x') {
        const auto [last, second] = std::from_chars(middle + 1, end, shape.k_tile);
        const auto fits = [](std::int64_t size) { return size >= 1 && size <= max_tokens; };
        if (second == std::errc() && last == end && fits(shape.q_tile) && fits(shape.k_tile)) {
            return shape;
        }
    }
    throw bad_input("--tile", text.substr(0, 60), "is not a shape of tiles",
                    fmt::format("queries x keys, such as 128x64, each from 1 to {}", max_tokens));
}

std::vector<TileShape> tile_shapes(const Options& options) {
    std::vector<TileShape> shapes;
    for (const std::string& text : options.tiles) {
        shapes.push_back(parse_tile(text));
    }
    return shapes.empty() ? std::vector<TileShape>{{options.q_tile, options.k_tile}} : shapes;
}

std::vector<Figures> figures_of_draws(const MaskSource& source, std::int64_t draws,
                                      const std::vector<TileShape>& shapes, const TokenOrder* order) {
    if (!source.domain_of_draw) {
        throw bad_input("--draws", std::to_string(draws), "needs documents that are drawn",
                        "an experiment, or --lengths with --tokens");
    }
    std::vector<Figures> all;
    LongJob job("mask stats");
    for (std::int64_t draw = 0; draw < draws; ++draw) {
        job.poll(static_cast<double>(draw) / static_cast<double>(draws));
        const MaskDomain domain = source.domain_of_draw(draw);
        all.push_back(figures(mask_report(*source.input.over(domain, source.files), domain, shapes, order)));
        if (*job.cancelled()) {
            throw Error(ErrorKind::cancelled, "cancelled");
        }
    }
    job.finish();
    return all;
}

Stats measure(const Options& options) {
    const std::vector<TileShape> shapes = tile_shapes(options);
    Stats stats(resolve(options.source));
    const Nanoseconds begin_ns = now_ns();
    const std::unique_ptr<Mask> mask = stats.source.mask();
    stats.compile_ns = now_ns() - begin_ns;
    if (!options.order.empty()) {
        stats.order = parse_token_order(read_mask_json(options.order, "--order"), "--order");
    }
    const TokenOrder* order = stats.order ? &*stats.order : nullptr;
    stats.report = mask_report(*mask, stats.source.domain, shapes, order);
    const TokenSet all_keys({{0, mask->key_tokens()}});
    for (const TokenSet& queries : stats.source.ranks) {
        stats.rank_pairs.push_back(LocalMask(*mask, queries, all_keys).pairs());
    }
    if (options.draws > 0) {
        stats.draws = figures_of_draws(stats.source, options.draws, shapes, order);
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

std::string json_report(const Stats& stats, bool per_document) {
    const RowStatistics& rows = stats.report.keys_per_query;
    Json document{
        {"mask", stats.source.input.json()},
        {"tokens", stats.source.domain.query_tokens},
        {"documents", stats.documents()},
        {"pairs", stats.report.pairs},
        {"density", stats.report.density()},
        {"tiles",
         {{"q_tile", stats.tiles().q_tile},
          {"k_tile", stats.tiles().k_tile},
          {"empty", stats.tiles().empty},
          {"full", stats.tiles().full},
          {"partial", stats.tiles().partial},
          {"kept_share", stats.tiles().kept_share()}}},
        {"keys_per_query", {{"min", rows.min_keys}, {"mean", rows.mean_keys}, {"max", rows.max_keys}}},
        {"compile_ns", stats.compile_ns},
    };
    document.update(mask_answers_json(stats.report));
    if (stats.order) {
        document["order"] = stats.order->written;
    }
    if (stats.source.shape) {
        document["forward_flops"] = forward_flops(*stats.source.shape, stats.report.pairs);
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
    if (per_document) {
        document["per_document"] = documents_json(stats.report.documents);
    }
    if (!stats.draws.empty()) {
        document["draws"] = {{"count", stats.draws.size()}, {"figures", distribution_json(stats.draws)}};
    }
    return document.dump(2) + '\n';
}

std::string text_report(const Stats& stats, bool per_document) {
    const MaskReport& report = stats.report;
    const TileCounts& tiles = stats.tiles();
    std::string text;
    const auto line = [&](std::string_view name, const std::string& value) { text += report_line(name, value); };
    line("mask", stats.source.input.text());
    line("tokens", format_count(stats.source.domain.query_tokens));
    line("documents", format_count(stats.documents()));
    line("pairs kept", fmt::format("{} of {}", format_count(report.pairs), format_count(report.all_pairs)));
    line("density", format_percent(report.density()));
    line("tiles",
         fmt::format("{} of {} x {}: {} empty, {} full, {} partial", format_count(tiles.total()), tiles.q_tile,
                     tiles.k_tile, format_count(tiles.empty), format_count(tiles.full), format_count(tiles.partial)));
    line("tiles kept", format_percent(tiles.kept_share()));
    line("keys per query", fmt::format("min {}, mean {:.1f}, max {}", format_count(report.keys_per_query.min_keys),
                                       report.keys_per_query.mean_keys, format_count(report.keys_per_query.max_keys)));
    text += mask_answers_text(report);
    if (stats.order) {
        line("order", one_line(shown(stats.order->written), most_order_bytes));
    }
    if (stats.source.shape) {
        line("forward FLOPs", format_short_count(forward_flops(*stats.source.shape, report.pairs)));
    }
    line("compiled in", format_duration(stats.compile_ns));
    if (per_document) {
        text += '\n' + document_table(report.documents);
    }
    if (!stats.draws.empty()) {
        text += '\n' + distribution_text(stats.draws);
    }
    if (!stats.rank_pairs.empty()) {
        TextTable table({{"rank"}, {"tokens"}, {"pairs"}});
        for (std::size_t rank = 0; rank < stats.rank_pairs.size(); ++rank) {
            table.add_row({std::to_string(rank), format_count(stats.source.ranks[rank].size()),
                           format_count(stats.rank_pairs[rank])});
        }
        text += fmt::format("\n{}the busiest rank has {:.3f} times the mean\n", table.text(),
                            largest_over_mean(stats.rank_pairs));
    }
    return text;
}

// Of all heads and layers.
std::string stats_of_heads(const Options& options) {
    const MaskSource source = resolve_all_heads(options.source);
    const MaskExpression* expression = source.input.expression();
    if (expression == nullptr) {
        throw bad_input("--heads", std::to_string(options.heads), "needs an expression", "a mask as JSON, a preset");
    }
    if (options.draws > 0 || options.per_document || !options.order.empty()) {
        throw bad_input("--heads", std::to_string(options.heads),
                        "does not go with --draws, --order and --per-document", "one head with --head and --layer");
    }
    const HeadReport report =
        head_report(*expression, source.domain, options.heads, options.layers, tile_shapes(options));
    if (!options.json) {
        return report_line("mask", source.input.text()) +
               report_line("tokens", format_count(source.domain.query_tokens)) + head_report_text(report);
    }
    Json document{{"mask", source.input.json()}, {"tokens", source.domain.query_tokens}};
    document.update(head_report_json(report));
    return document.dump(2) + '\n';
}

}  // namespace

void declare_mask_stats(CLI::App& verb, VerbAction& action) {
    const auto options = std::make_shared<Options>();
    declare_mask_source(verb, options->source);
    const auto tile_sizes = CLI::Range(std::int64_t{1}, max_tokens);
    verb.add_option("--q-tile", options->q_tile, "queries a tile")->check(tile_sizes)->capture_default_str();
    verb.add_option("--k-tile", options->k_tile, "keys a tile")->check(tile_sizes)->capture_default_str();
    verb.add_option("--tile", options->tiles,
                    "shapes of tiles, such as 128x128,64x128, instead: which speed-up each leaves of the ideal one")
        ->delimiter(',')
        ->type_name("QxK,...");
    verb.add_option("--order", options->order,
                    R"(count the tiles with the tokens in another order too, such as '{"tiles": {"grid": [8, 16, 16], )"
                    R"("tile": [4, 4, 8]}}': see mask orders)")
        ->type_name("JSON|FILE");
    verb.add_option("--draws", options->draws,
                    "least, median, 90 % and most of every figure over so many draws of an experiment or of --lengths")
        ->check(CLI::Range(std::int64_t{1}, most_draws))
        ->type_name("N");
    declare_head_counts(verb, options->heads, options->layers);
    verb.add_flag("--per-document", options->per_document, "print the pairs of every document");
    verb.add_flag("--json", options->json, "print JSON");
    verb.footer(
        "resident keys: that decoding has to keep, because a later query sees them. passed keys: S2-Attention's "
        "KV-efficiency, whether a key that a query passes over is never seen again. See masks.md.");
    verb.callback([options, &action] {
        action = [options] {
            if (options->heads > 0) {
                write_output(stats_of_heads(*options));
                return 0;
            }
            const Stats stats = measure(*options);
            write_output(options->json ? json_report(stats, options->per_document)
                                       : text_report(stats, options->per_document));
            return 0;
        };
    });
}

}  // namespace longscope
