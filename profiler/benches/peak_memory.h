// SPDX-License-Identifier: GPL-3.0-or-later
// How far this process grows, by the operating system's own count.
#pragma once

#include <cstdint>

namespace longscope {

class PeakMemory {
  public:
    // From here on. Memory that was freed before but not handed back to the system is handed back.
    PeakMemory();
    // The largest resident size since then less that at the beginning; 0 where the system does not tell.
    [[nodiscard]] std::int64_t grown_bytes() const;

  private:
    std::int64_t begin_bytes_ = 0;
};

}  // namespace longscope
