// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/parallel/layout_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "engine/base/units.h"

namespace longscope {

namespace {

std::string exact_bytes(std::int64_t bytes) {
    constexpr std::int64_t kibi = 1024;
    return bytes < kibi ? format_bytes(bytes) : fmt::format("{} ({} B)", format_bytes(bytes), format_count(bytes));
}

std::string exact_flops(double flops) {
    return format_count(std::llround(flops)) + " FLOP";
}

std::string count_of(std::int64_t count, std::string_view one, std::string_view many) {
    return format_count(count) + ' ' + std::string(count == 1 ? one : many);
}

// "sends 4.00 MiB to rank 3", or to several, of which the first few are named.
std::string transfers_text(std::string_view verb, std::string_view word,
                           const std::map<std::int64_t, std::int64_t>& peers) {
    std::int64_t sum = 0;
    for (const auto& [rank, bytes] : peers) {
        sum += bytes;
    }
    if (peers.size() == 1) {
        return fmt::format("{} {} {} rank {}", verb, exact_bytes(sum), word, peers.begin()->first);
    }
    constexpr std::size_t most_named = 6;
    std::string text = fmt::format("{} {} {} {} ranks: ", verb, exact_bytes(sum), word, peers.size());
    std::size_t named = 0;
    for (const auto& [rank, bytes] : peers) {
        if (named == most_named) {
            return text + ", ...";
        }
        text += fmt::format("{}{} ({})", named == 0 ? "" : ", ", rank, format_bytes(bytes));
        ++named;
    }
    return text;
}

template <typename... Parts>
std::string line_of(char separator, const Parts&... parts) {
    std::string line;
    ((line += (line.empty() ? "" : std::string(1, separator)) + fmt::format("{}", parts)), ...);
    return line + '\n';
}

// What the FLOP of a cell are for.
std::string computed(const RankStep& cell, const AttentionShape& shape) {
    switch (cell.part) {
        case StepPart::scores:
            return "scores, without values";
        case StepPart::values:
            return "values, by scores that are there";
        case StepPart::whole:
            break;
    }
    const double pairs = (cell.flops - cell.backward_flops) / flops_of_head_pairs(shape, 1, Direction::forward) +
                         cell.backward_flops / flops_of_head_pairs(shape, 1, Direction::backward);
    return fmt::format("{} pairs of all heads", format_count(std::llround(pairs)));
}

}  // namespace

std::vector<std::string> step_facts(const StepTable& table, const AttentionShape& shape, std::int64_t rank,
                                    std::int32_t step) {
    const RankStep& cell = table.ranks.at(static_cast<std::size_t>(rank)).at(static_cast<std::size_t>(step));
    const std::string pass = !table.backward_from          ? ""
                             : step < *table.backward_from ? ", forward pass"
                                                           : ", backward pass";
    std::vector<std::string> lines;
    if (cell.work == StepWork::idle) {
        lines.push_back(fmt::format("Rank {}, step {}{}: computes nothing", rank, step, pass));
    } else {
        lines.push_back(fmt::format("Rank {}, step {}{}: computes with {}", rank, step, pass,
                                    cell.work == StepWork::own ? "queries of its own" : "queries of other ranks"));
        const double largest = table.largest_flops();
        lines.push_back(fmt::format("{}, {} of the busiest cell; {}", exact_flops(cell.flops),
                                    format_percent(largest == 0 ? 0 : cell.flops / largest), computed(cell, shape)));
    }
    std::map<std::int64_t, std::int64_t> sent;
    std::map<std::int64_t, std::int64_t> received;
    for (const StepTransfer& transfer : table.transfers) {
        if (transfer.step == step && transfer.from == rank) {
            sent[transfer.to] += transfer.bytes;
        }
        if (transfer.step == step && transfer.to == rank) {
            received[transfer.from] += transfer.bytes;
        }
    }
    if (!sent.empty()) {
        lines.push_back(transfers_text("Sends", "to", sent));
    }
    if (!received.empty()) {
        lines.push_back(transfers_text("Receives", "from", received));
    }
    return lines;
}

std::vector<std::string> traffic_facts(const CommunicationMatrix& matrix, std::int64_t from, std::int64_t to) {
    const Traffic& traffic = matrix.at(from, to);
    const Traffic& sent = matrix.sent.at(static_cast<std::size_t>(from));
    const Traffic& received = matrix.received.at(static_cast<std::size_t>(to));
    std::vector<std::string> lines;
    lines.push_back(traffic.messages == 0
                        ? fmt::format("Rank {} sends nothing to rank {}", from, to)
                        : fmt::format("Rank {} sends {} in {} to rank {}", from, exact_bytes(traffic.bytes),
                                      count_of(traffic.messages, "message", "messages"), to));
    lines.push_back(fmt::format("Rank {} sends {} in all; rank {} receives {}", from, exact_bytes(sent.bytes), to,
                                exact_bytes(received.bytes)));
    return lines;
}

std::vector<std::string> memory_facts(const MemoryProfile& profile, std::int64_t rank, double time) {
    const auto after = std::upper_bound(profile.changes.begin(), profile.changes.end(), time,
                                        [](double moment, const MemoryChange& change) { return moment < change.time; });
    const BytesByRole bytes = after == profile.changes.begin() ? BytesByRole{} : std::prev(after)->bytes;
    std::vector<std::string> lines{fmt::format("Rank {} in step {} holds {}", rank, static_cast<std::int64_t>(time),
                                               exact_bytes(profile.input_bytes + sum_of(bytes))),
                                   "own inputs: " + exact_bytes(profile.input_bytes)};
    for (std::size_t role = 0; role < bytes.size(); ++role) {
        if (bytes.at(role) > 0) {
            lines.push_back(
                fmt::format("{}: {}", role_name(static_cast<BufferRole>(role)), exact_bytes(bytes.at(role))));
        }
    }
    return lines;
}

std::string step_lines(const StepTable& table, char separator) {
    struct Moved {
        std::int64_t sent = 0;
        std::string to;
        std::int64_t received = 0;
        std::string from;
    };
    std::vector<Moved> moved(table.ranks.size() * table.steps());
    const auto at = [&](std::int64_t rank, std::int32_t step) -> Moved& {
        return moved[static_cast<std::size_t>(rank) * table.steps() + static_cast<std::size_t>(step)];
    };
    for (const StepTransfer& transfer : table.transfers) {
        Moved& sender = at(transfer.from, transfer.step);
        sender.sent += transfer.bytes;
        sender.to += (sender.to.empty() ? "" : " ") + std::to_string(transfer.to);
        Moved& receiver = at(transfer.to, transfer.step);
        receiver.received += transfer.bytes;
        receiver.from += (receiver.from.empty() ? "" : " ") + std::to_string(transfer.from);
    }
    std::string text = line_of(separator, "rank", "step", "work", "flops", "backward_flops", "sent_bytes", "sent_to",
                               "received_bytes", "received_from");
    for (std::size_t rank = 0; rank < table.ranks.size(); ++rank) {
        for (std::size_t step = 0; step < table.steps(); ++step) {
            const RankStep& cell = table.ranks[rank][step];
            const Moved& of_cell = moved[rank * table.steps() + step];
            text += line_of(separator, rank, step, to_string(cell.work), cell.flops, cell.backward_flops, of_cell.sent,
                            of_cell.to, of_cell.received, of_cell.from);
        }
    }
    return text;
}

std::string traffic_lines(const CommunicationMatrix& matrix, char separator) {
    std::string text = line_of(separator, "from", "to", "bytes", "messages");
    for (std::int64_t from = 0; from < matrix.ranks; ++from) {
        for (std::int64_t to = 0; to < matrix.ranks; ++to) {
            const Traffic& traffic = matrix.at(from, to);
            if (traffic.messages > 0) {
                text += line_of(separator, from, to, traffic.bytes, traffic.messages);
            }
        }
    }
    return text;
}

std::string memory_lines(const std::vector<MemoryProfile>& ranks, char separator) {
    std::string text = line_of(separator, "rank", "step", "time_steps", "input_bytes", "buffer_bytes");
    text.pop_back();
    for (std::size_t role = 0; role < buffer_role_count; ++role) {
        text += separator + std::string(to_string(static_cast<BufferRole>(role))) + "_bytes";
    }
    text += '\n';
    for (std::size_t rank = 0; rank < ranks.size(); ++rank) {
        for (const MemoryChange& change : ranks[rank].changes) {
            text += line_of(separator, rank, change.step, change.time, ranks[rank].input_bytes, sum_of(change.bytes));
            text.pop_back();
            for (const std::int64_t bytes : change.bytes) {
                text += separator + std::to_string(bytes);
            }
            text += '\n';
        }
    }
    return text;
}

}  // namespace longscope
