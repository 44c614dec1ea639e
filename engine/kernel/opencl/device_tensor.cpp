// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/kernel/opencl/device_tensor.h"

#include <algorithm>
#include <cstring>

namespace longscope::opencl {

namespace {

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

bool is_in_place(const Session& session) {
    return session.facts().shares_host_memory && session.facts().type == DeviceType::processor;
}

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

DeviceInput::DeviceInput(const Session& session, const HeadView& view, Range heads, SpareBuffer& spare) {
    if (view.tokens == 0 || heads.empty()) {
        buffer_ = spare.of_bytes(session, 0);
        return;
    }
    if (!view.is_paged() && is_in_place(session)) {
        head_stride_ = static_cast<cl_ulong>(view.head_stride);
        token_stride_ = static_cast<cl_ulong>(view.token_stride);
        buffer_ = read_in_place(session, view.row(heads.begin, 0), extent(view, heads.size()) * size_bytes(view.dtype));
        return;
    }
    head_stride_ = static_cast<cl_ulong>(view.tokens * view.dim);
    token_stride_ = static_cast<cl_ulong>(view.dim);
    buffer_ = upload(session, gathered_rows(view, heads), spare);
}

DeviceOutput::DeviceOutput(const Session& session, float* data, std::int64_t count, bool is_sum, SpareBuffer& spare)
    : session_(&session),
      data_(data),
      bytes_(static_cast<std::size_t>(count) * sizeof(float)),
      in_place_(is_in_place(session) && count > 0) {
    if (in_place_) {
        buffer_ = cl::Buffer(session.context(), CL_MEM_READ_WRITE | CL_MEM_USE_HOST_PTR, bytes_, data);
        return;
    }
    buffer_ = spare.of_bytes(session, static_cast<std::int64_t>(bytes_));
    if (is_sum && count > 0) {
        session.queue().enqueueWriteBuffer(buffer_, CL_TRUE, 0, bytes_, data);
    }
}

void DeviceOutput::fetch() const {
    if (bytes_ == 0) {
        return;
    }
    if (in_place_) {
        void* mapped = session_->queue().enqueueMapBuffer(buffer_, CL_TRUE, CL_MAP_READ | CL_MAP_WRITE, 0, bytes_);
        session_->queue().enqueueUnmapMemObject(buffer_, mapped);
        session_->queue().finish();
        return;
    }
    session_->queue().enqueueReadBuffer(buffer_, CL_TRUE, 0, bytes_, data_);
}

}  // namespace longscope::opencl
