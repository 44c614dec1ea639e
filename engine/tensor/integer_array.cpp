// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/tensor/integer_array.h"

#include <fmt/format.h>

#include <array>
#include <cstring>

#include "engine/base/error.h"
#include "engine/base/mapped_file.h"
#include "engine/tensor/npy.h"

namespace longscope {

namespace {

struct TypeFacts {
    IntegerType type;
    std::string_view descr;
    std::int64_t bytes;
};

const TypeFacts& facts_of(IntegerType type) {
    static constexpr std::array<TypeFacts, 4> facts{{{IntegerType::boolean, "|b1", 1},
                                                     {IntegerType::uint8, "|u1", 1},
                                                     {IntegerType::int32, "<i4", 4},
                                                     {IntegerType::int64, "<i8", 8}}};
    return facts.at(static_cast<std::size_t>(type));
}

IntegerType type_of(const std::string& descr, const std::string& name) {
    for (const IntegerType type : {IntegerType::boolean, IntegerType::uint8, IntegerType::int32, IntegerType::int64}) {
        if (descr == facts_of(type).descr) {
            return type;
        }
    }
    throw bad_input(name, fmt::format("'{}'", descr), "is not a type of integers that is read",
                    "bool, uint8, int32, int64 (|b1, |u1, <i4, <i8)");
}

template <typename T>
T element(std::span<const std::byte> bytes, std::int64_t index) {
    T value{};
    std::memcpy(&value, bytes.data() + static_cast<std::size_t>(index) * sizeof(T), sizeof(T));
    return value;
}

}  // namespace

IntegerArray::IntegerArray(std::vector<std::int64_t> shape, std::vector<std::int32_t> values)
    : type_(IntegerType::int32), shape_(std::move(shape)), size_(static_cast<std::int64_t>(values.size())) {
    const auto kept = std::make_shared<const std::vector<std::int32_t>>(std::move(values));
    bytes_ = std::as_bytes(std::span(*kept));
    keeper_ = kept;
}

IntegerArray::IntegerArray(std::vector<std::int64_t> shape, std::vector<std::uint8_t> values, IntegerType type)
    : type_(type), shape_(std::move(shape)), size_(static_cast<std::int64_t>(values.size())) {
    const auto kept = std::make_shared<const std::vector<std::uint8_t>>(std::move(values));
    bytes_ = std::as_bytes(std::span(*kept));
    keeper_ = kept;
}

IntegerArray IntegerArray::open(const std::filesystem::path& path) {
    const auto file = std::make_shared<const MappedFile>(path);
    IntegerArray array = parse(file->bytes(), path.string());
    array.keeper_ = file;
    return array;
}

IntegerArray IntegerArray::parse(std::span<const std::byte> file, const std::string& name) {
    const NpyArray stored = open_npy(file, name);
    IntegerArray array;
    array.type_ = type_of(stored.descr, name);
    array.shape_ = stored.shape;
    // Checked as if the elements were as wide as the widest.
    array.size_ = checked_elements(stored.shape, ElementType::float64, name);
    require_element_bytes(stored, array.size_ * facts_of(array.type_).bytes, name);
    array.bytes_ = stored.elements;
    return array;
}

std::int64_t IntegerArray::at(std::int64_t index) const {
    switch (type_) {
        case IntegerType::boolean:
            return element<std::uint8_t>(bytes_, index) != 0 ? 1 : 0;
        case IntegerType::uint8:
            return element<std::uint8_t>(bytes_, index);
        case IntegerType::int32:
            return element<std::int32_t>(bytes_, index);
        case IntegerType::int64:
            return element<std::int64_t>(bytes_, index);
    }
    return 0;
}

void IntegerArray::write(std::ostream& stream) const {
    stream << npy_header(shape_, facts_of(type_).descr);
    stream.write(reinterpret_cast<const char*>(bytes_.data()), static_cast<std::streamsize>(bytes_.size()));
}

}  // namespace longscope
