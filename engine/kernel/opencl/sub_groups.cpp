// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/kernel/opencl/sub_groups.h"

#include "engine/kernel/opencl/kernel_arguments.h"

namespace longscope::opencl {

namespace {

constexpr std::size_t items = 128;  // of a work-group of tiled.cl
constexpr std::size_t steps = 4;    // 16 items compute a row

std::vector<std::uint32_t> reached_neighbours(Session& session) {
    std::vector<std::uint32_t> reached(items * steps);
    SpareBuffer memory;
    const auto bytes = static_cast<std::int64_t>(reached.size() * sizeof(std::uint32_t));
    const cl::Buffer& out = memory.of_bytes(session, bytes);
    cl::Kernel kernel = session.kernel({{"sub_groups.cl"}, {}, ProgramSource::of_3_0}, "reach_neighbours");
    set_arguments(kernel, 0, out);
    session.queue().enqueueNDRangeKernel(kernel, cl::NullRange, cl::NDRange(items), cl::NDRange(items));
    session.queue().enqueueReadBuffer(out, CL_TRUE, 0, static_cast<std::size_t>(bytes), reached.data());
    return reached;
}

}  // namespace

bool are_neighbours(const std::vector<std::uint32_t>& reached) {
    bool all = reached.size() == items * steps;
    for (std::size_t i = 0; i < reached.size(); ++i) {
        all = all && reached[i] == ((i / steps) ^ (std::size_t{1} << (i % steps)));
    }
    return all;
}

std::string why_no_sub_groups(Session& session) {
    if (!session.facts().sub_group_shuffle) {
        return "no cl_khr_subgroup_shuffle";
    }
    try {
        return are_neighbours(reached_neighbours(session)) ? "" : "its sub-groups are not 16 neighbours";
    } catch (const Error&) {
        return "its compiler does not build kernels with sub-groups";
    } catch (const cl::Error&) {
        return "a kernel with sub-groups does not run";
    }
}

}  // namespace longscope::opencl
