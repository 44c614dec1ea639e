// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/kernel/opencl/opencl_kernel.h"

#include <fmt/format.h>

#include <mutex>

#include "engine/base/error.h"
#include "engine/kernel/opencl/device_list.h"
#include "engine/kernel/opencl/session.h"
#include "engine/kernel/opencl/wide_backward.h"
#include "engine/kernel/opencl/wide_forward.h"

namespace longscope::opencl {

namespace {

class OpenClKernel final : public Kernel {
  public:
    explicit OpenClKernel(const KernelOptions& options) : session_(device_of_rank(options.rank), options) {}

    void attend(const AttendInput& input, Partial& out, const AttendHooks& hooks) const override {
        check_scoring(input, out.rule());
        if (input.keep != nullptr) {
            static_cast<void>(input.keep->keep_nothing("the opencl backend keeps no weights"));
        }
        const std::lock_guard lock(mutex_);
        with_clear_errors(session_.facts().name, [&] { attend_wide(session_, buffers_, input, out, hooks); });
        end_if_cancelled(hooks);
    }

    void attend_backward(const AttendBackwardInput& input, const AttendGradients& out,
                         const AttendHooks& hooks) const override {
        check_scoring(input, out);
        const std::lock_guard lock(mutex_);
        with_clear_errors(session_.facts().name,
                          [&] { attend_backward_wide(session_, backward_buffers_, input, out, hooks); });
        end_if_cancelled(hooks);
    }

    [[nodiscard]] std::string description() const override {
        return fmt::format("opencl, {}, {} compute unit{}", session_.facts().name, session_.compute_units(),
                           session_.compute_units() == 1 ? "" : "s");
    }

  private:
    static void end_if_cancelled(const AttendHooks& hooks) {
        if (hooks.cancelled != nullptr && *hooks.cancelled) {
            throw Error(ErrorKind::cancelled, "cancelled");
        }
    }

    // The device computes one call at a time.
    mutable std::mutex mutex_;
    mutable Session session_;
    mutable WideBuffers buffers_;
    mutable BackwardBuffers backward_buffers_;
};

}  // namespace

std::string why_unsupported(const AttentionShape& /*shape*/) {
    return why_no_kernel();
}

std::unique_ptr<Kernel> make_opencl_kernel(const KernelOptions& options) {
    return std::make_unique<OpenClKernel>(options);
}

}  // namespace longscope::opencl
