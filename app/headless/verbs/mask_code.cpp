// SPDX-License-Identifier: GPL-3.0-or-later
// longscope-engine mask code: Python that hands a mask to a library.
#include <fmt/format.h>

#include <memory>

#include "app/headless/mask_source.h"
#include "app/headless/output.h"
#include "app/headless/verbs/mask_verbs.h"
#include "engine/base/registry.h"
#include "engine/mask/formats/library_code.h"

namespace longscope {

namespace {

struct Options {
    MaskSourceOptions source;
    std::string library;
    std::string arrays = "mask";
    std::int64_t q_block = 128;
    std::int64_t k_block = 128;
};

int code(const Options& options) {
    const LibraryEntry& library = find_entry(mask_libraries(), options.library, "--library", "a library");
    const MaskSource source = resolve(options.source);
    const std::unique_ptr<Mask> mask = source.mask();
    FormatOptions format;
    format.q_block = options.q_block;
    format.k_block = options.k_block;
    format.cu_seqlens = source.domain.cu_seqlens;
    format.expression = source.input.expression();
    write_output(library_code(library, *mask, format, options.arrays));
    return 0;
}

}  // namespace

void declare_mask_code(CLI::App& verb, VerbAction& action) {
    const auto options = std::make_shared<Options>();
    declare_mask_source(verb, options->source);
    std::string names;
    for (const std::string& name : names_of(mask_libraries())) {
        names += fmt::format("{}{}", names.empty() ? "" : ", ", name);
    }
    verb.add_option("--library", options->library, names)->required()->type_name("NAME");
    verb.add_option("--arrays", options->arrays,
                    "the folder that the code loads larger arrays from, see 'mask convert'")
        ->type_name("FOLDER")
        ->capture_default_str();
    const auto block_sizes = CLI::Range(std::int64_t{1}, max_tokens);
    verb.add_option("--q-block", options->q_block, "queries a block, for flex and flashinfer")
        ->check(block_sizes)
        ->capture_default_str();
    verb.add_option("--k-block", options->k_block, "keys a block")->check(block_sizes)->capture_default_str();
    verb.callback([options, &action] { action = [options] { return code(*options); }; });
}

}  // namespace longscope
