// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/kernel/opencl/program.h"

#include <fmt/format.h>

#include <cstdint>
#include <optional>

#include "engine/base/bounded_file.h"
#include "engine/base/hash.h"
#include "engine/kernel/opencl/embedded_opencl.h"

namespace longscope::opencl {

namespace {

constexpr std::string_view format_line = "longscope opencl program 1";
constexpr std::int64_t largest_binary = std::int64_t{64} << 20;

std::string key_of(const DeviceFacts& facts, const ProgramSource& source) {
    return fmt::format("{} | {} | {} | {} | {} | {}", facts.platform, facts.name, facts.version, facts.driver,
                       source.options(), hash_text(fnv1a(source.text())));
}

// The binary of a file that was written for this key; none when it is not there, stale or damaged.
std::optional<std::string> read_binary(const std::filesystem::path& file, const std::string& key) {
    std::error_code error;
    if (!std::filesystem::is_regular_file(file, error)) {
        return std::nullopt;
    }
    std::string content;
    try {
        content = read_bounded_file(file, largest_binary);
    } catch (const Error&) {
        return std::nullopt;
    }
    const std::size_t header = format_line.size() + key.size() + 16 + 3;
    if (content.size() <= header) {
        return std::nullopt;
    }
    std::string binary = content.substr(header);
    const std::string expected = fmt::format("{}\n{}\n{}\n", format_line, key, hash_text(fnv1a(binary)));
    if (content.compare(0, header, expected) != 0) {
        return std::nullopt;
    }
    return binary;
}

void write_binary(const std::filesystem::path& file, const std::string& key, const std::string& binary) {
    std::error_code error;
    std::filesystem::create_directories(file.parent_path(), error);
    if (error) {
        return;  // the next time it is built again
    }
    try {
        write_file_atomically(file, fmt::format("{}\n{}\n{}\n", format_line, key, hash_text(fnv1a(binary))) + binary);
    } catch (const Error&) {
        return;  // likewise
    }
}

std::optional<cl::Program> from_binary(const cl::Context& context, const cl::Device& device, const std::string& binary,
                                       const std::string& options) {
    try {
        cl::Program program(context, std::vector<cl::Device>{device},
                            cl::Program::Binaries{std::vector<unsigned char>(binary.begin(), binary.end())});
        program.build(device, options.c_str());
        return program;
    } catch (const cl::Error&) {
        return std::nullopt;  // of another driver, whatever it says of itself
    }
}

}  // namespace

std::string ProgramSource::text() const {
    std::string text;
    for (const std::string_view file : files) {
        text += embedded_opencl(file);
        text += '\n';
    }
    return text;
}

std::string ProgramSource::options() const {
    // Nothing that relaxes the arithmetic: the exponential rounds by adding a large number, and infinities are hidden
    // pairs.
    std::string options = fmt::format("-cl-std={}", standard);
    for (const auto& [name, value] : defines) {
        options += fmt::format(" -D{}={}", name, value);
    }
    return options;
}

cl::Program build_program(const cl::Context& context, const cl::Device& device, const ProgramSource& source) {
    cl::Program program(context, source.text());
    try {
        program.build(device, source.options().c_str());
    } catch (const cl::Error& error) {
        std::string log;
        try {
            log = program.getBuildInfo<CL_PROGRAM_BUILD_LOG>(device);
        } catch (const cl::Error&) {
            log = "no log";
        }
        throw failed(fmt::format("opencl: the kernels do not build for {} ({}): {}",
                                 one_line(device.getInfo<CL_DEVICE_NAME>(), 100), error.err(), one_line(log, 4000)));
    }
    return program;
}

std::filesystem::path ProgramCache::file_of(const DeviceFacts& facts, const ProgramSource& source) const {
    return folder_ / (hash_text(fnv1a(key_of(facts, source))) + ".clbin");
}

cl::Program ProgramCache::get(const cl::Context& context, const cl::Device& device, const DeviceFacts& facts,
                              const ProgramSource& source) const {
    if (folder_.empty()) {
        return build_program(context, device, source);
    }
    const std::filesystem::path file = file_of(facts, source);
    const std::string key = key_of(facts, source);
    if (const auto binary = read_binary(file, key)) {
        if (auto program = from_binary(context, device, *binary, source.options())) {
            return *program;
        }
    }
    cl::Program program = build_program(context, device, source);
    const cl::Program::Binaries binaries = program.getInfo<CL_PROGRAM_BINARIES>();
    if (binaries.size() == 1 && !binaries[0].empty()) {
        write_binary(file, key, std::string(binaries[0].begin(), binaries[0].end()));
    }
    return program;
}

}  // namespace longscope::opencl
