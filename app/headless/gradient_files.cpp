// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/headless/gradient_files.h"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <filesystem>

#include "engine/base/error.h"

namespace longscope {

namespace {

void require_beside(const std::string& gradient, const char* option, bool given, const char* of, const char* needed) {
    if (!gradient.empty() && !given) {
        throw bad_input(option, gradient, fmt::format("is the gradient of {}, of which there are none", of), needed);
    }
}

}  // namespace

void declare_gradients(CLI::App& verb, GradientFileOptions& options, bool written) {
    verb.add_option("--dout", options.output,
                    "The gradient of the output, in the layout of the inputs: with it, gradients are " +
                        std::string(written ? "written" : "verified"))
        ->type_name("FILE[:NAME]");
    for (const GradientName& gradient : gradient_names) {
        verb.add_option(gradient.option, options.*gradient.file,
                        fmt::format("With --dout: the gradient {}", gradient.meaning))
            ->type_name(written ? "FILE" : "FILE[:NAME]");
    }
}

bool GradientFiles::asked(const GradientFileOptions& options) {
    const auto* const first = std::find_if(gradient_names.begin(), gradient_names.end(),
                                           [&](const GradientName& one) { return !(options.*one.file).empty(); });
    const bool any = first != gradient_names.end();
    if (any && options.output.empty()) {
        throw bad_input(first->option, options.*first->file,
                        "follows from the gradient of the output, which is not given", "it together with --dout");
    }
    if (!any && !options.output.empty()) {
        throw bad_input("--dout", options.output, "is not enough",
                        "it together with --dq, --dk, --dv, --dbias or --dsinks");
    }
    return any;
}

GradientFiles::GradientFiles(const GradientFileOptions& options, const AttentionFiles& files)
    : files_(&files), file_(options.output), output_(lay_out(file_.tensor(), files.layout(), "--dout")) {
    if (files.pages_given()) {
        throw Error(ErrorKind::unsupported,
                    "--dout: pages are shared by sequences and hold what was computed before: gradients are those of "
                    "keys and values without --page-table");
    }
    const auto expected = shape_in(files.layout(), files.shape().batch, files.shape().query_heads,
                                   files.queries().tokens, files.shape().head_dim_v);
    if (file_.tensor().shape != expected) {
        throw bad_input("--dout", shape_text(file_.tensor().shape), "is not the shape of the output",
                        shape_text(expected));
    }
    require_beside(options.bias, "--dbias", files.scoring().bias() != nullptr, "biases", "it together with --bias");
    require_beside(options.sinks, "--dsinks", files.scoring().sinks() != nullptr, "sinks", "it together with --sinks");
}

void GradientFiles::require_other_file(const std::string& output, const std::string& option) const {
    std::error_code ignored;
    if (std::filesystem::equivalent(output, file_.path(), ignored)) {
        throw bad_input(option, output, "is one of the files that are read", "another file");
    }
}

std::vector<std::int64_t> GradientFiles::shape_of(const GradientName& gradient) const {
    const auto laid_out = [&](const LaidOutTensor& tensor) {
        return shape_in(files_->layout(), files_->shape().batch, tensor.heads, tensor.tokens, tensor.dim);
    };
    if (gradient.file == &GradientFileOptions::queries) {
        return laid_out(files_->queries());
    }
    if (gradient.file == &GradientFileOptions::keys) {
        return laid_out(files_->keys());
    }
    if (gradient.file == &GradientFileOptions::values) {
        return laid_out(files_->values());
    }
    if (gradient.file == &GradientFileOptions::bias) {
        return files_->scoring().bias()->shape;
    }
    return {files_->shape().query_heads};
}

}  // namespace longscope
