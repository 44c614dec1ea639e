// SPDX-License-Identifier: GPL-3.0-or-later
// OpenBLAS by its C functions (cblas.h; interface of 32-bit integers, as distributions build it).
#include <cstdlib>

#include "profiler/peers/gemm_library.h"
#include "profiler/peers/shared_library.h"

namespace longscope {

namespace {

class OpenBlas : public GemmLibrary {
  public:
    OpenBlas()
        : library_({"libopenblas.so.0", "libopenblas.so"}),
          sgemm_(library_.require<Sgemm>("cblas_sgemm")),
          config_(library_.require<char*()>("openblas_get_config")),
          core_(library_.require<char*()>("openblas_get_corename")) {
        // Heads are computed side by side instead; its own threads would keep cores busy while others are measured.
        library_.require<void(int)>("openblas_set_num_threads")(1);
    }
    [[nodiscard]] std::string version() const override { return config_(); }
    [[nodiscard]] std::string dispatch() const override {
        const char* const forced = std::getenv("OPENBLAS_CORETYPE");
        return std::string(core_()) + (forced == nullptr ? "" : std::string(" (OPENBLAS_CORETYPE=") + forced + ")");
    }
    void multiply(const GemmCall& call) const override {
        constexpr int row_major = 101;
        constexpr int as_it_is = 111;
        constexpr int transposed = 112;
        const auto narrow = [](std::int64_t value) { return static_cast<int>(value); };
        sgemm_(row_major, call.a_transposed ? transposed : as_it_is, call.b_transposed ? transposed : as_it_is,
               narrow(call.m), narrow(call.n), narrow(call.k), call.alpha, call.a, narrow(call.a_stride), call.b,
               narrow(call.b_stride), call.beta, call.c, narrow(call.c_stride));
    }

  private:
    using Sgemm = void(int, int, int, int, int, int, float, const float*, int, const float*, int, float, float*, int);

    SharedLibrary library_;
    Sgemm* sgemm_;
    char* (*config_)();
    char* (*core_)();
};

}  // namespace

std::unique_ptr<GemmLibrary> load_openblas() {
    return std::make_unique<OpenBlas>();
}

}  // namespace longscope
