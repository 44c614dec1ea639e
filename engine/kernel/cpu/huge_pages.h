// SPDX-License-Identifier: GPL-3.0-or-later
// Memory that is asked to lie in huge pages.
#pragma once

#include "engine/tensor/aligned_buffer.h"

namespace longscope::cpu {

// That the system refuses it changes the speed alone.
void advise_huge_pages(AlignedBuffer<float>& buffer);

}  // namespace longscope::cpu
