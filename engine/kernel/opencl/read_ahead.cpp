// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/kernel/opencl/read_ahead.h"

#include <algorithm>
#include <utility>

namespace longscope::opencl {

namespace {

// Of packed keys and values at a time, where the device has more.
constexpr std::int64_t most_packed_bytes = std::int64_t{1} << 30;
// Of inputs that are copied at once: a shorter copy is mostly waiting.
constexpr std::int64_t least_piece_bytes = std::int64_t{8} << 20;

}  // namespace

std::int64_t heads_of_piece(const Session& session, HeadBytes head, std::int64_t heads) {
    const std::int64_t room = std::min(most_packed_bytes, session.facts().largest_allocation_bytes);
    const std::int64_t suits =
        session.computes_in_place() ? heads : least_piece_bytes / std::max<std::int64_t>(head.copied, 1) + 1;
    return std::clamp<std::int64_t>(std::min(room / std::max<std::int64_t>(head.packed, 1), suits), 1,
                                    std::max<std::int64_t>(heads, 1));
}

AttendHooks asking_for_next(const Session& session, const AttendHooks& hooks, std::shared_ptr<const ReadAhead>& ahead,
                            std::function<void(const ReadAhead&)> copy) {
    AttendHooks asking = hooks;
    if (session.computes_in_place() || !hooks.next) {
        return asking;
    }
    asking.poll = [&hooks, &ahead, copy = std::move(copy)] {
        if (hooks.poll) {
            hooks.poll();
        }
        if (ahead == nullptr) {
            ahead = hooks.next();
            if (ahead != nullptr) {
                copy(*ahead);
            }
        }
    };
    return asking;
}

bool was_told_ahead(const AttendHooks& hooks, std::shared_ptr<const ReadAhead>& ahead) {
    const std::shared_ptr<const ReadAhead> told = std::exchange(ahead, nullptr);
    return told != nullptr && told == hooks.announced;
}

}  // namespace longscope::opencl
