// SPDX-License-Identifier: GPL-3.0-or-later
// Matrix products of float32 by a library that is loaded at run time, so that none is needed to build or to start.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

namespace longscope {

// C = alpha op(A) op(B) + beta C; row-major, op(A) m x k, op(B) k x n, strides from row to row in elements.
struct GemmCall {
    bool a_transposed = false;
    bool b_transposed = false;
    std::int64_t m = 0;
    std::int64_t n = 0;
    std::int64_t k = 0;
    float alpha = 1.0F;
    const float* a = nullptr;
    std::int64_t a_stride = 0;
    const float* b = nullptr;
    std::int64_t b_stride = 0;
    float beta = 0.0F;
    float* c = nullptr;
    std::int64_t c_stride = 0;
};

class GemmLibrary {
  public:
    GemmLibrary() = default;
    GemmLibrary(const GemmLibrary&) = delete;
    GemmLibrary& operator=(const GemmLibrary&) = delete;
    GemmLibrary(GemmLibrary&&) = delete;
    GemmLibrary& operator=(GemmLibrary&&) = delete;
    virtual ~GemmLibrary() = default;

    [[nodiscard]] virtual std::string version() const = 0;
    [[nodiscard]] virtual std::string dispatch() const = 0;
    // On the calling thread alone; several threads may multiply at once. Throws Error(failed).
    virtual void multiply(const GemmCall& call) const = 0;
};

// Throw Error(unsupported) where the library is not installed, or lacks a function.
[[nodiscard]] std::unique_ptr<GemmLibrary> load_openblas();
[[nodiscard]] std::unique_ptr<GemmLibrary> load_onednn();

}  // namespace longscope
