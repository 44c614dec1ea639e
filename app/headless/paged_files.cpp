// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/headless/paged_files.h"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <limits>

#include "engine/base/error.h"
#include "engine/base/memory.h"
#include "engine/base/units.h"
#include "engine/mask/zone.h"
#include "engine/tensor/integer_array.h"

namespace longscope {

namespace {

constexpr const char* table_option = "--page-table";

bool is_heads_first(const PagedFileOptions& options) {
    return options.layout == "HND";
}

std::int64_t page_tokens_of(const StoredTensor& cache, const PagedFileOptions& options) {
    return cache.shape[is_heads_first(options) ? 2 : 1];
}

}  // namespace

void declare_paged_files(CLI::App& verb, PagedFileOptions& options) {
    verb.add_option(table_option, options.table,
                    "Keys and values are caches in pages, and this .npy file of int32 or int64 names the pages of the "
                    "sequence in order (pages, or batch x pages); what the sequence does not need is not looked at")
        ->type_name("FILE");
    verb.add_option("--page-layout", options.layout,
                    "Of the caches: NHD (pages x tokens of a page x heads x elements, as vLLM) or HND (pages x heads x "
                    "tokens of a page x elements)")
        ->type_name("NHD|HND")
        ->capture_default_str();
    verb.add_option("--key-tokens", options.key_tokens,
                    "With --page-table: keys of a sequence, the last page being partly used (default: all that its "
                    "pages hold)")
        ->type_name("N")
        ->check(CLI::Range(std::int64_t{1}, max_tokens));
}

PagedFiles::PagedFiles(const PagedFileOptions& options, std::int64_t batch) : options_(options), batch_(batch) {
    if (options.layout != "NHD" && options.layout != "HND") {
        throw bad_input("--page-layout", options.layout, "is not an order of pages", "NHD, HND");
    }
    if (!given()) {
        if (options.key_tokens != 0) {
            throw bad_input("--key-tokens", fmt::format("{}", options.key_tokens), "is of keys in pages",
                            fmt::format("it together with {}", table_option));
        }
        return;
    }
    const IntegerArray stored = IntegerArray::open(options.table);
    const std::vector<std::int64_t>& shape = stored.shape();
    const bool one = shape.size() == 1 && batch == 1;
    if (!one && (shape.size() != 2 || shape[0] != batch)) {
        throw bad_input(table_option, shape_text(shape), "is not a table of pages of each sequence",
                        batch == 1 ? "pages, or 1 x pages" : fmt::format("{} x pages", batch));
    }
    pages_ = shape.back();
    table_.reserve(static_cast<std::size_t>(stored.size()));
    for (std::int64_t i = 0; i < stored.size(); ++i) {
        const std::int64_t page = stored.at(i);
        if (page < std::numeric_limits<std::int32_t>::min() || page > std::numeric_limits<std::int32_t>::max()) {
            throw bad_input(fmt::format("{}[{}]", table_option, i), fmt::format("{}", page), "is no page",
                            "numbers of 32 bits");
        }
        table_.push_back(static_cast<std::int32_t>(page));
    }
}

LaidOutTensor PagedFiles::lay_out(const StoredTensor& cache, const std::string& option) const {
    if (cache.shape.size() != 4) {
        throw bad_input(option, shape_text(cache.shape), fmt::format("has {} dimensions", cache.shape.size()),
                        is_heads_first(options_) ? "HND: pages x heads x tokens of a page x elements"
                                                 : "NHD: pages x tokens of a page x heads x elements");
    }
    const std::int64_t page_tokens = page_tokens_of(cache, options_);
    LaidOutTensor tensor;
    tensor.stored = cache;
    tensor.batch = batch_;
    tensor.heads = cache.shape[is_heads_first(options_) ? 1 : 2];
    tensor.dim = cache.shape[3];
    tensor.token_stride = is_heads_first(options_) ? tensor.dim : tensor.heads * tensor.dim;
    tensor.head_stride = is_heads_first(options_) ? page_tokens * tensor.dim : tensor.dim;
    // A file holds no more elements than this, but a table may name a page again and again.
    if (options_.key_tokens == 0 && page_tokens > 0 &&
        pages_ > std::numeric_limits<std::int64_t>::max() / page_tokens) {
        throw bad_input(table_option, fmt::format("{} pages of {} tokens", pages_, page_tokens), "are too many",
                        "a shorter table");
    }
    tensor.tokens = options_.key_tokens != 0 ? options_.key_tokens : pages_ * page_tokens;
    for (std::int64_t item = 0; item < batch_; ++item) {
        (void)paged_view(cache_of(tensor), table(item), tensor.tokens, table_option);
    }
    return tensor;
}

void PagedFiles::require_same_pages(const LaidOutTensor& keys, const LaidOutTensor& values) const {
    const std::int64_t of_keys = page_tokens_of(keys.stored, options_);
    const std::int64_t of_values = page_tokens_of(values.stored, options_);
    if (of_keys != of_values) {
        throw bad_input("--v", fmt::format("pages of {} tokens", of_values), "do not fit those of --k",
                        std::to_string(of_keys));
    }
}

PagedCache PagedFiles::cache_of(const LaidOutTensor& tensor) const {
    const std::vector<std::int64_t>& shape = tensor.stored.shape;
    PagedCache cache(tensor.stored.bytes.data(), tensor.viewed_type(), shape[0],
                     page_tokens_of(tensor.stored, options_), tensor.heads, tensor.dim);
    cache.page_stride = shape[1] * shape[2] * shape[3];
    cache.token_stride = tensor.token_stride;
    cache.head_stride = tensor.head_stride;
    return cache;
}

HeadView PagedFiles::view(const LaidOutTensor& tensor, std::int64_t item, std::vector<float>& room) const {
    if (!tensor.is_viewable()) {
        return matrix(tensor, item, room);
    }
    return paged_view(cache_of(tensor), table(item), tensor.tokens, table_option);
}

HeadMatrix<const float> PagedFiles::matrix(const LaidOutTensor& tensor, std::int64_t item,
                                           std::vector<float>& room) const {
    const PagedCache cache = cache_of(tensor);
    const std::span<const std::int32_t> pages = table(item);
    const std::int64_t element = size_bytes(tensor.stored.type);
    const auto dim = static_cast<std::size_t>(tensor.dim);
    // A table may name few pages again and again: the file says little of how much this is.
    const std::int64_t copy_bytes =
        tensor.heads * tensor.tokens * tensor.dim * static_cast<std::int64_t>(sizeof(float));
    if (const std::int64_t free = available_memory_bytes(); room.empty() && copy_bytes > free) {
        throw Error(ErrorKind::out_of_memory,
                    fmt::format("{}: {} tokens take {} as float32, and {} of memory are free", table_option,
                                format_count(tensor.tokens), format_bytes(copy_bytes), format_bytes(free)));
    }
    room.resize(static_cast<std::size_t>(tensor.heads * tensor.tokens) * dim);
    std::span<float> rest(room);
    for (std::int64_t head = 0; head < tensor.heads; ++head) {
        for (std::int64_t token = 0; token < tensor.tokens; ++token, rest = rest.subspan(dim)) {
            const std::int64_t page = pages[static_cast<std::size_t>(token / cache.page_tokens)];
            const std::int64_t first =
                page * cache.page_stride + head * cache.head_stride + token % cache.page_tokens * cache.token_stride;
            to_float(tensor.stored.type,
                     tensor.stored.bytes.subspan(static_cast<std::size_t>(first * element),
                                                 dim * static_cast<std::size_t>(element)),
                     rest.first(dim));
        }
    }
    return {room.data(), tensor.heads, tensor.tokens, tensor.dim};
}

}  // namespace longscope
