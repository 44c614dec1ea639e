// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/mask/change.h"

namespace longscope {

const std::vector<ChangeEntry>& mask_changes() {
    static const std::vector<ChangeEntry> changes{
        {"shift", "queries, keys", "moved down by so many queries and right by so many keys; what comes in is masked",
         parse_shift},
        {"crop", "queries, keys", "inside [begin, end) of the queries and of the keys; the rest is masked", parse_crop},
        {"per_document", "", "in each document as if it stood alone, with one document in it; nothing between them",
         parse_per_document},
        {"permute", "axis, order",
         "with its rows, columns or both in another order: position i of the order holds the token that it names",
         parse_permute},
    };
    return changes;
}

}  // namespace longscope
