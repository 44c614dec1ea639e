// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/mask/shown_mask.h"

#include <QCoreApplication>
#include <algorithm>
#include <vector>

#include "engine/base/units.h"
#include "widgets/base/colours.h"

namespace longscope {

namespace {

constexpr std::int64_t class_tile = 128;

QString tr(const char* text) {
    return QCoreApplication::translate("longscope::ShownMask", text);
}

QString class_text(TileClass tile_class) {
    switch (tile_class) {
        case TileClass::empty:
            return tr("empty");
        case TileClass::full:
            return tr("full");
        case TileClass::partial:
            return tr("partial");
    }
    return {};
}

}  // namespace

QString pair_text(const ShownMask& shown, std::int64_t query, std::int64_t key) {
    const Mask& mask = *shown.draw.mask;
    const auto count = [](std::int64_t value) { return to_qstring(format_count(value)); };
    QString text =
        tr("query %1, key %2: %3").arg(count(query), count(key), mask.contains(query, key) ? tr("kept") : tr("masked"));
    const auto tile_of = [](std::int64_t token, std::int64_t tokens) {
        const std::int64_t begin = token / class_tile * class_tile;
        return Range{begin, std::min(begin + class_tile, tokens)};
    };
    const Box tile{tile_of(query, mask.query_tokens()), tile_of(key, mask.key_tokens())};
    text += tr("  |  tile row %1, column %2: %3")
                .arg(count(query / class_tile), count(key / class_tile), class_text(mask.tile_class(tile)));
    const std::vector<std::int64_t>& cu_seqlens = shown.draw.domain.cu_seqlens;
    if (cu_seqlens.size() > 2) {
        const auto document = [&](std::int64_t token) {
            return count(std::upper_bound(cu_seqlens.begin(), cu_seqlens.end(), token) - cu_seqlens.begin() - 1);
        };
        text += document(query) == document(key) ? tr("  |  document %1").arg(document(query))
                                                 : tr("  |  documents %1, %2").arg(document(query), document(key));
    }
    const auto query_rank = shown.owners.rank_of(query);
    const auto key_rank = shown.owners.rank_of(key);
    if (shown.owners.ranks() > 1 && query_rank && key_rank) {
        text += tr("  |  ranks %1, %2").arg(*query_rank).arg(*key_rank);
    }
    return text;
}

}  // namespace longscope
