// SPDX-License-Identifier: GPL-3.0-or-later
// Memory that is asked to lie in huge pages: fewer addresses of pages to look up where much of it is read.
#pragma once

#include <cstddef>
#include <span>

#include "engine/tensor/aligned_buffer.h"

namespace longscope {

// That the system refuses it changes the speed alone.
void advise_huge_pages(std::span<std::byte> memory);

template <typename T>
void advise_huge_pages(AlignedBuffer<T>& buffer) {
    advise_huge_pages(std::as_writable_bytes(buffer.span()));
}

}  // namespace longscope
