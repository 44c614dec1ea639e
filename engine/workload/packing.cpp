// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/workload/packing.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/base/error.h"
#include "engine/base/units.h"
#include "engine/workload/streams.h"

namespace longscope {

namespace {

Error too_many_documents(const LengthSource& source, std::int64_t tokens) {
    return bad_input(source.name(), fmt::format("a mean of {:.1f} tokens a document", source.mean()),
                     fmt::format("is too short for {} tokens", format_count(tokens)),
                     fmt::format("lengths that pack into at most {} documents", format_count(max_documents)));
}

void check_fixed(const LengthSource& source, std::int64_t tokens) {
    if (source.count() > max_documents) {
        throw too_many_documents(source, tokens);
    }
    std::int64_t left = tokens;
    for (const std::int64_t length : source.lengths()) {
        left -= std::min(length, left + 1);  // stops at -1: a sum may not fit
    }
    if (left != 0) {
        throw bad_input(source.name(), left > 0 ? fmt::format("a sum of {}", tokens - left) : "the sum of the lengths",
                        left > 0 ? "is less than the sequence" : "is more than the sequence",
                        fmt::format("lengths that sum to {}", tokens));
    }
}

}  // namespace

std::vector<std::int64_t> draw_documents(const LengthSource& source, std::int64_t tokens, std::uint64_t seed,
                                         std::int64_t draw) {
    if (source.kind() == LengthSource::Kind::fixed) {
        check_fixed(source, tokens);
        return source.lengths();
    }
    RandomStream random(seed, packing_streams | static_cast<std::uint64_t>(draw));
    std::vector<std::int64_t> documents;
    for (std::int64_t left = tokens; left > 0; left -= documents.back()) {
        if (static_cast<std::int64_t>(documents.size()) == max_documents) {
            throw too_many_documents(source, tokens);
        }
        documents.push_back(std::min(source.draw(random), left));
    }
    return documents;
}

std::vector<std::int64_t> cu_seqlens(const std::vector<std::int64_t>& lengths) {
    std::vector<std::int64_t> cumulative{0};
    cumulative.reserve(lengths.size() + 1);
    for (const std::int64_t length : lengths) {
        cumulative.push_back(cumulative.back() + length);
    }
    return cumulative;
}

}  // namespace longscope
