// SPDX-License-Identifier: GPL-3.0-or-later
#include "profiler/peers/python_peer.h"

#include <fmt/format.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "engine/base/error.h"
#include "engine/base/json.h"
#include "engine/base/memory.h"
#include "engine/base/units.h"
#include "engine/mask/expression.h"
#include "engine/mask/formats/mask_folder.h"
#include "engine/mask/formats/mask_format.h"
#include "engine/tensor/npy.h"
#include "engine/tensor/tensor_file.h"
#include "profiler/peers/line_child.h"
#include "profiler/peers/work_folder.h"

namespace longscope {

namespace {

// A dense mask in memory, and what is made of it, takes several times as much.
constexpr std::int64_t most_mask_bytes = std::int64_t{1} << 30;

std::string_view word_of(TorchAttention attention) {
    switch (attention) {
        case TorchAttention::flash:
            return "flash";
        case TorchAttention::math:
            return "math";
        case TorchAttention::flex:
            break;
    }
    return "flex";
}

std::string_view word_of(Direction direction) {
    return direction == Direction::forward ? "forward" : "backward";
}

// As float32, exact for all types.
void write_tensor(const HeadView& tensor, const std::filesystem::path& path) {
    std::ofstream file(path, std::ios::binary);
    file << npy_header({1, tensor.heads, tensor.tokens, tensor.dim}, ElementType::float32);
    std::vector<float> row(static_cast<std::size_t>(tensor.dim));
    for (std::int64_t head = 0; head < tensor.heads; ++head) {
        for (std::int64_t token = 0; token < tensor.tokens; ++token) {
            load_row(tensor, head, token, row.data());
            file.write(reinterpret_cast<const char*>(row.data()),
                       static_cast<std::streamsize>(row.size() * sizeof(float)));
        }
    }
    file.close();
    if (!file) {
        throw failed(path.string() + ": cannot be written");
    }
}

std::vector<float> read_tensor(const std::filesystem::path& path, std::int64_t elements) {
    const TensorFile file(path.string());
    const StoredTensor& tensor = file.tensor();
    if (checked_elements(tensor.shape, tensor.type, path.string()) != elements) {
        throw failed(fmt::format("gave {} for a result of {} elements", shape_text(tensor.shape), elements));
    }
    std::vector<float> values(static_cast<std::size_t>(elements));
    to_float(tensor.type, tensor.bytes, values);
    return values;
}

class PythonPeer : public Peer {
  public:
    PythonPeer(TorchAttention attention, const PeerSettings& settings)
        : attention_(attention),
          settings_(settings),
          child_({settings.python, settings.script.string()},
                 {{"OMP_NUM_THREADS", std::to_string(settings.threads)}, {"PYTHONDONTWRITEBYTECODE", "1"}}) {
        const Json said = child_.ask({{"do", "describe"}, {"threads", settings.threads}}, settings.prepare_seconds);
        JsonObject answer(said, "answer");
        facts_ = {one_line(answer.text("version", "a version"), 200),
                  one_line(answer.text("dispatch", "what was chosen"), 200),
                  static_cast<int>(answer.integer("threads", 1, 1 << 20))};
    }

    [[nodiscard]] PeerFacts facts() const override { return facts_; }

    void prepare(const PeerTask& task) override {
        task_ = task;
        require_memory();
        const std::string mask = write_mask();
        write_tensor(task.queries, folder_.path() / "q.npy");
        write_tensor(task.keys, folder_.path() / "k.npy");
        write_tensor(task.values, folder_.path() / "v.npy");
        if (task.direction == Direction::backward) {
            write_tensor(task.output_gradients, folder_.path() / "do.npy");
        }
        (void)child_.ask({{"do", "prepare"},
                          {"threads", settings_.threads},
                          {"attention", word_of(attention_)},
                          {"direction", word_of(task.direction)},
                          {"dtype", to_string(task.shape.dtype)},
                          {"scale", task.scale},
                          {"mask", mask},
                          {"folder", folder_.path().string()}},
                         settings_.prepare_seconds);
    }

    [[nodiscard]] Nanoseconds repeat() override {
        if (!child_.running()) {
            throw failed("nothing is prepared");
        }
        const Json answer = child_.ask({{"do", "repeat"}}, settings_.repeat_seconds);
        return JsonObject(answer, "answer").integer("ns", 1, std::int64_t{1} << 60);
    }

    [[nodiscard]] PeerResults results() override {
        (void)child_.ask({{"do", "results"}}, settings_.prepare_seconds);
        const AttentionShape& shape = task_.shape;
        const std::int64_t rows = shape.query_heads * task_.queries.tokens;
        const std::int64_t columns = shape.key_value_heads * task_.keys.tokens;
        if (task_.direction == Direction::forward) {
            return {read_tensor(folder_.path() / "o.npy", rows * shape.head_dim_v)};
        }
        return {read_tensor(folder_.path() / "dq.npy", rows * shape.head_dim_qk),
                read_tensor(folder_.path() / "dk.npy", columns * shape.head_dim_qk),
                read_tensor(folder_.path() / "dv.npy", columns * shape.head_dim_v)};
    }

    void release() noexcept override {
        try {
            if (child_.running()) {
                (void)child_.ask({{"do", "release"}}, settings_.repeat_seconds);
            }
        } catch (...) {  // NOLINT(bugprone-empty-catch): the child is gone, and what it took
        }
    }

  private:
    // What would end the child, or this process, for want of memory is not tried.
    void require_memory() const {
        if (attention_ != TorchAttention::math) {
            return;
        }
        const double copies = task_.direction == Direction::forward ? 3 : 5;  // scores, masked, weights, gradients
        const double bytes = copies * sizeof(float) * static_cast<double>(task_.shape.query_heads) *
                             static_cast<double>(task_.queries.tokens) * static_cast<double>(task_.keys.tokens);
        if (bytes > static_cast<double>(available_memory_bytes()) / 2) {
            throw Error(ErrorKind::unsupported,
                        fmt::format("its scores take about {}", format_bytes(static_cast<std::int64_t>(bytes))));
        }
    }

    // The word for the script; what belongs to it goes into the folder.
    [[nodiscard]] std::string write_mask() const {
        if (task_.expression == R"({"full": {}})") {
            return "full";
        }
        if (task_.expression == R"({"causal": {}})" && task_.queries.tokens == task_.keys.tokens &&
            attention_ != TorchAttention::flex) {
            return "causal";
        }
        const MaskExpression expression = parse_mask(parse_json(task_.expression, "mask"), "mask");
        FormatOptions options;
        options.cu_seqlens = task_.domain->cu_seqlens;
        options.expression = &expression;
        options.max_bytes = most_mask_bytes;
        const auto write = [&](const char* format, const char* name) {
            const std::filesystem::path path = folder_.path() / name;
            std::error_code ignored;
            std::filesystem::remove_all(path, ignored);
            try {
                write_mask_arrays(find_mask_format(format, "format").write(*task_.mask, options), path);
            } catch (const Error& error) {
                throw Error(ErrorKind::unsupported, error.what());
            }
        };
        if (attention_ == TorchAttention::flex) {
            write("block_mask", "block_mask");
            write("mask_mod", "mask_mod");
            return "blocks";
        }
        write("dense", "dense.npy");
        return "dense";
    }

    TorchAttention attention_;
    PeerSettings settings_;
    WorkFolder folder_;
    LineChild child_;
    PeerFacts facts_;
    PeerTask task_;
};

}  // namespace

std::unique_ptr<Peer> make_python_peer(TorchAttention attention, const PeerSettings& settings) {
    if (settings.python.empty()) {
        throw Error(ErrorKind::unsupported, "no Python environment was named (--peers-python, LONGSCOPE_PEERS)");
    }
    return std::make_unique<PythonPeer>(attention, settings);
}

}  // namespace longscope
