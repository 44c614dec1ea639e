// SPDX-License-Identifier: GPL-3.0-or-later
// longscope-engine devices: the backends of this build and the machine that they run on.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <utility>

#include "app/headless/output.h"
#include "app/headless/text_table.h"
#include "app/headless/verbs/verb.h"
#include "engine/base/units.h"
#include "engine/kernel/kernel.h"
#include "profiler/environment.h"

namespace longscope {

namespace {

struct DevicesOptions {
    bool json = false;
};

std::string cache_text(const CacheFacts& cache) {
    return fmt::format("L{} {} x {}", cache.level, cache.count, format_bytes(cache.bytes));
}

// A backend may compute inputs of different types in different ways.
struct TypesAlike {
    std::vector<std::string_view> inputs;
    std::string description;
};

std::vector<TypesAlike> ways_of(const KernelEntry& entry, int threads) {
    std::vector<TypesAlike> ways;
    for (std::size_t i = 0; i < dtype_words.size(); ++i) {
        const std::string description = entry.make({threads, static_cast<DType>(i), {}, 0})->description();
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
    for (const KernelEntry& entry : kernels()) {
        std::string name(entry.name);
        std::string meaning(entry.meaning);
        for (const TypesAlike& way : ways_of(entry, machine.hardware_threads)) {
            table.add_row({std::exchange(name, {}), fmt::format("{}", fmt::join(way.inputs, ", ")), way.description,
                           std::exchange(meaning, {})});
        }
    }
    return text + table.text();
}

Json devices_json(const MachineFacts& machine) {
    Json backends = Json::array();
    for (const KernelEntry& entry : kernels()) {
        Json runs_on = Json::object();
        for (const TypesAlike& way : ways_of(entry, machine.hardware_threads)) {
            for (const std::string_view type : way.inputs) {
                runs_on[std::string(type)] = way.description;
            }
        }
        backends.push_back({{"name", entry.name}, {"runs_on", std::move(runs_on)}, {"meaning", entry.meaning}});
    }
    return {{"host", machine.host}, {"machine", environment_json(machine, "")}, {"backends", std::move(backends)}};
}

}  // namespace

void declare_devices(CLI::App& verb, VerbAction& action) {
    auto options = std::make_shared<DevicesOptions>();
    verb.add_flag("--json", options->json, "Print JSON instead of a table");
    verb.callback([options, &action] {
        action = [options] {
            const MachineFacts machine = machine_facts();
            write_output(options->json ? devices_json(machine).dump(2) + "\n" : devices_text(machine));
            return 0;
        };
    });
}

}  // namespace longscope
