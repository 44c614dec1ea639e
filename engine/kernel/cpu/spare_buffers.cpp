// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/kernel/cpu/spare_buffers.h"

#include <algorithm>
#include <utility>

#include "engine/tensor/huge_pages.h"

namespace longscope::cpu {

AlignedBuffer<float> SpareBuffers::take(std::int64_t floats) {
    {
        const std::lock_guard lock(mutex_);
        // Not one that is far too large: another part of the call will want that.
        const auto found = std::find_if(buffers_.begin(), buffers_.end(), [&](const AlignedBuffer<float>& buffer) {
            return buffer.size() >= floats && buffer.size() / 4 <= floats;
        });
        if (found != buffers_.end()) {
            AlignedBuffer<float> buffer = std::move(*found);
            buffers_.erase(found);
            return buffer;
        }
    }
    AlignedBuffer<float> buffer(floats);
    advise_huge_pages(buffer);
    return buffer;
}

void SpareBuffers::give_back(AlignedBuffer<float> buffer) {
    if (buffer.size() == 0) {
        return;
    }
    const std::lock_guard lock(mutex_);
    buffers_.push_back(std::move(buffer));
    // The oldest goes: calls of another size have left it behind.
    if (buffers_.size() > kept_) {
        buffers_.erase(buffers_.begin());
    }
}

}  // namespace longscope::cpu
