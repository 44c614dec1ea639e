// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/kernel/cpu/scratch.h"

#include <utility>

namespace longscope::cpu {

namespace {

constexpr std::int64_t huge_page_bytes = std::int64_t{2} << 20;
constexpr std::int64_t huge_page_floats = huge_page_bytes / 4;

}  // namespace

// Twice a whole number of huge pages holds that many that begin where huge pages do.
Scratch::Scratch(std::int64_t floats, SpareBuffers& spare)
    : spare_(&spare),
      memory_(spare.take((floats + huge_page_floats - 1) / huge_page_floats * huge_page_floats + huge_page_floats)) {
    const auto begin = reinterpret_cast<std::uintptr_t>(memory_.data());
    const auto skipped = (huge_page_bytes - begin % huge_page_bytes) % huge_page_bytes;
    next_ = memory_.data() + skipped / sizeof(float);
}

Scratch::~Scratch() {
    spare_->give_back(std::move(memory_));
}

float* Scratch::take(std::int64_t floats) {
    float* part = next_;
    next_ += whole_vectors(floats);
    return part;
}

}  // namespace longscope::cpu
