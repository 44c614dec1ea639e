// SPDX-License-Identifier: GPL-3.0-or-later
// oneDNN by its C functions (dnnl.h, versions 2 and 3).
#include <fmt/format.h>

#include "engine/base/error.h"
#include "profiler/peers/gemm_library.h"
#include "profiler/peers/shared_library.h"

namespace longscope {

namespace {

// The beginning of dnnl_version_t.
struct OneDnnVersion {
    int major;
    int minor;
    int patch;
};

class OneDnn : public GemmLibrary {
  public:
    OneDnn()
        : library_({"libdnnl.so.3", "libdnnl.so.2", "libdnnl.so"}),
          sgemm_(library_.require<Sgemm>("dnnl_sgemm")),
          version_(library_.require<const OneDnnVersion*()>("dnnl_version")),
          isa_(library_.require<int()>("dnnl_get_effective_cpu_isa")),
          isa_name_(library_.find<const char*(int)>("dnnl_cpu_isa2str")),
          set_threads_(library_.find<void(int)>("omp_set_num_threads")) {}
    [[nodiscard]] std::string version() const override {
        const OneDnnVersion& v = *version_();
        return fmt::format("oneDNN {}.{}.{}", v.major, v.minor, v.patch);
    }
    [[nodiscard]] std::string dispatch() const override {
        const int isa = isa_();
        return isa_name_ == nullptr ? fmt::format("instruction set {:#x}", static_cast<unsigned>(isa)) : isa_name_(isa);
    }
    void multiply(const GemmCall& call) const override {
        if (set_threads_ != nullptr) {
            set_threads_(1);  // of the calling thread; a build without OpenMP has no threads that it could start
        }
        const int status =
            sgemm_(call.a_transposed ? 'T' : 'N', call.b_transposed ? 'T' : 'N', call.m, call.n, call.k, call.alpha,
                   call.a, call.a_stride, call.b, call.b_stride, call.beta, call.c, call.c_stride);
        if (status != 0) {
            throw failed(fmt::format("dnnl_sgemm returned {}", status));
        }
    }

  private:
    using Sgemm = int(char, char, std::int64_t, std::int64_t, std::int64_t, float, const float*, std::int64_t,
                      const float*, std::int64_t, float, float*, std::int64_t);

    SharedLibrary library_;
    Sgemm* sgemm_;
    const OneDnnVersion* (*version_)();
    int (*isa_)();
    const char* (*isa_name_)(int);
    void (*set_threads_)(int);
};

}  // namespace

std::unique_ptr<GemmLibrary> load_onednn() {
    return std::make_unique<OneDnn>();
}

}  // namespace longscope
