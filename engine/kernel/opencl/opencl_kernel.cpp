// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/kernel/opencl/opencl_kernel.h"

#include <fmt/format.h>

#include <mutex>

#include "engine/base/error.h"
#include "engine/kernel/opencl/backward_pass.h"
#include "engine/kernel/opencl/decode_pass.h"
#include "engine/kernel/opencl/device_list.h"
#include "engine/kernel/opencl/forward_pass.h"
#include "engine/kernel/opencl/session.h"
#include "engine/kernel/opencl/sub_groups.h"

namespace longscope::opencl {

namespace {

class OpenClKernel final : public Kernel {
  public:
    OpenClKernel(const KernelOptions& options, Design design)
        : session_(device_of_rank(options.rank), options),
          design_{design, options.tile_choices, session_.facts(),
                  design == Design::tiled && why_no_sub_groups(session_).empty()} {}

    void attend(const AttendInput& input, Partial& out, const AttendHooks& hooks) const override {
        check_scoring(input, out.rule());
        if (input.keep != nullptr) {
            static_cast<void>(input.keep->keep_nothing("the opencl backend keeps no weights"));
        }
        const std::lock_guard lock(mutex_);
        with_clear_errors(session_.facts().name, [&] {
            if (is_decode(session_, design_.design, input)) {
                attend_decode(session_, decode_buffers_, input, out, hooks);
            } else {
                attend_forward(session_, design_, buffers_, input, out, hooks);
            }
        });
        end_if_cancelled(hooks);
    }

    void attend_backward(const AttendBackwardInput& input, const AttendGradients& out,
                         const AttendHooks& hooks) const override {
        check_scoring(input, out);
        const std::lock_guard lock(mutex_);
        with_clear_errors(session_.facts().name,
                          [&] { opencl::attend_backward(session_, design_, backward_buffers_, input, out, hooks); });
        end_if_cancelled(hooks);
    }

    [[nodiscard]] std::string description() const override {
        return fmt::format("opencl, {}, {} compute unit{}, {}", session_.facts().name, session_.compute_units(),
                           session_.compute_units() == 1 ? "" : "s",
                           design_words[static_cast<std::size_t>(design_.design)]);
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
    DesignChoice design_;
    mutable ForwardBuffers buffers_;
    mutable DecodeBuffers decode_buffers_;
    mutable BackwardBuffers backward_buffers_;
};

}  // namespace

std::string why_unsupported(const AttentionShape& /*shape*/) {
    return why_no_kernel();
}

DeviceFacts chosen_device(int rank) {
    return device_facts().at(device_of_rank(rank));
}

std::size_t chosen_device_count() {
    static_cast<void>(device_of_rank(0));  // says why there is none
    return chosen_devices(device_facts(), asked_device()).size();
}

Design chosen_design(const DeviceFacts& device) {
    const std::optional<Design> asked = asked_design();
    return asked ? *asked : design_for(device);
}

std::unique_ptr<Kernel> make_kernel_of(Design design, const KernelOptions& options) {
    return std::make_unique<OpenClKernel>(options, design);
}

std::unique_ptr<Kernel> make_opencl_kernel(const KernelOptions& options) {
    return std::make_unique<OpenClKernel>(options, chosen_design(chosen_device(options.rank)));
}

}  // namespace longscope::opencl
