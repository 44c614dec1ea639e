// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/base/thread_team.h"

#include <tbb/blocked_range.h>
#include <tbb/global_control.h>
#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>

#include <algorithm>

namespace longscope {

class ThreadTeam::Arena {
  public:
    explicit Arena(int threads)
        // More threads than cores are allowed when asked for: several ranks, or a test of determinism.
        : allowed_(
              tbb::global_control::max_allowed_parallelism,
              std::max<std::size_t>(static_cast<std::size_t>(threads),
                                    tbb::global_control::active_value(tbb::global_control::max_allowed_parallelism))),
          arena_(threads) {}
    void execute(const std::function<void()>& work) { arena_.execute(work); }

  private:
    tbb::global_control allowed_;
    tbb::task_arena arena_;
};

namespace {

bool one_thread_only() {
    return tbb::global_control::active_value(tbb::global_control::max_allowed_parallelism) == 1;
}

}  // namespace

ThreadTeam::ThreadTeam() = default;

ThreadTeam::ThreadTeam(int threads) : arena_(std::make_unique<Arena>(threads)) {}

ThreadTeam::~ThreadTeam() = default;

void ThreadTeam::run(const std::function<void()>& work) {
    if (arena_ == nullptr || one_thread_only()) {
        work();
    } else {
        arena_->execute(work);
    }
}

void ThreadTeam::for_each_range(std::int64_t count, std::int64_t grain,
                                const std::function<void(std::int64_t, std::int64_t)>& body) {
    if (count <= 0) {
        return;
    }
    run([&] {
        if (one_thread_only() || tbb::this_task_arena::max_concurrency() == 1) {
            body(0, count);
            return;
        }
        tbb::parallel_for(tbb::blocked_range<std::int64_t>(0, count, static_cast<std::size_t>(grain)),
                          [&](const tbb::blocked_range<std::int64_t>& range) { body(range.begin(), range.end()); });
    });
}

void ThreadTeam::for_each(std::int64_t count, const std::function<void(std::int64_t)>& body) {
    for_each_range(count, 1, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t i = begin; i < end; ++i) {
            body(i);
        }
    });
}

}  // namespace longscope
