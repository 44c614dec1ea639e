// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/mask/shown_mask.h"

#include <QCoreApplication>
#include <algorithm>
#include <vector>

#include "engine/base/units.h"
#include "engine/mask/difference_regions.h"
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

// The class of a tile is not told of two masks.
QString text_of_both(const ShownDifference& difference, std::int64_t query, std::int64_t key) {
    if (difference.parts->both->contains(query, key)) {
        return tr("kept in both");
    }
    if (difference.parts->only_a->contains(query, key)) {
        return tr("kept only here");
    }
    return difference.parts->only_b->contains(query, key) ? tr("kept only in %1").arg(difference.name)
                                                          : tr("masked in both");
}

}  // namespace

ShownDifference difference_of(const Mask& mask, std::shared_ptr<const Mask> other, const QString& name) {
    auto parts = std::make_shared<const MaskDifference>(mask_difference(mask, *other));
    const std::int64_t only_here = parts->only_a->pairs();
    const std::int64_t only_there = parts->only_b->pairs();
    const std::int64_t both = parts->both->pairs();
    std::vector<Box> regions = difference_regions(*parts);
    return {name, std::move(other), std::move(parts), only_here, only_there, both, std::move(regions)};
}

std::shared_ptr<const ShownMask> shown_mask(CompiledDraw draw, std::shared_ptr<const TokenOwners> owners) {
    if (owners == nullptr) {
        owners = std::make_shared<const TokenOwners>(*draw.ranks);
    }
    return std::make_shared<const ShownMask>(ShownMask{std::move(draw), std::move(owners)});
}

std::shared_ptr<const ShownMask> shown_head(const std::shared_ptr<const ShownMask>& shown, std::int64_t head) {
    const HeadMasks& masks = *shown->draw.masks;
    const std::shared_ptr<const Mask>& mask = masks.shared_kind(masks.kind_of(head));
    if (mask == shown->draw.mask) {
        return shown;
    }
    ShownMask of_head = *shown;
    of_head.draw.mask = mask;
    return std::make_shared<const ShownMask>(std::move(of_head));
}

QString pair_text(const ShownMask& shown, std::int64_t query, std::int64_t key) {
    const Mask& mask = *shown.draw.mask;
    const auto count = [](std::int64_t value) { return to_qstring(format_count(value)); };
    const QString kept = shown.difference != nullptr ? text_of_both(*shown.difference, query, key)
                         : mask.contains(query, key) ? tr("kept")
                                                     : tr("masked");
    QString text = tr("query %1, key %2: %3").arg(count(query), count(key), kept);
    const auto tile_of = [](std::int64_t token, std::int64_t tokens) {
        const std::int64_t begin = token / class_tile * class_tile;
        return Range{begin, std::min(begin + class_tile, tokens)};
    };
    const Box tile{tile_of(query, mask.query_tokens()), tile_of(key, mask.key_tokens())};
    if (shown.difference == nullptr) {
        text += tr("  |  tile row %1, column %2: %3")
                    .arg(count(query / class_tile), count(key / class_tile), class_text(mask.tile_class(tile)));
    }
    const std::vector<std::int64_t>& cu_seqlens = shown.draw.domain.cu_seqlens;
    if (cu_seqlens.size() > 2) {
        const auto document = [&](std::int64_t token) {
            return count(std::upper_bound(cu_seqlens.begin(), cu_seqlens.end(), token) - cu_seqlens.begin() - 1);
        };
        text += document(query) == document(key) ? tr("  |  document %1").arg(document(query))
                                                 : tr("  |  documents %1, %2").arg(document(query), document(key));
    }
    const auto query_rank = shown.owners->rank_of(query);
    const auto key_rank = shown.owners->rank_of(key);
    if (shown.owners->ranks() > 1 && query_rank && key_rank) {
        text += tr("  |  ranks %1, %2").arg(*query_rank).arg(*key_rank);
    }
    return text;
}

}  // namespace longscope
