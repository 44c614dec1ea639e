// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/leaf_truths.h"

#include <set>

namespace longscope {

namespace {

std::int64_t number(const Json& parameters, const char* name) {
    return parameters.at(name).get<std::int64_t>();
}

// Row and column cuts of the matrix; every cell between them is left out, or split along a diagonal.
std::vector<std::int64_t> cuts(LeafDraw& draw, std::int64_t tokens) {
    std::vector<std::int64_t> at{0};
    for (const std::int64_t length : draw.lengths(tokens)) {
        at.push_back(at.back() + length);
    }
    if (at.back() < tokens) {
        at.push_back(tokens);
    }
    return at;
}

struct Cell {
    Range q;
    Range k;
};

std::vector<Cell> some_cells(LeafDraw& draw, const MaskDomain& domain) {
    const auto q = cuts(draw, domain.query_tokens);
    const auto k = cuts(draw, domain.key_tokens);
    std::vector<Cell> cells;
    for (std::size_t row = 0; row + 1 < q.size(); ++row) {
        for (std::size_t column = 0; column + 1 < k.size(); ++column) {
            if (cells.empty() || draw.coin()) {
                cells.insert(cells.begin() + draw.from(0, static_cast<std::int64_t>(cells.size())),
                             Cell{{q[row], q[row + 1]}, {k[column], k[column + 1]}});
            }
        }
    }
    return cells;
}

bool slice_holds(const Json& p, std::size_t i, const LeafCell& at) {
    const auto end = [&](const char* ranges, std::size_t side) { return p.at(ranges)[i][side].get<std::int64_t>(); };
    if (at.row < end("q_ranges", 0) || at.row >= end("q_ranges", 1) || at.k < end("k_ranges", 0) ||
        at.k >= end("k_ranges", 1)) {
        return false;
    }
    const std::string type = p.at("types")[i];
    const bool causal = end("k_ranges", 1) - at.k >= end("q_ranges", 1) - at.row;
    const bool inverse = at.k - end("k_ranges", 0) >= at.row - end("q_ranges", 0);
    return (type == "full" || type == "inverse_causal" || causal) && (type == "full" || type == "causal" || inverse);
}

// Is `column` among the `kept` that are drawn, one after another, of this stream? Where more than half are kept, the
// others are drawn.
bool is_drawn(std::int64_t count, double share, std::uint64_t seed, std::int64_t row, std::int64_t column) {
    const auto kept = std::max<std::int64_t>(1, static_cast<std::int64_t>(share * static_cast<double>(count) + 0.5));
    const bool draws_kept = 2 * kept <= count;
    RandomStream random(seed, static_cast<std::uint64_t>(row));
    std::set<std::int64_t> drawn;
    for (std::int64_t last = count - (draws_kept ? kept : count - kept); last < count; ++last) {
        const auto number = static_cast<std::int64_t>(random.next_below(static_cast<std::uint64_t>(last + 1)));
        drawn.insert(drawn.contains(number) ? last : number);
    }
    return drawn.contains(column) == draws_kept;
}

// Of the blocks of random sizes: as many as fit with their average; each has the minimum, the rest is cut at random.
std::vector<std::int64_t> variable_ends(const Json& p, std::int64_t tokens, bool of_keys) {
    const std::int64_t blocks = tokens / number(p, "average");
    if (blocks <= 1) {
        return {tokens};
    }
    RandomStream random(static_cast<std::uint64_t>(number(p, "seed")), (std::uint64_t{1} << 40U) + (of_keys ? 1 : 0));
    const std::int64_t spare = tokens - blocks * number(p, "minimum");
    std::vector<std::int64_t> ends;
    for (std::int64_t i = 1; i < blocks; ++i) {
        ends.push_back(static_cast<std::int64_t>(random.next_below(static_cast<std::uint64_t>(spare + 1))));
    }
    std::sort(ends.begin(), ends.end());
    for (std::size_t i = 0; i < ends.size(); ++i) {
        ends[i] += static_cast<std::int64_t>(i + 1) * number(p, "minimum");
    }
    ends.push_back(tokens);
    return ends;
}

std::int64_t index_in(const std::vector<std::int64_t>& ends, std::int64_t position) {
    return std::count_if(ends.begin(), ends.end(), [&](std::int64_t end) { return end <= position; });
}

}  // namespace

std::vector<LeafTruth> list_truths() {
    return {
        {"zones", false,
         [](LeafDraw& draw, const MaskDomain& domain) {
             Json zones = Json::array();
             for (const Cell& cell : some_cells(draw, domain)) {
                 // One side of a diagonal through a pair of the cell, and perhaps the other side of it.
                 const std::int64_t d =
                     draw.from(cell.k.begin, cell.k.end - 1) - draw.from(cell.q.begin, cell.q.end - 1);
                 const std::int64_t far = 2 * domain.key_tokens + domain.query_tokens;
                 zones.push_back({cell.q.begin, cell.q.end, cell.k.begin, cell.k.end, -far, d + 1});
                 if (draw.coin() && d + 1 < cell.k.end - cell.q.begin) {
                     zones.push_back({cell.q.begin, cell.q.end, cell.k.begin, cell.k.end, d + 1, far});
                 }
             }
             return Json{{"zones", zones}};
         },
         [](const Json& p, const LeafCell& at) {
             return std::any_of(p.at("zones").begin(), p.at("zones").end(), [&](const Json& zone) {
                 const auto is_in = [&](std::int64_t value, std::size_t side) {
                     return zone[side].get<std::int64_t>() <= value && value < zone[side + 1].get<std::int64_t>();
                 };
                 return is_in(at.row, 0) && is_in(at.k, 2) && is_in(at.k - at.row, 4);
             });
         }},
        {"dense", false,
         [](LeafDraw& draw, const MaskDomain& domain) {
             const std::int64_t queries = draw.from(1, domain.query_tokens);
             const std::int64_t keys = draw.from(1, domain.key_tokens);
             Json rows = Json::array();
             for (std::int64_t row = 0; row < queries; ++row) {
                 std::string text;
                 for (std::int64_t key = 0; key < keys; ++key) {
                     text += draw.from(0, 2) == 0 ? '0' : '1';
                 }
                 rows.push_back(std::move(text));
             }
             return Json{{"rows", rows}};
         },
         [](const Json& p, const LeafCell& at) {
             const Json& rows = p.at("rows");
             const auto row = static_cast<std::size_t>(at.row);
             const auto key = static_cast<std::size_t>(at.k);
             return row < rows.size() && key < rows[0].get_ref<const std::string&>().size() &&
                    rows[row].get_ref<const std::string&>()[key] == '1';
         }},
        {"slices", false,
         [](LeafDraw& draw, const MaskDomain& domain) {
             const char* types[] = {"full", "causal", "inverse_causal", "bicausal"};
             Json slices = Json::object();
             for (const Cell& cell : some_cells(draw, domain)) {
                 slices["q_ranges"].push_back({cell.q.begin, cell.q.end});
                 slices["k_ranges"].push_back({cell.k.begin, cell.k.end});
             }
             for (std::size_t i = 0; i < slices["q_ranges"].size(); ++i) {
                 slices["types"].push_back(types[draw.from(0, 3)]);
             }
             return slices;
         },
         [](const Json& p, const LeafCell& at) {
             for (std::size_t i = 0; i < p.at("types").size(); ++i) {
                 if (slice_holds(p, i, at)) {
                     return true;
                 }
             }
             return false;
         }},
        {"block_sparse", false,
         [](LeafDraw& draw, const MaskDomain& domain) {
             const std::int64_t q_block = draw.from(1, domain.query_tokens + 1);
             const std::int64_t k_block = draw.from(1, domain.key_tokens + 1);
             Json rows = Json::array();
             for (std::int64_t i = draw.from(1, (domain.query_tokens + q_block - 1) / q_block); i > 0; --i) {
                 rows.push_back(draw.some_below((domain.key_tokens + k_block - 1) / k_block));
             }
             return Json{{"q_block", q_block}, {"k_block", k_block}, {"rows", rows}};
         },
         [](const Json& p, const LeafCell& at) {
             const auto row = static_cast<std::size_t>(at.row / number(p, "q_block"));
             const Json& rows = p.at("rows");
             return row < rows.size() &&
                    std::find(rows[row].begin(), rows[row].end(), at.k / number(p, "k_block")) != rows[row].end();
         }},
        {"random_block_sparse", false,
         [](LeafDraw& draw, const MaskDomain& domain) {
             return Json{{"q_block", draw.from(1, domain.query_tokens + 1)},
                         {"k_block", draw.from(1, domain.key_tokens + 1)},
                         {"kept", static_cast<double>(draw.from(0, 10)) / 10},
                         {"seed", draw.from(0, 1000)}};
         },
         [](const Json& p, const LeafCell& at) {
             const std::int64_t block = number(p, "k_block");
             return is_drawn((at.domain.key_tokens + block - 1) / block, p.at("kept").get<double>(),
                             p.at("seed").get<std::uint64_t>(), at.row / number(p, "q_block"), at.k / block);
         }},
        {"variable_block_sparse", false,
         [](LeafDraw& draw, const MaskDomain& domain) {
             const std::int64_t average = draw.from(1, domain.key_tokens + 1);
             return Json{{"average", average},
                         {"minimum", draw.from(1, average)},
                         {"kept", static_cast<double>(draw.from(0, 10)) / 10},
                         {"seed", draw.from(0, 1000)}};
         },
         [](const Json& p, const LeafCell& at) {
             const auto rows = variable_ends(p, at.domain.query_tokens, false);
             const auto columns = variable_ends(p, at.domain.key_tokens, true);
             return is_drawn(static_cast<std::int64_t>(columns.size()), p.at("kept").get<double>(),
                             p.at("seed").get<std::uint64_t>(), index_in(rows, at.row), index_in(columns, at.k));
         }},
        {"random_eviction", false,
         [](LeafDraw& draw, const MaskDomain& domain) {
             return Json{{"block", draw.from(1, domain.key_tokens + 1)}, {"seed", draw.from(0, 1000)}};
         },
         [](const Json& p, const LeafCell& at) {
             const std::int64_t block = number(p, "block");
             const std::int64_t blocks = (at.domain.key_tokens + block - 1) / block;
             RandomStream random(p.at("seed").get<std::uint64_t>(), 0);
             std::int64_t evicted = 0;
             for (std::int64_t i = 0; i <= at.k / block; ++i) {
                 evicted = i + 1 + static_cast<std::int64_t>(random.next_below(static_cast<std::uint64_t>(blocks - i)));
             }
             return at.k <= at.q && at.q / block < evicted;
         }},
    };
}

}  // namespace longscope
