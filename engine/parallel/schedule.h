// SPDX-License-Identifier: GPL-3.0-or-later
// What one rank does for one attention, as plain data: streams of operations in order, with explicit dependencies
// between streams. A strategy writes it; it is stored as JSON; the executor (and a simulator) works from what was read
// back. Mask and positions are not in it: operations name the token sets that the dispatch gave to the ranks.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/json.h"
#include "engine/mask/zone.h"
#include "engine/parallel/pass.h"
#include "engine/parallel/stream.h"
#include "engine/parallel/token_selection.h"
#include "engine/tensor/dtype.h"

namespace longscope {

enum class OperationKind : std::uint8_t {
    alloc,       // buffer `buffer` of `bytes`, of the given role; `tokens` and `heads` say what it has room for
    free,        // buffer `buffer`
    send,        // the content of `buffer` to `peer`
    recv,        // into `buffer` from `peer`; it then holds what it is for, of token set
                 // `keys`, or of `queries`
    attend,      // queries of token set `queries` over the keys in `buffer`; result replaces partial `partial`
    merge,       // partial `partial` into partial `into`
    finalize,    // all keys are in partial `partial`: sinks take part
    all_gather,  // the content of `buffer` to every rank; those of all ranks, in their order, into message `into`
    all_to_all,  // block p of `buffer` to rank p; the blocks from all ranks, in their order, into `into`
    gather,      // block p for every rank p, in their order, from `buffer` (of the given role) into message `into`
    scatter,     // the reverse: the blocks in message `buffer` into `into` (of the given role)
    // In place of attend, where keys and values come at different times and whole rows of scores are kept:
    scores,        // queries of token set `queries` over the keys in `buffer`: their block of the score rows `scores`
    softmax,       // the lse of each row of `scores`, all blocks of which are there, into `partial`, whose output is 0
    weigh_values,  // the values in `buffer`, of token set `keys`, by the weights of their block of `scores`, are added
                   // to `partial`
    // Of the backward pass:
    barrier,  // all ranks have come to it: what follows is the backward pass, which its first transfers wait for
    delta,    // of each row of partial `partial`: the sum of dO * O, into `into`; dO in `output_gradients`
    attend_backward,  // of the same queries, keys and `partial`, or just its lse, with its `delta`: dK, dV replace
                      // those in `into`, dQ is added to `query_gradients`
    reduce,           // gradients `buffer` of token set `keys` are added to those in `into`
    scatter_add,      // as scatter, but each block is added to what is there, in the order of the ranks
    weigh_values_backward,  // of the same values, `scores` and `partial`, with its `delta`: dV replaces its block of
                            // `into`, the gradients of the scores replace the scores
    scores_backward,  // of the same keys, `scores` being gradients now: dK replaces its block of `into`, dQ is added to
                      // `query_gradients`
    // What travels in a shorter type: `bytes` bytes of float32 at the front of `buffer` become elements of type `to`,
    // or elements of type `from` become float32, in place. They are gradients; or, by `role`, partials, of whose blocks
    // (`sets` and `heads`, as in a gather) the outputs are cast and the lse are not.
    cast,
};

// A message is bytes under way: the blocks of all ranks, one after the other. Output gradients have the type of the
// inputs; delta and all other gradients are float32. Gradients begin as zeros.
enum class BufferRole : std::uint8_t {
    key_values,
    partial,
    queries,
    message,
    output_gradients,
    delta,
    query_gradients,
    key_value_gradients,
    lse,              // of a partial, without its output: all that a backward pass reads of it beside delta
    keys,             // without their values
    values,           // without their keys
    scores,           // of queries with all keys, float32; see below
    key_gradients,    // without those of the values; see below
    value_gradients,  // without those of the keys; see below
};

[[nodiscard]] std::string_view to_string(OperationKind kind);
[[nodiscard]] std::string_view to_string(BufferRole role);

// Token sets are named by numbers: those of the dispatch by their ranks, all tokens of the sequence by the number of
// ranks, and from there on those of Schedule::token_sets.
//
// Block p of a gather or a scatter is what rank p has to do with: where `heads` is given, the heads heads[p] of all
// tokens that the buffer has room for; otherwise all heads that it has room for, of the tokens of rank p. Where `sets`
// is given there are as many blocks as it names token sets: block i is of the tokens of set sets[i], and of the heads
// heads[i], or all heads that the buffer has room for. Within a
// block stand heads x tokens x dim of the queries; or of the keys, then of the values; or of the partial output, then
// its lse; or heads x tokens x dim of the gradients of queries; or those of keys, then those of values; or delta. A
// gather of role lse takes it out of a partial.
//
// Score rows are heads x tokens x all keys; the keys of rank p make block p of each row, whatever the order of the
// sequence. Gradients of keys alone, or of values alone, of the tokens of all ranks are heads x tokens x dim of rank 0,
// then those of rank 1, and so on, as they travel.
//
// What is allocated when a schedule ends is the result of the rank: a partial, which is its output, and of the backward
// pass the gradients of its queries and those of its keys and values.
//
// Fields that a kind does not use stay at -1, 0 or empty.
struct Operation {
    std::int64_t id = 0;  // position in Schedule::operations
    OperationKind kind = OperationKind::alloc;
    Stream stream = Stream::compute;
    std::int32_t step = 0;
    std::vector<std::int64_t> after;           // operations of other streams that must have completed
    BufferRole role = BufferRole::key_values;  // send: keys or values where only those of the buffer leave
    std::int64_t buffer = -1;
    std::int64_t bytes = 0;     // alloc: size; send, recv: payload; all_gather, all_to_all: payload received
    std::int64_t peer = -1;     // rank
    std::int64_t flow = -1;     // the same at sender and receiver, unique in the run
    std::int64_t group = -1;    // of transfers: number in Schedule::groups, the same at both; -1: of all ranks
    std::int64_t queries = -1;  // token set
    std::int64_t keys = -1;     // token set
    std::int64_t partial = -1;  // buffer
    std::int64_t into = -1;     // buffer
    std::int64_t scores = -1;   // buffer
    // Of one head; of heads with different masks, in the mean and rounded. Of two operations over the same pairs, as
    // scores and weigh_values are, the first has them.
    std::int64_t pairs = 0;
    double flops = 0;  // of all heads that it computes, exact

    std::int64_t query_buffer = -1;  // attend, attend_backward: the queries; -1: the rank's own
    std::int64_t tokens = -1;        // alloc: token set; -1: of different ones in turn, or of the rank's own
    std::vector<Range> heads;        // alloc: one range (none: all); gather, scatter: one for each block
    std::vector<std::int64_t> sets;  // gather, scatter: the token set of each block; none: as above
    std::int64_t offset_bytes = 0;   // gather, scatter: of the first block in the message
    // all_gather, all_to_all: payload to and from each rank; what stays on this rank stands there too, but is not sent.
    std::vector<std::int64_t> sent_bytes;
    std::vector<std::int64_t> received_bytes;
    DType from = DType::float32;  // cast
    DType to = DType::float32;    // cast
    // Buffers of the backward pass.
    std::int64_t output_gradients = -1;
    std::int64_t delta = -1;
    std::int64_t query_gradients = -1;

    [[nodiscard]] bool operator==(const Operation&) const = default;
};

// Ranks whose transfers have a channel of their own (engine/execute/process_groups.h): they have one order between two
// ranks, whatever travels between them in other groups. All ranks name the same groups in the same order; those of one
// name do not overlap.
struct ProcessGroup {
    std::string name;
    std::vector<std::int64_t> ranks;  // ascending, the rank of the schedule among them

    [[nodiscard]] bool operator==(const ProcessGroup&) const = default;
};

struct Schedule {
    std::string strategy;
    Pass pass = Pass::forward;
    std::int64_t ranks = 0;
    std::int64_t rank = 0;
    std::vector<Operation> operations;
    std::vector<TokenSelection> token_sets = {};
    std::int64_t query_set = -1;  // token set of the rank's own queries and of its output; -1: the rank's tokens
    std::vector<ProcessGroup> groups = {};

    [[nodiscard]] bool operator==(const Schedule&) const = default;
};

// Buffer 0 of every schedule: the rank's own keys and values, which exist before it starts and outlive it. So do the
// gradients of its output, in the backward pass.
inline constexpr std::int64_t own_key_values = 0;
inline constexpr std::int64_t own_output_gradients = -2;

// Sums that follow from the operations alone.
struct ScheduleTotals {
    std::int64_t bytes_sent = 0;
    std::int64_t bytes_received = 0;
    std::int64_t pairs = 0;
    double flops = 0;
    std::int64_t peak_buffer_bytes = 0;  // of alloc less free, in the order of the compute stream
};
// Of all_gather and all_to_all: what leaves this rank for others.
[[nodiscard]] std::int64_t bytes_to_others(const Operation& operation, std::int64_t rank);
[[nodiscard]] ScheduleTotals totals(const Schedule& schedule);

// A schedule of the forward pass alone, over token sets of the dispatch and without groups, is a document of version 1,
// as it was before there were others.
[[nodiscard]] Json to_json(const Schedule& schedule);
// Throws Error(bad_input) when the document is not a schedule, or names operations, buffers or ranks that are not
// there.
[[nodiscard]] Schedule schedule_from_json(const Json& document);

}  // namespace longscope
