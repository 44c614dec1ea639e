// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/headless/stored_pictures.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <optional>

#include "engine/base/error.h"
#include "engine/base/json.h"
#include "engine/base/units.h"
#include "engine/draw/mask_picture.h"
#include "engine/draw/timeline_picture.h"
#include "engine/experiment/experiment.h"
#include "engine/mask/heads.h"
#include "engine/parallel/dispatch.h"
#include "engine/workload/packing.h"
#include "storage/run_query.h"
#include "storage/run_statistics.h"

namespace longscope {

namespace {

// A field of the stored document that everything was checked of when it was stored; databases are untrusted all the
// same.
const Json& field(const Json& document, const char* group, const char* name) {
    if (!document.is_object() || !document.contains(group) || !document[group].is_object() ||
        !document[group].contains(name)) {
        throw bad_input(fmt::format("experiment.{}.{}", group, name), "(nothing)", "is not stored with the run",
                        "the document of an experiment");
    }
    return document[group][name];
}

std::string layout_word(const Json& document, const char* name) {
    const Json& word = field(document, "layout", name);
    return word.is_string() ? word.get<std::string>() : shown(word);
}

}  // namespace

DisplayList draw_stored_mask(const StoredRun& run, const StoredDraw& draw, const StoredPictureOptions& options) {
    const Json document = parse_json(run.record.experiment, "the stored experiment");
    const MaskDomain domain{draw.record.tokens, draw.record.tokens, cu_seqlens(draw.record.lengths)};
    if (domain.cu_seqlens.back() != draw.record.tokens) {
        throw bad_input("draw.lengths", std::to_string(domain.cu_seqlens.back()), "is not the sum of the documents",
                        std::to_string(draw.record.tokens));
    }
    const Json& sequence = document.contains("sequence") ? document["sequence"] : Json();
    const std::int64_t query_tokens =
        sequence.is_object() && sequence.contains("query_tokens")
            ? checked_integer(sequence["query_tokens"], "experiment.sequence.query_tokens", 0, draw.record.tokens)
            : 0;
    const MaskExpression expression = mask_of_queries(parse_mask(document.value("mask", Json()), "mask"), query_tokens);
    const std::unique_ptr<Mask> mask = compile_mask(expression, domain);
    MaskPictureOptions picture;
    picture.theme = options.theme;
    picture.width = options.width;
    picture.title = fmt::format("{}, draw {}{}: {}", run.record.experiment_name, draw.record.index,
                                head_dependence(expression).any() ? ", head 0 of layer 0" : "", to_text(expression));
    picture.cu_seqlens = domain.cu_seqlens;
    const DispatchEntry& dispatch = find_dispatch(layout_word(document, "dispatch"));
    DispatchInput input{{domain.query_tokens, domain.cu_seqlens}};
    std::optional<HeadMasks> masks;
    if (dispatch.reads_masks()) {
        input.query_heads =
            checked_integer(field(document, "shape", "query_heads"), "experiment.shape.query_heads", 1, 4096);
        masks = compile_head_masks(expression, domain, input.query_heads);
        input.masks = &*masks;
    }
    picture.ranks = dispatch_tokens(dispatch, input, run.record.ranks);
    return draw_mask(*mask, picture);
}

DisplayList draw_stored_timeline(Database& database, const StoredRun& run, const StoredDraw& draw,
                                 const StoredRepetition& repetition, const StoredPictureOptions& options) {
    const Json document = parse_json(run.record.experiment, "the stored experiment");
    const Trace trace{static_cast<std::int32_t>(run.record.ranks), read_events(database, repetition.id)};
    TimelineOptions picture;
    picture.theme = options.theme;
    picture.width = options.width;
    picture.title = fmt::format("{}: {} over {} ranks, draw {}, repetition {} ({})", run.record.experiment_name,
                                layout_word(document, "strategy"), run.record.ranks, draw.record.index,
                                repetition.record.index, format_duration(repetition.record.duration_ns));
    picture.dropped_events = dropped_events(repetition.record);
    for (const RankResult& rank : repetition.record.ranks) {
        const auto wall = static_cast<double>(repetition.record.duration_ns);
        picture.shares.push_back({static_cast<double>(rank.computing_ns) / wall,
                                  static_cast<double>(rank.exposed_communication_ns) / wall,
                                  static_cast<double>(rank.waiting_ns) / wall});
    }
    return draw_timeline(trace, picture);
}

}  // namespace longscope
