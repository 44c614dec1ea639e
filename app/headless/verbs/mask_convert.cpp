// SPDX-License-Identifier: GPL-3.0-or-later
// longscope-engine mask convert: a mask in the format of another library.
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <memory>

#include "app/headless/mask_source.h"
#include "app/headless/output.h"
#include "app/headless/verbs/mask_verbs.h"
#include "engine/base/units.h"
#include "engine/mask/formats/mask_folder.h"
#include "engine/mask/formats/mask_format.h"
#include "engine/tensor/stored_tensor.h"

namespace longscope {

namespace {

struct Options {
    MaskSourceOptions source;
    std::string format;
    std::string output;
    std::int64_t q_block = 128;
    std::int64_t k_block = 128;
    std::int64_t max_bytes = FormatOptions().max_bytes;
    bool json = false;
};

int convert(const Options& options) {
    const MaskFormat& format = find_mask_format(options.format, "--to");
    const MaskSource source = resolve(options.source);
    const std::unique_ptr<Mask> mask = source.mask();
    const MaskArrays arrays = format.write(*mask, {options.q_block, options.k_block, source.domain.cu_seqlens,
                                                   options.max_bytes, source.input.expression()});
    write_mask_arrays(arrays, options.output);
    if (options.json) {
        Json written = Json::object();
        for (const auto& [name, array] : arrays.arrays) {
            written[name] = array.shape();
        }
        write_output(Json{{"output", options.output},
                          {"format", arrays.format},
                          {"query_tokens", arrays.query_tokens},
                          {"key_tokens", arrays.key_tokens},
                          {"pairs", mask->pairs()},
                          {"arrays", std::move(written)}}
                         .dump(1) +
                     '\n');
        return 0;
    }
    std::string text = fmt::format("{}: {} of {} pairs kept, as {} ({})\n", options.output, format_count(mask->pairs()),
                                   format_count(mask->box().pairs()), format.name, format.library);
    for (const auto& [name, array] : arrays.arrays) {
        text += fmt::format("  {:<24} {}\n", name, shape_text(array.shape()));
    }
    write_output(text);
    return 0;
}

}  // namespace

void declare_mask_convert(CLI::App& verb, VerbAction& action) {
    const auto options = std::make_shared<Options>();
    declare_mask_source(verb, options->source);
    std::string formats;
    for (const MaskFormat& format : mask_formats()) {
        formats += fmt::format("  {:12} {:16} {}\n", format.name, format.library, format.convention);
        formats += fmt::format("  {:29} cannot hold: {}\n", "", format.cannot);
    }
    verb.add_option("--to", options->format, "the format, see below")->required()->type_name("FORMAT");
    verb.add_option("-o,--output", options->output,
                    "a folder of .npy files and mask.json; or, of the format dense, a name that ends in .npy")
        ->required()
        ->type_name("PATH");
    const auto block_sizes = CLI::Range(std::int64_t{1}, max_tokens);
    verb.add_option("--q-block", options->q_block, "queries a block, of formats made of blocks")
        ->check(block_sizes)
        ->capture_default_str();
    verb.add_option("--k-block", options->k_block, "keys a block")->check(block_sizes)->capture_default_str();
    verb.add_option("--max-bytes", options->max_bytes, "arrays that would take more are refused")
        ->check(CLI::PositiveNumber)
        ->capture_default_str();
    verb.add_flag("--json", options->json, "print JSON");
    verb.footer("Formats:\n" + formats + "See mask-formats.md.");
    verb.callback([options, &action] { action = [options] { return convert(*options); }; });
}

}  // namespace longscope
