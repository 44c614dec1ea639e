// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/kernel/opencl/tile_tuning.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace longscope::opencl {

namespace {

// Multiples of 12 rows and 64 keys; backward of 192, which both divide (backward_plan.h).
std::vector<TileShape> all_shapes(const ShapeClass& of) {
    if (of.design == Design::wide) {
        if (of.pass == Pass::forward) {
            // Queries and running outputs of 96 rows stay in the second-level cache.
            return {{96, 256}, {48, 256}, {192, 256}, {96, 128}, {96, 512}, {192, 512}};
        }
        return {{192, 192}, {384, 384}};
    }
    if (of.pass == Pass::forward) {
        return {{48, 64}, {96, 64}, {48, 128}, {24, 64}};
    }
    return {{48, 192}, {24, 192}, {96, 192}};
}

// As the kernels declare it (resources/opencl/tiled_*.cl): weights of a block, and what is staged beside them.
std::int64_t local_bytes(const ShapeClass& of, const TileShape& shape) {
    constexpr std::int64_t piece = 64;
    constexpr std::int64_t depth = 4;
    constexpr std::int64_t across = 16;
    const std::int64_t floats = of.pass == Pass::forward
                                    ? shape.q_tile * (shape.k_tile + across + depth) + depth * shape.k_tile
                                    : shape.q_tile * (piece + depth) + depth * piece;
    const std::int64_t hidden = of.pass == Pass::forward ? 0 : shape.q_tile * piece;
    return (floats + depth * of.largest_dim) * std::int64_t{sizeof(float)} + hidden;
}

double shortest(const TimedShape& timed) {
    return *std::min_element(timed.seconds.begin(), timed.seconds.end());
}

}  // namespace

std::string device_key(const DeviceFacts& facts) {
    return fmt::format("{} | {} | {}", facts.platform, facts.name, facts.driver);
}

ShapeClass shape_class(Design design, Pass pass, std::int64_t dim_qk, std::int64_t dim_v) {
    const auto* const found = std::find_if(dim_classes.begin(), dim_classes.end() - 1,
                                           [&](std::int64_t largest) { return std::max(dim_qk, dim_v) <= largest; });
    return {design, pass, *found};
}

std::vector<TileShape> tile_candidates(const ShapeClass& of, const DeviceFacts& facts) {
    std::vector<TileShape> shapes = all_shapes(of);
    if (of.design == Design::tiled) {
        shapes.erase(
            std::remove_if(shapes.begin() + 1, shapes.end(),
                           [&](const TileShape& shape) { return local_bytes(of, shape) > facts.local_memory_bytes; }),
            shapes.end());
    }
    return shapes;
}

TileShape tile_shape(const std::vector<TileChoice>& choices, const ShapeClass& of, const DeviceFacts& facts) {
    const std::vector<TileShape> candidates = tile_candidates(of, facts);
    const std::string key = device_key(facts);
    const auto found = std::find_if(choices.rbegin(), choices.rend(), [&](const TileChoice& choice) {
        return choice.of == of && choice.device == key &&
               std::find(candidates.begin(), candidates.end(), choice.shape) != candidates.end();
    });
    return found == choices.rend() ? candidates.front() : found->shape;
}

std::vector<TimedShape> measure_in_turns(const std::vector<TileShape>& candidates, int turns,
                                         const std::function<double(const TileShape&)>& seconds_of) {
    std::vector<TimedShape> all;
    for (const TileShape& shape : candidates) {
        all.push_back({shape, {}, {}});
    }
    for (int turn = 0; turn < turns; ++turn) {
        for (TimedShape& timed : all) {
            if (!timed.failure.empty()) {
                continue;
            }
            try {
                timed.seconds.push_back(seconds_of(timed.shape));
            } catch (const MeasuringEnded&) {
                throw;
            } catch (const Error& error) {
                if (error.kind() == ErrorKind::cancelled) {
                    throw;
                }
                timed.failure = error.what();
            }
        }
    }
    return all;
}

const TimedShape& best_of(const std::vector<TimedShape>& timed) {
    constexpr double worth = 0.98;
    const auto measured = [](const TimedShape& one) { return one.failure.empty() && !one.seconds.empty(); };
    const TimedShape* best = &timed.front();
    double to_beat = measured(*best) ? shortest(*best) * worth : std::numeric_limits<double>::infinity();
    for (const TimedShape& one : timed) {
        if (measured(one) && shortest(one) < to_beat) {
            best = &one;
            to_beat = shortest(one);
        }
    }
    return *best;
}

}  // namespace longscope::opencl
