// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/headless/long_job.h"

namespace longscope {

void LongJob::poll(double done) {
    constexpr Nanoseconds interval_ns = 100'000'000;
    const Nanoseconds now = now_ns();
    if (now - last_ns_ < interval_ns) {
        return;
    }
    last_ns_ = now;
    if (signals_.take() != 0) {
        cancelled_ = true;
    }
    bar_.show(done, what_);
}

}  // namespace longscope
