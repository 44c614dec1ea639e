// SPDX-License-Identifier: GPL-3.0-or-later
// longscope-engine verify: another program's output against the float64 reference, and where it departs.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <optional>
#include <set>

#include "app/headless/attention_files.h"
#include "app/headless/command_line.h"
#include "app/headless/known_mistakes.h"
#include "app/headless/long_job.h"
#include "app/headless/output.h"
#include "app/headless/text_table.h"
#include "app/headless/verbs/verb.h"
#include "engine/base/error.h"
#include "engine/base/registry.h"
#include "engine/base/units.h"
#include "engine/draw/cairo_painter.h"
#include "engine/draw/error_picture.h"
#include "engine/execute/row_check.h"
#include "engine/parallel/dispatch.h"

namespace longscope {

namespace {

constexpr std::size_t shown_rows = 5;
// A row departs when its error is this much above the limit, measured by the mean norm of all rows: the limit is for
// many rows together.
constexpr double row_factor = 10;

struct VerifyOptions {
    AttentionFileOptions files;
    std::string output;
    std::string lse;
    std::string rows = "256";
    std::string dispatch;
    std::int64_t ranks = 0;
    std::optional<double> tolerance;
    std::optional<double> lse_tolerance;
    std::string picture;
    std::string theme = "light";
    bool json = false;
};

struct ItemRow {
    std::int64_t item = 0;
    RowDifference row;
    double error = 0;  // relative, by the mean norm of all rows where the row's own is smaller
};

// What is known of the tokens: which document and which rank hold them.
struct Places {
    std::vector<std::int64_t> cu_seqlens;
    std::vector<TokenSet> ranks;

    [[nodiscard]] std::int64_t document(std::int64_t query) const {
        return std::upper_bound(cu_seqlens.begin(), cu_seqlens.end(), query) - cu_seqlens.begin() - 1;
    }
    [[nodiscard]] std::int64_t rank(std::int64_t query) const {
        const auto holds = [&](const TokenSet& set) { return set.count_in({query, query + 1}) == 1; };
        return std::find_if(ranks.begin(), ranks.end(), holds) - ranks.begin();
    }
};

struct Verdict {
    std::vector<ItemRow> rows;
    std::int64_t sampled = 0;  // queries of each head
    double error = 0;
    double limit = 0;
    double lse_error = 0;
    double lse_limit = 0;
    bool with_lse = false;
    std::vector<ItemRow> departing;  // the worst first
    std::vector<std::string> hints;

    [[nodiscard]] bool agrees() const { return error <= limit && lse_error <= lse_limit; }
};

// What is promised for a type of elements on standard-normal data; the coarsest of all tensors counts.
double limit_of(const AttentionFiles& files, ElementType output) {
    double limit = output_error_limit(files.keys().tokens);
    for (const ElementType type :
         {files.queries().stored.type, files.keys().stored.type, files.values().stored.type, output}) {
        limit = std::max(limit, type == ElementType::bfloat16 ? 8e-3 : type == ElementType::float16 ? 1e-3 : 0.0);
    }
    return limit;
}

std::vector<std::int64_t> queries_of(const VerifyOptions& options, std::int64_t tokens) {
    std::int64_t count = tokens;
    if (options.rows != "all") {
        const std::string accepted = "all, or an integer from 1";
        const Json number = Json::parse(options.rows, nullptr, false);
        if (!number.is_number_integer()) {
            throw bad_input("--rows", options.rows, "is not a number of rows", accepted);
        }
        count = checked_integer(number, "--rows", 1, std::numeric_limits<std::int64_t>::max());
    }
    return sample_positions(tokens, std::min(count, tokens), 1);
}

Places places_of(const VerifyOptions& options, const AttentionFiles& files) {
    Places places;
    places.cu_seqlens = files.domain().cu_seqlens;
    if (options.dispatch.empty() != (options.ranks == 0)) {
        throw bad_input(options.ranks == 0 ? "--ranks" : "--dispatch", "(nothing)", "is not enough",
                        "--dispatch and --ranks together");
    }
    if (options.ranks > 0) {
        places.ranks = dispatch_tokens(find_entry(dispatches(), options.dispatch, "--dispatch", "a dispatch"),
                                       {files.queries().tokens, files.domain().cu_seqlens}, options.ranks);
    }
    return places;
}

// Their output and lse, checked against the inputs.
class Theirs {
  public:
    Theirs(const VerifyOptions& options, const AttentionFiles& files)
        : file_(options.output), output_(lay_out(file_.tensor(), files.layout(), "--o")) {
        const auto expected = shape_in(files.layout(), files.shape().batch, files.shape().query_heads,
                                       files.queries().tokens, files.shape().head_dim_v);
        if (file_.tensor().shape != expected) {
            throw bad_input("--o", shape_text(file_.tensor().shape), "is not the shape of the output",
                            shape_text(expected));
        }
        if (!options.lse.empty()) {
            lse_file_.emplace(options.lse);
            const std::int64_t rows = files.shape().batch * files.shape().query_heads * files.queries().tokens;
            if (checked_elements(lse_file_->tensor().shape, lse_file_->tensor().type, "--lse") != rows) {
                throw bad_input("--lse", shape_text(lse_file_->tensor().shape), "is not one number a row",
                                "batch x heads x tokens");
            }
        }
    }

    [[nodiscard]] ElementType type() const { return file_.tensor().type; }
    [[nodiscard]] bool with_lse() const { return lse_file_.has_value(); }
    // Of one batch item; valid until the next call.
    ComparedOutput item(const AttentionItem& tensors, std::int64_t item) {
        ComparedOutput given{tensors.queries, tensors.keys, tensors.values, head_matrix(output_, item, room_), nullptr};
        if (lse_file_) {
            const StoredTensor& stored = lse_file_->tensor();
            const auto rows = static_cast<std::size_t>(given.output.heads * given.output.tokens);
            lse_.resize(rows);
            const std::size_t bytes = rows * static_cast<std::size_t>(size_bytes(stored.type));
            to_float(stored.type, stored.bytes.subspan(static_cast<std::size_t>(item) * bytes, bytes), lse_);
            given.lse = lse_.data();
        }
        return given;
    }

  private:
    TensorFile file_;
    LaidOutTensor output_;
    std::optional<TensorFile> lse_file_;
    std::vector<float> room_;
    std::vector<float> lse_;
};

void judge(Verdict& verdict) {
    std::vector<RowDifference> all;
    double norm = 0;
    for (const ItemRow& row : verdict.rows) {
        all.push_back(row.row);
        norm += row.row.squared_norm;
        verdict.lse_error = std::max(verdict.lse_error, row.row.lse_error());
    }
    verdict.error = relative_error(all);
    const double mean_norm = norm / static_cast<double>(std::max<std::size_t>(1, verdict.rows.size()));
    for (ItemRow& row : verdict.rows) {
        const double by = std::max(row.row.squared_norm, mean_norm);
        row.error = by > 0 ? std::sqrt(row.row.squared_error / by) : std::sqrt(row.row.squared_error);
        if (!(row.error <= row_factor * verdict.limit) || !(row.row.lse_error() <= verdict.lse_limit)) {
            verdict.departing.push_back(row);
        }
    }
    std::stable_sort(verdict.departing.begin(), verdict.departing.end(), [](const ItemRow& a, const ItemRow& b) {
        const auto size = [](double error) {
            return std::isnan(error) ? std::numeric_limits<double>::infinity() : error;
        };
        return size(a.error) > size(b.error);
    });
}

// Each explanation must hold for the worst rows and for a sample of all.
void explain(Verdict& verdict, const AttentionFiles& files, Theirs& theirs, const std::vector<std::int64_t>& queries) {
    constexpr std::size_t most = 32;
    std::set<std::int64_t> chosen;
    for (const ItemRow& row : verdict.departing) {
        if (row.item == 0 && chosen.size() < most / 2) {
            chosen.insert(row.row.query);
        }
    }
    for (std::size_t i = 0; i < std::min(most / 2, queries.size()); ++i) {
        chosen.insert(queries[i * queries.size() / std::min(most / 2, queries.size())]);
    }
    const std::vector<std::int64_t> some(chosen.begin(), chosen.end());
    const AttentionItem tensors(files, 0);
    const ComparedOutput given = theirs.item(tensors, 0);
    if (!(verdict.error <= verdict.limit)) {
        verdict.hints = find_mistakes(
            {given, files.expression(), files.domain(), files.scale(), verdict.limit * 4, files.threads()}, some);
    }
    if (!(verdict.lse_error <= verdict.lse_limit)) {
        std::vector<RowDifference> all;
        for (const ItemRow& row : verdict.rows) {
            all.push_back(row.row);
        }
        if (const auto hint = find_lse_mistake(all, std::max(verdict.lse_limit * 4, 1e-4))) {
            verdict.hints.push_back(*hint);
        }
    }
}

std::string number(double value) {
    return std::isfinite(value) ? fmt::format("{:.2g}", value) : fmt::format("{}", value);
}

// Means over heads, documents or ranks: where the error sits.
template <typename KeyOf>
std::string group_table(const char* name, const std::vector<ItemRow>& rows, KeyOf key_of) {
    std::map<std::int64_t, std::vector<RowDifference>> groups;
    for (const ItemRow& row : rows) {
        groups[key_of(row)].push_back(row.row);
    }
    std::vector<std::pair<double, std::int64_t>> worst;
    for (const auto& [key, members] : groups) {
        worst.emplace_back(relative_error(members), key);
    }
    std::sort(worst.rbegin(), worst.rend());
    constexpr std::size_t most = 8;
    TextTable table({{name}, {"error"}, {"rows"}});
    for (std::size_t i = 0; i < std::min(most, worst.size()); ++i) {
        table.add_row({std::to_string(worst[i].second), number(worst[i].first),
                       format_count(static_cast<std::int64_t>(groups[worst[i].second].size()))});
    }
    std::string text = table.text();
    if (worst.size() > most) {
        text += fmt::format("  ({} more)\n", worst.size() - most);
    }
    return text;
}

std::string report(const VerifyOptions& options, const AttentionFiles& files, const Places& places,
                   const Verdict& verdict) {
    std::string text = fmt::format("{} {} the float64 reference: {} of {} queries, {} heads{}\n", options.output,
                                   verdict.agrees() ? "agrees with" : "departs from", format_count(verdict.sampled),
                                   format_count(files.queries().tokens), files.shape().query_heads,
                                   files.shape().batch > 1 ? fmt::format(", {} batch items", files.shape().batch) : "");
    text += fmt::format("  output error {} (relative L2, limit {})\n", number(verdict.error), number(verdict.limit));
    if (verdict.with_lse) {
        text += fmt::format("  lse error    {} (absolute, limit {})\n", number(verdict.lse_error),
                            number(verdict.lse_limit));
    }
    if (verdict.agrees()) {
        return text;
    }
    text += fmt::format("\n{} of {} compared rows depart; the worst:\n",
                        format_count(static_cast<std::int64_t>(verdict.departing.size())),
                        format_count(static_cast<std::int64_t>(verdict.rows.size())));
    const bool documents = !places.cu_seqlens.empty();
    const bool ranks = !places.ranks.empty();
    TextTable table({{"batch"},
                     {"head"},
                     {"query"},
                     {documents ? "document" : ""},
                     {ranks ? "rank" : ""},
                     {"error"},
                     {"lse"},
                     {"reference lse"}});
    for (std::size_t i = 0; i < std::min(shown_rows, verdict.departing.size()); ++i) {
        const ItemRow& row = verdict.departing[i];
        table.add_row({std::to_string(row.item), std::to_string(row.row.head), std::to_string(row.row.query),
                       documents ? std::to_string(places.document(row.row.query)) : "",
                       ranks ? std::to_string(places.rank(row.row.query)) : "", number(row.error),
                       verdict.with_lse ? fmt::format("{:.6g}", row.row.lse) : "-",
                       fmt::format("{:.6g}", row.row.reference_lse)});
    }
    text += table.text() + "\nError by head:\n" +
            group_table("head", verdict.rows, [](const ItemRow& row) { return row.row.head; });
    if (documents) {
        text += "\nError by document:\n" + group_table("document", verdict.rows, [&](const ItemRow& row) {
                    return places.document(row.row.query);
                });
    }
    if (ranks) {
        text += fmt::format("\nError by rank, {} dispatch:\n", options.dispatch) +
                group_table("rank", verdict.rows, [&](const ItemRow& row) { return places.rank(row.row.query); });
    }
    for (const std::string& hint : verdict.hints) {
        text += fmt::format("\nThis explains it: {}.\n", hint);
    }
    return text;
}

Json finite(double value) {
    return std::isfinite(value) ? Json(value) : Json(nullptr);
}

Json report_json(const Places& places, const Verdict& verdict) {
    Json json{{"agrees", verdict.agrees()},
              {"queries", verdict.sampled},
              {"rows", verdict.rows.size()},
              {"output_relative_error", finite(verdict.error)},
              {"output_limit", verdict.limit},
              {"lse_absolute_error", verdict.with_lse ? finite(verdict.lse_error) : Json(nullptr)},
              {"lse_limit", verdict.lse_limit},
              {"departing_rows", verdict.departing.size()},
              {"worst", Json::array()},
              {"explanations", verdict.hints}};
    for (std::size_t i = 0; i < std::min<std::size_t>(100, verdict.departing.size()); ++i) {
        const ItemRow& row = verdict.departing[i];
        json["worst"].push_back(
            {{"batch", row.item},
             {"head", row.row.head},
             {"query", row.row.query},
             {"document", places.cu_seqlens.empty() ? Json() : Json(places.document(row.row.query))},
             {"rank", places.ranks.empty() ? Json() : Json(places.rank(row.row.query))},
             {"relative_error", finite(row.error)},
             {"lse", finite(row.row.lse)},
             {"reference_lse", finite(row.row.reference_lse)}});
    }
    return json;
}

void draw(const VerifyOptions& options, const AttentionFiles& files, const Verdict& verdict) {
    ErrorPictureOptions picture;
    picture.theme = theme_named(options.theme, "--theme");
    picture.title = fmt::format("{} against the float64 reference", options.output);
    picture.subtitle = fmt::format("{}; {} of {} queries of each head; error {}, limit {}", to_text(files.expression()),
                                   format_count(verdict.sampled), format_count(files.queries().tokens),
                                   number(verdict.error), number(verdict.limit));
    picture.columns = files.shape().batch * files.shape().query_heads;
    picture.queries = files.queries().tokens;
    picture.limit = verdict.limit;
    std::vector<ErrorAt> errors;
    for (const ItemRow& row : verdict.rows) {
        errors.push_back({row.item * files.shape().query_heads + row.row.head, row.row.query, row.error});
    }
    paint(draw_errors(errors, picture), options.picture);
}

int verify(const VerifyOptions& options) {
    if (!options.picture.empty()) {
        check_picture_extension(options.picture, "--picture");
        (void)theme_named(options.theme, "--theme");
    }
    const AttentionFiles files(options.files);
    Theirs theirs(options, files);
    const Places places = places_of(options, files);
    const std::vector<std::int64_t> queries = queries_of(options, files.queries().tokens);
    const TokenSet all_queries({{0, files.queries().tokens}});
    const TokenSet all_keys({{0, files.keys().tokens}});
    const LocalMask mask(files.mask(), all_queries, all_keys);

    Verdict verdict;
    verdict.sampled = static_cast<std::int64_t>(queries.size());
    verdict.limit = options.tolerance.value_or(limit_of(files, theirs.type()));
    verdict.with_lse = theirs.with_lse();
    verdict.lse_limit = options.lse_tolerance.value_or(
        std::max(lse_error_limit, limit_of(files, theirs.type()) > 1e-4 ? limit_of(files, theirs.type()) : 0.0));
    LongJob job("verify");
    for (std::int64_t item = 0; item < files.shape().batch; ++item) {
        const AttentionItem tensors(files, item);
        const auto poll = [&](double done) {
            job.poll((static_cast<double>(item) + done) / static_cast<double>(files.shape().batch));
        };
        for (const RowDifference& row : compare_rows(theirs.item(tensors, item), {&mask, files.scale(), false}, queries,
                                                     files.threads(), poll, job.cancelled())) {
            verdict.rows.push_back({item, row, 0});
        }
    }
    job.finish();
    judge(verdict);
    if (!verdict.agrees()) {
        explain(verdict, files, theirs, queries);
    }
    if (!options.picture.empty()) {
        draw(options, files, verdict);
    }
    write_output(options.json ? report_json(places, verdict).dump(1) + '\n' : report(options, files, places, verdict));
    return verdict.agrees() ? exit_done : exit_failed;
}

}  // namespace

void declare_verify(CLI::App& verb, VerbAction& action) {
    const auto options = std::make_shared<VerifyOptions>();
    declare_attention_files(verb, options->files);
    verb.add_option("--o", options->output, "The output to be verified, in the layout of the inputs")
        ->required()
        ->type_name("FILE[:NAME]");
    verb.add_option("--lse", options->lse, "Its natural log-sum-exps, batch x heads x tokens")
        ->type_name("FILE[:NAME]");
    verb.add_option("--rows", options->rows, "Queries of each head that are compared, spread at random; or all")
        ->type_name("N|all")
        ->capture_default_str();
    verb.add_option(
            "--tolerance", options->tolerance,
            "Relative L2 error that is accepted (default: 1e-6 to 16,384 keys and growing as their square root, "
            "1e-3 with float16, 8e-3 with bfloat16)")
        ->check(CLI::NonNegativeNumber);
    verb.add_option("--lse-tolerance", options->lse_tolerance, "Absolute error of lse that is accepted")
        ->check(CLI::NonNegativeNumber);
    verb.add_option("--dispatch", options->dispatch, "With --ranks: says which rank held a departing row")
        ->type_name("NAME");
    verb.add_option("--ranks", options->ranks, "Ranks of the dispatch")->check(CLI::Range(1, 65536));
    verb.add_option("--picture", options->picture, "Draws the error over queries and heads: .png, .svg or .pdf")
        ->type_name("FILE");
    verb.add_option("--theme", options->theme, "Of the picture: light or dark")->capture_default_str();
    verb.add_flag("--json", options->json, "Print JSON");
    verb.footer(
        "Exit code 0: agrees; 3: departs. Known mistakes (scale, window, borders, heads, base of lse) are tried, "
        "and named when they explain the difference.");
    verb.callback([options, &action] { action = [options] { return verify(*options); }; });
}

}  // namespace longscope
