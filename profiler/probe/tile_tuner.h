// SPDX-License-Identifier: GPL-3.0-or-later
// Measures on a device of OpenCL which shapes of tiles its kernels are fastest with, for each class of calls.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/kernel/opencl/device_facts.h"
#include "engine/kernel/opencl/tile_tuning.h"

namespace longscope {

// Of a device in the process that calls its driver.
struct TileTimerOptions {
    int threads = 1;
    int rank = 0;  // whose device it is (KernelOptions)
    std::int64_t tokens = 2048;
    std::filesystem::path program_cache = {};
};

// Causal self-attention, forward or backward. Keeps the inputs and the kernels of the class that was asked for last.
class TileTimer {
  public:
    explicit TileTimer(TileTimerOptions options);
    TileTimer(const TileTimer&) = delete;
    TileTimer& operator=(const TileTimer&) = delete;
    TileTimer(TileTimer&&) = delete;
    TileTimer& operator=(TileTimer&&) = delete;
    ~TileTimer();

    // Of one call, after one that is not counted where the shape has not been asked for yet. Throws Error.
    [[nodiscard]] double seconds_of(const opencl::ShapeClass& of, const opencl::TileShape& shape);

  private:
    class Case;
    TileTimerOptions options_;
    std::unique_ptr<Case> case_;
};

struct TileTuningOptions {
    int turns = 5;
    std::vector<std::int64_t> dims{opencl::dim_classes.begin(), opencl::dim_classes.end()};
    const std::atomic<bool>* cancelled = nullptr;
    std::function<void(double done)> poll = {};
};

struct TunedClass {
    opencl::ShapeClass of;
    std::vector<opencl::TimedShape> timed;  // the default first
};

struct TunedDevice {
    opencl::DeviceFacts facts;
    std::vector<TunedClass> classes;

    [[nodiscard]] std::vector<opencl::TileChoice> choices() const;
};

// "forward, wide, D up to 128"
[[nodiscard]] std::string class_text(const opencl::ShapeClass& of);

// A device and the design of the kernels that it is used with.
struct DeviceToTune {
    opencl::DeviceFacts facts;
    opencl::Design design = opencl::Design::wide;
};

// Forward and backward, with what `seconds_of` measures (TileTimer). Throws Error.
[[nodiscard]] TunedDevice tune_tiles(
    const DeviceToTune& device, const TileTuningOptions& options,
    const std::function<double(const opencl::ShapeClass&, const opencl::TileShape&)>& seconds_of);

}  // namespace longscope
