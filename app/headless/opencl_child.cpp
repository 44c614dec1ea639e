// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/headless/opencl_child.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iostream>
#include <iterator>
#include <limits>
#include <memory>
#include <nlohmann/json.hpp>

#include "app/headless/data_folder.h"
#include "app/headless/output.h"
#include "app/headless/program_files.h"
#include "app/headless/worker/worker.h"
#include "engine/base/error.h"
#include "engine/base/timed_out.h"
#include "engine/kernel/kernel.h"
#include "engine/kernel/opencl/opencl_kernel.h"
#include "engine/kernel/opencl/session_settings.h"

namespace longscope {

namespace {

constexpr const char* verb = "opencl-devices";

opencl::DeviceFacts device_facts_of(const Json& json, const std::string& path) {
    constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
    JsonObject object(json, path);
    const auto integer = [&](const char* name) { return object.integer(name, 0, most); };
    opencl::DeviceFacts facts;
    facts.index = integer("index");
    facts.name = object.text("name", "a text");
    facts.platform = object.text("platform", "a text");
    facts.version = object.text("version", "a text");
    facts.driver = object.text("driver", "a text");
    const std::string type = object.text("type", "a type");
    const auto* const word =
        std::find(std::begin(opencl::device_type_words), std::end(opencl::device_type_words), type);
    facts.type = word == std::end(opencl::device_type_words)
                     ? opencl::DeviceType::other
                     : static_cast<opencl::DeviceType>(std::distance(std::begin(opencl::device_type_words), word));
    facts.compute_units = integer("compute_units");
    facts.float_lanes = integer("float_lanes");
    facts.local_memory_bytes = integer("local_memory_bytes");
    facts.local_memory_is_real = object.boolean("local_memory_is_real");
    facts.memory_bytes = integer("memory_bytes");
    facts.largest_allocation_bytes = integer("largest_allocation_bytes");
    facts.work_group_items = integer("work_group_items");
    facts.shares_host_memory = object.boolean("shares_host_memory");
    facts.sub_groups = object.boolean("sub_groups");
    facts.sub_group_shuffle = object.boolean("sub_group_shuffle");
    facts.float16 = object.boolean("float16");
    facts.float64 = object.boolean("float64");
    facts.compiler = object.boolean("compiler");
    return facts;
}

Json devices_to_tune() {
    Json devices = Json::array();
    for (std::size_t rank = 0; rank < opencl::chosen_device_count(); ++rank) {
        const opencl::DeviceFacts facts = opencl::chosen_device(static_cast<int>(rank));
        const auto design = static_cast<std::size_t>(opencl::chosen_design(facts));
        devices.push_back({{"facts", device_facts_json(facts)}, {"design", opencl::design_words.at(design)}});
    }
    return devices;
}

template <typename Enum>
Enum word_of(JsonObject& object, const char* name, const std::array<std::string_view, 2>& words) {
    return static_cast<Enum>(object.choice(name, {words[0], words[1]}) == words[0] ? 0 : 1);
}

// In the child.
class Answers {
  public:
    Json to(const Json& request) {
        JsonObject object(request, "");
        const std::string question = object.choice("ask", {"list", "description", "speed", "to_tune", "tile_seconds"});
        Json reply{{"ok", true}};
        if (question == "list") {
            reply["devices"] = Json::array();
            for (const opencl::DeviceFacts& facts : opencl::device_facts()) {
                reply["devices"].push_back(device_facts_json(facts));
            }
            reply["why_none"] = opencl::why_no_device();
            reply["why_unused"] = opencl::why_no_kernel();
        } else if (question == "description") {
            reply["description"] = make_kernel("opencl", threads(object))->description();
        } else if (question == "speed") {
            const std::int64_t devices = std::ssize(opencl::device_facts());
            const auto place = static_cast<std::size_t>(object.integer("place", 0, devices - 1));
            const opencl::DeviceSpeed speed = object.boolean("again")
                                                  ? opencl::measure_device(place, program_cache_folder())
                                                  : opencl::known_device_speed(place, program_cache_folder());
            reply["peak_flops_per_s"] = speed.flops_per_s;
            reply["read_bytes_per_s"] = speed.read_bytes_per_s;
        } else if (question == "to_tune") {
            reply["devices"] = devices_to_tune();
        } else {
            time_tiles(object, reply);
        }
        return reply;
    }

  private:
    static int threads(JsonObject& object) {
        constexpr std::int64_t most_threads = 1 << 20;
        return static_cast<int>(object.integer("threads", 1, most_threads));
    }

    void time_tiles(JsonObject& object, Json& reply) {
        constexpr std::int64_t most_rows = 1 << 20;
        const auto rank = static_cast<int>(object.integer("rank", 0, std::ssize(opencl::device_facts()) - 1));
        const auto design = word_of<opencl::Design>(object, "design", opencl::design_words);
        const auto pass = word_of<opencl::Pass>(object, "pass", opencl::pass_words);
        const std::int64_t dim = object.integer("dim", 1, opencl::dim_classes.back());
        const opencl::TileShape shape{object.integer("q_tile", 1, most_rows), object.integer("k_tile", 1, most_rows)};
        if (timer_ == nullptr || rank != timed_rank_) {
            timer_.reset();
            timer_ = std::make_unique<TileTimer>(
                TileTimerOptions{.threads = threads(object), .rank = rank, .program_cache = program_cache_folder()});
            timed_rank_ = rank;
        }
        try {
            reply["seconds"] = timer_->seconds_of(opencl::shape_class(design, pass, dim, dim), shape);
        } catch (const TimedOut& error) {
            reply["timed_out"] = error.what();
        }
    }

    std::unique_ptr<TileTimer> timer_;
    int timed_rank_ = 0;
};

}  // namespace

Json device_facts_json(const opencl::DeviceFacts& facts) {
    return {{"index", facts.index},
            {"name", facts.name},
            {"type", to_string(facts.type)},
            {"platform", facts.platform},
            {"version", facts.version},
            {"driver", facts.driver},
            {"compute_units", facts.compute_units},
            {"float_lanes", facts.float_lanes},
            {"local_memory_bytes", facts.local_memory_bytes},
            {"local_memory_is_real", facts.local_memory_is_real},
            {"memory_bytes", facts.memory_bytes},
            {"largest_allocation_bytes", facts.largest_allocation_bytes},
            {"work_group_items", facts.work_group_items},
            {"shares_host_memory", facts.shares_host_memory},
            {"sub_groups", facts.sub_groups},
            {"sub_group_shuffle", facts.sub_group_shuffle},
            {"float16", facts.float16},
            {"float64", facts.float64},
            {"compiler", facts.compiler}};
}

OpenClChild::OpenClChild(const std::filesystem::path& engine) : child_({engine.string(), verb}, {}) {}

Json OpenClChild::ask(const Json& request, const std::string& what) {
    constexpr double more_seconds = 5.0;  // than a wait for a device takes: it answers for itself first
    const double seconds = static_cast<double>(opencl::asked_watchdog_ns()) * 1e-9 + more_seconds;
    try {
        return child_.ask(request, seconds);
    } catch (const Error& error) {
        if (child_.running()) {
            throw;  // an answer
        }
        throw failed(fmt::format("opencl: the process that {} {}", what, error.what()));
    }
}

ListedDevices OpenClChild::list() {
    const Json answered = ask({{"ask", "list"}}, "looks for devices");
    JsonObject object(answered, "devices");
    ListedDevices listed;
    std::size_t number = 0;
    for (const Json& device : object.required("devices", "a list")) {
        listed.facts.push_back(device_facts_of(device, fmt::format("devices[{}]", number++)));
    }
    listed.why_none = object.text("why_none", "a text");
    listed.why_unused = object.text("why_unused", "a text");
    return listed;
}

std::string OpenClChild::description(int threads) {
    const Json answered = ask({{"ask", "description"}, {"threads", threads}}, "looks for devices");
    return JsonObject(answered, "").text("description", "a text");
}

opencl::DeviceSpeed OpenClChild::speed(std::size_t place, bool again) {
    constexpr double most = 1e18;
    const Json answered =
        ask({{"ask", "speed"}, {"place", place}, {"again", again}}, fmt::format("measures device {}", place));
    JsonObject object(answered, "");
    return {object.number("peak_flops_per_s", 0.0, most), object.number("read_bytes_per_s", 0.0, most)};
}

std::vector<DeviceToTune> OpenClChild::to_tune() {
    const Json answered = ask({{"ask", "to_tune"}}, "looks for devices");
    JsonObject object(answered, "");
    std::vector<DeviceToTune> devices;
    for (const Json& device : object.required("devices", "a list")) {
        const std::string path = fmt::format("devices[{}]", devices.size());
        JsonObject one(device, path);
        devices.push_back({device_facts_of(one.required("facts", "an object"), path + ".facts"),
                           word_of<opencl::Design>(one, "design", opencl::design_words)});
    }
    return devices;
}

double OpenClChild::seconds_of(int rank, int threads, const opencl::ShapeClass& of, const opencl::TileShape& shape) {
    Json answered;
    try {
        answered = ask({{"ask", "tile_seconds"},
                        {"rank", rank},
                        {"threads", threads},
                        {"design", opencl::design_words.at(static_cast<std::size_t>(of.design))},
                        {"pass", opencl::pass_words.at(static_cast<std::size_t>(of.pass))},
                        {"dim", of.largest_dim},
                        {"q_tile", shape.q_tile},
                        {"k_tile", shape.k_tile}},
                       fmt::format("times tiles of {} x {}", shape.q_tile, shape.k_tile));
    } catch (const Error& error) {
        if (child_.running()) {
            throw;
        }
        throw opencl::MeasuringEnded(error.what());
    }
    JsonObject object(answered, "");
    if (object.has("timed_out")) {
        throw opencl::MeasuringEnded(object.text("timed_out", "a text"));
    }
    constexpr double most = 1e9;
    return object.number("seconds", 0.0, most);
}

void require_usable(const ListedDevices& listed) {
    if (!listed.why_unused.empty()) {
        throw Error(ErrorKind::unsupported, listed.why_unused);
    }
}

void require_device_of(std::string_view backend) {
    if (backend == "opencl") {
        require_usable(OpenClChild(engine_beside()).list());
    }
}

int answer_about_devices() {
    end_with_parent();
    Answers answers;
    for (std::string line; std::getline(std::cin, line);) {
        Json reply;
        try {
            reply = answers.to(parse_json(line, "question"));
        } catch (const Error& error) {
            reply = {{"ok", false}, {"why", error.what()}, {"unsupported", error.kind() == ErrorKind::unsupported}};
        } catch (const std::exception& error) {
            reply = {{"ok", false}, {"why", error.what()}};
        }
        write_output(reply.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n");
    }
    return 0;
}

}  // namespace longscope
