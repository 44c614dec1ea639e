// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/mask/gallery_entry.h"

#include <QCoreApplication>
#include <nlohmann/json.hpp>

#include "engine/mask/expression.h"
#include "widgets/base/colours.h"

namespace longscope {

namespace {

QString tr(const char* text) {
    return QCoreApplication::translate("longscope::GalleryEntry", text);
}

}  // namespace

QString GalleryEntry::name() const {
    return to_qstring(leaf != nullptr ? leaf->name : preset->name);
}

QString GalleryEntry::kind() const {
    return leaf != nullptr ? tr("leaf") : tr("preset");
}

QString GalleryEntry::meaning() const {
    return to_qstring(leaf != nullptr ? leaf->meaning : preset->meaning);
}

QString GalleryEntry::definition() const {
    return to_qstring(leaf != nullptr ? std::string(leaf->definition)
                                      : to_text(parse_mask(parse_json(preset->expression, preset->name), "mask")));
}

QString GalleryEntry::source() const {
    return to_qstring(leaf != nullptr ? leaf->source : preset->source);
}

QString GalleryEntry::rich_text() const {
    QString text =
        QStringLiteral("<p><b>%1</b> (%2): %3</p>").arg(name(), kind().toHtmlEscaped(), meaning().toHtmlEscaped());
    text += QStringLiteral("<p><code>%1</code></p>").arg(definition().toHtmlEscaped());
    if (leaf != nullptr && !leaf->parameters.empty()) {
        text += QStringLiteral("<p>");
        for (const LeafParameter& parameter : leaf->parameters) {
            text += QStringLiteral("<i>%1</i>: %2<br>")
                        .arg(to_qstring(parameter.name), to_qstring(parameter.meaning).toHtmlEscaped());
        }
        text += QStringLiteral("</p>");
    }
    return text + QStringLiteral("<p>%1</p>").arg(tr("Source: %1").arg(source()).toHtmlEscaped());
}

std::string GalleryEntry::expression() const {
    if (preset != nullptr) {
        return std::string(preset->expression);
    }
    const std::string name(leaf->name);
    return Json{{name, parse_json(leaf->example, name)}}.dump();
}

MaskExample GalleryEntry::example() const {
    return leaf != nullptr ? example_of(*leaf) : example_of(*preset);
}

std::vector<GalleryEntry> gallery_entries() {
    std::vector<GalleryEntry> entries;
    for (const LeafEntry& leaf : mask_leaves()) {
        entries.push_back({&leaf, nullptr});
    }
    for (const MaskPreset& preset : mask_presets()) {
        entries.push_back({nullptr, &preset});
    }
    return entries;
}

}  // namespace longscope
