// SPDX-License-Identifier: GPL-3.0-or-later
// Which part of a condition depends on what, and which numbers in it are sums of multiples of q and k.
#pragma once

#include <cstdint>
#include <optional>

#include "engine/mask/custom/condition.h"
#include "engine/mask/custom/condition_range.h"

namespace longscope {

// query_factor * q + key_factor * k + constant.
struct LinearForm {
    std::int64_t query_factor = 0;
    std::int64_t key_factor = 0;
    std::int64_t constant = 0;
};

// Inside a pair of documents, where doc() is a number and position() is the token less where its document begins.
struct DocumentPair {
    std::int64_t query_document = 0;
    std::int64_t key_document = 0;
};

// Null when it is not of that form, or has numbers beyond 2^61. Without a pair nothing of documents is.
[[nodiscard]] std::optional<LinearForm> linear_form(const Condition& number, const ConditionScope& scope,
                                                    const DocumentPair* pair = nullptr);

struct Dependence {
    bool query = false;             // on q, also through its document
    bool key = false;               // on k, also through its document
    bool difference = false;        // on k - q, as one value
    bool beyond_documents = false;  // on more of q or k than their documents
    bool documents = false;         // on documents at all
};

[[nodiscard]] Dependence dependence_of(const Condition& condition, const ConditionScope& scope);

// After how many steps of q, of k, or of k - q where it depends on that alone, a condition repeats: such as hold them
// under remainders only. 1 where it does not depend on them; null where it does not repeat, or after more than `most`.
[[nodiscard]] std::optional<std::int64_t> period_of(const Condition& condition, const ConditionScope& scope,
                                                    std::int64_t most);

}  // namespace longscope
