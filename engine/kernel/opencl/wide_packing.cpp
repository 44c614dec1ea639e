// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/kernel/opencl/wide_packing.h"

#include <string>

#include "engine/kernel/opencl/device_tensor.h"
#include "engine/kernel/opencl/kernel_arguments.h"
#include "engine/kernel/opencl/wide_geometry.h"

namespace longscope::opencl {

namespace {

ProgramSource source(const HeadView& tensor, const PackedPart& part, std::int64_t dim_padded) {
    return {{"elements.cl", "lanes.cl", "wide_packing.cl"},
            {{"INPUT", std::to_string(static_cast<int>(tensor.dtype))},
             {"DIM", std::to_string(tensor.dim)},
             {"DIM_PADDED", std::to_string(dim_padded)},
             {"TILE", std::to_string(part.tile)}}};
}

std::int64_t packed_bytes(const PackedPart& part, std::int64_t dim_padded) {
    return part.slots() * part.tile * dim_padded * std::int64_t{sizeof(float)};
}

void enqueue(const Session& session, const cl::Kernel& kernel, const HeadView& tensor, const PackedPart& part,
             std::int64_t dim_padded) {
    cl::Event packed;
    session.queue().enqueueNDRangeKernel(
        kernel, cl::NullRange,
        cl::NDRange(static_cast<std::size_t>(part.tiles()), static_cast<std::size_t>(part.heads.size())),
        cl::NDRange(1, 1), nullptr, &packed);
    const std::int64_t read = part.heads.size() * part.tokens.size() * tensor.dim * size_bytes(tensor.dtype);
    session.log().add(DeviceWork::pack, packed, read + packed_bytes(part, dim_padded), 0.0);
}

const cl::Buffer& room(const Session& session, const PackedPart& part, std::int64_t dim_padded, SpareBuffer& packed) {
    return packed.of_bytes(session, packed_bytes(part, dim_padded));
}

}  // namespace

void pack_panels(Session& session, const HeadView& tensor, const PackedPart& part, InputStage& raw,
                 SpareBuffer& packed) {
    const std::int64_t dim_padded = padded_to_steps(tensor.dim);
    const cl::Buffer& out = room(session, part, dim_padded, packed);
    if (part.slots() == 0) {
        return;
    }
    cl::Kernel kernel = session.kernel(source(tensor, part, dim_padded), "pack_panels");
    const DeviceInput input(session, tensor, part.heads, raw);
    set_arguments(kernel, 0, input.buffer(), input.head_stride(), input.token_stride(),
                  static_cast<cl_int>(part.tokens.begin), static_cast<cl_int>(part.tokens.size()), out);
    enqueue(session, kernel, tensor, part, dim_padded);
}

void pack_rows(Session& session, const HeadView& tensor, const PackedPart& part, InputStage& raw, SpareBuffer& packed,
               SpareBuffer& not_finite) {
    const std::int64_t dim_padded = padded_to_panels(tensor.dim);
    const cl::Buffer& out = room(session, part, dim_padded, packed);
    const cl::Buffer& flags = not_finite.of_bytes(session, part.slots() * std::int64_t{sizeof(cl_int)});
    if (part.slots() == 0) {
        return;
    }
    cl::Kernel kernel = session.kernel(source(tensor, part, dim_padded), "pack_rows");
    const DeviceInput input(session, tensor, part.heads, raw);
    set_arguments(kernel, 0, input.buffer(), input.head_stride(), input.token_stride(),
                  static_cast<cl_int>(part.tokens.begin), static_cast<cl_int>(part.tokens.size()), out, flags);
    enqueue(session, kernel, tensor, part, dim_padded);
}

}  // namespace longscope::opencl
