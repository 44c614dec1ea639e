// SPDX-License-Identifier: GPL-3.0-or-later
// A tensor that the user names: "q.npy", or "model.safetensors:layers.0.q" for one of several in a file.
#pragma once

#include <filesystem>
#include <string>

#include "engine/base/mapped_file.h"
#include "engine/tensor/stored_tensor.h"

namespace longscope {

class TensorFile {
  public:
    // The form is told by the content. Of a .safetensors file with one tensor the name may be left out. Throws
    // Error(bad_input) that names the file; an unknown tensor is refused with the names that there are.
    explicit TensorFile(const std::string& place);

    // Lives as long as this object.
    [[nodiscard]] const StoredTensor& tensor() const { return tensor_; }
    // As the user wrote it.
    [[nodiscard]] const std::string& place() const { return place_; }
    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

  private:
    std::string place_;
    std::filesystem::path path_;
    std::string name_;
    MappedFile file_;
    StoredTensor tensor_;
};

}  // namespace longscope
