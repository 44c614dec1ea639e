// SPDX-License-Identifier: GPL-3.0-or-later
// longscope-engine devices: the backends of this build and the machine that they run on.
#include <fmt/format.h>
#include <nlohmann/json.hpp>

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

std::string devices_text(const MachineFacts& machine) {
    std::string caches;
    for (const CacheFacts& cache : machine.caches) {
        caches += (caches.empty() ? "" : ", ") + cache_text(cache);
    }
    std::string text = fmt::format("{}\n  {} cores, {} hardware threads\n  caches {}\n  memory {}\n  {}\n\n",
                                   printable(machine.processor), machine.cores, machine.hardware_threads,
                                   caches.empty() ? "unknown" : caches, format_bytes(machine.memory_bytes),
                                   printable(machine.operating_system));
    TextTable table({{"backend", Align::left}, {"runs on", Align::left}, {"what it is", Align::left}});
    for (const KernelEntry& entry : kernels()) {
        table.add_row(
            {std::string(entry.name), entry.make(machine.hardware_threads)->description(), std::string(entry.meaning)});
    }
    return text + table.text();
}

Json devices_json(const MachineFacts& machine) {
    Json backends = Json::array();
    for (const KernelEntry& entry : kernels()) {
        backends.push_back({{"name", entry.name},
                            {"runs_on", entry.make(machine.hardware_threads)->description()},
                            {"meaning", entry.meaning}});
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
