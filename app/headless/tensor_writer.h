// SPDX-License-Identifier: GPL-3.0-or-later
// Tensors that a verb writes: each in a file of its own, which is there when it is complete or not at all.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/base/atomic_file.h"
#include "engine/tensor/element_type.h"

namespace longscope {

// Throws Error(bad_input) for names that end in neither .npy nor .safetensors.
void check_tensor_name(const std::string& path, const char* option);

// The elements go to the stream as they become known.
class TensorWriter {
  public:
    TensorWriter(const std::string& path, const char* name, const std::vector<std::int64_t>& shape, ElementType type);
    [[nodiscard]] std::ostream& stream() { return file_.stream(); }
    [[nodiscard]] ElementType type() const { return type_; }
    // Elements of a tensor whose order in the file is that in memory.
    void write(const float* elements, std::int64_t count);
    void commit() { file_.commit(); }

  private:
    AtomicFile file_;
    ElementType type_;
};

}  // namespace longscope
