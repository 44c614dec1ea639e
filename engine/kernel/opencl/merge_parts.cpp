// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/kernel/opencl/merge_parts.h"

#include <string>

#include "engine/kernel/opencl/device_scoring.h"
#include "engine/kernel/opencl/kernel_arguments.h"

namespace longscope::opencl {

void PartBuffers::reserve(const Session& session, std::int64_t parts, std::int64_t rows, std::int64_t dim) {
    const std::int64_t row_bytes = parts * rows * std::int64_t{sizeof(float)};
    static_cast<void>(outputs.of_bytes(session, row_bytes * dim));
    static_cast<void>(bases.of_bytes(session, row_bytes));
    static_cast<void>(sums.of_bytes(session, row_bytes));
}

void merge_parts(Session& session, const Scoring& scoring, const MergedRows& what, PartBuffers& from,
                 const cl::Buffer& output, const cl::Buffer& lse) {
    ProgramSource source{{"elements.cl", "scoring.cl", "merge_parts.cl"},
                         {{"INPUT", "0"}, {"DIM_V", std::to_string(what.dim)}}};
    add_scoring_defines(scoring, source.defines);
    cl::Kernel kernel = session.kernel(source, "merge_parts");
    set_arguments(kernel, 0, from.outputs.of_bytes(session, 0), from.bases.of_bytes(session, 0),
                  from.sums.of_bytes(session, 0), static_cast<cl_int>(what.parts), static_cast<cl_ulong>(what.rows),
                  output, lse);
    cl::Event merged;
    session.queue().enqueueNDRangeKernel(
        kernel, cl::NullRange, cl::NDRange(static_cast<std::size_t>(what.dim), static_cast<std::size_t>(what.rows)),
        cl::NullRange, nullptr, &merged);
    const std::int64_t parts_bytes = what.parts * what.rows * (what.dim + 2) * std::int64_t{sizeof(float)};
    session.log().add(DeviceWork::compute, merged,
                      parts_bytes + what.rows * (what.dim + 1) * std::int64_t{sizeof(float)}, 0.0);
}

}  // namespace longscope::opencl
