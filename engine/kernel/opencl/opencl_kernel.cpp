// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/kernel/opencl/opencl_kernel.h"

#include <fmt/format.h>

#include <mutex>

#include "engine/base/error.h"
#include "engine/base/timed_out.h"
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
        : session_(device_of_rank(options), options),
          design_{design, options.tile_choices, session_.facts(),
                  design == Design::tiled && why_no_sub_groups(session_).empty()} {}

    void attend(const AttendInput& input, Partial& out, const AttendHooks& hooks) const override {
        check_scoring(input, out.rule());
        if (input.keep != nullptr) {
            static_cast<void>(input.keep->keep_nothing("the opencl backend keeps no weights"));
        }
        call(hooks, [&] {
            if (is_decode(session_, design_.design, input)) {
                attend_decode(session_, decode_buffers_, input, out, hooks);
            } else {
                attend_forward(session_, design_, buffers_, input, out, hooks);
            }
        });
    }

    void attend_backward(const AttendBackwardInput& input, const AttendGradients& out,
                         const AttendHooks& hooks) const override {
        check_scoring(input, out);
        call(hooks, [&] { opencl::attend_backward(session_, design_, backward_buffers_, input, out, hooks); });
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

    // Whatever happens, the device touches nothing of the caller's afterwards, but where it does not answer any
    // more.
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
        buffers_.ahead = nullptr;
        backward_buffers_.ahead = nullptr;
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
    DesignChoice design_;
    mutable ForwardBuffers buffers_;
    mutable DecodeBuffers decode_buffers_;
    mutable BackwardBuffers backward_buffers_;
};

}  // namespace

std::string why_unsupported(const AttentionShape& /*shape*/) {
    return {};
}

DeviceFacts chosen_device(int rank) {
    return device_facts().at(device_of_rank({.rank = rank}));
}

std::size_t chosen_device_count() {
    static_cast<void>(device_of_rank({}));  // says why there is none
    return devices_of_ranks({}).size();
}

Design chosen_design(const DeviceFacts& device) {
    const std::optional<Design> asked = asked_design();
    return asked ? *asked : design_for(device);
}

std::unique_ptr<Kernel> make_kernel_of(Design design, const KernelOptions& options) {
    return std::make_unique<OpenClKernel>(options, design);
}

std::unique_ptr<Kernel> make_opencl_kernel(const KernelOptions& options) {
    return std::make_unique<OpenClKernel>(options, chosen_design(device_facts().at(device_of_rank(options))));
}

}  // namespace longscope::opencl
