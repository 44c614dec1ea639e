// SPDX-License-Identifier: GPL-3.0-or-later
// What verify says: the verdict, the worst rows, and the heads, documents and ranks that the error sits in.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/base/json.h"
#include "engine/execute/output_verdict.h"
#include "engine/mask/token_set.h"

namespace longscope {

// What is known of the tokens: which document and which rank hold them.
struct TokenPlaces {
    std::vector<std::int64_t> cu_seqlens;  // or none
    std::vector<TokenSet> ranks;           // or none

    [[nodiscard]] std::int64_t document(std::int64_t query) const;
    [[nodiscard]] std::int64_t rank(std::int64_t query) const;
};

struct GradientReport {
    std::string name;  // dq, ...
    std::string row;   // what its rows are of: query, key; empty: it has none
    OutputVerdict verdict;
};

struct VerifyReport {
    std::string output;  // the file's name
    OutputVerdict verdict;
    TokenPlaces places;
    std::string dispatch;  // its name, where places.ranks is given
    std::int64_t batch = 1;
    std::int64_t heads = 1;
    std::int64_t queries = 0;
    std::int64_t keys = 0;
    std::int64_t sampled = 0;  // queries of each head
    bool with_lse = false;
    std::vector<GradientReport> gradients;
    std::vector<std::string> hints;  // known mistakes that explain the difference of the output

    [[nodiscard]] bool agrees() const;
};

[[nodiscard]] std::string verify_report(const VerifyReport& report);
[[nodiscard]] Json verify_report_json(const VerifyReport& report);

// Two digits; nan and inf by name.
[[nodiscard]] std::string short_number(double value);

}  // namespace longscope
