// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/tensor/npy.h"

#include <fmt/format.h>

#include <charconv>
#include <optional>
#include <string_view>

#include "engine/base/error.h"
#include "engine/base/units.h"

namespace longscope {

namespace {

constexpr std::string_view magic("\x93NUMPY", 6);
// NumPy itself refuses headers above 10,000 bytes unless told otherwise.
constexpr std::size_t max_header_bytes = 1 << 20;

// The header is the text of a Python dictionary with three known entries.
class HeaderParser {
  public:
    HeaderParser(std::string_view text, const std::string& name) : text_(text), name_(name) {}

    void parse() {
        expect('{');
        while (!take('}')) {
            const std::string key = string();
            expect(':');
            if (key == "descr") {
                descr_ = string();
            } else if (key == "fortran_order") {
                fortran_order_ = boolean();
            } else if (key == "shape") {
                shape_ = tuple();
            } else {
                throw damaged(fmt::format("an unknown entry '{}'", key));
            }
            if (!take(',')) {
                expect('}');
                break;
            }
        }
        skip_blanks();
        if (!text_.empty()) {
            throw damaged("text after its end");
        }
        if (!descr_ || !fortran_order_ || !shape_) {
            throw damaged("not all of descr, fortran_order and shape");
        }
    }

    [[nodiscard]] const std::string& descr() const { return *descr_; }
    [[nodiscard]] bool fortran_order() const { return *fortran_order_; }
    [[nodiscard]] const std::vector<std::int64_t>& shape() const { return *shape_; }

  private:
    [[nodiscard]] Error damaged(const std::string& what) const {
        return bad_input(name_, "its header", fmt::format("has {}", what),
                         "{'descr': '<f4', 'fortran_order': False, 'shape': (...)}");
    }
    void skip_blanks() {
        while (!text_.empty() && (text_.front() == ' ' || text_.front() == '\n' || text_.front() == '\t')) {
            text_.remove_prefix(1);
        }
    }
    bool take(char c) {
        skip_blanks();
        if (text_.empty() || text_.front() != c) {
            return false;
        }
        text_.remove_prefix(1);
        return true;
    }
    void expect(char c) {
        if (!take(c)) {
            throw damaged(fmt::format("no '{}' where one belongs", c));
        }
    }
    std::string string() {
        skip_blanks();
        const char quote = text_.empty() ? '\0' : text_.front();
        const std::size_t end = quote == '\'' || quote == '"' ? text_.find(quote, 1) : std::string_view::npos;
        if (end == std::string_view::npos || end > 100) {
            throw damaged("something else where a text belongs");
        }
        std::string value(text_.substr(1, end - 1));
        text_.remove_prefix(end + 1);
        return value;
    }
    bool boolean() {
        skip_blanks();
        for (const auto& [word, value] : {std::pair{std::string_view("True"), true}, {"False", false}}) {
            if (text_.rfind(word, 0) == 0) {
                text_.remove_prefix(word.size());
                return value;
            }
        }
        throw damaged("something else where True or False belongs");
    }
    std::vector<std::int64_t> tuple() {
        constexpr std::size_t max_dimensions = 32;
        std::vector<std::int64_t> extents;
        expect('(');
        while (!take(')')) {
            skip_blanks();
            std::int64_t extent = 0;
            const auto [end, status] = std::from_chars(text_.data(), text_.data() + text_.size(), extent);
            if (status != std::errc() || extents.size() == max_dimensions) {
                throw damaged("a shape that is none");
            }
            text_.remove_prefix(static_cast<std::size_t>(end - text_.data()));
            extents.push_back(extent);
            if (!take(',')) {
                expect(')');
                break;
            }
        }
        return extents;
    }

    std::string_view text_;
    const std::string& name_;
    std::optional<std::string> descr_;
    std::optional<bool> fortran_order_;
    std::optional<std::vector<std::int64_t>> shape_;
};

ElementType type_of(const std::string& descr, const std::string& name) {
    if (descr == "<f8") {
        return ElementType::float64;
    }
    if (descr == "<f4") {
        return ElementType::float32;
    }
    if (descr == "<f2") {
        return ElementType::float16;
    }
    if (descr == "<V2" || descr == "|V2" || descr == "bfloat16") {
        return ElementType::bfloat16;
    }
    throw bad_input(name, fmt::format("'{}'", descr), "is not a type of elements that is read",
                    "<f8, <f4, <f2, and V2 (bfloat16)");
}

std::uint32_t little_endian(std::string_view bytes) {
    std::uint32_t value = 0;
    for (std::size_t i = bytes.size(); i-- > 0;) {
        value = value << 8U | static_cast<unsigned char>(bytes[i]);
    }
    return value;
}

}  // namespace

NpyArray open_npy(std::span<const std::byte> file, const std::string& name) {
    const std::string_view text(reinterpret_cast<const char*>(file.data()), file.size());
    if (text.size() < 12 || text.substr(0, magic.size()) != magic) {
        throw bad_input(name, "its beginning", "is not that of a .npy file", "a file that numpy.save wrote");
    }
    const int major = static_cast<unsigned char>(text[6]);
    if (major < 1 || major > 3) {
        throw bad_input(name, fmt::format("version {}", major), "is not a known version of .npy", "1, 2, 3");
    }
    const std::size_t length_bytes = major == 1 ? 2 : 4;
    const std::size_t header_begin = 8 + length_bytes;
    const std::size_t header_bytes = little_endian(text.substr(8, length_bytes));
    if (header_bytes > max_header_bytes || header_bytes > text.size() - header_begin) {
        throw bad_input(name, fmt::format("a header of {} bytes", header_bytes), "is too long",
                        "a header that lies in the file, of at most 1 MiB");
    }
    HeaderParser header(text.substr(header_begin, header_bytes), name);
    header.parse();
    if (header.fortran_order()) {
        throw bad_input(name, "Fortran order", "is not read", "C order, as of numpy.ascontiguousarray");
    }
    return {header.descr(), header.shape(), file.subspan(header_begin + header_bytes)};
}

void require_element_bytes(const NpyArray& array, std::int64_t expected, const std::string& name) {
    if (static_cast<std::int64_t>(array.elements.size()) != expected) {
        throw bad_input(name, format_bytes(static_cast<std::int64_t>(array.elements.size())),
                        fmt::format("of elements are not what its shape {} needs", shape_text(array.shape)),
                        format_bytes(expected));
    }
}

StoredTensor read_npy(std::span<const std::byte> file, const std::string& name) {
    const NpyArray array = open_npy(file, name);
    const ElementType type = type_of(array.descr, name);
    require_element_bytes(array, checked_elements(array.shape, type, name) * size_bytes(type), name);
    return {type, array.shape, array.elements};
}

std::string npy_header(const std::vector<std::int64_t>& shape, ElementType type) {
    switch (type) {
        case ElementType::float64:
            return npy_header(shape, "<f8");
        case ElementType::float32:
            return npy_header(shape, "<f4");
        case ElementType::float16:
            return npy_header(shape, "<f2");
        case ElementType::bfloat16:
            return npy_header(shape, "<V2");
    }
    return "";
}

std::string npy_header(const std::vector<std::int64_t>& shape, std::string_view descr) {
    constexpr std::size_t alignment = 64;
    std::string extents;
    for (const std::int64_t extent : shape) {
        extents += fmt::format("{}, ", extent);
    }
    if (shape.size() > 1) {
        extents.resize(extents.size() - 2);
    } else if (shape.size() == 1) {
        extents.pop_back();
    }
    std::string header = fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({}), }}", descr, extents);
    // Blanks and a newline, so that the elements begin at a multiple of 64 bytes.
    const std::size_t unpadded = magic.size() + 4 + header.size() + 1;
    header.append((alignment - unpadded % alignment) % alignment, ' ');
    header += '\n';
    std::string text(magic);
    text += {'\x01', '\x00', static_cast<char>(header.size() & 0xFFU), static_cast<char>(header.size() >> 8U)};
    return text + header;
}

}  // namespace longscope
