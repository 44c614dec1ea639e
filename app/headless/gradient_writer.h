// SPDX-License-Identifier: GPL-3.0-or-later
// The backward passes of `attend`: gradients of one batch item after the other, and the files that they go to.
#pragma once

#include <optional>
#include <vector>

#include "app/headless/gradient_files.h"
#include "app/headless/tensor_writer.h"
#include "engine/kernel/kernel.h"
#include "engine/tensor/aligned_buffer.h"

namespace longscope {

class GradientWriter {
  public:
    // Throws Error(out_of_memory) that says how much the gradients of a batch item take, Error as GradientFiles.
    GradientWriter(const GradientFileOptions& options, const AttentionFiles& files, const GradientFiles& gradients,
                   ElementType type);

    // What they take beside the caller's tensors.
    [[nodiscard]] std::int64_t bytes() const;
    // Of a batch item, whose complete output is `output`, the sinks among it.
    void compute(std::int64_t item, const Kernel& kernel, const AttendInput& forward, const Partial& output,
                 const AttendHooks& hooks);
    // What was computed last.
    void write(std::int64_t item);
    void commit();

  private:
    [[nodiscard]] AttendGradients views();
    [[nodiscard]] TensorWriter* writer(std::string GradientFileOptions::*file);

    const AttentionFiles& files_;
    const GradientFiles& gradients_;
    std::vector<std::optional<TensorWriter>> writers_;  // of gradient_names
    AlignedBuffer<float> queries_;
    AlignedBuffer<float> keys_;
    AlignedBuffer<float> values_;
    AlignedBuffer<float> bias_;   // empty: not asked for
    AlignedBuffer<float> delta_;  // heads x rows
    std::vector<float> sinks_;    // of all batch items
    std::vector<float> room_;
};

}  // namespace longscope
