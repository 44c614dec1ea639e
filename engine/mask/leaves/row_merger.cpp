// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/mask/leaves/row_merger.h"

#include <algorithm>

namespace longscope {

void RowMerger::close(const Open& open) {
    const Range rows{open.row * unit_, row_ * unit_};
    if (open.first == open.last) {
        zones_.push_back(box_zone({rows, {open.first.begin * unit_, open.first.end * unit_}}));
    } else {
        zones_.push_back(tightened(
            {rows, {open.first.begin, open.last.end}, {open.first.begin - open.row, open.first.end - open.row}}));
    }
}

void RowMerger::add_row(const std::vector<Range>& runs) {
    const std::size_t common = std::min(runs.size(), open_.size());
    for (std::size_t i = 0; i < common; ++i) {
        Open& open = open_[i];
        const std::int64_t moved = row_ - 1 - open.row;  // of a band, up to the row before
        const bool stays = open.first == open.last && runs[i] == open.last;
        const bool moves = unit_ == 1 && open.last.begin == open.first.begin + moved &&
                           open.last.end == open.first.end + moved &&
                           runs[i] == Range{open.last.begin + 1, open.last.end + 1};
        if (!stays && !moves) {
            close(open);
            open = {row_, runs[i], runs[i]};
        }
        open.last = runs[i];
    }
    for (std::size_t i = common; i < open_.size(); ++i) {
        close(open_[i]);
    }
    open_.resize(common);
    for (std::size_t i = common; i < runs.size(); ++i) {
        open_.push_back({row_, runs[i], runs[i]});
    }
    ++row_;
}

ZoneList RowMerger::finish() {
    for (const Open& open : open_) {
        close(open);
    }
    open_.clear();
    std::sort(zones_.begin(), zones_.end(), [](const Zone& a, const Zone& b) { return a.q.begin < b.q.begin; });
    return std::move(zones_);
}

}  // namespace longscope
