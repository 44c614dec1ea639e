// SPDX-License-Identifier: GPL-3.0-or-later
// Another implementation of attention, to be measured beside ours. To add one: a class or a line in the table of
// peer_registry.cpp, a test line, a doc line (resources/docs/performance.md).
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/clock.h"
#include "engine/kernel/opencl/tile_choice.h"
#include "engine/mask/leaf.h"
#include "engine/mask/mask.h"
#include "engine/tensor/attention_shape.h"
#include "engine/tensor/head_view.h"

namespace longscope {

// What it is, in its own words.
struct PeerFacts {
    std::string version;
    std::string dispatch;  // which instructions the library says that it has chosen
    int threads = 1;
};

// What it is given: views of dense tensors; the caller keeps everything alive until the next task.
struct PeerTask {
    Direction direction = Direction::forward;
    AttentionShape shape;
    const Mask* mask = nullptr;
    std::string expression;  // of the mask, JSON
    const MaskDomain* domain = nullptr;
    HeadView queries;
    HeadView keys;
    HeadView values;
    HeadView output_gradients;  // of backward tasks
    double scale = 1.0;
};

// Dense float32: the output, or the gradients of queries, keys and values.
using PeerResults = std::vector<std::vector<float>>;

class Peer {
  public:
    Peer() = default;
    Peer(const Peer&) = delete;
    Peer& operator=(const Peer&) = delete;
    Peer(Peer&&) = delete;
    Peer& operator=(Peer&&) = delete;
    virtual ~Peer() = default;

    [[nodiscard]] virtual PeerFacts facts() const = 0;
    // Keys and values in pages, and values that are a part of the keys; otherwise it is given each in one piece.
    [[nodiscard]] virtual bool reads_any_view() const { return false; }
    // What comes before the first repetition: memory, compilation, the forward pass of backward tasks. Throws
    // Error(unsupported) for what this implementation does not compute, Error(failed) for what went wrong.
    virtual void prepare(const PeerTask& task) = 0;
    // One repetition of the prepared task. Throws Error(failed); the task must then be prepared again.
    [[nodiscard]] virtual Nanoseconds repeat() = 0;
    // Of the last repetition.
    [[nodiscard]] virtual PeerResults results() = 0;
    // Gives back what the task took. Throws nothing.
    virtual void release() noexcept = 0;
};

struct PeerSettings {
    int threads = 1;
    std::string python;                        // a Python program with PyTorch; empty: none
    std::filesystem::path script;              // resources/peers/torch_peer.py
    double prepare_seconds = 300;              // after which a child process is given up, for a compilation as well
    double repeat_seconds = 120;               // the same of one repetition
    std::string backend = {};                  // of ours, where it takes part as one of them (backend_peer.h)
    std::filesystem::path program_cache = {};  // of that backend
    std::vector<opencl::TileChoice> tile_choices = {};  // likewise
};

struct PeerEntry {
    std::string_view name;
    std::string_view meaning;
    bool forward = true;  // takes part in cases of this direction
    bool backward = true;
    // Throws Error(unsupported) where it is not installed.
    std::unique_ptr<Peer> (*make)(const PeerSettings& settings);
};

// The registry, in the order in which they are measured.
[[nodiscard]] const std::vector<PeerEntry>& peers();

}  // namespace longscope
