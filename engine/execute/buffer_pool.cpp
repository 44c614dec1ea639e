// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/execute/buffer_pool.h"

#include <algorithm>
#include <utility>

namespace longscope {

namespace {

std::int64_t size_of(const AlignedBuffer<std::byte>& buffer) {
    return buffer.size_bytes();
}
std::int64_t size_of(const std::unique_ptr<Partial>& partial) {
    return Partial::size_bytes(partial->heads(), partial->rows(), partial->dim());
}

// The first that fits, out of the list; nothing is left out of order.
template <typename Kept, typename Fits>
Kept take_first(std::vector<Kept>& kept, Fits fits) {
    const auto found = std::find_if(kept.begin(), kept.end(), fits);
    if (found == kept.end()) {
        return {};
    }
    Kept taken = std::move(*found);
    kept.erase(found);
    return taken;
}

}  // namespace

void BufferPool::use(std::int64_t bytes) {
    in_use_bytes_ += bytes;
    most_in_use_bytes_ = std::max(most_in_use_bytes_, in_use_bytes_);
    most_held_bytes_ = std::max(most_held_bytes_, in_use_bytes_ + kept_size_bytes_);
}

void BufferPool::make_room(std::int64_t bytes) {
    const std::int64_t most = std::max(most_in_use_bytes_, in_use_bytes_ + bytes);
    while (in_use_bytes_ + bytes + kept_size_bytes_ > most) {
        if (!kept_bytes_.empty()) {
            kept_size_bytes_ -= size_of(kept_bytes_.front());
            kept_bytes_.erase(kept_bytes_.begin());
        } else {
            kept_size_bytes_ -= size_of(kept_partials_.front());
            kept_partials_.erase(kept_partials_.begin());
        }
    }
}

AlignedBuffer<std::byte> BufferPool::bytes(std::int64_t size) {
    auto buffer = take_first(kept_bytes_, [&](const auto& kept) { return kept.size() == size; });
    if (buffer.data() != nullptr) {
        kept_size_bytes_ -= size;
    } else {
        make_room(size);
        buffer = AlignedBuffer<std::byte>(size);
        allocations_ += size > 0 ? 1 : 0;
    }
    use(size);
    return buffer;
}

std::unique_ptr<Partial> BufferPool::partial(std::int64_t heads, std::int64_t rows, std::int64_t dim, MergeRule rule) {
    auto partial = take_first(kept_partials_, [&](const auto& kept) {
        return kept->heads() == heads && kept->rows() == rows && kept->dim() == dim && kept->rule() == rule;
    });
    const std::int64_t size = Partial::size_bytes(heads, rows, dim);
    if (partial != nullptr) {
        kept_size_bytes_ -= size;
    } else {
        make_room(size);
        partial = std::make_unique<Partial>(heads, rows, dim, rule);
        allocations_ += size > 0 ? 1 : 0;
    }
    use(size);
    return partial;
}

void BufferPool::keep(AlignedBuffer<std::byte> freed) {
    in_use_bytes_ -= size_of(freed);
    take_back(std::move(freed));
}

void BufferPool::keep(std::unique_ptr<Partial> freed) {
    in_use_bytes_ -= size_of(freed);
    take_back(std::move(freed));
}

void BufferPool::take_back(AlignedBuffer<std::byte> result) {
    if (const std::int64_t size = size_of(result); size > 0) {
        make_room(size);
        kept_size_bytes_ += size;
        kept_bytes_.push_back(std::move(result));
    }
}

void BufferPool::take_back(std::unique_ptr<Partial> result) {
    if (result != nullptr && size_of(result) > 0) {
        make_room(size_of(result));
        kept_size_bytes_ += size_of(result);
        kept_partials_.push_back(std::move(result));
    }
}

}  // namespace longscope
