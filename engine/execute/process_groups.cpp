// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/execute/process_groups.h"

#include <fmt/format.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/error.h"
#include "engine/base/hash.h"
#include "engine/base/random.h"

namespace longscope {

namespace {

constexpr const char* elsewhere = "schedule: other ranks have found that their schedules do not fit together";

// All ranks throw when one of them has something to say, so that none waits for those that have.
void agree(Communicator& communicator, const std::string& objection) {
    bool any = false;
    for (const std::int64_t objects : communicator.all_gather(objection.empty() ? 0 : 1)) {
        any = any || objects != 0;
    }
    if (any) {
        throw failed(objection.empty() ? elsewhere : objection);
    }
}

std::string text_of(const ProcessGroup& group) {
    return fmt::format("{} of ranks {}", group.name, fmt::join(group.ranks, ", "));
}

std::int64_t number_of(const std::string& text) {
    return static_cast<std::int64_t>(fnv1a(text));
}

void require_same_names(const Schedule& schedule, Communicator& communicator) {
    std::string names;
    for (const ProcessGroup& group : schedule.groups) {
        names += group.name + "\n";
    }
    const std::vector<std::int64_t> of_ranks = communicator.all_gather(number_of(names));
    for (std::size_t rank = 1; rank < of_ranks.size(); ++rank) {
        if (of_ranks[rank] != of_ranks[0]) {  // the same on all ranks
            throw failed(fmt::format("schedule: rank {} has other groups than rank 0", rank));
        }
    }
}

void require_same_ranks(const ProcessGroup& group, Communicator& communicator) {
    const std::int64_t own = number_of(text_of(group));
    const std::vector<std::int64_t> of_ranks = communicator.all_gather(own);
    std::string objection;
    for (const std::int64_t rank : group.ranks) {
        if (of_ranks[static_cast<std::size_t>(rank)] != own && objection.empty()) {
            objection = fmt::format("schedule: rank {} has the group {}, and rank {} another one", communicator.rank(),
                                    text_of(group), rank);
        }
    }
    agree(communicator, objection);
}

// Of the transfers between this rank and each other one, a number that is the negative of the other's when they are
// the same: numbers of what leaves are added, and those of what comes subtracted, modulo 2^64.
std::vector<std::uint64_t> sums_by_peer(const Schedule& schedule) {
    std::vector<std::uint64_t> sums(static_cast<std::size_t>(schedule.ranks), 0);
    std::map<std::pair<std::int64_t, std::int64_t>, std::int64_t> sent;  // how many, by group and peer
    std::map<std::pair<std::int64_t, std::int64_t>, std::int64_t> received;
    const auto add = [&](const Operation& operation, std::int64_t peer, std::int64_t bytes, bool leaves) {
        const std::int64_t before = (leaves ? sent : received)[{operation.group, peer}]++;
        const std::string group =
            operation.group < 0 ? "" : schedule.groups.at(static_cast<std::size_t>(operation.group)).name;
        const std::string text = fmt::format("{}/{}/{}/{}/{}/{}", group, before, leaves ? schedule.rank : peer,
                                             leaves ? peer : schedule.rank, operation.flow, bytes);
        // Fingerprints of like texts are too much alike to be added up.
        const std::uint64_t number = RandomStream(fnv1a(text), 0).next_u64();
        sums.at(static_cast<std::size_t>(peer)) += leaves ? number : -number;
    };
    for (const Operation& operation : schedule.operations) {
        if (operation.kind == OperationKind::send || operation.kind == OperationKind::recv) {
            add(operation, operation.peer, operation.bytes, operation.kind == OperationKind::send);
        }
        for (std::size_t rank = 0; rank < operation.sent_bytes.size(); ++rank) {
            const auto peer = static_cast<std::int64_t>(rank);
            if (peer != schedule.rank && operation.sent_bytes[rank] > 0) {
                add(operation, peer, operation.sent_bytes[rank], true);
            }
            if (peer != schedule.rank && operation.received_bytes[rank] > 0) {
                add(operation, peer, operation.received_bytes[rank], false);
            }
        }
    }
    return sums;
}

// One number a rank where all is well; only otherwise as many as there are pairs of ranks.
void require_same_transfers(const Schedule& schedule, Communicator& communicator) {
    const std::vector<std::uint64_t> own = sums_by_peer(schedule);
    std::uint64_t of_rank = 0;
    for (const std::uint64_t sum : own) {
        of_rank += sum;
    }
    std::uint64_t of_all = 0;
    for (const std::int64_t sum : communicator.all_gather(static_cast<std::int64_t>(of_rank))) {
        of_all += static_cast<std::uint64_t>(sum);
    }
    if (of_all == 0) {
        return;
    }
    std::string objection;
    for (std::int64_t rank = 0; rank < schedule.ranks; ++rank) {
        const std::vector<std::int64_t> with_rank =
            communicator.all_gather(static_cast<std::int64_t>(own[static_cast<std::size_t>(rank)]));
        for (std::size_t other = 0; rank == communicator.rank() && other < own.size(); ++other) {
            if (own[other] + static_cast<std::uint64_t>(with_rank[other]) != 0 && objection.empty()) {
                objection = fmt::format(
                    "schedule: ranks {} and {} do not name the same transfers between them, in the "
                    "same groups and order",
                    rank, other);
            }
        }
    }
    agree(communicator, objection);
}

}  // namespace

void open_groups(const Schedule& schedule, Communicator& communicator) {
    require_same_names(schedule, communicator);
    std::vector<std::vector<int>> channels;
    for (const ProcessGroup& group : schedule.groups) {
        require_same_ranks(group, communicator);
        channels.emplace_back(group.ranks.begin(), group.ranks.end());
    }
    require_same_transfers(schedule, communicator);
    communicator.open_channels(channels);
}

}  // namespace longscope
