// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/execute/buffer_memory.h"

#include <fmt/format.h>

#include <vector>

#include "engine/base/address_sanitizer.h"
#include "engine/base/error.h"
#include "engine/tensor/huge_pages.h"

namespace longscope {

BufferMemory::BufferMemory(const Schedule& schedule) {
    std::vector<BufferLife> lives = buffer_lives(schedule);
    for (BufferLife& life : lives) {
        life.bytes += red_zone_bytes;
    }
    const BufferLayout layout = lay_out(lives);
    for (std::size_t i = 0; i < lives.size(); ++i) {
        places_[lives[i].begin] = {layout.offsets_bytes[i], lives[i].bytes - red_zone_bytes};
    }
    memory_ = AlignedBuffer<std::byte>(layout.bytes);
    advise_huge_pages(memory_);
    forbid_access(memory_.span());
}

BufferMemory::~BufferMemory() {
    allow_access(memory_.span());
}

std::span<std::byte> BufferMemory::begin_use(std::int64_t position, std::int64_t bytes) {
    const auto found = places_.find(position);
    if (found == places_.end() || found->second.bytes != bytes) {
        throw failed(fmt::format("schedule: its memory has no place for operation {}, of {} bytes", position, bytes));
    }
    const std::span<std::byte> buffer =
        memory_.span().subspan(static_cast<std::size_t>(found->second.offset_bytes), static_cast<std::size_t>(bytes));
    allow_access(buffer);
    return buffer;
}

void BufferMemory::end_use(std::span<const std::byte> buffer) const {
    forbid_access(buffer);
}

}  // namespace longscope
