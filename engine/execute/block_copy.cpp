// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/execute/block_copy.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "engine/base/error.h"

namespace longscope {

namespace {

// One tensor of a buffer: heads x tokens x row_bytes.
struct Part {
    std::byte* data = nullptr;
    std::int64_t row_bytes = 0;
};

// What a buffer is made of, in the order in which blocks hold it. A gather only reads what it is given here.
std::vector<Part> parts_of(BufferRole role, std::int64_t buffer, const BufferPlan& plan, RankBuffers& buffers) {
    const AttentionShape& shape = buffers.shape();
    const auto whole = [](const HeadView& view) {
        return Part{static_cast<std::byte*>(const_cast<void*>(view.data)), view.dim * size_bytes(view.dtype)};
    };
    const auto floats = [](float* data, std::int64_t dim) {
        return Part{reinterpret_cast<std::byte*>(data), dim * std::int64_t{sizeof(float)}};
    };
    switch (role) {
        case BufferRole::queries:
            return {whole(buffers.queries(buffer, plan.tokens))};
        case BufferRole::key_values:
            return {whole(buffers.keys(buffer, plan.tokens)), whole(buffers.values(buffer, plan.tokens))};
        case BufferRole::partial: {
            Partial& partial = buffers.partial(buffer);
            return {floats(partial.output().data, shape.head_dim_v), floats(partial.lse(0), 1)};
        }
        case BufferRole::output_gradients:
            return {whole(buffers.output_gradients(buffer))};
        case BufferRole::query_gradients:
            return {floats(buffers.query_gradients(buffer).data, shape.head_dim_qk)};
        case BufferRole::key_value_gradients:
            return {floats(buffers.key_gradients(buffer, plan.tokens).data, shape.head_dim_qk),
                    floats(buffers.value_gradients(buffer, plan.tokens).data, shape.head_dim_v)};
        case BufferRole::delta:
            return {floats(buffers.delta(buffer).data, 1)};
        case BufferRole::lse:
            return {floats(buffers.lse(buffer).data, 1)};
        case BufferRole::key_gradients:
            return {floats(buffers.key_gradients(buffer, plan.tokens).data, shape.head_dim_qk)};
        case BufferRole::value_gradients:
            return {floats(buffers.value_gradients(buffer, plan.tokens).data, shape.head_dim_v)};
        case BufferRole::keys:
            return {whole(buffers.keys(buffer, plan.tokens))};
        case BufferRole::values:
            return {whole(buffers.values(buffer, plan.tokens))};
        case BufferRole::message:
        case BufferRole::scores:
            break;
    }
    throw failed(fmt::format("schedule: buffers of {} have no blocks to take apart", to_string(role)));
}

bool are_sums(BufferRole role) {
    return role == BufferRole::query_gradients || role == BufferRole::key_value_gradients ||
           role == BufferRole::key_gradients || role == BufferRole::value_gradients;
}

class BlockCopy {
  public:
    BlockCopy(const Operation& operation, RankBuffers& buffers)
        : buffers_(buffers),
          gathers_(operation.kind == OperationKind::gather),
          adds_(operation.kind == OperationKind::scatter_add) {
        const std::int64_t typed = gathers_ ? operation.buffer : operation.into;
        plan_ = buffers.plan(operation.role, typed);
        if (plan_.tokens < 0) {
            throw failed(
                fmt::format("schedule: operation {}: the tokens of buffer {} are not known", operation.id, typed));
        }
        if (adds_ && !are_sums(operation.role)) {
            throw failed(fmt::format("schedule: operation {} adds to {}, which are no sums", operation.id,
                                     to_string(operation.role)));
        }
        parts_ = parts_of(operation.role, typed, plan_, buffers);
        message_ = buffers.writable_bytes(gathers_ ? operation.into : operation.buffer);
        if (operation.offset_bytes > static_cast<std::int64_t>(message_.size())) {
            throw failed(fmt::format("schedule: operation {}: a message is too short for its blocks", operation.id));
        }
        if (adds_ && operation.offset_bytes % std::int64_t{sizeof(float)} != 0) {
            throw failed(fmt::format("schedule: operation {}: sums do not begin between floats", operation.id));
        }
        message_ = message_.subspan(static_cast<std::size_t>(operation.offset_bytes));
    }

    void run(const Operation& operation) {
        const TokenSet& held = buffers_.token_set(plan_.tokens);
        const bool by_heads = !operation.heads.empty();
        const bool by_sets = !operation.sets.empty();
        const auto blocks = by_sets ? operation.sets.size() : static_cast<std::size_t>(buffers_.ranks());
        for (std::size_t block = 0; block < blocks; ++block) {
            const Range heads = by_heads ? operation.heads[block] : plan_.heads;
            const TokenSet& tokens = by_sets    ? buffers_.token_set(operation.sets[block])
                                     : by_heads ? held
                                                : buffers_.token_set(static_cast<std::int64_t>(block));
            if (heads.begin < plan_.heads.begin || heads.end > plan_.heads.end) {
                throw failed(fmt::format("schedule: operation {}: heads {} to {} of a buffer of heads {} to {}",
                                         operation.id, heads.begin, heads.end, plan_.heads.begin, plan_.heads.end));
            }
            for (const Part& part : parts_) {
                for (std::int64_t head = heads.begin; head < heads.end; ++head) {
                    copy_head(part, head - plan_.heads.begin, held, tokens);
                }
            }
        }
    }

  private:
    // The rows of one head: ascending positions lie in ascending order on both sides.
    void copy_head(const Part& part, std::int64_t head, const TokenSet& held, const TokenSet& tokens) {
        for (const Range range : tokens.ranges()) {
            const Range rows = held.local(range);
            if (rows.size() != range.size()) {
                throw failed("schedule: a block has tokens that its buffer has no room for");
            }
            const auto count = static_cast<std::size_t>(rows.size() * part.row_bytes);
            if (count > message_.size()) {
                throw failed("schedule: a message is too short for its blocks");
            }
            std::byte* row = part.data + (head * held.size() + rows.begin) * part.row_bytes;
            if (gathers_) {
                buffers_.copies().copy(message_.data(), {row, count});
            } else if (adds_) {
                add_floats(row, message_.data(), count);
                buffers_.copies().add(static_cast<std::int64_t>(count));
            } else {
                buffers_.copies().copy(row, message_.first(count));
            }
            message_ = message_.subspan(count);
        }
    }

    // Both are aligned to floats: they begin at buffers, and everything in them is floats.
    static void add_floats(std::byte* sum, const std::byte* added, std::size_t bytes) {
        auto* into = reinterpret_cast<float*>(sum);
        const auto* from = reinterpret_cast<const float*>(added);
        std::transform(from, from + bytes / sizeof(float), into, into, std::plus<>());
    }

    RankBuffers& buffers_;
    bool gathers_;
    bool adds_;
    BufferPlan plan_;
    std::vector<Part> parts_;
    std::span<std::byte> message_;  // what is left of it
};

}  // namespace

void copy_blocks(const Operation& operation, RankBuffers& buffers) {
    BlockCopy(operation, buffers).run(operation);
}

}  // namespace longscope
