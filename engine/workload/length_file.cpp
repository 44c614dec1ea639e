// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/workload/length_file.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <charconv>

#include "engine/base/bounded_file.h"
#include "engine/base/error.h"
#include "engine/base/units.h"

namespace longscope {

namespace {

constexpr std::size_t max_histogram_bytes = std::size_t{16} << 20U;
constexpr std::string_view spaces = " \t\r\n";

std::string_view trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(spaces);
    return first == std::string_view::npos ? std::string_view{}
                                           : text.substr(first, text.find_last_not_of(spaces) - first + 1);
}

// The text need not be valid UTF-8, nor short.
std::string in_quotes(std::string_view text) {
    return shown(Json(std::string(text.substr(0, 60))));
}

// Reads digits from the front of `text`; false when there are none, or too many for 63 bits.
bool take_integer(std::string_view& text, std::int64_t& value) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return error == std::errc{};
}

std::int64_t parse_length(std::string_view text, const std::string& name, std::int64_t line) {
    const auto refuse = [&](const std::string& value, std::string_view why) {
        return bad_input(
            fmt::format("{}: line {}", name, line), value, why,
            fmt::format("one integer from 1 to {} a line, or a histogram {{\"[a,b)\": weight, ...}}", max_length));
    };
    std::int64_t length = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), length);
    if (error == std::errc::invalid_argument || end != text.data() + text.size()) {
        throw refuse(in_quotes(text), "is not an integer");
    }
    if (error == std::errc::result_out_of_range || length > max_length) {
        throw refuse(std::string(text), text.front() == '-' ? "is too small" : "is too large");
    }
    if (length < 1) {
        throw refuse(std::string(text), "is too small");
    }
    return length;
}

LengthSource parse_list(std::string_view content, const std::string& name) {
    std::vector<std::int64_t> lengths;
    std::int64_t line = 0;
    while (!content.empty()) {
        const auto end = content.find('\n');
        const std::string_view text = trimmed(content.substr(0, end));
        content.remove_prefix(end == std::string_view::npos ? content.size() : end + 1);
        ++line;
        if (text.empty() || text.front() == '#') {
            continue;
        }
        if (static_cast<std::int64_t>(lengths.size()) == max_listed_lengths) {
            throw bad_input(fmt::format("{}: line {}", name, line), std::string(text), "is one length too many",
                            fmt::format("at most {} lengths", format_count(max_listed_lengths)));
        }
        lengths.push_back(parse_length(text, name, line));
    }
    if (lengths.empty()) {
        throw bad_input(name, "the file", "holds no lengths",
                        "one length a line, or a histogram {\"[a,b)\": weight, ...}");
    }
    return LengthSource::list(std::move(lengths), name);
}

bool parse_bin(std::string_view text, LengthBin& bin) {
    const auto take = [&](char expected) {
        text = trimmed(text);
        const bool found = !text.empty() && text.front() == expected;
        text.remove_prefix(found ? 1 : 0);
        text = trimmed(text);
        return found;
    };
    return take('[') && take_integer(text, bin.begin) && take(',') && take_integer(text, bin.end) && take(')') &&
           text.empty();
}

}  // namespace

LengthSource parse_histogram(const Json& value, const std::string& name) {
    if (!value.is_object() || value.empty()) {
        throw bad_input(name, shown(value), "is not a histogram", "an object {\"[a,b)\": weight, ...}");
    }
    std::vector<LengthBin> bins;
    for (const auto& item : value.items()) {
        LengthBin bin;
        if (!parse_bin(item.key(), bin)) {
            throw bad_input(name, in_quotes(item.key()), "is not a bin",
                            fmt::format("\"[a,b)\" with 0 <= a < b <= {}", max_length));
        }
        if (!item.value().is_number()) {
            throw bad_input(fmt::format("{}: {}", name, in_quotes(item.key())), shown(item.value()), "is not a weight",
                            "a number of at least 0");
        }
        bin.weight = item.value().get<double>();
        bins.push_back(bin);
    }
    return LengthSource::histogram(std::move(bins), name);
}

Json to_json(const std::vector<LengthBin>& bins) {
    Json histogram = Json::object();
    for (const LengthBin& bin : bins) {
        histogram[fmt::format("[{},{})", bin.begin, bin.end)] = bin.weight;
    }
    return histogram;
}

LengthSource parse_lengths(std::string_view content, const std::string& name) {
    constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
    if (content.starts_with(byte_order_mark)) {
        content.remove_prefix(byte_order_mark.size());
    }
    const auto first = content.find_first_not_of(spaces);
    if (first == std::string_view::npos || content[first] != '{') {
        return parse_list(content, name);
    }
    if (content.size() > max_histogram_bytes) {
        throw bad_input(name, format_bytes(static_cast<std::int64_t>(content.size())), "is too large for a histogram",
                        fmt::format("at most {}", format_bytes(static_cast<std::int64_t>(max_histogram_bytes))));
    }
    return parse_histogram(parse_json(content, name), name);
}

LengthSource read_length_file(const std::filesystem::path& path) {
    return parse_lengths(read_bounded_file(path, max_length_file_bytes), path.string());
}

}  // namespace longscope
