// SPDX-License-Identifier: GPL-3.0-or-later
#include "profiler/environment.h"

#include <fmt/format.h>
#include <hwloc.h>
#include <sys/utsname.h>
#include <unistd.h>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <fstream>
#include <memory>
#include <thread>

#include "engine/base/host.h"
#include "engine/base/units.h"
#include "engine/base/version.h"
#include "engine/kernel/cpu/tile_variant.h"

namespace longscope {

namespace {

struct DestroyTopology {
    void operator()(hwloc_topology_t topology) const { hwloc_topology_destroy(topology); }
};
using Topology = std::unique_ptr<std::remove_pointer_t<hwloc_topology_t>, DestroyTopology>;

Topology load_topology() {
    // Where the kernel does not show its processors (a container without sysfs), hwloc complains on standard error.
    std::error_code ignored;
    if (!std::filesystem::exists("/sys/devices/system/cpu/cpu0/topology", ignored)) {
        return nullptr;
    }
    hwloc_topology_t raw = nullptr;
    if (hwloc_topology_init(&raw) != 0) {
        return nullptr;
    }
    Topology topology(raw);
    return hwloc_topology_load(raw) == 0 ? std::move(topology) : nullptr;
}

std::vector<CacheFacts> caches_of(hwloc_topology_t topology) {
    std::vector<CacheFacts> caches;
    int level = 0;
    for (const hwloc_obj_type_t type : {HWLOC_OBJ_L1CACHE, HWLOC_OBJ_L2CACHE, HWLOC_OBJ_L3CACHE}) {
        ++level;
        const int count = hwloc_get_nbobjs_by_type(topology, type);
        if (count > 0) {
            const hwloc_obj_t cache = hwloc_get_obj_by_type(topology, type, 0);
            caches.push_back({level, static_cast<std::int64_t>(cache->attr->cache.size), count});
        }
    }
    return caches;
}

// "key<tabs and colon>value" of the first line that begins with the key, as in /proc/cpuinfo and os-release files.
std::string value_in_file(const char* path, const std::string& key, char separator) {
    std::ifstream file(path);
    for (std::string line; std::getline(file, line);) {
        const std::size_t at = line.find(separator);
        if (line.rfind(key, 0) == 0 && at != std::string::npos) {
            const std::size_t begin = line.find_first_not_of(" \t\"", at + 1);
            const std::size_t end = line.find_last_not_of(" \t\"");
            return begin == std::string::npos ? "" : line.substr(begin, end - begin + 1);
        }
    }
    return "";
}

}  // namespace

MachineFacts machine_facts() {
    MachineFacts facts;
    facts.processor = value_in_file("/proc/cpuinfo", "model name", ':');
    facts.hardware_threads = static_cast<int>(std::thread::hardware_concurrency());
    facts.cores = facts.hardware_threads;
    if (const Topology topology = load_topology()) {
        facts.cores = std::max(1, hwloc_get_nbobjs_by_type(topology.get(), HWLOC_OBJ_CORE));
        facts.caches = caches_of(topology.get());
    }
    facts.memory_bytes = std::int64_t{sysconf(_SC_PHYS_PAGES)} * sysconf(_SC_PAGESIZE);
    struct utsname system {};
    if (uname(&system) == 0) {
        facts.host = host_name();
        const std::string distribution = value_in_file("/etc/os-release", "PRETTY_NAME", '=');
        facts.operating_system =
            fmt::format("{}{}{} {}", distribution, distribution.empty() ? "" : ", ", system.sysname, system.release);
        if (facts.processor.empty()) {
            facts.processor = system.machine;
        }
    }
    return facts;
}

// The variants of the cpu backend for all types of inputs.
std::string simd_target_text() {
    std::string text;
    for (const DType inputs : {DType::float32, DType::bfloat16, DType::float16}) {
        const std::string& name = cpu::choose_tile_variant(inputs).name;
        if (text.find(name) == std::string::npos) {
            text += (text.empty() ? "" : ", ") + name;
        }
    }
    return text;
}

Json environment_json(const MachineFacts& machine, const std::string& mpi) {
    Json caches = Json::array();
    for (const CacheFacts& cache : machine.caches) {
        caches.push_back({{"level", cache.level}, {"bytes", cache.bytes}, {"count", cache.count}});
    }
    return {{"processor", machine.processor},
            {"cores", machine.cores},
            {"hardware_threads", machine.hardware_threads},
            {"caches", std::move(caches)},
            {"memory_bytes", machine.memory_bytes},
            {"operating_system", machine.operating_system},
            {"compiler", compiler_text()},
            {"version", version_text()},
            {"revision", revision_text()},
            {"simd_target", simd_target_text()},
            {"mpi", mpi}};
}

}  // namespace longscope
