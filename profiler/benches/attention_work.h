// SPDX-License-Identifier: GPL-3.0-or-later
// What a case of the bench of attention is computed on: its mask, its tensors, and the cpu backend to compute it with.
#pragma once

#include <array>
#include <memory>
#include <vector>

#include "engine/kernel/cpu/order_cost.h"
#include "engine/kernel/kernel.h"
#include "engine/mask/leaf.h"
#include "engine/tensor/aligned_buffer.h"
#include "profiler/benches/attention_bench.h"

namespace longscope {

// Standard-normal values of one tensor, in the type of the shape.
class BenchTensor {
  public:
    BenchTensor(DType dtype, std::int64_t heads, std::int64_t tokens, std::int64_t dim, std::uint64_t stream);
    [[nodiscard]] std::int64_t bytes() const { return bytes_.size_bytes(); }
    [[nodiscard]] HeadView view() const { return {bytes_.data(), dtype_, heads_, tokens_, dim_}; }

  private:
    std::int64_t heads_;
    std::int64_t tokens_;
    std::int64_t dim_;
    DType dtype_;
    AlignedBuffer<std::byte> bytes_;
};

class AttentionWork {
  public:
    // Computes the forward pass once, and of backward cases the backward pass: pages and caches, and what the backward
    // pass reads of the forward pass.
    AttentionWork(const AttentionBenchCase& asked, const AttentionBenchOptions& options);

    AttentionWork(const AttentionWork&) = delete;
    AttentionWork& operator=(const AttentionWork&) = delete;
    AttentionWork(AttentionWork&&) = delete;
    AttentionWork& operator=(AttentionWork&&) = delete;
    ~AttentionWork() = default;

    // One repetition: the pass of the case. The gradients grow with each.
    void repeat();
    // The same, forward, in an order of the loops.
    void repeat_in(cpu::LoopOrder order);
    [[nodiscard]] cpu::OrderCost predicted_order() const;
    // The same as other libraries count it: of a backward case with gradients that begin at zero, and with delta.
    void repeat_whole();

    [[nodiscard]] const AttentionBenchCase& asked() const { return asked_; }
    [[nodiscard]] const MaskDomain& domain() const { return domain_; }
    [[nodiscard]] const Mask& mask() const { return *mask_; }
    [[nodiscard]] AttendInput input() const;
    [[nodiscard]] HeadView output_gradients() const { return output_gradients_->view(); }
    [[nodiscard]] double flops() const;
    // Of the weights that the forward pass kept.
    [[nodiscard]] std::int64_t stored_bytes() const { return stored_ == nullptr ? 0 : stored_->bytes(); }
    // Of backward cases: how far the process grew in the first pass, by the operating system's own count, and what the
    // gradients take.
    [[nodiscard]] std::int64_t memory_bytes() const { return memory_bytes_; }
    [[nodiscard]] std::int64_t gradient_bytes() const {
        return of_queries_.size_bytes() + of_keys_.size_bytes() + of_values_.size_bytes();
    }
    // Of keys and values together; where values are a part of the keys, of these.
    [[nodiscard]] std::int64_t read_bytes() const { return keys_.bytes() + values_.bytes(); }

    // What the last repetition computed: the output, or the gradients of queries, keys and values.
    [[nodiscard]] std::vector<HeadMatrix<const float>> results() const;

  private:
    [[nodiscard]] AttendGradients gradients();
    // Of keys or values, the first `dim` elements of each row, in pages where the case asks for that.
    [[nodiscard]] HeadView kept(const BenchTensor& tensor, std::int64_t dim) const;
    // What comes before a backward pass.
    void begin_whole();

    AttentionBenchCase asked_;
    AttendHooks hooks_;
    MaskDomain domain_;
    std::unique_ptr<Mask> mask_;
    TokenSet rows_;
    TokenSet columns_;
    LocalMask local_;
    BenchTensor queries_;
    std::vector<std::int32_t> page_table_;  // of cases with pages
    BenchTensor keys_;
    BenchTensor values_;
    Partial out_;
    int threads_;
    std::unique_ptr<Kernel> kernel_;
    std::array<std::unique_ptr<Kernel>, cpu::loop_order_words.size()> ordered_;  // made when they are asked for
    // Of backward cases.
    std::unique_ptr<StoredProbabilities> stored_;  // null: they are computed again
    std::unique_ptr<BenchTensor> output_gradients_;
    AlignedBuffer<float> delta_;
    AlignedBuffer<float> of_queries_;
    AlignedBuffer<float> of_keys_;
    AlignedBuffer<float> of_values_;
    std::int64_t memory_bytes_ = 0;
};

}  // namespace longscope
