// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/execute/wire_cast.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "engine/base/error.h"
#include "engine/tensor/element_type.h"

namespace longscope {

namespace {

// Floats that follow one another, and whether they are cast.
struct Stretch {
    std::size_t floats = 0;
    bool casts = true;
};

// Of a partial: each block's output is cast, its lse is not.
std::vector<Stretch> stretches_of(const Operation& operation, const RankBuffers& buffers) {
    if (operation.role != BufferRole::partial) {
        return {{static_cast<std::size_t>(operation.bytes) / sizeof(float), true}};
    }
    std::vector<Stretch> stretches;
    for (std::size_t i = 0; i < operation.sets.size(); ++i) {
        const std::int64_t rows = operation.heads.at(i).size() * buffers.token_set(operation.sets[i]).size();
        stretches.push_back({static_cast<std::size_t>(rows * buffers.shape().head_dim_v), true});
        stretches.push_back({static_cast<std::size_t>(rows), false});
    }
    return stretches;
}

constexpr std::size_t piece_floats = 2048;

struct Pieces {
    ElementType type;
    std::size_t short_bytes;
    std::array<float, piece_floats> floats;
    std::array<std::byte, piece_floats * sizeof(float)> bytes;
};

// From the front: what is written never overtakes what is still to be read.
void narrow(std::byte* buffer, const std::vector<Stretch>& stretches, Pieces& piece) {
    const std::byte* read = buffer;
    std::byte* write = buffer;
    for (const Stretch& stretch : stretches) {
        for (std::size_t left = stretch.floats; left > 0;) {
            const std::size_t count = std::min(left, piece_floats);
            std::memcpy(piece.floats.data(), read, count * sizeof(float));
            read += count * sizeof(float);
            if (stretch.casts) {
                const std::span out(piece.bytes.data(), count * piece.short_bytes);
                from_float(std::span(piece.floats.data(), count), piece.type, out);
                std::memcpy(write, out.data(), out.size());
                write += out.size();
            } else {
                std::memcpy(write, piece.floats.data(), count * sizeof(float));
                write += count * sizeof(float);
            }
            left -= count;
        }
    }
}

// From the end, for the same reason.
void widen(std::byte* buffer, const std::vector<Stretch>& stretches, Pieces& piece) {
    const std::byte* read = buffer;
    std::byte* write = buffer;
    for (const Stretch& stretch : stretches) {
        read += stretch.floats * (stretch.casts ? piece.short_bytes : sizeof(float));
        write += stretch.floats * sizeof(float);
    }
    for (auto stretch = stretches.rbegin(); stretch != stretches.rend(); ++stretch) {
        for (std::size_t left = stretch->floats; left > 0;) {
            const std::size_t count = std::min(left, piece_floats);
            const std::size_t bytes = count * (stretch->casts ? piece.short_bytes : sizeof(float));
            read -= bytes;
            std::memcpy(piece.bytes.data(), read, bytes);
            to_float(stretch->casts ? piece.type : ElementType::float32, std::span(piece.bytes.data(), bytes),
                     std::span(piece.floats.data(), count));
            write -= count * sizeof(float);
            std::memcpy(write, piece.floats.data(), count * sizeof(float));
            left -= count;
        }
    }
}

}  // namespace

void cast_in_place(const Operation& operation, RankBuffers& buffers) {
    const std::vector<Stretch> stretches = stretches_of(operation, buffers);
    std::size_t floats = 0;
    for (const Stretch& stretch : stretches) {
        floats += stretch.floats;
    }
    const bool narrows = operation.from == DType::float32;
    const DType other = narrows ? operation.to : operation.from;
    if (static_cast<std::int64_t>(floats * sizeof(float)) != operation.bytes ||
        (operation.from == DType::float32) == (operation.to == DType::float32)) {
        throw failed(
            fmt::format("schedule: operation {} casts what buffer {} does not hold", operation.id, operation.buffer));
    }
    Pieces piece{element_type(other), static_cast<std::size_t>(size_bytes(other)), {}, {}};
    std::byte* content = buffers.writable_bytes(operation.buffer, operation.bytes).data();
    narrows ? narrow(content, stretches, piece) : widen(content, stretches, piece);
    buffers.copies().add(operation.bytes);
}

}  // namespace longscope
