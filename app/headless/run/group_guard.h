// SPDX-License-Identifier: GPL-3.0-or-later
// Ends a process group when this process dies without having done so, even of SIGKILL. The signal that the kernel sends
// to the child of a dead process (ChildProcess) is not enough for a child that hangs.
#pragma once

#include <sys/types.h>

#include "engine/base/clock.h"

namespace longscope {

class GroupGuard {
  public:
    // A small process of its own watches. When this process is gone, the group has `grace_ns` to end by itself, as long
    // again after SIGTERM, and then gets SIGKILL. Throws Error(failed) when the guard cannot be started.
    GroupGuard(pid_t group, Nanoseconds grace_ns);
    GroupGuard(const GroupGuard&) = delete;
    GroupGuard& operator=(const GroupGuard&) = delete;
    GroupGuard(GroupGuard&&) = delete;
    GroupGuard& operator=(GroupGuard&&) = delete;
    // Leaves the group alone.
    ~GroupGuard();

  private:
    pid_t guard_ = -1;
    int life_ = -1;  // the guard's end of this pipe reads its end when no process has this one open
};

}  // namespace longscope
