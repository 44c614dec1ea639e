// SPDX-License-Identifier: GPL-3.0-or-later
// The document as a file, and fields set from outside.
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "engine/base/bounded_file.h"
#include "engine/base/error.h"
#include "engine/experiment/error_context.h"
#include "engine/experiment/experiment.h"
#include "engine/experiment/field_override.h"

namespace longscope {

namespace {

constexpr std::int64_t max_document_bytes = std::int64_t{64} << 20;

}  // namespace

void set_field(Json& document, const FieldOverride& change) {
    Json* place = &document;
    std::string_view rest = change.field;
    while (true) {
        const auto dot = rest.find('.');
        const std::string name(rest.substr(0, dot));
        if (name.empty()) {
            throw bad_input(change.field, shown(change.value), "is set by an empty name", "a field, as layout.ranks");
        }
        if (!place->is_object()) {
            throw bad_input(change.field, shown(change.value), "lies inside what is not an object",
                            "a field, as layout.ranks");
        }
        // Makes the field where it is missing: as an object, if a name follows.
        place = &(*place)[name];
        if (dot == std::string_view::npos) {
            break;
        }
        if (place->is_null()) {
            *place = Json::object();
        }
        rest.remove_prefix(dot + 1);
    }
    *place = change.value;
}

Experiment read_experiment(const std::filesystem::path& path, const ExperimentNames& names) {
    return read_experiment(path, names, {});
}

Experiment read_experiment(const std::filesystem::path& path, const ExperimentNames& names,
                           const std::vector<FieldOverride>& overrides) {
    return changed_experiment(read_document(path), path, names, overrides);
}

Json read_document(const std::filesystem::path& path) {
    return parse_json(read_bounded_file(path, max_document_bytes), path.string());
}

Experiment changed_experiment(Json document, const std::filesystem::path& path, const ExperimentNames& names,
                              const std::vector<FieldOverride>& overrides) {
    return in_context(path.string(), [&] {
        for (const FieldOverride& change : overrides) {
            set_field(document, change);
        }
        Experiment experiment = parse_experiment(document, path.parent_path(), names);
        if (!document.contains("name") && !path.stem().empty()) {
            experiment.name = path.stem().string();
        }
        return experiment;
    });
}

}  // namespace longscope
