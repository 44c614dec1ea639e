// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <set>

#include "engine/base/error.h"
#include "engine/parallel/schedule.h"

namespace longscope {

namespace {

constexpr std::int64_t max_operations = 100'000'000;
constexpr std::int64_t max_ranks = 1 << 20;
constexpr std::int64_t any = std::numeric_limits<std::int64_t>::max();

void put(Json& json, const char* name, std::int64_t value, std::int64_t absent) {
    if (value != absent) {
        json[name] = value;
    }
}

Json to_json(const Operation& operation) {
    Json json{{"op", to_string(operation.kind)}, {"stream", to_string(operation.stream)}, {"step", operation.step}};
    if (!operation.after.empty()) {
        json["after"] = operation.after;
    }
    if (operation.kind == OperationKind::alloc) {
        json["role"] = to_string(operation.role);
    }
    put(json, "buffer", operation.buffer, -1);
    put(json, "bytes", operation.bytes, 0);
    put(json, "peer", operation.peer, -1);
    put(json, "flow", operation.flow, -1);
    put(json, "queries", operation.queries, -1);
    put(json, "keys", operation.keys, -1);
    put(json, "partial", operation.partial, -1);
    put(json, "into", operation.into, -1);
    put(json, "pairs", operation.pairs, 0);
    if (operation.flops != 0) {
        json["flops"] = operation.flops;
    }
    return json;
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

Operation operation_from_json(const Json& json, std::int64_t id, std::int64_t count, std::int64_t ranks) {
    const std::string path = fmt::format("operations[{}]", id);
    JsonObject object(json, path);
    Operation operation;
    operation.id = id;
    operation.kind = word<OperationKind>(object, "op", 7);
    operation.stream = word<Stream>(object, "stream", 3);
    operation.step = static_cast<std::int32_t>(object.integer("step", 0, std::numeric_limits<std::int32_t>::max()));
    if (const Json* after = object.optional("after"); after != nullptr) {
        if (!after->is_array()) {
            throw bad_input(path + ".after", shown(*after), "is not a list", "a list of operations");
        }
        for (const Json& item : *after) {
            operation.after.push_back(checked_integer(item, path + ".after", 0, count - 1));
        }
    }
    if (operation.kind == OperationKind::alloc) {
        operation.role = word<BufferRole>(object, "role", 2);
    }
    operation.buffer = object.integer_or("buffer", -1, 0, any);
    operation.bytes = object.integer_or("bytes", 0, 0, any);
    operation.peer = object.integer_or("peer", -1, 0, ranks - 1);
    operation.flow = object.integer_or("flow", -1, 0, any);
    operation.queries = object.integer_or("queries", -1, 0, ranks - 1);
    operation.keys = object.integer_or("keys", -1, 0, ranks - 1);
    operation.partial = object.integer_or("partial", -1, 0, any);
    operation.into = object.integer_or("into", -1, 0, any);
    operation.pairs = object.integer_or("pairs", 0, 0, any);
    operation.flops = object.number_or("flops", 0.0, 0.0, std::numeric_limits<double>::max());
    object.finish();
    return operation;
}

// Every buffer that an operation names must have been allocated before it, by the order of the document.
void check_buffers(const Schedule& schedule) {
    std::set<std::int64_t> known{own_key_values};
    for (const Operation& operation : schedule.operations) {
        if (operation.kind == OperationKind::alloc) {
            known.insert(operation.buffer);
        }
        for (const std::int64_t buffer : {operation.buffer, operation.partial, operation.into}) {
            if (buffer >= 0 && known.count(buffer) == 0) {
                throw bad_input(fmt::format("operations[{}]", operation.id), fmt::format("buffer {}", buffer),
                                "is used before it is allocated", "an allocated buffer");
            }
        }
    }
}

}  // namespace

Json to_json(const Schedule& schedule) {
    Json operations = Json::array();
    for (const Operation& operation : schedule.operations) {
        operations.push_back(to_json(operation));
    }
    return {{"longscope_schedule", 1},
            {"strategy", schedule.strategy},
            {"ranks", schedule.ranks},
            {"rank", schedule.rank},
            {"operations", std::move(operations)}};
}

Schedule schedule_from_json(const Json& document) {
    JsonObject object(document, "");
    object.integer("longscope_schedule", 1, 1);
    Schedule schedule;
    schedule.strategy = object.text("strategy", "the name of a strategy");
    schedule.ranks = object.integer("ranks", 1, max_ranks);
    schedule.rank = object.integer("rank", 0, schedule.ranks - 1);
    const Json& operations = object.required("operations", "a list of operations");
    if (!operations.is_array() || static_cast<std::int64_t>(operations.size()) > max_operations) {
        throw bad_input("operations", "(this value)", "is not a list of operations", "a list");
    }
    const auto count = static_cast<std::int64_t>(operations.size());
    for (std::int64_t i = 0; i < count; ++i) {
        schedule.operations.push_back(
            operation_from_json(operations[static_cast<std::size_t>(i)], i, count, schedule.ranks));
    }
    object.finish();
    check_buffers(schedule);
    return schedule;
}

}  // namespace longscope
