// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/parallel/wire_dtype.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <optional>
#include <utility>

#include "engine/base/error.h"

namespace longscope {

namespace {

using Ids = std::vector<std::int64_t>;

bool is_gradient(BufferRole role) {
    return role == BufferRole::query_gradients || role == BufferRole::key_value_gradients ||
           role == BufferRole::key_gradients || role == BufferRole::value_gradients;
}

bool is_exchange(OperationKind kind) {
    return kind == OperationKind::all_gather || kind == OperationKind::all_to_all;
}

// What a transfer moves, where it is cast: the whole of it are gradients, or blocks of partial results.
struct Content {
    BufferRole role = BufferRole::partial;
    Ids sets;                  // of partials: token set and heads of each block
    std::vector<Range> heads;  // likewise
};

// The copies that fill a message, or empty it. They tile it: of two with the same offset the first is of nothing.
class MessageParts {
  public:
    void fill(std::int64_t offset_bytes, const std::optional<Content>& content) {
        if (!parts_.empty() && offset_bytes < parts_.back().first) {
            parts_.clear();  // anew
        }
        add(offset_bytes, content);
    }
    void empty(std::int64_t offset_bytes, const std::optional<Content>& content) {
        if (parts_.empty() || offset_bytes >= parts_.back().first) {
            add(offset_bytes, content);
        }
    }
    // Nothing where it is not cast.
    [[nodiscard]] std::optional<Content> content() const {
        if (parts_.empty()) {
            return std::nullopt;
        }
        std::optional<Content> all = parts_.front().second;
        for (std::size_t i = 1; i < parts_.size(); ++i) {
            const std::optional<Content>& part = parts_[i].second;
            if (part.has_value() != all.has_value() || (part && part->role != all->role)) {
                throw failed("schedule: a message holds what is cast beside what is not");
            }
            if (part) {
                all->sets.insert(all->sets.end(), part->sets.begin(), part->sets.end());
                all->heads.insert(all->heads.end(), part->heads.begin(), part->heads.end());
            }
        }
        return all;
    }

  private:
    void add(std::int64_t offset_bytes, const std::optional<Content>& content) {
        if (!parts_.empty() && offset_bytes == parts_.back().first) {
            parts_.pop_back();
        }
        parts_.emplace_back(offset_bytes, content);
    }

    std::vector<std::pair<std::int64_t, std::optional<Content>>> parts_;
};

class WireCaster {
  public:
    WireCaster(Schedule schedule, const AttentionShape& shape, DType wire)
        : written_(std::move(schedule)), sizes_(wire, shape), shape_(shape), wire_(wire) {}

    Schedule run() {
        for (std::size_t i = 0; i < written_.operations.size(); ++i) {
            const Operation& operation = written_.operations[i];
            switch (operation.kind) {
                case OperationKind::send:
                    leave(operation, i);
                    break;
                case OperationKind::recv:
                    arrive(operation, operation.buffer, content_of_arriving(operation.buffer, i));
                    break;
                case OperationKind::all_gather:
                case OperationKind::all_to_all:
                    leave(operation, i);
                    break;
                default:
                    compute(operation);
            }
        }
        for (const auto& [buffer, state] : on_wire_) {
            if (rooms_.count(buffer) != 0 && rooms_.at(buffer).role != BufferRole::message) {
                add(widening(buffer, state, last_step_), -1);
            }
        }
        written_.operations = std::move(operations_);
        return std::move(written_);
    }

  private:
    // A buffer whose content is as it travels.
    struct OnWire {
        Content content;
        std::int64_t bytes = 0;  // in float32
        Ids users;               // transfers that filled it or read it so; new ids
    };

    std::int64_t add(Operation operation, std::int64_t old_id) {
        operation.id = static_cast<std::int64_t>(operations_.size());
        if (old_id >= 0) {
            for (std::int64_t& id : operation.after) {
                id = new_ids_.at(static_cast<std::size_t>(id));
            }
            new_ids_.push_back(operation.id);
        }
        last_step_ = operation.step;
        operations_.push_back(std::move(operation));
        return operations_.back().id;
    }

    [[nodiscard]] Operation cast(std::int64_t buffer, const Content& content, std::int64_t bytes, std::int32_t step,
                                 Ids after) const {
        Operation operation;
        operation.kind = OperationKind::cast;
        operation.step = step;
        operation.role = content.role;
        operation.buffer = buffer;
        operation.bytes = bytes;
        operation.sets = content.sets;
        operation.heads = content.heads;
        operation.after = std::move(after);
        return operation;
    }
    [[nodiscard]] Operation widening(std::int64_t buffer, const OnWire& state, std::int32_t step) const {
        Operation operation = cast(buffer, state.content, state.bytes, step, state.users);
        operation.from = wire_;
        return operation;
    }

    [[nodiscard]] std::int64_t scaled(std::int64_t bytes, BufferRole role) const {
        return is_gradient(role) ? sizes_.gradients(bytes) : sizes_.partials(bytes);
    }
    [[nodiscard]] Operation scaled(Operation operation, BufferRole role) const {
        operation.bytes = scaled(operation.bytes, role);
        for (std::vector<std::int64_t>* list : {&operation.sent_bytes, &operation.received_bytes}) {
            for (std::int64_t& bytes : *list) {
                bytes = scaled(bytes, role);
            }
        }
        return operation;
    }
    [[nodiscard]] static std::int64_t sum(const std::vector<std::int64_t>& sizes) {
        return std::accumulate(sizes.begin(), sizes.end(), std::int64_t{0});
    }

    // Of a gather or a scatter; nothing where it is not cast.
    [[nodiscard]] std::optional<Content> content_of_copy(const Operation& copy) const {
        if (is_gradient(copy.role)) {
            return Content{copy.role, {}, {}};
        }
        if (copy.role != BufferRole::partial) {
            return std::nullopt;
        }
        const Operation& room = rooms_.at(copy.kind == OperationKind::gather ? copy.buffer : copy.into);
        const Range all_heads = room.heads.empty() ? Range{0, shape_.query_heads} : room.heads.front();
        Content content{copy.role, copy.sets, copy.heads};
        if (content.sets.empty() && content.heads.empty()) {
            content.sets.resize(static_cast<std::size_t>(written_.ranks));
            std::iota(content.sets.begin(), content.sets.end(), std::int64_t{0});
        } else if (content.sets.empty()) {
            content.sets.assign(content.heads.size(), room.tokens < 0 ? written_.rank : room.tokens);
        }
        if (content.heads.empty()) {
            content.heads.assign(content.sets.size(), all_heads);
        }
        return content;
    }

    [[nodiscard]] std::optional<Content> content_of_leaving(std::int64_t buffer) const {
        const auto room = rooms_.find(buffer);
        if (room == rooms_.end()) {
            return std::nullopt;  // the rank's own inputs
        }
        if (is_gradient(room->second.role)) {
            return Content{room->second.role, {}, {}};
        }
        const auto filled = filled_.find(buffer);
        return filled == filled_.end() ? std::nullopt : filled->second.content();
    }
    // Of a message it is what it is scattered to.
    [[nodiscard]] std::optional<Content> content_of_arriving(std::int64_t buffer, std::size_t at) {
        const Operation& room = rooms_.at(buffer);
        if (is_gradient(room.role)) {
            return Content{room.role, {}, {}};
        }
        if (room.role != BufferRole::message) {
            return std::nullopt;
        }
        std::map<std::int64_t, Operation> later;
        MessageParts parts;
        for (std::size_t i = at + 1; i < written_.operations.size(); ++i) {
            const Operation& operation = written_.operations[i];
            if (operation.kind == OperationKind::alloc) {
                later[operation.buffer] = operation;
            }
            if (operation.buffer != buffer) {
                continue;
            }
            if (operation.kind == OperationKind::scatter || operation.kind == OperationKind::scatter_add) {
                const auto into = later.find(operation.into);
                if (into != later.end()) {
                    rooms_.insert({operation.into, into->second});
                }
                parts.empty(operation.offset_bytes, content_of_copy(operation));
            }
            if (operation.kind == OperationKind::free || operation.kind == OperationKind::alloc ||
                operation.kind == OperationKind::recv) {
                break;
            }
        }
        return parts.content();
    }

    void leave(const Operation& operation, std::size_t at) {
        const bool exchanges = is_exchange(operation.kind);
        const std::int64_t bytes = exchanges ? sum(operation.sent_bytes) : operation.bytes;
        // A rank that has nothing to send may get something, and the other way round.
        const std::optional<Content> content = content_of_leaving(operation.buffer);
        std::optional<Content> arriving = exchanges ? content_of_arriving(operation.into, at) : std::nullopt;
        if (!content && !arriving) {
            add(operation, operation.id);
            return;
        }
        if (exchanges && ((!content && bytes > 0) || (!arriving && sum(operation.received_bytes) > 0) ||
                          (content && arriving && content->role != arriving->role))) {
            throw failed("schedule: what an exchange brings is not what it takes along");
        }
        Operation smaller = scaled(operation, content ? content->role : arriving->role);
        std::int64_t narrowed = -1;
        if (content && on_wire_.count(operation.buffer) == 0) {
            Operation narrowing = cast(operation.buffer, *content, bytes, operation.step, {});
            narrowing.to = wire_;
            narrowed = add(std::move(narrowing), -1);
            on_wire_[operation.buffer] = {*content, bytes, {}};
        }
        const std::int64_t id = add(std::move(smaller), operation.id);
        if (narrowed >= 0) {
            operations_.back().after.push_back(narrowed);
        }
        if (content) {
            on_wire_[operation.buffer].users.push_back(id);
        }
        if (arriving) {
            on_wire_[operation.into] = {std::move(*arriving), sum(operation.received_bytes), {id}};
        }
    }
    void arrive(const Operation& operation, std::int64_t into, std::optional<Content> content) {
        if (!content) {
            add(operation, operation.id);
            return;
        }
        const std::int64_t id = add(scaled(operation, content->role), operation.id);
        on_wire_[into] = {std::move(*content), operation.bytes, {id}};
    }

    void compute(const Operation& operation) {
        if (operation.kind == OperationKind::alloc) {
            rooms_[operation.buffer] = operation;
            on_wire_.erase(operation.buffer);
            filled_.erase(operation.buffer);
        } else if (operation.kind == OperationKind::free) {
            rooms_.erase(operation.buffer);
            on_wire_.erase(operation.buffer);
        } else {
            const bool overwrites =
                operation.kind == OperationKind::gather || operation.kind == OperationKind::attend_backward;
            if (operation.kind == OperationKind::gather) {
                filled_[operation.into].fill(operation.offset_bytes, content_of_copy(operation));
            }
            if (overwrites) {
                on_wire_.erase(operation.into);
            }
            for (const std::int64_t buffer : {operation.buffer, operation.partial, operation.into,
                                              operation.query_buffer, operation.delta, operation.query_gradients}) {
                if (const auto found = on_wire_.find(buffer); found != on_wire_.end()) {
                    add(widening(buffer, found->second, operation.step), -1);
                    on_wire_.erase(found);
                }
            }
        }
        add(operation, operation.id);
    }

    Schedule written_;
    WireSizes sizes_;
    const AttentionShape& shape_;
    DType wire_;
    std::vector<Operation> operations_;
    Ids new_ids_;                                  // of the operations as they were written
    std::map<std::int64_t, Operation> rooms_;      // the alloc of each buffer that is there
    std::map<std::int64_t, MessageParts> filled_;  // messages, by the gathers
    std::map<std::int64_t, OnWire> on_wire_;
    std::int32_t last_step_ = 0;
};

}  // namespace

Schedule with_wire_dtype(Schedule schedule, const AttentionShape& shape, DType wire) {
    if (wire == DType::float32) {
        return schedule;
    }
    return WireCaster(std::move(schedule), shape, wire).run();
}

}  // namespace longscope
