// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/desktop/document/other_mask.h"

#include <nlohmann/json.hpp>
#include <optional>

#include "app/headless/mask_source.h"
#include "engine/base/error.h"
#include "engine/mask/expression.h"
#include "widgets/base/colours.h"

namespace longscope {

OtherMask other_mask(const MaskPreset& preset) {
    return {to_qstring(preset.name), [&preset](const MaskDomain& domain) {
                return compile_mask(parse_mask(parse_json(preset.expression, preset.name), "mask"), domain);
            }};
}

OtherMask other_mask(const QString& name, const MaskExpression& mask) {
    return {name, [mask](const MaskDomain& domain) { return compile_mask(mask, domain); }};
}

OtherMask other_mask(const QString& name, const std::string& experiment) {
    return {name, [experiment](const MaskDomain& domain) {
                const Json document = parse_json(experiment, "experiment");
                if (!document.is_object() || !document.contains("mask")) {
                    throw Error(ErrorKind::bad_input, "mask: is missing");
                }
                return compile_mask(parse_mask(document["mask"], "mask"), domain);
            }};
}

OtherMask other_mask(const std::filesystem::path& file) {
    auto read = std::make_shared<std::optional<MaskSource>>();
    return {to_qstring(file.filename().string()), [file, read](const MaskDomain& domain) {
                if (!*read) {
                    MaskSourceOptions options;
                    options.place = file.string();
                    *read = resolve(options, &domain);
                }
                return (*read)->input.over(domain, (*read)->files);
            }};
}

}  // namespace longscope
