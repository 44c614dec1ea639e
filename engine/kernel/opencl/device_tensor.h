// SPDX-License-Identifier: GPL-3.0-or-later
// Tensors of a caller as a device sees them: in place where it shares the caller's memory, otherwise copied, while it
// computes something else where the caller says early what comes next.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "engine/kernel/opencl/session.h"
#include "engine/mask/zone.h"
#include "engine/tensor/head_matrix.h"
#include "engine/tensor/head_view.h"

namespace longscope::opencl {

// All of an input where the caller holds it, pages too, on a device that computes in place.
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

// Memory of the device for the copies of an input: of the heads that are computed and of those that come next.
class InputStage {
  public:
    // What was copied in a call is of no use in another, but for what was copied ahead for this one. In a call it is
    // one tensor that is copied.
    void begin_call(bool keeps_ahead);
    // Begins to copy these heads, where they are copied at all: the DeviceInput of now.
    void copy(const Session& session, const HeadView& view, Range heads);
    // Likewise, of the DeviceInput after the one of now, perhaps of the next call; while kernels run. The view must
    // live until the call ends.
    void copy_ahead(const Session& session, const HeadView& view, Range heads);

  private:
    friend class DeviceInput;
    struct Slot {
        SpareBuffer buffer;
        std::vector<std::byte> rows;  // where those of the view do not stand side by side
        cl::Event copied;
        const void* first = nullptr;  // of what it holds; null: nothing of this call
        Range heads;

        [[nodiscard]] bool holds(const HeadView& view, Range wanted) const;
    };
    // Copies of these heads: those that are there, or such as are begun now.
    Slot& take(const Session& session, const HeadView& view, Range heads);
    // `after`, where there is such an event: kernels have read what the slot holds.
    static void fill(const Session& session, const HeadView& view, Range heads, Slot& slot, const cl::Event& after);

    std::array<Slot, 2> slots_;
    std::size_t current_ = 0;
    cl::Event other_was_read_;  // by all kernels that read the slot that is not the current one
};

// Some heads of an input. The first of them is head 0 of the buffer.
class DeviceInput {
  public:
    // The view must live until the device has read it. Kernels that are asked for from now on find it there.
    DeviceInput(const Session& session, const HeadView& view, Range heads, InputStage& stage);

    [[nodiscard]] const cl::Buffer& buffer() const { return buffer_; }
    [[nodiscard]] cl_ulong head_stride() const { return head_stride_; }    // in elements
    [[nodiscard]] cl_ulong token_stride() const { return token_stride_; }  // in elements

  private:
    cl::Buffer buffer_;
    cl_ulong head_stride_ = 0;
    cl_ulong token_stride_ = 0;
};

// Memory of the device for an output: of the heads that are computed and of those before, which may still be on their
// way to the caller.
class OutputStage {
  public:
    void begin_call();

  private:
    friend class DeviceOutput;
    struct Slot {
        SpareBuffer buffer;
        cl::Event fetched;
        const float* into = nullptr;
    };
    // Of what is on its way from a slot, or to this memory.
    [[nodiscard]] std::vector<cl::Event> fetches(const Slot& from, const float* into) const;
    Slot& next() {
        current_ = 1 - current_;
        return slots_.at(1 - current_);
    }

    std::array<Slot, 2> slots_;
    std::size_t current_ = 0;  // of the next output
};

// Floats that the device writes, or adds to, for some heads of an output.
class DeviceOutput {
  public:
    // `data` is the caller's memory for them. With `is_sum` the device begins with what is there, which begins to be
    // copied, also while kernels run.
    DeviceOutput(const Session& session, float* data, std::int64_t count, bool is_sum, OutputStage& stage);

    [[nodiscard]] const cl::Buffer& buffer() const { return buffer_; }
    // Kernels that are asked for from now on find there what they add to.
    void await() const;
    // Begins to bring what the kernels of up to now write into the caller's memory; it is there when the call ends.
    void fetch();

  private:
    const Session* session_;
    OutputStage::Slot* slot_;  // null in place
    float* data_;
    std::size_t bytes_;
    cl::Buffer buffer_;
    cl::Event ready_;  // null: at once
};

// A copy of what stands side by side; the device may still read it when the memory is gone. At least one byte.
template <typename T>
[[nodiscard]] const cl::Buffer& upload(const Session& session, const std::vector<T>& values, SpareBuffer& spare) {
    const std::size_t bytes = values.size() * sizeof(T);
    const cl::Buffer& buffer = spare.of_bytes(session, static_cast<std::int64_t>(bytes));
    if (bytes > 0) {
        cl::Event copied;
        session.queue().enqueueWriteBuffer(buffer, CL_TRUE, 0, bytes, values.data(), nullptr, &copied);
        session.log().add(DeviceWork::upload, copied, static_cast<std::int64_t>(bytes), 0.0);
    }
    return buffer;
}

}  // namespace longscope::opencl
