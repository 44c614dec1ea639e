// SPDX-License-Identifier: GPL-3.0-or-later
// The gradient of an output in a file, and the gradients that follow from it: which `attend` writes and `verify` reads.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "app/headless/attention_files.h"

namespace CLI {
class App;
}  // namespace CLI

namespace longscope {

struct GradientFileOptions {
    std::string output;  // dO, which all others follow from
    std::string queries;
    std::string keys;
    std::string values;
    std::string bias;
    std::string sinks;
};

struct GradientName {
    const char* option;
    const char* tensor;  // in a .safetensors file
    const char* meaning;
    std::string GradientFileOptions::*file;
};

// All that may be asked for.
inline constexpr std::array<GradientName, 5> gradient_names{{
    {"--dq", "dq", "of the queries, in the layout of the inputs", &GradientFileOptions::queries},
    {"--dk", "dk", "of the keys, likewise", &GradientFileOptions::keys},
    {"--dv", "dv", "of the values, likewise", &GradientFileOptions::values},
    {"--dbias", "dbias", "of the bias, in its shape: summed over what it is one for", &GradientFileOptions::bias},
    {"--dsinks", "dsinks", "of the sinks: a number for each query head", &GradientFileOptions::sinks},
}};

// Of files that are written, or of files that are compared. `options` must outlive the parsing.
void declare_gradients(CLI::App& verb, GradientFileOptions& options, bool written);

// The gradient of the output, and the shapes of the others.
class GradientFiles {
  public:
    // Is a gradient asked for? Throws Error(bad_input) when options lack each other.
    [[nodiscard]] static bool asked(const GradientFileOptions& options);

    // Opens --dout and checks it and what is asked for. Throws Error: bad_input that names the option, unsupported for
    // keys and values in pages. `files` must outlive this.
    GradientFiles(const GradientFileOptions& options, const AttentionFiles& files);

    [[nodiscard]] const LaidOutTensor& output() const { return output_; }
    // One batch item.
    [[nodiscard]] HeadView view(std::int64_t item, std::vector<float>& room) const {
        return head_view(output_, item, room);
    }
    [[nodiscard]] HeadMatrix<const float> matrix(std::int64_t item, std::vector<float>& room) const {
        return head_matrix(output_, item, room);
    }
    // Throws Error(bad_input) when a file that is to be written is that of --dout.
    void require_other_file(const std::string& output, const std::string& option) const;
    // As they are stored.
    [[nodiscard]] std::vector<std::int64_t> shape_of(const GradientName& gradient) const;

  private:
    const AttentionFiles* files_;
    TensorFile file_;
    LaidOutTensor output_;
};

}  // namespace longscope
