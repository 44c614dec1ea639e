// SPDX-License-Identifier: GPL-3.0-or-later
// What a backend implements: attention of some queries over some keys, as a partial result.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/kernel/device_command.h"
#include "engine/kernel/opencl/tile_choice.h"
#include "engine/kernel/partial.h"
#include "engine/kernel/scoring.h"
#include "engine/kernel/stored_probabilities.h"
#include "engine/mask/local_mask.h"
#include "engine/tensor/attention_shape.h"
#include "engine/tensor/head_matrix.h"
#include "engine/tensor/head_view.h"

namespace longscope {

// Views; the caller keeps the memory and the mask alive for the call. Query head h reads key/value head
// h / (query heads / key_value heads). Scores are scale * q . k, and what `scoring` makes of it.
struct AttendInput {
    HeadView queries;                 // query heads x rows x Dqk
    HeadView keys;                    // key/value heads x columns x Dqk
    HeadView values;                  // key/value heads x columns x Dv
    const LocalMask* mask = nullptr;  // rows x columns; of each query head
    double scale = 1.0;
    Scoring scoring = {};
    // Where a forward pass keeps its weights, in place of what is there; null: nowhere. Not read by other passes.
    StoredProbabilities* keep = nullptr;
};

// The distance only where the scoring reads it: it is searched for.
[[nodiscard]] inline PairPlace place_of(const AttendInput& input, std::int64_t head, std::int64_t row,
                                        std::int64_t column) {
    return {head, row, column, input.scoring.slopes == nullptr ? 0 : input.mask->distance(row, column)};
}

// What the backward pass reads beside the inputs of the forward pass. lse and delta are those of the whole rows, also
// where the keys are a part of them: parts of the gradients over disjoint keys then add up (FlashAttention-2,
// section 3.1).
struct AttendBackwardInput {
    AttendInput forward;
    HeadView output_gradients;  // dO: query heads x rows x Dv
    // Not read in sigmoid attention.
    const float* lse = nullptr;    // query heads x rows, natural logarithm; -inf: the row sees nothing
    const float* delta = nullptr;  // query heads x rows: the sum of dO * O over a row
    // Weights that the forward pass of the same input kept; null, or nothing in it: they are computed again.
    const StoredProbabilities* stored = nullptr;
};

// Views of what the backward pass adds to; the caller sets them to zero before the first part.
struct AttendGradients {
    HeadMatrix<float> queries;  // query heads x rows x Dqk
    HeadMatrix<float> keys;     // key/value heads x columns x Dqk
    HeadMatrix<float> values;   // key/value heads x columns x Dv
    // Query heads, or one for all, x rows x columns: dS, which is the gradient of a bias. Without data: not wanted.
    HeadMatrix<float> bias = {};
};

// delta of AttendBackwardInput: of `output` (query heads x rows x Dv) and its gradients, to query heads x rows.
void compute_delta(const HeadView& output_gradients, const HeadView& output, float* delta);

// What a call of a kernel will read, told while the one before it computes: a device may bring it to its memory
// meanwhile. It stays as it is until that call has ended.
struct ReadAhead {
    HeadView queries;  // where they are does not matter, only how many
    HeadView keys;
    HeadView values;
};

// How a long call stays in touch with the world. All members are optional.
struct AttendHooks {
    // Called again and again from the tile loop, on the calling thread only: communication makes progress here.
    std::function<void()> poll;
    // Increased by the pairs of one head whenever a row of tiles is done; read by others for progress.
    std::atomic<std::int64_t>* head_pairs_done = nullptr;
    // When it becomes true the call ends soon with Error(cancelled).
    const std::atomic<bool>* cancelled = nullptr;
    // Told on the calling thread how a part of a forward call is computed, for people: where there was a choice.
    std::function<void(const std::string&)> explain = {};
    // Told on the calling thread, by the end of a call that succeeds, what a device did for it, by start; never called
    // by a kernel that computes on the calling processor.
    std::function<void(const DeviceCommand&)> device = {};
    // Asked on the calling thread, while a device computes, for the next call of the same pass; null: what it reads is
    // not there yet. The last answer holds until that call, and is void where that does not come.
    std::function<std::shared_ptr<const ReadAhead>()> next = {};
    // What `next` of the call before this one told of this one.
    std::shared_ptr<const ReadAhead> announced = {};
};

class Kernel {
  public:
    Kernel() = default;
    Kernel(const Kernel&) = delete;
    Kernel& operator=(const Kernel&) = delete;
    Kernel(Kernel&&) = delete;
    Kernel& operator=(Kernel&&) = delete;
    virtual ~Kernel() = default;

    // Overwrites `out` (query heads x rows x Dv, of the scoring's merge rule). Rows without a key become O = 0, lse =
    // -inf. NaN and infinities of an input reach only the rows that see them. The result does not depend on the number
    // of threads.
    virtual void attend(const AttendInput& input, Partial& out, const AttendHooks& hooks) const = 0;

    // Adds the gradients of queries, keys and values to `out`. dP = dO V^T, dS = P (dP - delta), dQ = scale dS K,
    // dK = scale dS^T Q, dV = P^T dO (FlashAttention-2, section 2.2); of sigmoid attention dS = P (1 - P) dP. With a
    // soft cap, what is multiplied by K and Q is dS (1 - tanh^2). Rows without a key add nothing. The result does not
    // depend on the number of threads.
    virtual void attend_backward(const AttendBackwardInput& input, const AttendGradients& out,
                                 const AttendHooks& hooks) const = 0;

    // What keeping the weights of this input takes (AttendInput::keep); 0: nothing would be kept.
    [[nodiscard]] virtual std::int64_t stored_bytes(const AttendInput& input) const {
        static_cast<void>(input);
        return 0;
    }

    // Of this process, that it computes with; 0: it computes elsewhere. What has no kernel of its own (score_rows.h)
    // takes as many.
    [[nodiscard]] virtual int host_threads() const { return 0; }

    // What it runs on, for people: "cpu, 2 threads, AVX3_ZEN4".
    [[nodiscard]] virtual std::string description() const = 0;
};

// What a kernel is made with.
struct KernelOptions {
    int threads = 1;
    // Products are taken as suits inputs of this type, or better; such a kernel is given inputs of that type only, or,
    // with float32, of any. Without it they are taken as suits the keys of each call.
    std::optional<DType> arithmetic = {};
    // Where programs that are built at run time are kept for the next time; empty: nowhere.
    std::filesystem::path program_cache = {};
    // Of this process among those of a run: where several devices are chosen they are shared out by it.
    int rank = 0;
    // Which devices of OpenCL: a number in their list, a type, or a part of a name or platform; empty: as the
    // environment says.
    std::string device = {};
    // Tuned tile shapes of devices of OpenCL; those of other devices are passed over.
    std::vector<opencl::TileChoice> tile_choices = {};
};

struct KernelEntry {
    std::string_view name;
    std::string_view meaning;
    // Why it does not compute this shape, in one line; empty when it does. make() may be called all the same.
    std::string (*unsupported)(const AttentionShape& shape);
    std::unique_ptr<Kernel> (*make)(const KernelOptions& options);
};

// The registry of backends.
[[nodiscard]] const std::vector<KernelEntry>& kernels();

// Throws Error(bad_input) that lists the names.
[[nodiscard]] std::unique_ptr<Kernel> make_kernel(std::string_view name, const KernelOptions& options);
// With these, and nothing else asked for.
[[nodiscard]] std::unique_ptr<Kernel> make_kernel(std::string_view name, int threads,
                                                  std::optional<DType> arithmetic = std::nullopt);

// Throws Error(unsupported) with the backend's reason when it does not compute this shape, Error(bad_input) as above.
void require_supported(std::string_view backend, const AttentionShape& shape);

[[nodiscard]] std::unique_ptr<Kernel> make_reference_kernel(int threads);
[[nodiscard]] std::unique_ptr<Kernel> make_cpu_kernel(int threads);

}  // namespace longscope
