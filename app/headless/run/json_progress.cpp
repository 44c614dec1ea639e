// SPDX-License-Identifier: GPL-3.0-or-later
#include <nlohmann/json.hpp>

#include "app/headless/run/run_progress.h"

namespace longscope {

namespace {

class JsonProgress final : public RunProgress {
  public:
    explicit JsonProgress(std::function<void(const std::string&)> sink) : sink_(std::move(sink)) {}

    void started(std::int64_t run, const std::string& uuid, const std::string& run_folder) override {
        write({{"type", "started"}, {"run", run}, {"uuid", uuid}, {"run_folder", run_folder}});
    }

    void heard(const Json& message, double done) override {
        const std::string type = message.value("type", "");
        if (type == "draw") {
            flops_ = message.at("flops");
        }
        if (type == "progress" || type == "draw") {
            write({{"type", "progress"}, {"done", done}});
        } else if (type == "repetition") {
            write({{"type", "metric"},
                   {"name", "duration_ns"},
                   {"draw", message.at("draw")},
                   {"repetition", message.at("index")},
                   {"measured", message.at("measured")},
                   {"value", message.at("duration_ns")},
                   {"flops", flops_}});
            if (!message.at("backward_ns").is_null()) {
                write({{"type", "metric"},
                       {"name", "backward_ns"},
                       {"draw", message.at("draw")},
                       {"repetition", message.at("index")},
                       {"measured", message.at("measured")},
                       {"value", message.at("backward_ns")}});
            }
            write({{"type", "progress"}, {"done", done}});
        } else if (type == "check") {
            write({{"type", "metric"},
                   {"name", "output_relative_error"},
                   {"draw", message.at("draw")},
                   {"value", message.at("output_relative_error")},
                   {"limit", message.at("output_limit")}});
            for (const char* name :
                 {"query_gradient_error", "key_gradient_error", "value_gradient_error", "sink_gradient_error"}) {
                if (message.at("gradient_limit") > 0 && message.contains(name)) {
                    write({{"type", "metric"},
                           {"name", name},
                           {"draw", message.at("draw")},
                           {"value", message.at(name)},
                           {"limit", message.at("gradient_limit")}});
                }
            }
        }
    }

    void log(const std::string& text) override { write({{"type", "log"}, {"text", text}}); }

    void ended(const std::string& state, const std::string& message) override {
        if (state == "done") {
            write({{"type", "finished"}, {"state", state}});
        } else {
            write({{"type", "failed"}, {"state", state}, {"message", message}});
        }
    }

  private:
    void write(const Json& message) const { sink_(shown(message)); }

    std::function<void(const std::string&)> sink_;
    double flops_ = 0;  // of a repetition of the draw that is under way
};

}  // namespace

std::unique_ptr<RunProgress> make_json_progress(std::function<void(const std::string&)> sink) {
    return std::make_unique<JsonProgress>(std::move(sink));
}

}  // namespace longscope
