// SPDX-License-Identifier: GPL-3.0-or-later
// longscope-engine verify: another program's output and gradients against the float64 reference, and where they depart.
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>
#include <set>

#include "app/headless/attention_files.h"
#include "app/headless/command_line.h"
#include "app/headless/gradient_verifier.h"
#include "app/headless/known_mistakes.h"
#include "app/headless/long_job.h"
#include "app/headless/output.h"
#include "app/headless/verbs/verb.h"
#include "app/headless/verify_report.h"
#include "engine/base/error.h"
#include "engine/base/registry.h"
#include "engine/base/units.h"
#include "engine/draw/cairo_painter.h"
#include "engine/draw/error_picture.h"
#include "engine/execute/row_check.h"
#include "engine/parallel/dispatch.h"

namespace longscope {

namespace {

struct VerifyOptions {
    AttentionFileOptions files;
    std::string output;
    std::string lse;
    GradientFileOptions gradients;
    std::string rows = "256";
    std::string dispatch;
    std::int64_t ranks = 0;
    std::optional<double> tolerance;
    std::optional<double> lse_tolerance;
    std::optional<double> gradient_tolerance;
    std::string picture;
    std::string theme = "light";
    bool json = false;
};

// What is promised for a type of elements on standard-normal data; the coarsest of all tensors counts.
double limit_of(const AttentionFiles& files, ElementType output) {
    double limit = 0.0;
    for (const ElementType type :
         {files.queries().stored.type, files.keys().stored.type, files.values().stored.type, output}) {
        limit = std::max(limit, output_error_limit(kernel_type(type), files.keys().tokens));
    }
    return limit;
}

std::vector<std::int64_t> sample_of(const VerifyOptions& options, std::int64_t tokens) {
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

TokenPlaces places_of(const VerifyOptions& options, const AttentionFiles& files) {
    TokenPlaces places;
    places.cu_seqlens = files.domain().cu_seqlens;
    if (options.dispatch.empty() != (options.ranks == 0)) {
        throw bad_input(options.ranks == 0 ? "--ranks" : "--dispatch", "(nothing)", "is not enough",
                        "--dispatch and --ranks together");
    }
    if (options.ranks > 0) {
        places.ranks = dispatch_tokens(
            find_entry(dispatches(), options.dispatch, "--dispatch", "a dispatch"),
            {{files.queries().tokens, files.domain().cu_seqlens}, &files.masks(), files.shape().query_heads},
            options.ranks);
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

// Each explanation must hold for the worst rows and for a sample of all.
std::vector<std::string> explain(const OutputVerdict& verdict, const AttentionFiles& files, Theirs& theirs,
                                 const std::vector<std::int64_t>& queries) {
    std::vector<std::string> hints;
    constexpr std::size_t most = 32;
    std::set<std::int64_t> chosen;
    for (const ComparedRow& row : verdict.departing) {
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
    const MaskExpression* expression = files.mask_input().expression();
    if (!(verdict.error <= verdict.limit) && expression != nullptr) {
        std::vector<float> bias_room;
        hints = find_mistakes({given, *expression, files.domain(), files.scale(), verdict.limit * 4, files.threads(),
                               files.scoring().item(0, bias_room), files.scoring().sinks()},
                              some);
    }
    if (!(verdict.lse_error <= verdict.lse_limit)) {
        if (const auto hint = find_lse_mistake(differences(verdict.rows), std::max(verdict.lse_limit * 4, 1e-4))) {
            hints.push_back(*hint);
        }
    }
    return hints;
}

void draw(const VerifyOptions& options, const AttentionFiles& files, const VerifyReport& report) {
    ErrorPictureOptions picture;
    picture.theme = theme_named(options.theme, "--theme");
    picture.title = fmt::format("{} against the float64 reference", options.output);
    picture.subtitle = fmt::format("{}; {} of {} queries of each head; error {}, limit {}", files.mask_input().text(),
                                   format_count(report.sampled), format_count(files.queries().tokens),
                                   short_number(report.verdict.error), short_number(report.verdict.limit));
    picture.columns = files.shape().batch * files.shape().query_heads;
    picture.queries = files.queries().tokens;
    picture.limit = report.verdict.limit;
    std::vector<ErrorAt> errors;
    for (const ComparedRow& row : report.verdict.rows) {
        errors.push_back({row.item * files.shape().query_heads + row.row.head, row.row.query, row.error});
    }
    paint(draw_errors(errors, picture), options.picture);
}

int verify(const VerifyOptions& options) {
    if (!options.picture.empty()) {
        check_picture_extension(options.picture, "--picture");
        (void)theme_named(options.theme, "--theme");
    }
    require_softmax_for_lse(options.files.scoring, options.lse);
    const AttentionFiles files(options.files);
    Theirs theirs(options, files);
    const std::vector<std::int64_t> queries = sample_of(options, files.queries().tokens);
    std::optional<GradientVerifier> gradients;
    if (GradientFiles::asked(options.gradients)) {
        gradients.emplace(options.gradients, files, queries, sample_of(options, files.keys().tokens));
    }
    const TokenSet all_queries({{0, files.queries().tokens}});
    const TokenSet all_keys({{0, files.keys().tokens}});
    const LocalMask mask(files.masks(), all_queries, all_keys);

    VerifyReport report;
    report.output = options.output;
    report.places = places_of(options, files);
    report.dispatch = options.dispatch;
    report.batch = files.shape().batch;
    report.heads = files.shape().query_heads;
    report.queries = files.queries().tokens;
    report.keys = files.keys().tokens;
    report.sampled = static_cast<std::int64_t>(queries.size());
    report.with_lse = theirs.with_lse();
    const double promised = limit_of(files, theirs.type());
    const double lse_promised = promised > 1e-4 ? promised : lse_error_limit;
    std::vector<ComparedRow> rows;
    std::vector<float> bias_room;
    LongJob job("verify");
    for (std::int64_t item = 0; item < files.shape().batch; ++item) {
        const AttentionItem tensors(files, item);
        const AttentionRule rule{&mask, files.scale(), false, files.scoring().item(item, bias_room),
                                 files.scoring().sinks()};
        const auto poll = [&](double done) {
            job.poll((static_cast<double>(item) + done) / static_cast<double>(files.shape().batch));
        };
        // Gradients take twice the pairs, and more of each.
        const double output_share = gradients ? 0.2 : 1.0;
        for (const RowDifference& row : compare_rows(
                 theirs.item(tensors, item), rule, queries, files.threads(),
                 [&](double done) { poll(output_share * done); }, job.cancelled())) {
            rows.push_back({item, row, 0});
        }
        if (gradients) {
            gradients->add(item, tensors, rule,
                           {files.threads(), [&](double done) { poll(output_share + (1.0 - output_share) * done); },
                            job.cancelled()});
        }
    }
    job.finish();
    report.verdict =
        judge(std::move(rows), options.tolerance.value_or(promised), options.lse_tolerance.value_or(lse_promised));
    if (gradients) {
        report.gradients = gradients->reports(options.gradient_tolerance);
    }
    if (!report.verdict.agrees()) {
        report.hints = explain(report.verdict, files, theirs, queries);
    }
    if (!options.picture.empty()) {
        draw(options, files, report);
    }
    write_output(options.json ? verify_report_json(report).dump(1) + '\n' : verify_report(report));
    return report.agrees() ? exit_done : exit_failed;
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
    declare_gradients(verb, options->gradients, false);
    verb.add_option("--rows", options->rows,
                    "Queries of each head that are compared, and keys where gradients are, spread at random; or all")
        ->type_name("N|all")
        ->capture_default_str();
    verb.add_option(
            "--tolerance", options->tolerance,
            "Relative L2 error that is accepted (default: 1e-6 to 16,384 keys and growing as their square root, "
            "1e-3 with float16, 8e-3 with bfloat16)")
        ->check(CLI::NonNegativeNumber);
    verb.add_option("--lse-tolerance", options->lse_tolerance, "Absolute error of lse that is accepted")
        ->check(CLI::NonNegativeNumber);
    verb.add_option("--gradient-tolerance", options->gradient_tolerance,
                    "Relative L2 error of each gradient that is accepted (default: three times that of the output)")
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
