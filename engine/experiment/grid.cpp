// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/experiment/grid.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "engine/base/error.h"

namespace longscope {

namespace {

constexpr std::string_view fields_accepted = "an object of fields and values, as {\"layout.ranks\": 4}";

const Json& checked_array(const Json& value, const std::string& path, std::string_view accepted) {
    if (!value.is_array() || value.empty()) {
        throw bad_input(path, shown(value), value.is_array() ? "is empty" : "is not a list", accepted);
    }
    return value;
}

std::string name_of(JsonObject& object) {
    std::string name = object.text("name", "a short name");
    if (name.empty() || name.size() > 200 || name.find_first_of("\n\r\t") != std::string::npos) {
        throw bad_input(object.path_of("name"), shown(name), "is not a name", "1 to 200 characters on one line");
    }
    return name;
}

Combination parse_changes(const Json& value, const std::string& path) {
    if (!value.is_object() || value.empty()) {
        throw bad_input(path, shown(value), "sets nothing", fields_accepted);
    }
    Combination changes;
    for (const auto& item : value.items()) {
        changes.push_back({item.key(), item.value()});
    }
    return changes;
}

// Either {"name", "field", "values"} or {"name", "cases": [{"name", "set"}]}.
Axis parse_axis(const Json& value, const std::string& path) {
    JsonObject object(value, path);
    Axis axis{name_of(object), {}};
    if (object.has("field")) {
        const std::string field = object.text("field", "a field, as layout.ranks");
        const std::string values_path = object.path_of("values");
        for (const Json& one : checked_array(object.required("values", "a list"), values_path, "a list of values")) {
            axis.cases.push_back({one, {{field, one}}});
        }
    } else {
        const std::string cases_path = object.path_of("cases");
        const Json& cases = object.required("cases", "a list of cases, or field and values");
        std::size_t number = 0;
        for (const Json& one : checked_array(cases, cases_path, "a list of cases")) {
            JsonObject entry(one, fmt::format("{}[{}]", cases_path, number++));
            std::string name = name_of(entry);
            const Json& set = entry.required("set", fields_accepted);
            axis.cases.push_back({std::move(name), parse_changes(set, entry.path_of("set"))});
            entry.finish();
        }
    }
    object.finish();
    for (auto one = axis.cases.begin(); one != axis.cases.end(); ++one) {
        if (std::any_of(axis.cases.begin(), one, [&](const AxisCase& before) { return before.name == one->name; })) {
            throw bad_input(path, shown(one->name), "stands twice", "each case once");
        }
    }
    return axis;
}

std::vector<Axis> parse_axes(const Json& value, const std::string& path) {
    std::vector<Axis> axes;
    for (const Json& one : checked_array(value, path, "a list of axes")) {
        axes.push_back(parse_axis(one, fmt::format("{}[{}]", path, axes.size())));
        if (std::any_of(axes.begin(), axes.end() - 1, [&](const Axis& a) { return a.name == axes.back().name; })) {
            throw bad_input(path, axes.back().name, "stands twice", "each axis once");
        }
    }
    return axes;
}

GridScale parse_scale(const Json& value, const std::string& path) {
    JsonObject object(value, path);
    GridScale scale;
    scale.name = name_of(object);
    scale.description = object.text_or("description", "");
    if (const Json* set = object.optional("set")) {
        scale.changes = parse_changes(*set, object.path_of("set"));
    }
    if (const Json* axes = object.optional("axes")) {
        scale.axes = parse_axes(*axes, object.path_of("axes"));
    }
    object.finish();
    return scale;
}

void check_version(JsonObject& root) {
    const std::string accepted = fmt::format("{}", grid_version);
    const Json& version = root.required("longscope_grid", accepted);
    if (!version.is_number_integer() || version != grid_version) {
        const bool newer = version.is_number_integer() && version > grid_version;
        throw bad_input("longscope_grid", shown(version),
                        newer ? "is newer than this program reads" : "is not a version", accepted);
    }
}

template <typename Entry>
std::string names(const std::vector<Entry>& entries) {
    std::vector<std::string> all;
    for (const Entry& entry : entries) {
        all.push_back(entry.name);
    }
    return fmt::format("{}", fmt::join(all, ", "));
}

Axis* find_axis(std::vector<Axis>& axes, std::string_view name) {
    const auto found = std::find_if(axes.begin(), axes.end(), [&](const Axis& axis) { return axis.name == name; });
    return found == axes.end() ? nullptr : &*found;
}

}  // namespace

bool looks_like_grid(const Json& document) {
    return document.is_object() && document.contains("longscope_grid");
}

Grid parse_grid(const Json& document) {
    JsonObject root(document, "");
    check_version(root);
    Grid grid;
    grid.name = name_of(root);
    grid.description = root.text_or("description", "");
    grid.experiment = root.required("experiment", "the document of an experiment");
    if (!grid.experiment.is_object()) {
        throw bad_input("experiment", shown(grid.experiment), "is not an object", "the document of an experiment");
    }
    if (!grid.experiment.contains("name")) {
        grid.experiment["name"] = grid.name;
    }
    grid.axes = parse_axes(root.required("axes", "a list of axes"), "axes");
    if (const Json* scales = root.optional("scales")) {
        for (const Json& one : checked_array(*scales, "scales", "a list of scales")) {
            grid.scales.push_back(parse_scale(one, fmt::format("scales[{}]", grid.scales.size())));
        }
    }
    root.finish();
    return grid;
}

void choose_scale(Grid& grid, std::string_view name, std::string_view option) {
    if (name.empty()) {
        return;
    }
    const auto found = std::find_if(grid.scales.begin(), grid.scales.end(),
                                    [&](const GridScale& scale) { return scale.name == name; });
    if (found == grid.scales.end()) {
        throw bad_input(option, name, "is not a scale of this grid",
                        grid.scales.empty() ? "none: it has no scales" : names(grid.scales));
    }
    for (const Axis& axis : found->axes) {
        if (Axis* replaced = find_axis(grid.axes, axis.name)) {
            *replaced = axis;
        } else {
            grid.axes.push_back(axis);
        }
    }
    // As an axis with one case they would have a column everywhere: they are of the experiment instead.
    for (const FieldOverride& change : found->changes) {
        set_field(grid.experiment, change);
    }
}

void keep_only(Grid& grid, std::string_view text, std::string_view option) {
    const VariedField chosen = parse_varied_field(text, option);
    Axis* axis = find_axis(grid.axes, chosen.field);
    if (axis == nullptr) {
        throw bad_input(option, chosen.field, "is not an axis of this grid", names(grid.axes));
    }
    std::vector<AxisCase> kept;
    for (const Json& name : chosen.values) {
        const auto found = std::find_if(axis->cases.begin(), axis->cases.end(),
                                        [&](const AxisCase& one) { return value_text(one.name) == value_text(name); });
        if (found == axis->cases.end()) {
            std::vector<std::string> all;
            for (const AxisCase& one : axis->cases) {
                all.push_back(value_text(one.name));
            }
            throw bad_input(option, value_text(name), fmt::format("is not a case of the axis {}", axis->name),
                            fmt::format("{}", fmt::join(all, ", ")));
        }
        kept.push_back(*found);
    }
    axis->cases = std::move(kept);
}

void vary(Grid& grid, const VariedField& field) {
    for (Axis& axis : grid.axes) {
        const bool same = std::all_of(axis.cases.begin(), axis.cases.end(), [&](const AxisCase& one) {
            return one.changes.size() == 1 && one.changes.front().field == field.field;
        });
        if (same) {
            axis.cases = axis_of(field).cases;
            return;
        }
    }
    grid.axes.push_back(axis_of(field));
}

}  // namespace longscope
