// SPDX-License-Identifier: GPL-3.0-or-later
// The user's own queries, keys and values in files, and the mask over them: what `attend` and `verify` begin with.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "app/headless/mask_input.h"
#include "app/headless/paged_files.h"
#include "app/headless/scoring_files.h"
#include "engine/mask/head_masks.h"
#include "engine/tensor/attention_shape.h"
#include "engine/tensor/tensor_file.h"
#include "engine/tensor/tensor_layout.h"

namespace CLI {
class App;
}  // namespace CLI

namespace longscope {

struct AttentionFileOptions {
    std::string queries;
    std::string keys;
    std::string values;
    std::int64_t value_dim = 0;  // 0: all elements of the rows of values
    PagedFileOptions pages;
    std::string mask;
    MaskFileOptions mask_files;
    std::string documents;
    std::string layout;
    std::optional<double> scale;
    ScoringFileOptions scoring;
    int threads = 0;
};

// `options` must outlive the parsing.
void declare_attention_files(CLI::App& verb, AttentionFileOptions& options);

class AttentionFiles {
  public:
    // Opens the files and checks that they fit together. Throws Error(bad_input) that names the option.
    explicit AttentionFiles(const AttentionFileOptions& options);

    [[nodiscard]] const TensorLayout& layout() const { return *layout_; }
    [[nodiscard]] const LaidOutTensor& queries() const { return q_; }
    // Their items, heads and tokens, wherever they lie.
    [[nodiscard]] const LaidOutTensor& keys() const { return k_; }
    [[nodiscard]] const LaidOutTensor& values() const { return v_; }
    // Whether keys and values lie in pages.
    [[nodiscard]] bool pages_given() const { return pages_.given(); }
    // One batch item of either, as head_view() and head_matrix().
    [[nodiscard]] HeadView view(const LaidOutTensor& tensor, std::int64_t item, std::vector<float>& room) const {
        return pages_.given() ? pages_.view(tensor, item, room) : head_view(tensor, item, room);
    }
    [[nodiscard]] HeadMatrix<const float> matrix(const LaidOutTensor& tensor, std::int64_t item,
                                                 std::vector<float>& room) const {
        return pages_.given() ? pages_.matrix(tensor, item, room) : head_matrix(tensor, item, room);
    }
    // Its dtype is what kernels are given by AttentionViews; float32 where tensors differ, which they may.
    [[nodiscard]] const AttentionShape& shape() const { return shape_; }
    [[nodiscard]] const MaskInput& mask_input() const { return mask_input_; }
    [[nodiscard]] const MaskDomain& domain() const { return domain_; }
    [[nodiscard]] const HeadMasks& masks() const { return masks_; }
    [[nodiscard]] double scale() const { return scale_; }
    [[nodiscard]] const ScoringFiles& scoring() const { return scoring_; }
    [[nodiscard]] int threads() const { return threads_; }
    // Throws Error(bad_input) when a file that is to be written is one of those that are read.
    void require_other_file(const std::string& output, const std::string& option) const;

  private:
    TensorFile q_file_;
    TensorFile k_file_;
    TensorFile v_file_;
    const TensorLayout* layout_;
    LaidOutTensor q_;
    PagedFiles pages_;
    LaidOutTensor k_;
    LaidOutTensor v_;
    AttentionShape shape_;
    MaskInput mask_input_;
    MaskDomain domain_;
    HeadMasks masks_;
    double scale_;
    ScoringFiles scoring_;
    int threads_;
};

// Queries, keys and values of one batch item, as kernels take them; views of the files where that is possible.
struct AttentionViews {
    AttentionViews(const AttentionFiles& files, std::int64_t item)
        : queries(head_view(files.queries(), item, query_room)),
          keys(files.view(files.keys(), item, key_room)),
          values(files.view(files.values(), item, value_room)) {}
    AttentionViews(const AttentionViews&) = delete;
    AttentionViews& operator=(const AttentionViews&) = delete;
    AttentionViews(AttentionViews&&) = delete;
    AttentionViews& operator=(AttentionViews&&) = delete;
    ~AttentionViews() = default;

    std::vector<float> query_room;
    std::vector<float> key_room;
    std::vector<float> value_room;
    HeadView queries;
    HeadView keys;
    HeadView values;
};

// The same in float32, which all types but float64 become exactly, for those who go over the rows one by one.
struct AttentionItem {
    AttentionItem(const AttentionFiles& files, std::int64_t item)
        : queries(head_matrix(files.queries(), item, query_room)),
          keys(files.matrix(files.keys(), item, key_room)),
          values(files.matrix(files.values(), item, value_room)) {}
    AttentionItem(const AttentionItem&) = delete;
    AttentionItem& operator=(const AttentionItem&) = delete;
    AttentionItem(AttentionItem&&) = delete;
    AttentionItem& operator=(AttentionItem&&) = delete;
    ~AttentionItem() = default;

    std::vector<float> query_room;
    std::vector<float> key_room;
    std::vector<float> value_room;
    HeadMatrix<const float> queries;
    HeadMatrix<const float> keys;
    HeadMatrix<const float> values;
};

}  // namespace longscope
