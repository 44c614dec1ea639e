// SPDX-License-Identifier: GPL-3.0-or-later
// flash-attention's varlen interface: documents one after the other, and one window (left, right) in all of them. In a
// document of sq queries and sk keys query i sees the keys i + sk - sq - left to i + sk - sq + right, both included.
#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <optional>

#include "engine/base/error.h"
#include "engine/mask/formats/cumulative.h"
#include "engine/mask/formats/formats.h"
#include "engine/mask/mask_of_zones.h"

namespace longscope {

namespace {

constexpr std::int64_t unbounded = std::numeric_limits<std::int64_t>::max();

struct Documents {
    std::vector<std::int64_t> q{0};
    std::vector<std::int64_t> k{0};

    void append(std::int64_t q_end, std::int64_t k_end) {
        if (q_end > q.back() || k_end > k.back()) {
            q.push_back(q_end);
            k.push_back(k_end);
        }
    }
};

// What the rows that were seen so far leave of one side of the window.
struct Side {
    std::int64_t least = 0;
    std::int64_t most = unbounded;

    // A row reaches so far; `cut`: because the window ends there, not the document.
    void reaches(std::int64_t keys, bool cut) {
        least = std::max(least, keys);
        if (cut) {
            most = std::min(most, keys);
        }
    }
    [[nodiscard]] bool possible() const { return least <= most; }
    [[nodiscard]] std::int64_t window() const { return most == unbounded ? -1 : least; }
};

struct Fit {
    Side left;
    Side right;
    std::optional<std::int64_t> first_misfit;  // a query
};

// The keys of all queries, each of which sees at most one range.
std::vector<Range> single_runs(const Mask& mask) {
    std::vector<Range> rows(static_cast<std::size_t>(mask.query_tokens()));
    std::vector<Range> runs;
    for (std::int64_t query = 0; query < mask.query_tokens(); ++query) {
        mask.row_runs(query, runs);
        if (runs.size() > 1) {
            throw does_not_fit("varlen",
                               fmt::format("query {}, which sees {} separate ranges of keys,", query, runs.size()),
                               "one range of keys for each query");
        }
        if (!runs.empty()) {
            rows[static_cast<std::size_t>(query)] = runs.front();
        }
    }
    return rows;
}

// Whether one window makes these rows of these documents.
Fit fit(const std::vector<Range>& rows, const Documents& documents) {
    Fit result;
    for (std::size_t i = 0; i + 1 < documents.q.size(); ++i) {
        const Range keys{documents.k[i], documents.k[i + 1]};
        for (std::int64_t query = documents.q[i]; query < documents.q[i + 1]; ++query) {
            const Range row = rows[static_cast<std::size_t>(query)];
            const std::int64_t aligned = query + keys.end - documents.q[i + 1];
            const Fit before = result;
            if (!row.empty()) {
                result.left.reaches(aligned - row.begin, row.begin > keys.begin);
                result.right.reaches(row.end - 1 - aligned, row.end < keys.end);
            } else if (!keys.empty()) {  // the window ends before the first key
                result.right.most = std::min(result.right.most, keys.begin - 1 - aligned);
            }
            const bool inside = row.empty() || (row.begin >= keys.begin && row.end <= keys.end);
            if (!inside || !result.left.possible() || !result.right.possible()) {
                result = before;
                result.first_misfit = query;
                return result;
            }
        }
    }
    return result;
}

// The finest documents of which no row sees past its own; queries and keys without each other are documents too.
Documents found_documents(const std::vector<Range>& rows, std::int64_t key_tokens) {
    std::vector<std::int64_t> first_key_from(rows.size() + 1, key_tokens);
    for (std::size_t i = rows.size(); i-- > 0;) {
        first_key_from[i] = rows[i].empty() ? first_key_from[i + 1] : std::min(first_key_from[i + 1], rows[i].begin);
    }
    Documents documents;
    std::int64_t seen_end = 0;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        if (seen_end <= first_key_from[i]) {
            const auto query = static_cast<std::int64_t>(i);
            documents.append(query, seen_end);
            if (!rows[i].empty()) {
                documents.append(query, first_key_from[i]);
            }
        }
        seen_end = std::max(seen_end, rows[i].end);
    }
    documents.append(static_cast<std::int64_t>(rows.size()), seen_end);
    documents.append(static_cast<std::int64_t>(rows.size()), key_tokens);
    return documents;
}

std::string window_text(const Side& side) {
    return side.most == unbounded ? fmt::format("from {}", side.least) : std::to_string(side.least);
}

Error misfit(const std::vector<Range>& rows, const Fit& tried) {
    const std::int64_t query = *tried.first_misfit;
    const Range row = rows[static_cast<std::size_t>(query)];
    return does_not_fit("varlen",
                        row.empty()
                            ? fmt::format("query {}, which sees no key,", query)
                            : fmt::format("query {}, which sees the keys {} to {},", query, row.begin, row.end - 1),
                        fmt::format("the window that the queries before it have, left {} and right {}, inside every "
                                    "document",
                                    window_text(tried.left), window_text(tried.right)));
}

}  // namespace

MaskArrays write_varlen(const Mask& mask, const FormatOptions& options) {
    const std::vector<Range> rows = single_runs(mask);
    std::vector<Documents> candidates;
    if (options.cu_seqlens.size() > 2) {
        candidates.push_back({options.cu_seqlens, options.cu_seqlens});
    }
    candidates.push_back({{0, mask.query_tokens()}, {0, mask.key_tokens()}});
    candidates.push_back(found_documents(rows, mask.key_tokens()));
    for (const Documents& documents : candidates) {
        const Fit result = fit(rows, documents);
        if (result.first_misfit) {
            continue;
        }
        MaskArrays arrays{"varlen", mask.query_tokens(), mask.key_tokens(), {}, {}, {}, ""};
        arrays.arrays["cu_seqlens_q"] = cumulative_array(documents.q);
        arrays.arrays["cu_seqlens_k"] = cumulative_array(documents.k);
        arrays.scalars["causal"] = result.right.window() == 0;
        arrays.scalars["window_size"] = std::vector<std::int64_t>{result.left.window(), result.right.window()};
        return arrays;
    }
    throw misfit(rows, fit(rows, candidates.back()));
}

std::unique_ptr<Mask> read_varlen(const MaskArrays& arrays, const Mask* /*companion*/) {
    const std::vector<std::int64_t> q = read_cumulative(arrays, "cu_seqlens_q", arrays.query_tokens);
    const std::vector<std::int64_t> k = read_cumulative(arrays, "cu_seqlens_k", arrays.key_tokens);
    if (q.size() != k.size()) {
        throw bad_input(arrays.field("cu_seqlens_k"), fmt::format("{} numbers", k.size()),
                        "are not as many as in cu_seqlens_q", std::to_string(q.size()));
    }
    const auto [left, given_right] = arrays.two_or("window_size", {-1, -1}, -1, max_tokens);
    const std::int64_t right = arrays.flag_or("causal", false) ? 0 : given_right;
    ZoneList zones;
    for (std::size_t i = 0; i + 1 < q.size(); ++i) {
        const std::int64_t diagonal = k[i + 1] - q[i + 1];
        zones.push_back(
            {{q[i], q[i + 1]},
             {k[i], k[i + 1]},
             {left < 0 ? -2 * max_tokens : diagonal - left, right < 0 ? 2 * max_tokens : diagonal + right + 1}});
    }
    return mask_of_zones(arrays.query_tokens, arrays.key_tokens, std::move(zones));
}

}  // namespace longscope
