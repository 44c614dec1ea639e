// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/headless/mask_input.h"

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <filesystem>

#include "engine/base/bounded_file.h"
#include "engine/base/error.h"
#include "engine/mask/formats/mask_folder.h"
#include "engine/mask/formats/mask_format.h"
#include "engine/mask/mask_presets.h"

namespace longscope {

namespace {

constexpr std::int64_t max_mask_file_bytes = std::int64_t{1} << 26;  // as of an experiment, which may stand there

bool is_json_text(const std::string& value) {
    return value.substr(std::min(value.find_first_not_of(" \t\n"), value.size())).starts_with('{');
}

bool is_mask_folder_index(const Json& document) {
    return document.is_object() && document.contains("format");
}

std::string extent_text(std::int64_t queries, std::int64_t keys) {
    return queries == keys ? fmt::format("{} tokens", queries) : fmt::format("{} queries and {} keys", queries, keys);
}

}  // namespace

void declare_mask_files(CLI::App& verb, MaskFileOptions& options) {
    std::string names;
    for (const MaskFormat& format : mask_formats()) {
        if (format.read != nullptr) {
            names += fmt::format("{}{}", names.empty() ? "" : ", ", format.name);
        }
    }
    verb.add_option("--from", options.from,
                    "the format of a folder of arrays without mask.json (see mask-formats.md): " + names)
        ->type_name("FORMAT");
    verb.add_option("--companion", options.companion,
                    "the mask inside of blocks that are kept in part, for the format block_mask")
        ->type_name("JSON|PATH");
}

std::optional<MaskDomain> MaskInput::own_domain() const {
    if (!arrays_) {
        return std::nullopt;
    }
    return MaskDomain{arrays_->query_tokens, arrays_->key_tokens, {}};
}

std::unique_ptr<Mask> MaskInput::over(const MaskDomain& domain, const MaskFileOptions& options) const {
    if (expression_) {
        return compile_mask(*expression_, domain);
    }
    if (arrays_->query_tokens != domain.query_tokens || arrays_->key_tokens != domain.key_tokens) {
        throw bad_input(arrays_->place, extent_text(arrays_->query_tokens, arrays_->key_tokens),
                        "are not those of what it is for", extent_text(domain.query_tokens, domain.key_tokens));
    }
    std::unique_ptr<Mask> companion;
    if (!options.companion.empty()) {
        companion = read_mask_input(options.companion, "--companion", {}).over(domain, {});
    }
    const MaskFormat& format = find_mask_format(arrays_->format, "--from");
    if (format.read == nullptr) {
        throw bad_input(arrays_->place, format.name, "is a format that is only written", "a mask in another format");
    }
    return format.read(*arrays_, companion.get());
}

Json MaskInput::json() const {
    return expression_ ? to_json(*expression_) : Json{{"format", arrays_->format}, {"path", arrays_->place}};
}

std::string MaskInput::text() const {
    return expression_ ? to_text(*expression_) : fmt::format("{} ({})", arrays_->place, arrays_->format);
}

Json read_mask_json(const std::string& value, const std::string& option) {
    if (is_json_text(value)) {
        return parse_json(value, option);
    }
    if (const MaskPreset* preset = find_mask_preset(value)) {
        return parse_json(preset->expression, option);
    }
    return parse_json(read_bounded_file(value, max_mask_file_bytes), value);
}

MaskInput read_mask_input(const std::string& value, const std::string& option, const MaskFileOptions& options,
                          std::int64_t tokens) {
    const bool is_text = is_json_text(value);
    if (!is_text && looks_like_mask_arrays(value)) {
        return MaskInput(read_mask_arrays(value, {options.from, tokens}));
    }
    const Json document = read_mask_json(value, option);
    if (!is_text && is_mask_folder_index(document)) {
        const std::filesystem::path folder = std::filesystem::path(value).parent_path();
        return MaskInput(read_mask_arrays(folder.empty() ? "." : folder, {options.from, tokens}));
    }
    if (!options.from.empty()) {
        throw bad_input("--from", options.from, "is not the format of " + option, "none: it is an expression");
    }
    return MaskInput(parse_mask(document, "mask"));
}

}  // namespace longscope
