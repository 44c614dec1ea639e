// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/mask/operator_mask.h"

#include <algorithm>

#include "engine/mask/placed_mask.h"
#include "engine/mask/zone_complement.h"
#include "engine/mask/zone_sets.h"

namespace longscope {

namespace {

using Kind = MaskOperation::Kind;

void append_slabs(const MaskOperation& node, std::vector<std::int64_t>& begins) {
    if (node.mask != nullptr) {
        const std::vector<std::int64_t> own = slab_begins_of(*node.mask);
        begins.insert(begins.end(), own.begin(), own.end());
    }
    for (const MaskOperation& operand : node.operands) {
        append_slabs(operand, begins);
    }
}

std::vector<std::int64_t> slabs_of(const MaskOperation& node) {
    std::vector<std::int64_t> begins;
    append_slabs(node, begins);
    return begins;
}

bool sees(const MaskOperation& node, std::int64_t query, std::int64_t key) {
    const auto operand_sees = [&](const MaskOperation& operand) { return sees(operand, query, key); };
    switch (node.kind) {
        case Kind::mask:
            return node.mask->contains(query, key);
        case Kind::all_of:
            return std::all_of(node.operands.begin(), node.operands.end(), operand_sees);
        case Kind::any_of:
            return std::any_of(node.operands.begin(), node.operands.end(), operand_sees);
        case Kind::complement:
            break;
    }
    return !operand_sees(node.operands.front());
}

MaskOperation mirrored(const MaskOperation& node) {
    MaskOperation mirror{node.kind, nullptr, {}};
    if (node.mask != nullptr) {
        mirror.mask = node.mask->transposed();
    }
    for (const MaskOperation& operand : node.operands) {
        mirror.operands.push_back(mirrored(operand));
    }
    return mirror;
}

}  // namespace

OperatorMask::OperatorMask(std::int64_t query_tokens, std::int64_t key_tokens, MaskOperation root)
    : LazyMask(query_tokens, key_tokens, slabs_of(root)), root_(std::move(root)) {
    count_slabs();
}

bool OperatorMask::contains(std::int64_t query, std::int64_t key) const {
    return box().q.contains(query) && box().k.contains(key) && sees(root_, query, key);
}

void OperatorMask::zones_in(Range rows, ZoneSet& out) const {
    evaluate(root_, rows, out);
}

void OperatorMask::evaluate(const MaskOperation& node, Range rows, ZoneSet& out) const {
    if (node.kind == Kind::mask) {
        node.mask->zones_in(rows, out);
        return;
    }
    evaluate(node.operands.front(), rows, out);
    if (node.kind == Kind::complement) {
        longscope::complement({rows, box().k}, out);
        return;
    }
    ZoneSet other;
    for (std::size_t i = 1; i < node.operands.size(); ++i) {
        if (node.kind == Kind::all_of && out.empty()) {
            return;
        }
        evaluate(node.operands[i], rows, other);
        if (node.kind == Kind::all_of) {
            intersect_sets(out, other);
        } else {
            unite_sets(out, other);
        }
    }
}

std::unique_ptr<Mask> OperatorMask::transposed() const {
    return std::make_unique<OperatorMask>(key_tokens(), query_tokens(), mirrored(root_));
}

}  // namespace longscope
