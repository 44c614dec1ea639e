// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/mask/formats/mask_folder.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <fstream>

#include "engine/base/atomic_file.h"
#include "engine/base/bounded_file.h"
#include "engine/base/error.h"
#include "engine/base/json.h"
#include "engine/mask/formats/mask_format.h"
#include "engine/tensor/stored_tensor.h"

namespace longscope {

namespace {

namespace fs = std::filesystem;

constexpr std::int64_t max_index_bytes = std::int64_t{1} << 20;
constexpr std::size_t max_scalar_values = 16;

Json json_of(const MaskArrays::Scalar& scalar) {
    return std::visit([](const auto& value) { return Json(value); }, scalar);
}

MaskArrays::Scalar scalar_of(const Json& value, const std::string& field) {
    constexpr std::int64_t most = max_tokens;
    if (value.is_boolean()) {
        return value.get<bool>();
    }
    if (value.is_array() && value.size() <= max_scalar_values) {
        std::vector<std::int64_t> values;
        for (const Json& element : value) {
            values.push_back(checked_integer(element, field, -most, most));
        }
        return values;
    }
    return checked_integer(value, field, -most, most);
}

std::vector<std::string> listed(std::string_view rest) {
    std::vector<std::string> names;
    while (!rest.empty()) {
        const std::size_t end = std::min(rest.find(", "), rest.size());
        names.emplace_back(rest.substr(0, end));
        rest.remove_prefix(std::min(end + 2, rest.size()));
    }
    return names;
}

fs::path array_path(const fs::path& folder, const std::string& name) {
    return folder / (name + ".npy");
}

void write_array(const IntegerArray& array, const fs::path& path) {
    AtomicFile file(path);
    array.write(file.stream());
    file.commit();
}

void prepare_folder(const fs::path& folder) {
    std::error_code code;
    if (fs::is_directory(folder, code)) {
        if (!fs::is_empty(folder, code) && !fs::exists(folder / mask_folder_index, code)) {
            throw bad_input("--output", folder.string(), "is a folder with other things in it",
                            "a name that is not there yet, or the folder of a mask");
        }
        fs::remove(folder / mask_folder_index, code);
    } else if (fs::exists(folder, code)) {
        throw bad_input("--output", folder.string(), "is a file", "the name of a folder");
    } else {
        fs::create_directory(folder, code);
    }
    if (code) {
        throw failed(fmt::format("{}: cannot write: {}", folder.string(), code.message()));
    }
}

void take_extents(MaskArrays& arrays, const MaskFolderHints& hints) {
    const auto settle = [&](std::int64_t& tokens, const char* name) {
        if (tokens != 0 && hints.tokens != 0 && tokens != hints.tokens) {
            throw bad_input("--tokens", std::to_string(hints.tokens), fmt::format("is not what {} says", arrays.place),
                            std::to_string(tokens));
        }
        tokens = tokens == 0 ? hints.tokens : tokens;
        if (tokens == 0) {
            throw bad_input(arrays.field(name), "a number that is not there", "is needed",
                            fmt::format("an integer from 1 to {}, or --tokens", max_tokens));
        }
    };
    settle(arrays.query_tokens, "query_tokens");
    settle(arrays.key_tokens, "key_tokens");
}

void take_dense_shape(MaskArrays& arrays) {
    const std::vector<std::int64_t>& shape = arrays.array("mask").shape();
    if (shape.size() != 2 || shape[0] < 1 || shape[1] < 1 || shape[0] > max_tokens || shape[1] > max_tokens) {
        throw bad_input(arrays.field("mask"), shape_text(shape), "is not the shape of a mask",
                        fmt::format("queries x keys, both from 1 to {}", max_tokens));
    }
    for (const auto& [tokens, extent] : {std::pair{&arrays.query_tokens, shape[0]}, {&arrays.key_tokens, shape[1]}}) {
        *tokens = *tokens == 0 ? extent : *tokens;
    }
}

MaskArrays read_index(const fs::path& folder) {
    MaskArrays arrays;
    arrays.place = folder.string();
    const fs::path path = folder / mask_folder_index;
    const Json document = parse_json(read_bounded_file(path, max_index_bytes), path.string());
    JsonObject object(document, path.string());
    arrays.format = object.text("format", "the name of a format of masks");
    const MaskFormat& format = find_mask_format(arrays.format, object.path_of("format"));
    arrays.query_tokens = object.integer_or("query_tokens", 0, 0, max_tokens);
    arrays.key_tokens = object.integer_or("key_tokens", 0, 0, max_tokens);
    for (const std::string& name : listed(format.scalars)) {
        if (const Json* value = object.optional(name)) {
            arrays.scalars[name] = scalar_of(*value, object.path_of(name));
        }
    }
    object.finish();
    return arrays;
}

}  // namespace

void write_mask_arrays(const MaskArrays& arrays, const fs::path& path) {
    if (path.extension() == ".npy") {
        if (arrays.arrays.size() != 1 || !arrays.scalars.empty()) {
            throw bad_input("--output", path.string(),
                            fmt::format("is one file, and the format {} takes several", arrays.format),
                            "the name of a folder");
        }
        write_array(arrays.arrays.begin()->second, path);
        return;
    }
    prepare_folder(path);
    for (const auto& [name, array] : arrays.arrays) {
        write_array(array, array_path(path, name));
    }
    for (const auto& [name, text] : arrays.texts) {
        write_file_atomically(path / name, text);
    }
    Json index{{"format", arrays.format}, {"query_tokens", arrays.query_tokens}, {"key_tokens", arrays.key_tokens}};
    for (const auto& [name, scalar] : arrays.scalars) {
        index[name] = json_of(scalar);
    }
    write_file_atomically(path / mask_folder_index, index.dump(1) + '\n');
}

bool looks_like_mask_arrays(const fs::path& path) {
    std::error_code code;
    if (fs::is_directory(path, code)) {
        return true;
    }
    std::ifstream file(path, std::ios::binary);
    return file.get() == 0x93;
}

MaskArrays read_mask_arrays(const fs::path& path, const MaskFolderHints& hints) {
    std::error_code code;
    MaskArrays arrays;
    arrays.place = path.string();
    if (!fs::is_directory(path, code)) {
        arrays.format = "dense";
        arrays.arrays["mask"] = IntegerArray::open(path);
    } else if (fs::exists(path / mask_folder_index, code) || hints.format.empty()) {
        arrays = read_index(path);
    } else {
        arrays.format = hints.format;
    }
    if (!hints.format.empty() && hints.format != arrays.format) {
        throw bad_input("--from", hints.format, fmt::format("is not the format of {}", path.string()), arrays.format);
    }
    const MaskFormat& format = find_mask_format(arrays.format, "--from");
    for (const std::string& name : listed(format.arrays)) {
        if (!arrays.arrays.contains(name) && fs::exists(array_path(path, name), code)) {
            arrays.arrays[name] = IntegerArray::open(array_path(path, name));
        }
    }
    if (format.name == "dense") {
        take_dense_shape(arrays);
    }
    take_extents(arrays, hints);
    return arrays;
}

}  // namespace longscope
