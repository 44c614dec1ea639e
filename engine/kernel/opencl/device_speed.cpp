// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/kernel/opencl/device_speed.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "engine/base/bounded_file.h"
#include "engine/base/hash.h"
#include "engine/base/json.h"
#include "engine/kernel/opencl/kernel_arguments.h"
#include "engine/kernel/opencl/session.h"

namespace longscope::opencl {

namespace {

constexpr int repetitions = 7;
constexpr double shortest_seconds = 0.03;
constexpr std::int64_t most_read_bytes = std::int64_t{256} << 20;

// How many work-items of which vectors keep a device busy.
struct Load {
    std::int64_t width = 0;
    std::int64_t chains = 0;
    std::size_t items = 0;
    std::size_t group = 0;
};

Load load_of(const Session& session) {
    const auto units = static_cast<std::size_t>(session.compute_units());
    if (session.facts().type == DeviceType::processor) {
        // 16 sums of 16 floats: twice what two units of four cycles need. A driver may give a thread several work-items
        // at once: enough of them, so that none is left without.
        constexpr std::size_t items_of_unit = 16;
        return {16, 16, units * items_of_unit, 1};
    }
    constexpr std::size_t group = 64;
    constexpr std::size_t groups_of_unit = 32;
    return {4, 8, units * groups_of_unit * group, group};
}

double seconds_of(const Session& session, const cl::Kernel& kernel, const Load& load) {
    cl::Event done;
    session.queue().enqueueNDRangeKernel(kernel, cl::NullRange, cl::NDRange(load.items), cl::NDRange(load.group),
                                         nullptr, &done);
    session.wait(done, {});  // not for ever
    return static_cast<double>(done.getProfilingInfo<CL_PROFILING_COMMAND_END>() -
                               done.getProfilingInfo<CL_PROFILING_COMMAND_START>()) *
           1e-9;
}

double best_of(const Session& session, const cl::Kernel& kernel, const Load& load, double work) {
    double best = 0.0;
    for (int i = 0; i < repetitions; ++i) {
        best = std::max(best, work / std::max(seconds_of(session, kernel, load), 1e-9));
    }
    return best;
}

double measure_peak(const Session& session, cl::Kernel kernel, const Load& load, const cl::Buffer& out) {
    cl_int rounds = 1 << 10;
    const auto flops = [&] {
        return 2.0 * static_cast<double>(load.items) * static_cast<double>(load.width * load.chains) * rounds;
    };
    do {
        rounds *= 4;
        set_arguments(kernel, 0, out, rounds);
    } while (rounds < (1 << 28) && seconds_of(session, kernel, load) < shortest_seconds);
    return best_of(session, kernel, load, flops());
}

double measure_reading(const Session& session, cl::Kernel kernel, const Load& load, const cl::Buffer& out) {
    const auto vector_bytes = static_cast<std::int64_t>(sizeof(float)) * load.width;
    const std::int64_t bytes = std::min(most_read_bytes, session.facts().largest_allocation_bytes / 4);
    const std::int64_t vectors =
        bytes / vector_bytes / static_cast<std::int64_t>(load.items) * static_cast<std::int64_t>(load.items);
    SpareBuffer memory;
    const cl::Buffer& from = memory.of_bytes(session, vectors * vector_bytes);
    session.queue().enqueueFillBuffer(from, 1.0F, 0, static_cast<std::size_t>(vectors * vector_bytes));
    set_arguments(kernel, 0, from, static_cast<cl_ulong>(vectors),
                  static_cast<cl_int>(session.facts().type == DeviceType::processor ? 0 : 1), out);
    return best_of(session, kernel, load, static_cast<double>(vectors * vector_bytes));
}

// What was measured holds for as long as the device and its driver are the same.
std::string key_of(const DeviceFacts& facts) {
    return fmt::format("{} | {} | {} | {} | {} units", facts.platform, facts.name, facts.version, facts.driver,
                       facts.compute_units);
}

std::filesystem::path file_of(const DeviceFacts& facts, const std::filesystem::path& folder) {
    return folder / (hash_text(fnv1a(key_of(facts))) + ".speed.json");
}

std::optional<DeviceSpeed> read_kept(const DeviceFacts& facts, const std::filesystem::path& folder) {
    constexpr std::int64_t largest_file = 4096;
    constexpr double most = 1e18;
    const std::filesystem::path file = file_of(facts, folder);
    std::error_code error;
    if (!std::filesystem::is_regular_file(file, error)) {
        return std::nullopt;
    }
    try {
        const Json json = parse_json(read_bounded_file(file, largest_file), file.string());
        JsonObject object(json, "");
        if (object.text("device", "a text") != key_of(facts)) {
            return std::nullopt;
        }
        return DeviceSpeed{object.number("peak_flops_per_s", 1.0, most), object.number("read_bytes_per_s", 1.0, most)};
    } catch (const Error&) {
        return std::nullopt;  // damaged: it is measured again
    }
}

void keep(const DeviceSpeed& speed, const DeviceFacts& facts, const std::filesystem::path& folder) {
    std::error_code error;
    if (folder.empty() || (std::filesystem::create_directories(folder, error), error)) {
        return;  // the next time it is measured again
    }
    const Json json{{"device", key_of(facts)},
                    {"peak_flops_per_s", speed.flops_per_s},
                    {"read_bytes_per_s", speed.read_bytes_per_s}};
    try {
        write_file_atomically(file_of(facts, folder), json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
    } catch (const Error&) {
        return;  // likewise
    }
}

}  // namespace

DeviceSpeed measure_device(std::size_t place, const std::filesystem::path& program_cache) {
    const DeviceFacts& facts = device_facts().at(place);
    const DeviceSpeed speed = with_clear_errors(facts, [&] {
        Session session(place, {static_cast<int>(facts.compute_units), {}, program_cache, 0});
        const Load load = load_of(session);
        const ProgramSource source{{"speed.cl"},
                                   {{"WIDTH", std::to_string(load.width)}, {"CHAINS", std::to_string(load.chains)}}};
        SpareBuffer memory;
        const cl::Buffer& out = memory.of_bytes(session, static_cast<std::int64_t>((load.items + 2) * sizeof(float)));
        session.queue().enqueueFillBuffer(out, 0.5F, 0, (load.items + 2) * sizeof(float));
        return DeviceSpeed{measure_peak(session, session.kernel(source, "multiply_add"), load, out),
                           measure_reading(session, session.kernel(source, "read_all"), load, out)};
    });
    keep(speed, facts, program_cache);
    return speed;
}

DeviceSpeed known_device_speed(std::size_t place, const std::filesystem::path& program_cache) {
    const DeviceFacts& facts = device_facts().at(place);
    if (!program_cache.empty()) {
        if (const std::optional<DeviceSpeed> kept = read_kept(facts, program_cache)) {
            return *kept;
        }
    }
    return measure_device(place, program_cache);
}

}  // namespace longscope::opencl
