// SPDX-License-Identifier: GPL-3.0-or-later
// Keys and values of `attend` and `verify` that lie in pages, as in the caches of vLLM and FlashInfer.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "engine/tensor/paged_view.h"
#include "engine/tensor/tensor_layout.h"

namespace CLI {
class App;
}  // namespace CLI

namespace longscope {

struct PagedFileOptions {
    std::string table;  // empty: keys and values are not paged
    std::string layout = "NHD";
    std::int64_t key_tokens = 0;  // 0: all that the pages of a sequence hold
};

// `options` must outlive the parsing.
void declare_paged_files(CLI::App& verb, PagedFileOptions& options);

class PagedFiles {
  public:
    // Reads the table: of the pages of a sequence, or of batch x pages. Throws Error(bad_input) that names the option.
    PagedFiles(const PagedFileOptions& options, std::int64_t batch);

    [[nodiscard]] bool given() const { return !options_.table.empty(); }
    [[nodiscard]] std::filesystem::path path() const { return options_.table; }

    // A cache as the batch items, heads and tokens that can be read through the table. Throws Error(bad_input) when the
    // cache has another number of dimensions, or lacks a page.
    [[nodiscard]] LaidOutTensor lay_out(const StoredTensor& cache, const std::string& option) const;
    // Throws Error(bad_input) when their pages differ.
    void require_same_pages(const LaidOutTensor& keys, const LaidOutTensor& values) const;

    // One batch item of what lay_out() gave, as head_view() and head_matrix(); the latter always copies.
    [[nodiscard]] HeadView view(const LaidOutTensor& tensor, std::int64_t item, std::vector<float>& room) const;
    [[nodiscard]] HeadMatrix<const float> matrix(const LaidOutTensor& tensor, std::int64_t item,
                                                 std::vector<float>& room) const;

  private:
    [[nodiscard]] std::span<const std::int32_t> table(std::int64_t item) const {
        return std::span(table_).subspan(static_cast<std::size_t>(item * pages_), static_cast<std::size_t>(pages_));
    }
    [[nodiscard]] PagedCache cache_of(const LaidOutTensor& tensor) const;

    PagedFileOptions options_;
    std::int64_t batch_;
    std::int64_t pages_ = 0;           // of a sequence
    std::vector<std::int32_t> table_;  // batch x pages_
};

}  // namespace longscope
