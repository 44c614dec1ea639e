// SPDX-License-Identifier: GPL-3.0-or-later
#include <nlohmann/json.hpp>

#include <fmt/format.h>

#include "engine/base/error.h"
#include "engine/mask/leaves/leaf_support.h"

namespace longscope {

std::shared_ptr<const MaskLeaf> parse_block_sparse_leaf(JsonObject parameters) {
    const std::int64_t q_block = parameters.integer("q_block", 1, max_tokens);
    const std::int64_t k_block = parameters.integer("k_block", 1, max_tokens);
    const std::vector<std::vector<std::int64_t>> rows = checked_integer_lists(parameters, "rows", 0, max_tokens, 0);
    std::vector<std::vector<Range>> runs;
    for (std::size_t row = 0; row < rows.size(); ++row) {
        runs.push_back(runs_of(rows[row]));
        std::int64_t columns = 0;
        for (const Range run : runs.back()) {
            columns += run.size();
        }
        if (columns != static_cast<std::int64_t>(rows[row].size())) {
            throw bad_input(fmt::format("{}[{}]", parameters.path_of("rows"), row), Json(rows[row]).dump(),
                            "has a block twice", "each kept block once");
        }
    }
    parameters.finish();
    return make_leaf({{"q_block", q_block}, {"k_block", k_block}, {"rows", rows}}, [=](const MaskDomain& domain,
                                                                                       const std::string& path) {
        const std::int64_t columns = ceil_divided(domain.key_tokens, k_block);
        if (static_cast<std::int64_t>(runs.size()) > ceil_divided(domain.query_tokens, q_block)) {
            throw bad_input(path + ".rows", fmt::format("{} rows of blocks", runs.size()), "are more than there are",
                            fmt::format("at most {}", ceil_divided(domain.query_tokens, q_block)));
        }
        ZoneList zones;
        for (std::size_t row = 0; row < runs.size(); ++row) {
            const auto begin = static_cast<std::int64_t>(row) * q_block;
            for (const Range run : runs[row]) {
                check_at_most(fmt::format("{}.rows[{}]", path, row), run.end - 1, 0, columns - 1);
                zones.push_back(box_zone({{begin, std::min(begin + q_block, domain.query_tokens)},
                                          {run.begin * k_block, std::min(run.end * k_block, domain.key_tokens)}}));
            }
        }
        return zones;
    });
}

}  // namespace longscope
