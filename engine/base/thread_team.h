// SPDX-License-Identifier: GPL-3.0-or-later
// Loops over several threads. The one place that knows the library that runs them.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

namespace longscope {

// May be used by one thread at a time; that thread takes part in the loops.
class ThreadTeam {
  public:
    // With as many threads as the loop around the caller may use, all of the machine where there is none.
    ThreadTeam();
    // From 1.
    explicit ThreadTeam(int threads);
    ThreadTeam(const ThreadTeam&) = delete;
    ThreadTeam& operator=(const ThreadTeam&) = delete;
    ~ThreadTeam();

    // Calls `body(begin, end)` for ranges that cover [0, count) once, several of them at a time, each of at most about
    // `grain` indices where several threads take part. With one thread no other is touched, and there is one call. The
    // first exception that `body` throws is thrown on, after those that run have ended.
    void for_each_range(std::int64_t count, std::int64_t grain,
                        const std::function<void(std::int64_t, std::int64_t)>& body);
    // The same, index by index.
    void for_each(std::int64_t count, const std::function<void(std::int64_t)>& body);
    // Runs `work`, whose own loops (of teams without a number) then use the threads of this team.
    void run(const std::function<void()>& work);

  private:
    class Arena;
    std::unique_ptr<Arena> arena_;
};

}  // namespace longscope
