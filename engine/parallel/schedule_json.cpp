// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>
#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "engine/base/error.h"
#include "engine/base/words.h"
#include "engine/parallel/schedule.h"

namespace longscope {

namespace {

constexpr int kinds_of_operations = static_cast<int>(OperationKind::cast) + 1;
constexpr int roles_of_buffers = static_cast<int>(BufferRole::value_gradients) + 1;
constexpr std::int64_t max_operations = 100'000'000;
constexpr std::int64_t max_ranks = 1 << 20;
constexpr std::int64_t any = std::numeric_limits<std::int64_t>::max();
// Of all bytes and of all pairs of a schedule, so that every sum over its operations fits.
constexpr std::int64_t max_sum = std::int64_t{1} << 62;

void put(Json& json, const char* name, std::int64_t value, std::int64_t absent) {
    if (value != absent) {
        json[name] = value;
    }
}

bool has_role(OperationKind kind) {
    return kind == OperationKind::alloc || kind == OperationKind::gather || kind == OperationKind::scatter ||
           kind == OperationKind::scatter_add || kind == OperationKind::cast;
}

bool is_collective(OperationKind kind) {
    return kind == OperationKind::all_gather || kind == OperationKind::all_to_all;
}

Json to_json(const Operation& operation) {
    Json json{{"op", to_string(operation.kind)}, {"stream", to_string(operation.stream)}, {"step", operation.step}};
    if (!operation.after.empty()) {
        json["after"] = operation.after;
    }
    if (has_role(operation.kind) || operation.role != BufferRole::key_values) {
        json["role"] = to_string(operation.role);
    }
    put(json, "buffer", operation.buffer, -1);
    put(json, "bytes", operation.bytes, 0);
    put(json, "peer", operation.peer, -1);
    put(json, "flow", operation.flow, -1);
    put(json, "group", operation.group, -1);
    put(json, "queries", operation.queries, -1);
    put(json, "keys", operation.keys, -1);
    put(json, "partial", operation.partial, -1);
    put(json, "into", operation.into, -1);
    put(json, "scores", operation.scores, -1);
    put(json, "pairs", operation.pairs, 0);
    if (operation.flops != 0) {
        json["flops"] = operation.flops;
    }
    put(json, "query_buffer", operation.query_buffer, -1);
    put(json, "tokens", operation.tokens, -1);
    for (const Range heads : operation.heads) {
        json["heads"].push_back({heads.begin, heads.end});
    }
    if (is_collective(operation.kind)) {
        json["sent_bytes"] = operation.sent_bytes;
        json["received_bytes"] = operation.received_bytes;
    }
    if (!operation.sets.empty()) {
        json["sets"] = operation.sets;
    }
    put(json, "offset_bytes", operation.offset_bytes, 0);
    for (const auto& [name, dtype] : {std::pair{"from", operation.from}, {"to", operation.to}}) {
        if (dtype != DType::float32) {
            json[name] = to_string(dtype);
        }
    }
    put(json, "output_gradients", operation.output_gradients, -1);
    put(json, "delta", operation.delta, -1);
    put(json, "query_gradients", operation.query_gradients, -1);
    return json;
}

Json to_json(const TokenSelection& set) {
    Json json{{"ranks", set.ranks}};
    for (const Range range : set.within) {
        json["within"].push_back({range.begin, range.end});
    }
    return json;
}

Json to_json(const ProcessGroup& group) {
    return {{"name", group.name}, {"ranks", group.ranks}};
}

template <typename Enum>
Enum word(JsonObject& object, const std::string& name, int count) {
    std::string accepted;
    for (int i = 0; i < count; ++i) {
        accepted += (i == 0 ? "" : ", ") + std::string(to_string(static_cast<Enum>(i)));
    }
    const std::string text = object.text(name, accepted);
    for (int i = 0; i < count; ++i) {
        if (to_string(static_cast<Enum>(i)) == text) {
            return static_cast<Enum>(i);
        }
    }
    throw bad_input(object.path_of(name), text, "is unknown", accepted);
}

// A list that may be absent; `read` takes an item and its path.
template <typename Read>
auto list(JsonObject& object, const std::string& name, Read read) {
    std::vector<decltype(read(Json(), ""))> items;
    const Json* json = object.optional(name);
    if (json != nullptr && !json->is_array()) {
        throw bad_input(object.path_of(name), shown(*json), "is not a list", "a list");
    }
    for (std::size_t i = 0; json != nullptr && i < json->size(); ++i) {
        items.push_back(read((*json)[i], fmt::format("{}[{}]", object.path_of(name), i)));
    }
    return items;
}

Range range_from_json(const Json& json, const std::string& path) {
    if (!json.is_array() || json.size() != 2) {
        throw bad_input(path, shown(json), "is not a range", "[first, end]");
    }
    const std::int64_t begin = checked_integer(json[0], path, 0, any);
    return {begin, checked_integer(json[1], path, begin, any)};
}

// Of `ranks` that there are.
std::vector<std::int64_t> ascending_ranks(JsonObject& object, std::int64_t ranks) {
    const std::vector<std::int64_t> listed = list(object, "ranks", [&](const Json& item, const std::string& where) {
        return checked_integer(item, where, 0, ranks - 1);
    });
    for (std::size_t i = 1; i < listed.size(); ++i) {
        if (listed[i] <= listed[i - 1]) {
            throw bad_input(object.path_of("ranks"), std::to_string(listed[i]), "is not above the one before it",
                            "ranks in ascending order");
        }
    }
    return listed;
}

TokenSelection selection_from_json(const Json& json, const std::string& path, std::int64_t ranks) {
    JsonObject object(json, path);
    TokenSelection set;
    set.ranks = ascending_ranks(object, ranks);
    set.within = list(object, "within", range_from_json);
    object.finish();
    for (std::size_t i = 1; i < set.within.size(); ++i) {
        if (set.within[i].begin < set.within[i - 1].end) {
            throw bad_input(path + ".within", std::to_string(set.within[i].begin), "is before the end of the last one",
                            "ranges in ascending order");
        }
    }
    return set;
}

ProcessGroup group_from_json(const Json& json, const std::string& path, const Schedule& schedule) {
    JsonObject object(json, path);
    ProcessGroup group;
    group.name = object.text("name", "the name of a group");
    group.ranks = ascending_ranks(object, schedule.ranks);
    object.finish();
    if (!std::binary_search(group.ranks.begin(), group.ranks.end(), schedule.rank)) {
        throw bad_input(path + ".ranks", "this list", "is without the rank of the schedule",
                        fmt::format("ranks with {} among them", schedule.rank));
    }
    return group;
}

// Who exchanges something in a group is in it.
void check_groups(const Schedule& schedule) {
    for (const Operation& operation : schedule.operations) {
        if (operation.group < 0) {
            continue;
        }
        const ProcessGroup& group = schedule.groups[static_cast<std::size_t>(operation.group)];
        for (std::int64_t rank = 0; rank < schedule.ranks; ++rank) {
            const auto index = static_cast<std::size_t>(rank);
            const bool takes_part =
                rank == operation.peer ||
                (!operation.sent_bytes.empty() && operation.sent_bytes[index] + operation.received_bytes[index] > 0);
            if (takes_part && !std::binary_search(group.ranks.begin(), group.ranks.end(), rank)) {
                throw bad_input(fmt::format("operations[{}].group", operation.id), std::to_string(operation.group),
                                fmt::format("is without rank {}", rank), "a group of both ranks");
            }
        }
    }
}

// One entry for each rank, or block, where there is one for each.
void check_lists(const Operation& operation, const std::string& path, std::size_t ranks) {
    const auto check = [&](const char* name, std::size_t size, std::size_t expected) {
        if (size != expected) {
            throw bad_input(fmt::format("{}.{}", path, name), fmt::format("{} entries", size),
                            "are not as many as needed", std::to_string(expected));
        }
    };
    const std::size_t blocks = is_collective(operation.kind) ? ranks : 0;
    check("sent_bytes", operation.sent_bytes.size(), blocks);
    check("received_bytes", operation.received_bytes.size(), blocks);
    if (!operation.heads.empty()) {
        const std::size_t of_copy = operation.sets.empty() ? ranks : operation.sets.size();
        check("heads", operation.heads.size(), operation.kind == OperationKind::alloc ? 1 : of_copy);
    }
}

// How many there are of what an operation names.
struct Counts {
    std::int64_t operations = 0;
    std::int64_t ranks = 0;
    std::int64_t sets = 0;
    std::int64_t groups = 0;
};

Operation operation_from_json(const Json& json, std::int64_t id, const Counts& counts) {
    const std::string path = fmt::format("operations[{}]", id);
    JsonObject object(json, path);
    Operation operation;
    operation.id = id;
    operation.kind = word<OperationKind>(object, "op", kinds_of_operations);
    operation.stream = word<Stream>(object, "stream", static_cast<int>(scheduled_stream_count));
    operation.step = static_cast<std::int32_t>(object.integer("step", 0, std::numeric_limits<std::int32_t>::max()));
    operation.after = list(object, "after", [&](const Json& item, const std::string& where) {
        return checked_integer(item, where, 0, counts.operations - 1);
    });
    const bool may_have_role = operation.kind == OperationKind::send && object.optional("role") != nullptr;
    if (has_role(operation.kind) || may_have_role) {
        operation.role = word<BufferRole>(object, "role", roles_of_buffers);
    }
    operation.buffer = object.integer_or("buffer", -1, own_output_gradients, any);
    operation.bytes = object.integer_or("bytes", 0, 0, any);
    operation.peer = object.integer_or("peer", -1, 0, counts.ranks - 1);
    operation.flow = object.integer_or("flow", -1, 0, any);
    operation.group = object.integer_or("group", -1, 0, counts.groups - 1);
    operation.queries = object.integer_or("queries", -1, 0, counts.sets - 1);
    operation.keys = object.integer_or("keys", -1, 0, counts.sets - 1);
    operation.partial = object.integer_or("partial", -1, 0, any);
    operation.into = object.integer_or("into", -1, 0, any);
    operation.scores = object.integer_or("scores", -1, 0, any);
    operation.pairs = object.integer_or("pairs", 0, 0, any);
    operation.flops = object.number_or("flops", 0.0, 0.0, std::numeric_limits<double>::max());
    operation.query_buffer = object.integer_or("query_buffer", -1, 0, any);
    operation.tokens = object.integer_or("tokens", -1, 0, counts.sets - 1);
    operation.heads = list(object, "heads", range_from_json);
    operation.sets = list(object, "sets", [&](const Json& item, const std::string& where) {
        return checked_integer(item, where, 0, counts.sets - 1);
    });
    const auto bytes = [](const Json& item, const std::string& where) { return checked_integer(item, where, 0, any); };
    operation.sent_bytes = list(object, "sent_bytes", bytes);
    operation.received_bytes = list(object, "received_bytes", bytes);
    operation.offset_bytes = object.integer_or("offset_bytes", 0, 0, any);
    if (operation.kind == OperationKind::cast) {
        for (const auto& [name, dtype] : {std::pair{"from", &operation.from}, {"to", &operation.to}}) {
            *dtype = word_index<DType>(dtype_words, object.text_or(name, "float32"), object.path_of(name));
        }
    }
    operation.output_gradients = object.integer_or("output_gradients", -1, own_output_gradients, any);
    operation.delta = object.integer_or("delta", -1, 0, any);
    operation.query_gradients = object.integer_or("query_gradients", -1, 0, any);
    object.finish();
    check_lists(operation, path, static_cast<std::size_t>(counts.ranks));
    return operation;
}

// Every buffer that an operation names must have been allocated before it, by the order of the document.
void check_buffers(const Schedule& schedule) {
    std::set<std::int64_t> known{own_key_values};
    for (const Operation& operation : schedule.operations) {
        if (operation.kind == OperationKind::alloc) {
            known.insert(operation.buffer);
        }
        for (const std::int64_t buffer :
             {operation.buffer, operation.partial, operation.into, operation.scores, operation.query_buffer,
              operation.output_gradients, operation.delta, operation.query_gradients}) {
            if (buffer >= 0 && known.count(buffer) == 0) {
                throw bad_input(fmt::format("operations[{}]", operation.id), fmt::format("buffer {}", buffer),
                                "is used before it is allocated", "an allocated buffer");
            }
        }
    }
}

// Sums of numbers that are not negative.
class BoundedSum {
  public:
    void add(const Operation& operation, std::int64_t number) {
        if (number > max_sum - sum_) {
            throw bad_input(fmt::format("operations[{}]", operation.id), std::to_string(number),
                            "is too large with those before it", "numbers whose sum is at most 2^62");
        }
        sum_ += number;
    }

  private:
    std::int64_t sum_ = 0;
};

void check_sums(const Schedule& schedule) {
    BoundedSum bytes;
    BoundedSum pairs;
    for (const Operation& operation : schedule.operations) {
        bytes.add(operation, operation.bytes);
        for (const auto* list : {&operation.sent_bytes, &operation.received_bytes}) {
            for (const std::int64_t number : *list) {
                bytes.add(operation, number);
            }
        }
        pairs.add(operation, operation.pairs);
    }
}

}  // namespace

Json to_json(const Schedule& schedule) {
    Json operations = Json::array();
    for (const Operation& operation : schedule.operations) {
        operations.push_back(to_json(operation));
    }
    const bool of_version_1 = schedule.pass == Pass::forward && schedule.token_sets.empty() && schedule.query_set < 0 &&
                              schedule.groups.empty() &&
                              std::all_of(schedule.operations.begin(), schedule.operations.end(),
                                          [](const Operation& operation) { return operation.offset_bytes == 0; });
    Json document{{"longscope_schedule", of_version_1 ? 1 : 2}, {"strategy", schedule.strategy}};
    if (!of_version_1) {
        document["pass"] = to_string(schedule.pass);
    }
    document.update(Json{{"ranks", schedule.ranks}, {"rank", schedule.rank}});
    for (const TokenSelection& set : schedule.token_sets) {
        document["token_sets"].push_back(to_json(set));
    }
    put(document, "query_set", schedule.query_set, -1);
    for (const ProcessGroup& group : schedule.groups) {
        document["groups"].push_back(to_json(group));
    }
    document["operations"] = std::move(operations);
    return document;
}

Schedule schedule_from_json(const Json& document) {
    JsonObject object(document, "");
    const std::int64_t version = object.integer("longscope_schedule", 1, 2);
    Schedule schedule;
    schedule.strategy = object.text("strategy", "the name of a strategy");
    if (version == 2) {
        schedule.pass = word<Pass>(object, "pass", static_cast<int>(pass_words.size()));
    }
    schedule.ranks = object.integer("ranks", 1, max_ranks);
    schedule.rank = object.integer("rank", 0, schedule.ranks - 1);
    if (version == 2) {
        schedule.token_sets = list(object, "token_sets", [&](const Json& item, const std::string& where) {
            return selection_from_json(item, where, schedule.ranks);
        });
    }
    const Json& operations = object.required("operations", "a list of operations");
    if (!operations.is_array() || static_cast<std::int64_t>(operations.size()) > max_operations) {
        throw bad_input("operations", "(this value)", "is not a list of operations", "a list");
    }
    const auto count = static_cast<std::int64_t>(operations.size());
    const std::int64_t sets = schedule.ranks + 1 + static_cast<std::int64_t>(schedule.token_sets.size());
    if (version == 2) {
        schedule.query_set = object.integer_or("query_set", -1, 0, sets - 1);
        schedule.groups = list(object, "groups", [&](const Json& item, const std::string& where) {
            return group_from_json(item, where, schedule);
        });
    }
    const Counts counts{count, schedule.ranks, sets, static_cast<std::int64_t>(schedule.groups.size())};
    for (std::int64_t i = 0; i < count; ++i) {
        schedule.operations.push_back(operation_from_json(operations[static_cast<std::size_t>(i)], i, counts));
    }
    object.finish();
    check_buffers(schedule);
    check_groups(schedule);
    check_sums(schedule);
    return schedule;
}

}  // namespace longscope
