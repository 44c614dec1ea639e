// SPDX-License-Identifier: GPL-3.0-or-later
// For tests under ThreadSanitizer: it does not see how the system's TBB, which is not instrumented, orders its tasks,
// and would report each of them. With one thread nothing goes through TBB (engine/base/thread_team.h); ranks are
// threads of our own and are all watched.
#include <tbb/global_control.h>

namespace {

const tbb::global_control one_thread(tbb::global_control::max_allowed_parallelism, 1);

}  // namespace
