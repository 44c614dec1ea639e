// SPDX-License-Identifier: GPL-3.0-or-later
// FlashMask (arXiv 2410.01359): for each key column the masked rows, as one or two intervals. The vectors are the last
// dimension of startend_row_indices, 1 x 1 x keys x vectors:
//     causal      LTS                 masked: [LTS, end) and the rows above the diagonal
//     causal      LTS, LTE            masked: [LTS, LTE) and the rows above the diagonal
//     not causal  LTS, UTE            masked: [LTS, end) and [0, UTE)
//     not causal  LTS, LTE, UTS, UTE  masked: [LTS, LTE) and [UTS, UTE)
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "engine/base/error.h"
#include "engine/mask/formats/formats.h"
#include "engine/mask/mask_of_zones.h"
#include "engine/mask/zone_gatherer.h"
#include "engine/tensor/stored_tensor.h"

namespace longscope {

namespace {

constexpr const char* name = "startend_row_indices";

struct Form {
    bool causal = false;
    std::int64_t vectors = 0;
};

// From the smallest to the largest.
constexpr std::array<Form, 4> forms{{{true, 1}, {true, 2}, {false, 2}, {false, 4}}};

// The rows that a column does not keep.
void complement(const std::vector<Range>& kept, std::int64_t rows, std::vector<Range>& masked) {
    masked.clear();
    std::int64_t at = 0;
    for (const Range run : kept) {
        if (run.begin > at) {
            masked.push_back({at, run.begin});
        }
        at = run.end;
    }
    if (at < rows) {
        masked.push_back({at, rows});
    }
}

// Takes the rows of a range out of ascending runs.
void remove(std::vector<Range>& runs, Range removed) {
    std::vector<Range> rest;
    for (const Range run : runs) {
        for (const Range part : {intersect(run, {run.begin, removed.begin}), intersect(run, {removed.end, run.end})}) {
            if (!part.empty()) {
                rest.push_back(part);
            }
        }
    }
    runs.swap(rest);
}

std::string in_words(std::size_t count) {
    static constexpr std::array<std::string_view, 7> words{"three", "four", "five", "six", "seven", "eight", "nine"};
    return count >= 3 && count - 3 < words.size() ? std::string(words.at(count - 3)) : std::to_string(count);
}

// The vectors of a column in a form; false where it does not have that form.
bool column_vectors(const Form& form, std::int64_t column, std::int64_t rows, std::vector<Range> masked,
                    std::array<std::int64_t, 4>& vectors) {
    if (form.causal) {
        // The rows above the diagonal are masked in any case; what else is.
        if (column > 0 && (masked.empty() || masked.front().begin > 0 || masked.front().end < column)) {
            return false;
        }
        if (column > 0) {
            masked.front().begin = column;
        }
        std::erase_if(masked, [](Range range) { return range.empty(); });
        if (masked.size() > 1 || (form.vectors == 1 && !masked.empty() && masked.front().end < rows)) {
            return false;
        }
        const Range below = masked.empty() ? Range{rows, rows} : masked.front();
        vectors = {below.begin, below.end, 0, 0};
        return true;
    }
    if (masked.size() > 2) {
        return false;
    }
    // One that begins at the first row is the upper one; of two the first is.
    Range upper{0, 0};
    Range lower{rows, rows};
    if (masked.size() == 2) {
        upper = masked.front();
        lower = masked.back();
    } else if (masked.size() == 1) {
        (masked.front().begin == 0 ? upper : lower) = masked.front();
    }
    vectors = {lower.begin, lower.end, upper.begin, upper.end};
    if (form.vectors == 2) {
        vectors = {lower.begin, upper.end, 0, 0};
        return upper.begin == 0 && lower.end == rows;
    }
    return true;
}

// The forms that suit all columns, as a mask over `forms`.
std::array<bool, 4> suiting_forms(const Mask& columns) {
    const std::int64_t rows = columns.key_tokens();
    std::array<bool, 4> suits{};
    suits.fill(true);
    if (columns.query_tokens() != rows) {
        suits[0] = suits[1] = false;  // where the diagonal would lie then is not agreed upon
    }
    std::vector<Range> kept;
    std::vector<Range> masked;
    std::array<std::int64_t, 4> vectors{};
    for (std::int64_t column = 0; column < columns.query_tokens(); ++column) {
        columns.row_runs(column, kept);
        complement(kept, rows, masked);
        if (masked.size() > 2) {
            throw bad_input("mask",
                            fmt::format("FlashMask holds at most two masked intervals per column: column {} has {},",
                                        column, in_words(masked.size())),
                            "which is not what the format flashmask can hold", "slices, block_mask or dense");
        }
        for (std::size_t i = 0; i < forms.size(); ++i) {
            suits.at(i) = suits.at(i) && column_vectors(forms.at(i), column, rows, masked, vectors);
        }
    }
    return suits;
}

}  // namespace

MaskArrays write_flashmask(const Mask& mask, const FormatOptions& options) {
    const std::int64_t rows = mask.query_tokens();
    const std::int64_t columns = mask.key_tokens();
    constexpr std::int64_t most_bytes_a_column = 4 * 4;
    require_budget("FlashMask vectors", columns * most_bytes_a_column, options);
    const std::unique_ptr<Mask> mirror = mask.transposed();
    const std::array<bool, 4> suits = suiting_forms(*mirror);
    const Form form = forms.at(static_cast<std::size_t>(std::find(suits.begin(), suits.end(), true) - suits.begin()));
    std::vector<std::int32_t> values;
    values.reserve(static_cast<std::size_t>(columns * form.vectors));
    std::vector<Range> kept;
    std::vector<Range> masked;
    std::array<std::int64_t, 4> vectors{};
    for (std::int64_t column = 0; column < columns; ++column) {
        mirror->row_runs(column, kept);
        complement(kept, rows, masked);
        column_vectors(form, column, rows, masked, vectors);
        values.insert(values.end(), vectors.begin(), vectors.begin() + form.vectors);
    }
    MaskArrays arrays{"flashmask", rows, columns, {}, {}, {}, ""};
    arrays.scalars["causal"] = form.causal;
    arrays.arrays[name] = {{1, 1, columns, form.vectors}, std::move(values)};
    return arrays;
}

std::unique_ptr<Mask> read_flashmask(const MaskArrays& arrays, const Mask* /*companion*/) {
    const IntegerArray& indices = arrays.array(name);
    const std::vector<std::int64_t>& shape = indices.shape();
    const bool causal = arrays.flag_or("causal", false);
    const std::int64_t vectors = shape.size() == 4 ? shape[3] : 0;
    const bool known = std::any_of(forms.begin(), forms.end(),
                                   [&](const Form& form) { return form.causal == causal && form.vectors == vectors; });
    if (!known || shape[0] != 1 || shape[1] != 1 || shape[2] != arrays.key_tokens) {
        throw bad_input(arrays.field(name), shape_text(shape), "is not its shape",
                        fmt::format("1 x 1 x {} x {} (one mask at a time)", arrays.key_tokens,
                                    causal ? "1 or 2, causal" : "2 or 4, not causal"));
    }
    const std::int64_t rows = arrays.query_tokens;
    if (causal && rows != arrays.key_tokens) {
        throw bad_input(arrays.field("causal"), "true",
                        fmt::format("is not defined for {} queries and {} keys", rows, arrays.key_tokens),
                        "false, or as many queries as keys");
    }
    ZoneGatherer gatherer(arrays.field(name));
    std::vector<Range> runs;
    for (std::int64_t column = 0; column < arrays.key_tokens; ++column) {
        const auto at = [&](std::int64_t vector) {
            return arrays.checked(name, indices, column * vectors + vector, 0, rows);
        };
        Range lower{at(0), rows};
        Range upper{0, 0};
        if (causal) {
            lower.end = vectors == 2 ? at(1) : rows;
            upper.end = column;
        } else if (vectors == 2) {
            upper.end = at(1);
        } else {
            lower.end = at(1);
            upper = {at(2), at(3)};
        }
        runs = {{0, rows}};
        for (const Range masked : {lower, upper}) {
            if (!masked.empty()) {
                remove(runs, masked);
            }
        }
        gatherer.add(column, runs);
    }
    ZoneList zones = gatherer.finish();
    for (Zone& zone : zones) {
        zone = transposed(zone);
    }
    return mask_of_zones(rows, arrays.key_tokens, std::move(zones));
}

}  // namespace longscope
