// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/tensor/safetensors.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <optional>
#include <string_view>

#include "engine/base/error.h"
#include "engine/base/json.h"
#include "engine/base/units.h"

namespace longscope {

namespace {

constexpr std::uint64_t length_bytes = 8;
// As the format's own reader limits it.
constexpr std::uint64_t max_header_bytes = 100'000'000;

struct TypeWord {
    std::string_view word;
    std::int64_t bytes;
    std::optional<ElementType> type;  // none: not read
};
constexpr std::array<TypeWord, 16> type_words{{{"F64", 8, ElementType::float64},
                                               {"F32", 4, ElementType::float32},
                                               {"F16", 2, ElementType::float16},
                                               {"BF16", 2, ElementType::bfloat16},
                                               {"I64", 8, {}},
                                               {"U64", 8, {}},
                                               {"I32", 4, {}},
                                               {"U32", 4, {}},
                                               {"I16", 2, {}},
                                               {"U16", 2, {}},
                                               {"I8", 1, {}},
                                               {"U8", 1, {}},
                                               {"BOOL", 1, {}},
                                               {"F8_E4M3", 1, {}},
                                               {"F8_E5M2", 1, {}},
                                               {"F8_E8M0", 1, {}}}};

struct Extent {
    std::int64_t begin = 0;
    std::int64_t end = 0;
    std::string field;
};

class Reader {
  public:
    Reader(std::span<const std::byte> elements, const std::string& name) : elements_(elements), name_(name) {}

    void read(const std::string& tensor, const Json& entry) {
        const std::string field = fmt::format("{}: {}", name_, tensor);
        JsonObject object(entry, field);
        const std::string word = object.text("dtype", "F64, F32, F16, BF16, ...");
        const Json& shape_list = object.required("shape", "a list of integers");
        const Json& offsets = object.required("data_offsets", "[begin, end]");
        object.finish();
        const auto known =
            std::find_if(type_words.begin(), type_words.end(), [&](const TypeWord& t) { return t.word == word; });
        if (known == type_words.end()) {
            throw bad_input(field + ".dtype", word, "is not a type of elements that is known", "F64, F32, F16, BF16");
        }
        if (!shape_list.is_array() || !offsets.is_array() || offsets.size() != 2) {
            throw bad_input(field, shown(entry).substr(0, 100), "is not the entry of a tensor",
                            R"({"dtype": "F32", "shape": [...], "data_offsets": [begin, end]})");
        }
        StoredTensor stored;
        stored.type = known->type.value_or(ElementType::float64);  // the widest: the check of sizes holds for all
        for (const Json& extent : shape_list) {
            stored.shape.push_back(checked_integer(extent, field + ".shape", 0, most));
        }
        const std::int64_t bytes = checked_elements(stored.shape, stored.type, field + ".shape") * known->bytes;
        const std::int64_t begin = checked_integer(offsets[0], field + ".data_offsets", 0, most);
        const std::int64_t end = checked_integer(offsets[1], field + ".data_offsets", 0, most);
        if (end < begin || end > static_cast<std::int64_t>(elements_.size()) || end - begin != bytes) {
            throw bad_input(
                field + ".data_offsets", fmt::format("[{}, {}]", begin, end),
                fmt::format("do not fit {} bytes of elements in a file that has {}", bytes, elements_.size()),
                "ranges inside the file, as long as the shape says");
        }
        stored.bytes = elements_.subspan(static_cast<std::size_t>(begin), static_cast<std::size_t>(end - begin));
        extents_.push_back({begin, end, field});
        if (known->type) {
            tensors_.emplace(tensor, std::move(stored));
        }
    }

    // The format allows neither overlaps nor holes: nothing may hide in a file.
    std::map<std::string, StoredTensor> finish() {
        std::sort(extents_.begin(), extents_.end(), [](const Extent& a, const Extent& b) {
            return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
        });
        std::int64_t end = 0;
        for (const Extent& extent : extents_) {
            if (extent.begin != end) {
                throw bad_input(extent.field + ".data_offsets", std::to_string(extent.begin),
                                extent.begin < end ? "lies inside of another tensor" : "leaves a hole",
                                std::to_string(end));
            }
            end = extent.end;
        }
        if (end != static_cast<std::int64_t>(elements_.size())) {
            throw bad_input(name_, format_bytes(static_cast<std::int64_t>(elements_.size())),
                            "of elements are not what its tensors need", format_bytes(end));
        }
        return std::move(tensors_);
    }

  private:
    static constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();

    std::span<const std::byte> elements_;
    const std::string& name_;
    std::vector<Extent> extents_;
    std::map<std::string, StoredTensor> tensors_;
};

}  // namespace

std::map<std::string, StoredTensor> read_safetensors(std::span<const std::byte> file, const std::string& name) {
    std::uint64_t header_bytes = 0;
    if (file.size() < length_bytes) {
        throw bad_input(name, fmt::format("a file of {} bytes", file.size()), "is too short", "a .safetensors file");
    }
    std::memcpy(&header_bytes, file.data(), length_bytes);
    if (header_bytes > max_header_bytes || header_bytes > file.size() - length_bytes) {
        throw bad_input(name, fmt::format("a header of {} bytes", header_bytes), "is too long",
                        "a header that lies in the file, of at most 100 MB");
    }
    const std::string_view text(reinterpret_cast<const char*>(file.data()) + length_bytes,
                                static_cast<std::size_t>(header_bytes));
    const Json header = parse_json(text, name);
    if (!header.is_object()) {
        throw bad_input(name, "its header", "is not a JSON object", R"({"NAME": {"dtype": ...}, ...})");
    }
    Reader reader(file.subspan(static_cast<std::size_t>(length_bytes + header_bytes)), name);
    for (const auto& [tensor, entry] : header.items()) {
        if (tensor != "__metadata__") {
            reader.read(tensor, entry);
        }
    }
    return reader.finish();
}

std::string safetensors_header(const std::vector<SafetensorsEntry>& entries) {
    Json header = Json::object();
    std::int64_t begin = 0;
    for (const SafetensorsEntry& entry : entries) {
        const std::int64_t bytes = checked_elements(entry.shape, entry.type, entry.name) * size_bytes(entry.type);
        const auto word =
            std::find_if(type_words.begin(), type_words.end(), [&](const TypeWord& t) { return t.type == entry.type; });
        header[entry.name] = {{"dtype", word->word}, {"shape", entry.shape}, {"data_offsets", {begin, begin + bytes}}};
        begin += bytes;
    }
    std::string text = header.dump();
    text.append((8 - text.size() % 8) % 8, ' ');  // so that the elements are aligned
    const std::uint64_t size = text.size();
    std::string prefix(length_bytes, '\0');
    std::memcpy(prefix.data(), &size, length_bytes);
    return prefix + text;
}

}  // namespace longscope
