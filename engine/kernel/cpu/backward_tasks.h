// SPDX-License-Identifier: GPL-3.0-or-later
// The order of what threads do in a slab of rows of the backward pass: tiles of keys head by head, and between those of
// a head a share each of packing the queries of the next, so that nobody waits at the end of a head. A task waits for
// earlier ones only.
#pragma once

#include <algorithm>
#include <cstdint>

#include "engine/mask/zone.h"

namespace longscope::cpu {

struct BackwardTask {
    std::int64_t head = 0;
    std::int64_t key_tile = -1;  // -1: packing
    Range rows;                  // tiles that are packed
};

class BackwardTasks {
  public:
    // Of so many heads, tiles of rows and of keys; queries of so many heads have room.
    BackwardTasks(std::int64_t heads, std::int64_t row_tiles, std::int64_t key_tiles, std::int64_t room)
        : heads_(heads),
          row_tiles_(row_tiles),
          key_tiles_(key_tiles),
          share_(key_tiles == 0 ? 1 : (row_tiles + key_tiles - 1) / key_tiles),
          shares_((row_tiles + share_ - 1) / share_),
          between_(room > 1),
          count_(key_tiles == 0 ? 0 : heads * (key_tiles + shares_)) {}

    [[nodiscard]] std::int64_t count() const { return count_; }

    [[nodiscard]] BackwardTask at(std::int64_t index) const {
        if (index < shares_) {
            return packing(0, index);
        }
        const std::int64_t head = (index - shares_) / (key_tiles_ + shares_);
        const std::int64_t step = (index - shares_) % (key_tiles_ + shares_);
        if (!between_ || head + 1 == heads_) {
            // The next head takes the room of this one, or there is none.
            return step < key_tiles_ ? BackwardTask{head, step, {}} : packing(head + 1, step - key_tiles_);
        }
        if (step >= 2 * shares_) {
            return {head, step - shares_, {}};
        }
        return step % 2 == 0 ? BackwardTask{head, step / 2, {}} : packing(head + 1, step / 2);
    }

  private:
    [[nodiscard]] BackwardTask packing(std::int64_t head, std::int64_t share) const {
        return {head, -1, {share * share_, std::min((share + 1) * share_, row_tiles_)}};
    }

    std::int64_t heads_;
    std::int64_t row_tiles_;
    std::int64_t key_tiles_;
    std::int64_t share_;   // tiles that are packed at once
    std::int64_t shares_;  // no more than tiles of keys
    bool between_;
    std::int64_t count_;  // behind the last head's tiles of keys nothing is packed
};

}  // namespace longscope::cpu
