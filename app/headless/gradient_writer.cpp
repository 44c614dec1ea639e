// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/headless/gradient_writer.h"

#include <fmt/format.h>

#include "engine/base/error.h"
#include "engine/base/memory.h"
#include "engine/base/units.h"
#include "engine/kernel/sinks.h"

namespace longscope {

namespace {

std::int64_t elements_of(const LaidOutTensor& tensor) {
    return tensor.heads * tensor.tokens * tensor.dim;
}

std::int64_t bias_elements(const AttentionFiles& files) {
    return files.scoring().bias_heads() * files.queries().tokens * files.keys().tokens;
}

}  // namespace

GradientWriter::GradientWriter(const GradientFileOptions& options, const AttentionFiles& files,
                               const GradientFiles& gradients, ElementType type)
    : files_(files), gradients_(gradients), writers_(gradient_names.size()) {
    const bool with_bias = !options.bias.empty();
    const std::int64_t rows = files.shape().query_heads * files.queries().tokens;
    const std::int64_t floats = elements_of(files.queries()) + elements_of(files.keys()) + elements_of(files.values()) +
                                (with_bias ? bias_elements(files) : 0) + rows;
    const std::int64_t bytes = floats * static_cast<std::int64_t>(sizeof(float));
    if (const std::int64_t free = available_memory_bytes(); bytes > free) {
        throw Error(ErrorKind::out_of_memory,
                    fmt::format("--dout: the gradients of a batch item take {} in float32, and {} of memory are free",
                                format_bytes(bytes), format_bytes(free)));
    }
    queries_ = AlignedBuffer<float>(elements_of(files.queries()));
    keys_ = AlignedBuffer<float>(elements_of(files.keys()));
    values_ = AlignedBuffer<float>(elements_of(files.values()));
    delta_ = AlignedBuffer<float>(rows);
    if (with_bias) {
        bias_ = AlignedBuffer<float>(bias_elements(files));
        bias_.fill(0.0F);
    }
    if (files.scoring().sinks() != nullptr) {
        sinks_.assign(static_cast<std::size_t>(files.shape().query_heads), 0.0F);
    }
    for (std::size_t i = 0; i < gradient_names.size(); ++i) {
        const GradientName& gradient = gradient_names.at(i);
        if (const std::string& path = options.*gradient.file; !path.empty()) {
            writers_[i].emplace(path, gradient.tensor, gradients.shape_of(gradient), type);
        }
    }
}

TensorWriter* GradientWriter::writer(std::string GradientFileOptions::*file) {
    for (std::size_t i = 0; i < gradient_names.size(); ++i) {
        if (gradient_names.at(i).file == file) {
            return writers_[i] ? &*writers_[i] : nullptr;
        }
    }
    return nullptr;
}

AttendGradients GradientWriter::views() {
    const auto view = [](AlignedBuffer<float>& buffer, const LaidOutTensor& of) {
        return HeadMatrix<float>{buffer.data(), of.heads, of.tokens, of.dim};
    };
    AttendGradients all{view(queries_, files_.queries()), view(keys_, files_.keys()), view(values_, files_.values())};
    if (bias_.size() > 0) {
        all.bias = {bias_.data(), files_.scoring().bias_heads(), files_.queries().tokens, files_.keys().tokens};
    }
    return all;
}

std::int64_t GradientWriter::bytes() const {
    return queries_.size_bytes() + keys_.size_bytes() + values_.size_bytes() + bias_.size_bytes() + delta_.size_bytes();
}

void GradientWriter::compute(std::int64_t item, const Kernel& kernel, const AttendInput& forward, const Partial& output,
                             const AttendHooks& hooks) {
    const HeadView output_gradients = gradients_.view(item, room_);
    const ScoringFiles& scoring = files_.scoring();
    for (AlignedBuffer<float>* one : {&queries_, &keys_, &values_}) {
        one->fill(0.0F);
    }
    if (scoring.bias_batch() > 1) {
        bias_.fill(0.0F);
    }
    const bool softmax = !forward.scoring.is_sigmoid();
    if (softmax) {
        compute_delta(output_gradients, HeadView(output.output()), delta_.data());
    }
    kernel.attend_backward(
        {forward, output_gradients, softmax ? output.lse(0) : nullptr, softmax ? delta_.data() : nullptr, forward.keep},
        views(), hooks);
    if (scoring.sinks() != nullptr) {
        add_sink_gradients(scoring.sinks(), output.lse(0), delta_.data(), output.heads(), output.rows(), sinks_.data());
    }
}

void GradientWriter::write(std::int64_t item) {
    const auto write_rows = [&](std::string GradientFileOptions::*file, HeadMatrix<const float> gradient) {
        if (TensorWriter* const to = writer(file)) {
            write_head_matrix(gradient, files_.layout(), to->type(), to->stream());
        }
    };
    const AttendGradients all = views();
    write_rows(&GradientFileOptions::queries, all.queries);
    write_rows(&GradientFileOptions::keys, all.keys);
    write_rows(&GradientFileOptions::values, all.values);
    // Of what is one for all batch items, the sum.
    const bool last = item + 1 == files_.shape().batch;
    if (TensorWriter* const to = writer(&GradientFileOptions::bias);
        to != nullptr && (last || files_.scoring().bias_batch() > 1)) {
        to->write(bias_.data(), bias_.size());
    }
    if (TensorWriter* const to = writer(&GradientFileOptions::sinks); to != nullptr && last) {
        to->write(sinks_.data(), files_.shape().query_heads);
    }
}

void GradientWriter::commit() {
    for (std::optional<TensorWriter>& one : writers_) {
        if (one) {
            one->commit();
        }
    }
}

}  // namespace longscope
