// SPDX-License-Identifier: GPL-3.0-or-later
// longscope-engine devices: the backends of this build, the machine that they run on, and its OpenCL devices.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <utility>

#include "app/headless/opencl_child.h"
#include "app/headless/output.h"
#include "app/headless/program_files.h"
#include "app/headless/text_table.h"
#include "app/headless/tile_tuning.h"
#include "app/headless/verbs/verb.h"
#include "engine/base/error.h"
#include "engine/base/units.h"
#include "engine/kernel/kernel.h"
#include "engine/kernel/opencl/device_facts.h"
#include "engine/kernel/opencl/device_speed.h"
#include "profiler/environment.h"

namespace longscope {

namespace {

struct DevicesOptions {
    bool json = false;
    bool tune = false;
};

std::string cache_text(const CacheFacts& cache) {
    return fmt::format("L{} {} x {}", cache.level, cache.count, format_bytes(cache.bytes));
}

// A backend may compute inputs of different types in different ways.
struct TypesAlike {
    std::vector<std::string_view> inputs;
    std::string description;
};

// What it runs on, or why it does not run here.
std::string description_of(const KernelEntry& entry, int threads, DType dtype) {
    try {
        return entry.make({threads, dtype, {}, 0})->description();
    } catch (const Error& error) {
        return error.what();
    }
}

std::vector<TypesAlike> ways_of(const KernelEntry& entry, int threads, const std::string& opencl) {
    std::vector<TypesAlike> ways;
    if (entry.name == "opencl") {
        return {{{dtype_words.begin(), dtype_words.end()}, opencl}};
    }
    for (std::size_t i = 0; i < dtype_words.size(); ++i) {
        const std::string description = description_of(entry, threads, static_cast<DType>(i));
        const auto known = std::find_if(ways.begin(), ways.end(),
                                        [&](const TypesAlike& way) { return way.description == description; });
        if (known == ways.end()) {
            ways.push_back({{dtype_words[i]}, description});
        } else {
            known->inputs.push_back(dtype_words[i]);
        }
    }
    return ways;
}

// A device of OpenCL and what was measured on it, or why nothing was.
struct MeasuredDevice {
    opencl::DeviceFacts facts;
    opencl::DeviceSpeed speed;
    std::string refusal;
};

// All that drivers tell, and what it takes to ask them.
struct OpenClFindings {
    std::string description;  // what the backend runs on, or why it does not
    std::string why_none;
    std::vector<MeasuredDevice> devices;
};

OpenClFindings ask_drivers(int threads) {
    OpenClFindings found;
    OpenClChild child(engine_beside());
    ListedDevices listed;
    try {
        listed = child.list();
        found.why_none = listed.why_none;
    } catch (const Error& error) {
        found.why_none = error.what();
        found.description = error.what();
        return found;
    }
    try {
        found.description = child.description(threads);
    } catch (const Error& error) {
        found.description = error.what();
    }
    for (const opencl::DeviceFacts& facts : listed.facts) {
        MeasuredDevice device{facts, {}, opencl::why_unusable(facts)};
        if (device.refusal.empty()) {
            try {
                device.speed = child.speed(found.devices.size(), true);
            } catch (const Error& error) {
                device.refusal = error.what();
            }
        }
        found.devices.push_back(std::move(device));
    }
    return found;
}

std::string opencl_text(const OpenClFindings& found) {
    if (!found.why_none.empty()) {
        return fmt::format("\n{}\n", found.why_none);
    }
    TextTable table({{"OpenCL device"},
                     {"type", Align::left},
                     {"name", Align::left},
                     {"platform", Align::left},
                     {"units"},
                     {"lanes"},
                     {"local memory"},
                     {"memory"},
                     {"largest piece"},
                     {"has", Align::left},
                     {"without", Align::left},
                     {"tiles", Align::left},
                     {"peak"},
                     {"reading"},
                     {"", Align::left}});
    const std::vector<opencl::TileChoice> choices = tile_choices_for("opencl");
    for (const MeasuredDevice& device : found.devices) {
        const opencl::DeviceFacts& facts = device.facts;
        std::string has;
        for (const auto& [there, name] : {std::pair{facts.sub_groups, "sub-groups"},
                                          std::pair{facts.float16, "float16"}, std::pair{facts.float64, "float64"}}) {
            if (there) {
                has += (has.empty() ? "" : ", ") + std::string(name);
            }
        }
        const bool measured = device.refusal.empty();
        table.add_row({std::to_string(facts.index), std::string(to_string(facts.type)), facts.name, facts.platform,
                       std::to_string(facts.compute_units), std::to_string(facts.float_lanes),
                       format_bytes(facts.local_memory_bytes) + (facts.local_memory_is_real ? "" : ", emulated"),
                       format_bytes(facts.memory_bytes), format_bytes(facts.largest_allocation_bytes), has,
                       opencl::used_without(facts), tiles_text(facts, choices),
                       measured ? fmt::format("{:.0f} GFLOP/s", device.speed.flops_per_s * 1e-9) : "-",
                       measured ? fmt::format("{:.1f} GB/s", device.speed.read_bytes_per_s * 1e-9) : "-",
                       device.refusal});
    }
    return "\n" + table.text();
}

Json opencl_json(const OpenClFindings& found) {
    Json all = Json::array();
    const std::vector<opencl::TileChoice> choices = tile_choices_for("opencl");
    for (const MeasuredDevice& device : found.devices) {
        Json json = device_facts_json(device.facts);
        json["used_without"] = opencl::used_without(device.facts);
        json["tiles"] = tiles_text(device.facts, choices);
        if (device.refusal.empty()) {
            json["peak_flops_per_s"] = device.speed.flops_per_s;
            json["read_bytes_per_s"] = device.speed.read_bytes_per_s;
        } else {
            json["refusal"] = device.refusal;
        }
        all.push_back(std::move(json));
    }
    return all;
}

std::string devices_text(const MachineFacts& machine) {
    std::string caches;
    for (const CacheFacts& cache : machine.caches) {
        caches += (caches.empty() ? "" : ", ") + cache_text(cache);
    }
    std::string text = fmt::format("{}\n  {} cores, {} hardware threads\n  caches {}\n  memory {}\n  {}\n\n",
                                   printable(machine.processor), machine.cores, machine.hardware_threads,
                                   caches.empty() ? "unknown" : caches, format_bytes(machine.memory_bytes),
                                   printable(machine.operating_system));
    TextTable table(
        {{"backend", Align::left}, {"inputs", Align::left}, {"runs on", Align::left}, {"what it is", Align::left}});
    const OpenClFindings found = ask_drivers(machine.hardware_threads);
    for (const KernelEntry& entry : kernels()) {
        std::string name(entry.name);
        std::string meaning(entry.meaning);
        for (const TypesAlike& way : ways_of(entry, machine.hardware_threads, found.description)) {
            table.add_row({std::exchange(name, {}), fmt::format("{}", fmt::join(way.inputs, ", ")), way.description,
                           std::exchange(meaning, {})});
        }
    }
    return text + table.text() + opencl_text(found);
}

Json devices_json(const MachineFacts& machine) {
    Json backends = Json::array();
    const OpenClFindings found = ask_drivers(machine.hardware_threads);
    for (const KernelEntry& entry : kernels()) {
        Json runs_on = Json::object();
        for (const TypesAlike& way : ways_of(entry, machine.hardware_threads, found.description)) {
            for (const std::string_view type : way.inputs) {
                runs_on[std::string(type)] = way.description;
            }
        }
        backends.push_back({{"name", entry.name}, {"runs_on", std::move(runs_on)}, {"meaning", entry.meaning}});
    }
    return {{"host", machine.host},
            {"machine", environment_json(machine, "")},
            {"backends", std::move(backends)},
            {"opencl", opencl_json(found)}};
}

}  // namespace

void declare_devices(CLI::App& verb, VerbAction& action) {
    auto options = std::make_shared<DevicesOptions>();
    verb.add_flag("--json", options->json, "Print JSON instead of a table");
    verb.add_flag(
        "--tune", options->tune,
        "Measure which shapes of tiles the chosen OpenCL devices are fastest with, and keep them for later runs");
    verb.callback([options, &action] {
        action = [options] {
            if (options->tune) {
                return tune_devices(options->json);
            }
            const MachineFacts machine = machine_facts();
            write_output(options->json ? devices_json(machine).dump(2) + "\n" : devices_text(machine));
            return 0;
        };
    });
}

void declare_opencl_devices(CLI::App& verb, VerbAction& action) {
    verb.group("");  // for OpenClChild only: not in the help
    verb.callback([&action] { action = answer_about_devices; });
}

}  // namespace longscope
