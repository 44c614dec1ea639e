// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/experiment/lengths_field.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <system_error>

#include "engine/base/error.h"
#include "engine/experiment/error_context.h"
#include "engine/workload/length_file.h"
#include "engine/workload/packing.h"

namespace longscope {

namespace {

using Form = LengthsField::Form;

LengthsField parse_file(const std::string& file, const std::string& path, const std::filesystem::path& folder) {
    if (file.empty() || file.find('\0') != std::string::npos) {
        throw bad_input(path, shown(Json(file)), "is not a path", "the path of a lengths file");
    }
    std::error_code ignored;
    std::filesystem::path resolved = std::filesystem::absolute(folder / file, ignored).lexically_normal();
    LengthSource source = in_context(path, [&] { return read_length_file(resolved); });
    return {Form::file, file, std::move(resolved), std::move(source)};
}

LengthsField parse_list(const Json& value, const std::string& path, std::int64_t tokens) {
    if (!value.is_array() || value.empty() || static_cast<std::int64_t>(value.size()) > max_documents) {
        throw bad_input(path, shown(value), "is not a list of lengths",
                        fmt::format("integers with commas between them, 1 to {} of them", max_documents));
    }
    std::vector<std::int64_t> lengths;
    lengths.reserve(value.size());
    std::int64_t sum = 0;
    for (std::size_t i = 0; i < value.size(); ++i) {
        const auto* length = value[i].get_ptr<const Json::number_unsigned_t*>();
        // The name of an element is made only for those that need it: there may be very many.
        const bool fits = length != nullptr && *length >= 1 && *length <= static_cast<std::uint64_t>(tokens);
        lengths.push_back(fits ? static_cast<std::int64_t>(*length)
                               : checked_integer(value[i], fmt::format("{}[{}]", path, i), 1, tokens));
        sum += lengths.back();
    }
    if (sum != tokens) {
        throw bad_input(path, fmt::format("the sum {}", sum), "is not the number of tokens",
                        fmt::format("lengths that sum to {}", tokens));
    }
    return {Form::list, "", {}, LengthSource::fixed(std::move(lengths), path)};
}

}  // namespace

LengthsField parse_lengths_field(const Json* value, const std::string& path, std::int64_t tokens,
                                 const std::filesystem::path& folder) {
    if (value == nullptr) {
        return {Form::one_document, "", {}, LengthSource::fixed({tokens}, path)};
    }
    JsonObject object(*value, path);
    const Json* list = object.optional("list");
    const Json* histogram = object.optional("histogram");
    const bool file = object.has("file");
    object.finish();
    if (value->size() != 1) {
        throw bad_input(path, shown(*value), "is not one source of lengths",
                        "an object with one of the fields file, list, histogram");
    }
    if (file) {
        return parse_file(object.text("file", "the path of a lengths file"), object.path_of("file"), folder);
    }
    if (list != nullptr) {
        return parse_list(*list, object.path_of("list"), tokens);
    }
    return {Form::histogram, "", {}, parse_histogram(*histogram, object.path_of("histogram"))};
}

Json to_json(const LengthsField& lengths) {
    switch (lengths.form) {
        case Form::file:
            return {{"file", lengths.file}};
        case Form::list:
            return {{"list", lengths.source.lengths()}};
        case Form::histogram:
            return {{"histogram", to_json(lengths.source.bins())}};
        case Form::one_document:
            break;
    }
    return nullptr;
}

}  // namespace longscope
