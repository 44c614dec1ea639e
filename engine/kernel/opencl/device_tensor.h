// SPDX-License-Identifier: GPL-3.0-or-later
// Tensors of a caller as a device sees them: in place where it shares the caller's memory, otherwise copied.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "engine/kernel/opencl/session.h"
#include "engine/mask/zone.h"
#include "engine/tensor/head_matrix.h"
#include "engine/tensor/head_view.h"

namespace longscope::opencl {

// Does the device work in the caller's memory?
[[nodiscard]] bool is_in_place(const Session& session);

// All of an input where the caller holds it, pages too, on a device for which is_in_place().
class PlacedTensor {
  public:
    // The view, which has rows, must live until the device has read it. `spare`: for the table of pages.
    PlacedTensor(const Session& session, const HeadView& view, SpareBuffer& spare);

    [[nodiscard]] const cl::Buffer& buffer() const { return buffer_; }
    [[nodiscard]] const cl::Buffer& pages() const { return pages_; }
    // In elements.
    [[nodiscard]] cl_ulong head_stride() const { return head_stride_; }
    [[nodiscard]] cl_ulong token_stride() const { return token_stride_; }
    [[nodiscard]] cl_ulong page_stride() const { return page_stride_; }

  private:
    cl::Buffer buffer_;
    cl::Buffer pages_;
    cl_ulong head_stride_;
    cl_ulong token_stride_;
    cl_ulong page_stride_;
};

// Some heads of an input. The first of them is head 0 of the buffer.
class DeviceInput {
  public:
    // The view must live until the device has read it.
    DeviceInput(const Session& session, const HeadView& view, Range heads, SpareBuffer& spare);

    [[nodiscard]] const cl::Buffer& buffer() const { return buffer_; }
    [[nodiscard]] cl_ulong head_stride() const { return head_stride_; }    // in elements
    [[nodiscard]] cl_ulong token_stride() const { return token_stride_; }  // in elements

  private:
    cl::Buffer buffer_;
    cl_ulong head_stride_ = 0;
    cl_ulong token_stride_ = 0;
};

// Floats that the device writes, or adds to, for some heads of an output.
class DeviceOutput {
  public:
    // `data` is the caller's memory for them. With `is_sum` the device begins with what is there.
    DeviceOutput(const Session& session, float* data, std::int64_t count, bool is_sum, SpareBuffer& spare);

    [[nodiscard]] const cl::Buffer& buffer() const { return buffer_; }
    // Brings what the device has written into the caller's memory; waits for all that is queued.
    void fetch() const;

  private:
    const Session* session_;
    float* data_;
    std::size_t bytes_;
    bool in_place_;
    cl::Buffer buffer_;
};

// A copy of what stands side by side; the device may still read it when the memory is gone. At least one byte.
template <typename T>
[[nodiscard]] const cl::Buffer& upload(const Session& session, const std::vector<T>& values, SpareBuffer& spare) {
    const std::size_t bytes = values.size() * sizeof(T);
    const cl::Buffer& buffer = spare.of_bytes(session, static_cast<std::int64_t>(bytes));
    if (bytes > 0) {
        session.queue().enqueueWriteBuffer(buffer, CL_TRUE, 0, bytes, values.data());
    }
    return buffer;
}

}  // namespace longscope::opencl
