// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/kernel/opencl/opencl_kernel.h"

#include <fmt/format.h>

#include <mutex>

#include "engine/base/error.h"
#include "engine/base/timed_out.h"
#include "engine/kernel/opencl/device_list.h"
#include "engine/kernel/opencl/forward_pass.h"
#include "engine/kernel/opencl/session.h"
#include "engine/kernel/opencl/wide_backward.h"

namespace longscope::opencl {

namespace {

class OpenClKernel final : public Kernel {
  public:
    OpenClKernel(const KernelOptions& options, std::optional<Design> design)
        : session_(device_of_rank(options), options), design_(design.value_or(design_for(session_.facts()))) {}

    void attend(const AttendInput& input, Partial& out, const AttendHooks& hooks) const override {
        check_scoring(input, out.rule());
        if (input.keep != nullptr) {
            static_cast<void>(input.keep->keep_nothing("the opencl backend keeps no weights"));
        }
        call(hooks, [&] { attend_forward(session_, design_, buffers_, input, out, hooks); });
    }

    void attend_backward(const AttendBackwardInput& input, const AttendGradients& out,
                         const AttendHooks& hooks) const override {
        check_scoring(input, out);
        call(hooks, [&] { attend_backward_wide(session_, backward_buffers_, input, out, hooks); });
    }

    [[nodiscard]] std::string description() const override {
        return fmt::format("opencl, {}, {} compute unit{}, {}", session_.facts().name, session_.compute_units(),
                           session_.compute_units() == 1 ? "" : "s", design_words[static_cast<std::size_t>(design_)]);
    }

  private:
    static void end_if_cancelled(const AttendHooks& hooks) {
        if (hooks.cancelled != nullptr && *hooks.cancelled) {
            throw Error(ErrorKind::cancelled, "cancelled");
        }
    }

    // Whatever happens, the device touches nothing of the caller's afterwards, but where it does not answer any more.
    template <typename Work>
    void call(const AttendHooks& hooks, const Work& work) const {
        const std::lock_guard lock(mutex_);
        if (!lost_.empty()) {
            throw failed(fmt::format("opencl: {}: the device is not used any more: {}", session_.facts().name, lost_));
        }
        try {
            session_.begin_call(hooks);
            work();
            session_.end_call(hooks);
        } catch (const TimedOut&) {
            lost_ = "it did not answer in an earlier call";
            throw;
        } catch (const cl::Error& error) {
            abandon_call(error.err());
            throw clear_error(error, session_.facts());
        } catch (...) {
            abandon_call(CL_SUCCESS);
            throw;
        }
        end_if_cancelled(hooks);
    }

    void abandon_call(cl_int code) const {
        if (means_lost(code)) {
            lost_ = "it was lost in an earlier call";
            return;
        }
        try {
            session_.abandon_call();
        } catch (const cl::Error& error) {
            lost_ = fmt::format("it failed in an earlier call ({} gave {})", error.what(), error.err());
        } catch (const TimedOut&) {
            lost_ = "it did not answer in an earlier call";
        }
    }

    // The device computes one call at a time.
    mutable std::mutex mutex_;
    mutable std::string lost_;  // why the device is not used any more
    mutable Session session_;
    Design design_;
    mutable ForwardBuffers buffers_;
    mutable BackwardBuffers backward_buffers_;
};

}  // namespace

std::string why_unsupported(const AttentionShape& /*shape*/) {
    return why_no_kernel();
}

std::unique_ptr<Kernel> make_kernel_of(Design design, const KernelOptions& options) {
    return std::make_unique<OpenClKernel>(options, design);
}

std::unique_ptr<Kernel> make_opencl_kernel(const KernelOptions& options) {
    return std::make_unique<OpenClKernel>(options, asked_design());
}

}  // namespace longscope::opencl
