// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/kernel/opencl/device_tensor.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace longscope::opencl {

namespace {

bool is_in_place(const Session& session, const HeadView& view) {
    return session.computes_in_place() && !view.is_paged();
}

bool is_dense(const HeadView& view) {
    return !view.is_paged() && view.token_stride == view.dim && view.head_stride == view.tokens * view.dim;
}

// From the first element of the first head to the last of the last.
std::int64_t extent(const HeadView& view, std::int64_t heads) {
    return (heads - 1) * view.head_stride + (view.tokens - 1) * view.token_stride + view.dim;
}

// Row after row, in the type of the view.
std::vector<std::byte> gathered_rows(const HeadView& view, Range heads) {
    const auto row_bytes = static_cast<std::size_t>(view.dim * size_bytes(view.dtype));
    std::vector<std::byte> rows(static_cast<std::size_t>(heads.size() * view.tokens) * row_bytes);
    std::byte* to = rows.data();
    for (std::int64_t head = heads.begin; head < heads.end; ++head) {
        for (std::int64_t token = 0; token < view.tokens; ++token, to += row_bytes) {
            std::memcpy(to, view.row(head, token), row_bytes);
        }
    }
    return rows;
}

cl::Buffer read_in_place(const Session& session, const void* data, std::int64_t bytes) {
    // The interface has no way to say that the memory is only read.
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-const-cast)
    return {session.context(), CL_MEM_READ_ONLY | CL_MEM_USE_HOST_PTR, static_cast<std::size_t>(bytes),
            const_cast<void*>(data)};
}

}  // namespace

PlacedTensor::PlacedTensor(const Session& session, const HeadView& view, SpareBuffer& spare)
    : head_stride_(static_cast<cl_ulong>(view.head_stride)),
      token_stride_(static_cast<cl_ulong>(view.token_stride)),
      page_stride_(static_cast<cl_ulong>(view.pages.page_stride)) {
    std::vector<cl_int> table;
    std::int64_t elements = extent(view, view.heads);
    if (view.is_paged()) {
        const std::int64_t page_tokens = view.pages.page_tokens;
        table.assign(view.pages.table, view.pages.table + (view.tokens + page_tokens - 1) / page_tokens);
        elements = *std::max_element(table.begin(), table.end()) * view.pages.page_stride +
                   (view.heads - 1) * view.head_stride + (page_tokens - 1) * view.token_stride + view.dim;
    }
    buffer_ = read_in_place(session, view.data, elements * size_bytes(view.dtype));
    pages_ = upload(session, table, spare);
}

bool InputStage::Slot::holds(const HeadView& view, Range wanted) const {
    return first == view.row(wanted.begin, 0) && heads == wanted;
}

void InputStage::begin_call(bool keeps_ahead) {
    slots_.at(current_).first = nullptr;
    other_was_read_ = cl::Event();
    if (!keeps_ahead) {
        slots_.at(1 - current_).first = nullptr;
    }
}

void InputStage::copy(const Session& session, const HeadView& view, Range heads) {
    if (view.tokens != 0 && !heads.empty() && !is_in_place(session, view)) {
        static_cast<void>(take(session, view, heads));
    }
}

void InputStage::copy_ahead(const Session& session, const HeadView& view, Range heads) {
    if (view.tokens == 0 || heads.empty() || is_in_place(session, view)) {
        return;
    }
    fill(session, view, heads, slots_.at(1 - current_), other_was_read_);
}

InputStage::Slot& InputStage::take(const Session& session, const HeadView& view, Range heads) {
    if (!slots_.at(current_).holds(view, heads)) {
        if (slots_.at(1 - current_).holds(view, heads)) {
            current_ = 1 - current_;
        } else {
            Slot& slot = slots_.at(current_);
            fill(session, view, heads, slot, slot.first == nullptr ? cl::Event() : session.after_kernels());
        }
        other_was_read_ = session.after_kernels();
    }
    return slots_.at(current_);
}

void InputStage::fill(const Session& session, const HeadView& view, Range heads, Slot& slot, const cl::Event& after) {
    const auto bytes = static_cast<std::size_t>(heads.size() * view.tokens * view.dim * size_bytes(view.dtype));
    const void* from = view.row(heads.begin, 0);
    slot.first = nullptr;
    if (!is_dense(view)) {
        if (slot.copied() != nullptr) {
            session.wait(slot.copied, {});  // reads `rows`
        }
        slot.rows = gathered_rows(view, heads);
        from = slot.rows.data();
    }
    const cl::Buffer& buffer = slot.buffer.of_bytes(session, static_cast<std::int64_t>(bytes));
    std::vector<cl::Event> read;
    if (after() != nullptr) {
        read.push_back(after);
    }
    session.upload_queue().enqueueWriteBuffer(buffer, CL_FALSE, 0, bytes, from, &read, &slot.copied);
    session.upload_queue().flush();
    session.expect(slot.copied);
    session.log().add(DeviceWork::upload, slot.copied, static_cast<std::int64_t>(bytes), 0.0);
    slot.first = view.row(heads.begin, 0);
    slot.heads = heads;
}

DeviceInput::DeviceInput(const Session& session, const HeadView& view, Range heads, InputStage& stage) {
    if (view.tokens == 0 || heads.empty()) {
        buffer_ = stage.slots_.at(stage.current_).buffer.of_bytes(session, 0);
        return;
    }
    if (is_in_place(session, view)) {
        head_stride_ = static_cast<cl_ulong>(view.head_stride);
        token_stride_ = static_cast<cl_ulong>(view.token_stride);
        buffer_ = read_in_place(session, view.row(heads.begin, 0), extent(view, heads.size()) * size_bytes(view.dtype));
        return;
    }
    head_stride_ = static_cast<cl_ulong>(view.tokens * view.dim);
    token_stride_ = static_cast<cl_ulong>(view.dim);
    InputStage::Slot& slot = stage.take(session, view, heads);
    session.kernels_wait_for(slot.copied);
    buffer_ = slot.buffer.of_bytes(session, 0);
}

void OutputStage::begin_call() {
    current_ = 0;
    for (Slot& slot : slots_) {
        slot.fetched = cl::Event();
    }
}

std::vector<cl::Event> OutputStage::fetches(const Slot& from, const float* into) const {
    std::vector<cl::Event> events;
    for (const Slot& slot : slots_) {
        if (slot.fetched() != nullptr && (&slot == &from || slot.into == into)) {
            events.push_back(slot.fetched);
        }
    }
    return events;
}

DeviceOutput::DeviceOutput(const Session& session, float* data, std::int64_t count, bool is_sum, OutputStage& stage)
    : session_(&session),
      slot_(session.computes_in_place() && count > 0 ? nullptr : &stage.next()),
      data_(data),
      bytes_(static_cast<std::size_t>(count) * sizeof(float)) {
    if (slot_ == nullptr) {
        buffer_ = cl::Buffer(session.context(), CL_MEM_READ_WRITE | CL_MEM_USE_HOST_PTR, bytes_, data);
        return;
    }
    buffer_ = slot_->buffer.of_bytes(session, count * std::int64_t{sizeof(float)});
    if (count == 0) {
        return;
    }
    ready_ = slot_->fetched;
    if (is_sum) {
        // What was fetched before may be the same memory of the caller's.
        const std::vector<cl::Event> after = stage.fetches(*slot_, data);
        session.upload_queue().enqueueWriteBuffer(buffer_, CL_FALSE, 0, bytes_, data, &after, &ready_);
        session.upload_queue().flush();
        session.expect(ready_);
        session.log().add(DeviceWork::upload, ready_, static_cast<std::int64_t>(bytes_), 0.0);
    }
}

void DeviceOutput::await() const {
    if (ready_() != nullptr) {
        session_->kernels_wait_for(ready_);
    }
}

void DeviceOutput::fetch() {
    if (bytes_ == 0) {
        return;
    }
    const std::vector<cl::Event> after{session_->after_kernels()};
    const cl::CommandQueue& queue = session_->download_queue();
    if (slot_ == nullptr) {
        void* mapped = queue.enqueueMapBuffer(buffer_, CL_TRUE, CL_MAP_READ | CL_MAP_WRITE, 0, bytes_, &after);
        queue.enqueueUnmapMemObject(buffer_, mapped);
        queue.finish();
        return;
    }
    queue.enqueueReadBuffer(buffer_, CL_FALSE, 0, bytes_, data_, &after, &slot_->fetched);
    queue.flush();
    slot_->into = data_;
    session_->expect(slot_->fetched);
    session_->log().add(DeviceWork::download, slot_->fetched, static_cast<std::int64_t>(bytes_), 0.0);
}

}  // namespace longscope::opencl
