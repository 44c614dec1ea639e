// SPDX-License-Identifier: GPL-3.0-or-later
#include "profiler/benches/attention_work.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <nlohmann/json.hpp>

#include "engine/base/error.h"
#include "engine/base/memory.h"
#include "engine/base/random.h"
#include "engine/base/thread_team.h"
#include "engine/kernel/cpu/cpu_kernel.h"
#include "engine/kernel/cpu/forward_pass.h"
#include "engine/mask/expression.h"
#include "engine/tensor/element_type.h"
#include "engine/tensor/huge_pages.h"
#include "engine/tensor/paged_view.h"
#include "engine/workload/packing.h"
#include "profiler/benches/peak_memory.h"

namespace longscope {

namespace {

std::int64_t query_count(const AttentionBenchCase& asked) {
    return asked.queries == 0 ? asked.tokens : asked.queries;
}

MaskDomain domain_of(const AttentionBenchCase& asked, const LengthSource& lengths) {
    MaskDomain domain{query_count(asked), asked.tokens, {}};
    if (asked.document_seed) {
        domain.cu_seqlens = cu_seqlens(draw_documents(lengths, asked.tokens, *asked.document_seed, 0));
    }
    return domain;
}

// The pages of the sequence in a random order.
std::vector<std::int32_t> page_table(const AttentionBenchCase& asked) {
    if (asked.page_tokens == 0) {
        return {};
    }
    if (asked.tokens % asked.page_tokens != 0) {
        throw failed("a case of the bench does not fill its pages");
    }
    std::vector<std::int32_t> table(static_cast<std::size_t>(asked.tokens / asked.page_tokens));
    std::iota(table.begin(), table.end(), 0);
    RandomStream random(1, 4);
    for (std::size_t i = table.size(); i > 1; --i) {
        std::swap(table[i - 1], table[static_cast<std::size_t>(random.next_unit() * static_cast<double>(i))]);
    }
    return table;
}

}  // namespace

BenchTensor::BenchTensor(DType dtype, std::int64_t heads, std::int64_t tokens, std::int64_t dim, std::uint64_t stream)
    : heads_(heads), tokens_(tokens), dim_(dim), dtype_(dtype), bytes_(heads * tokens * dim * size_bytes(dtype)) {
    advise_huge_pages(bytes_);
    const std::int64_t count = heads * tokens * dim;
    const std::int64_t size = size_bytes(dtype);
    ThreadTeam().for_each_range((count + 3) / 4, 1 << 16, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t block = begin; block < end; ++block) {
            const auto four = normal4(1, stream, static_cast<std::uint64_t>(block));
            const auto present = static_cast<std::size_t>(std::min<std::int64_t>(4, count - 4 * block));
            from_float(std::span(four).first(present), element_type(dtype),
                       bytes_.span().subspan(static_cast<std::size_t>(4 * block * size),
                                             present * static_cast<std::size_t>(size)));
        }
    });
}

AttentionWork::AttentionWork(const AttentionBenchCase& asked, const AttentionBenchOptions& options)
    : asked_(asked),
      hooks_{options.poll, nullptr, options.cancelled},
      domain_(domain_of(asked, options.lengths)),
      mask_(compile_mask(parse_mask(parse_json(asked.mask, "mask"), "mask"), domain_)),
      rows_({{0, query_count(asked)}}),
      columns_({{0, asked.tokens}}),
      local_(*mask_, rows_, columns_),
      queries_(asked.shape.dtype, asked.shape.query_heads, query_count(asked), asked.shape.head_dim_qk, 0),
      page_table_(page_table(asked)),
      keys_(asked.shape.dtype, asked.shape.key_value_heads, asked.tokens, asked.shape.head_dim_qk, 1),
      values_(asked.shape.dtype, asked.shape.key_value_heads, asked.values_in_keys ? 0 : asked.tokens,
              asked.shape.head_dim_v, 2),
      out_(asked.shape.query_heads, query_count(asked), asked.shape.head_dim_v),
      threads_(options.threads),
      kernel_(make_kernel("cpu", options.threads)) {
    if (asked_.stored) {
        stored_ = std::make_unique<StoredProbabilities>(available_memory_bytes() / 2);
    }
    AttendInput forward = input();
    forward.keep = stored_.get();
    kernel_->attend(forward, out_, hooks_);
    if (asked_.direction == Direction::backward) {
        const AttentionShape& shape = asked_.shape;
        output_gradients_ =
            std::make_unique<BenchTensor>(shape.dtype, shape.query_heads, query_count(asked_), shape.head_dim_v, 3);
        delta_ = AlignedBuffer<float>(shape.query_heads * query_count(asked_));
        of_queries_ = AlignedBuffer<float>(shape.query_heads * query_count(asked_) * shape.head_dim_qk);
        of_keys_ = AlignedBuffer<float>(shape.key_value_heads * asked_.tokens * shape.head_dim_qk);
        of_values_ = AlignedBuffer<float>(shape.key_value_heads * asked_.tokens * shape.head_dim_v);
        begin_whole();
        // Another one, so that what the forward pass took is not there any more.
        kernel_ = make_kernel("cpu", options.threads);
        const PeakMemory memory;
        repeat();
        memory_bytes_ = memory.grown_bytes();
    }
}

HeadView AttentionWork::kept(const BenchTensor& tensor, std::int64_t dim) const {
    const HeadView whole = tensor.view();
    if (asked_.page_tokens == 0) {
        HeadView view = whole;
        view.dim = dim;
        return view;
    }
    PagedCache cache(whole.data, whole.dtype, asked_.tokens / asked_.page_tokens, asked_.page_tokens, whole.heads,
                     whole.dim);
    cache.dim = dim;
    return paged_view(cache, page_table_, asked_.tokens, "bench");
}

AttendInput AttentionWork::input() const {
    const AttentionShape& shape = asked_.shape;
    return {queries_.view(), kept(keys_, shape.head_dim_qk),
            kept(asked_.values_in_keys ? keys_ : values_, shape.head_dim_v), &local_,
            1.0 / std::sqrt(static_cast<double>(asked_.shape.head_dim_qk))};
}

double AttentionWork::flops() const {
    return attention_flops(asked_.shape, mask_->pairs(), asked_.direction);
}

AttendGradients AttentionWork::gradients() {
    const AttentionShape& shape = asked_.shape;
    return {{of_queries_.data(), shape.query_heads, query_count(asked_), shape.head_dim_qk},
            {of_keys_.data(), shape.key_value_heads, asked_.tokens, shape.head_dim_qk},
            {of_values_.data(), shape.key_value_heads, asked_.tokens, shape.head_dim_v}};
}

void AttentionWork::repeat() {
    if (asked_.direction == Direction::forward) {
        kernel_->attend(input(), out_, hooks_);
        return;
    }
    kernel_->attend_backward({input(), output_gradients_->view(), out_.lse(0), delta_.data(), stored_.get()},
                             gradients(), hooks_);
}

void AttentionWork::begin_whole() {
    compute_delta(output_gradients_->view(), static_cast<const Partial&>(out_).output(), delta_.data());
    of_queries_.fill(0.0F);
    of_keys_.fill(0.0F);
    of_values_.fill(0.0F);
}

void AttentionWork::repeat_in(cpu::LoopOrder order) {
    std::unique_ptr<Kernel>& kernel = ordered_[static_cast<std::size_t>(order)];
    if (kernel == nullptr) {
        kernel = cpu::make_kernel_in(order, threads_);
    }
    kernel->attend(input(), out_, hooks_);
}

cpu::OrderCost AttentionWork::predicted_order() const {
    return cpu::forward_order_cost(input(), cpu::choose_tile_variant(asked_.shape.dtype).functions.geometry, threads_);
}

void AttentionWork::repeat_whole() {
    if (asked_.direction == Direction::backward) {
        begin_whole();
    }
    repeat();
}

std::vector<HeadMatrix<const float>> AttentionWork::results() const {
    if (asked_.direction == Direction::forward) {
        return {out_.output()};
    }
    const AttentionShape& shape = asked_.shape;
    return {{of_queries_.data(), shape.query_heads, query_count(asked_), shape.head_dim_qk},
            {of_keys_.data(), shape.key_value_heads, asked_.tokens, shape.head_dim_qk},
            {of_values_.data(), shape.key_value_heads, asked_.tokens, shape.head_dim_v}};
}

}  // namespace longscope
