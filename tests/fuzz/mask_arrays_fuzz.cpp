// SPDX-License-Identifier: GPL-3.0-or-later
// The arrays of every format of masks. The first byte chooses the format, the next ones the tokens and the numbers that
// belong to it; then each array takes a byte of its dimensions and of its length, and a byte a number.
#include <algorithm>

#include "engine/mask/formats/mask_format.h"
#include "tests/fuzz/byte_reader.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/require.h"

namespace {

using namespace longscope;

constexpr std::int64_t most_tokens = 48;

std::vector<std::string> listed(std::string_view names) {
    std::vector<std::string> list;
    while (!names.empty()) {
        const std::size_t end = std::min(names.find(", "), names.size());
        list.emplace_back(names.substr(0, end));
        names.remove_prefix(std::min(end + 2, names.size()));
    }
    return list;
}

IntegerArray array_of(fuzz::ByteReader& bytes, const MaskArrays& arrays) {
    const std::uint8_t form = bytes.next();
    std::int64_t size = bytes.below(64);
    std::vector<std::int64_t> shape{size};
    switch (form % 6) {
        case 0:
            break;
        case 1:
            shape = {size / 2, 2};
            break;
        case 2:
            shape = {1, 1, arrays.key_tokens, 1 + form / 6 % 4};
            break;
        case 3:
            shape = {1, 1, size};
            break;
        case 4:
            shape = {1, 1, 1 + form / 6 % 6, 1 + size % 8};
            break;
        default:
            shape = {arrays.query_tokens, arrays.key_tokens};
    }
    size = 1;
    for (const std::int64_t extent : shape) {
        size *= extent;
    }
    if (form >= 192) {
        std::vector<std::uint8_t> values;
        for (std::int64_t i = 0; i < size; ++i) {
            values.push_back(bytes.next());
        }
        return {shape, std::move(values), form < 224 ? IntegerType::boolean : IntegerType::uint8};
    }
    std::vector<std::int32_t> values;
    for (std::int64_t i = 0; i < size; ++i) {
        values.push_back(static_cast<std::int8_t>(bytes.next()));
    }
    return {shape, std::move(values)};
}

MaskArrays arrays_of(fuzz::ByteReader& bytes, const MaskFormat& format) {
    MaskArrays arrays{
        std::string(format.name), 1 + bytes.below(most_tokens), 1 + bytes.below(most_tokens), {}, {}, {}, "input"};
    for (const std::string& name : listed(format.scalars)) {
        const std::uint8_t kind = bytes.next();
        const auto small = [&] { return static_cast<std::int64_t>(static_cast<std::int8_t>(bytes.next())); };
        if (kind % 4 == 0) {
            arrays.scalars[name] = kind % 8 == 0;
        } else if (kind % 4 == 1) {
            arrays.scalars[name] = small();
        } else if (kind % 4 == 2) {
            arrays.scalars[name] = std::vector<std::int64_t>{small(), small()};
        }
    }
    for (const std::string& name : listed(format.arrays)) {
        arrays.arrays[name] = array_of(bytes, arrays);
    }
    return arrays;
}

void ask(const Mask& mask) {
    std::vector<Range> runs;
    std::int64_t pairs = 0;
    for (std::int64_t query = 0; query < mask.query_tokens(); ++query) {
        mask.row_runs(query, runs);
        std::int64_t end = -1;
        for (const Range run : runs) {
            fuzz::require(run.begin > end && run.end > run.begin && run.end <= mask.key_tokens(),
                          "runs ascend and lie in the row");
            pairs += run.size();
            end = run.end;
        }
    }
    fuzz::require(pairs == mask.pairs(), "the runs of all rows are the pairs: nothing is held twice");
    fuzz::require(mask.transposed()->pairs() == pairs, "the mirror image has as many");
    for (const MaskFormat& format : mask_formats()) {
        FormatOptions options;
        options.q_block = options.k_block = 4;
        fuzz::accepts([&] {
            const MaskArrays written = format.write(mask, options);
            if (format.read != nullptr) {
                fuzz::require(format.read(written, &mask)->pairs() == pairs, "what was written reads back the same");
            }
        });
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz::ByteReader bytes(fuzz::bytes_of(data, size));
    const MaskFormat& format = mask_formats()[bytes.next() % mask_formats().size()];
    if (format.read == nullptr) {
        return 0;
    }
    const MaskArrays arrays = arrays_of(bytes, format);
    fuzz::accepts([&] { ask(*format.read(arrays, nullptr)); });
    return 0;
}
