// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/headless/layout_pictures.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/base/error.h"
#include "engine/draw/communication_picture.h"
#include "engine/draw/memory_picture.h"
#include "engine/draw/step_picture.h"
#include "engine/parallel/communication_matrix.h"

namespace longscope {

LayoutPicture layout_picture_named(std::string_view word) {
    const auto* at = std::find(layout_picture_words.begin(), layout_picture_words.end(), word);
    if (at == layout_picture_words.end()) {
        throw bad_input("--picture", word, "is not a picture",
                        fmt::format("{}", fmt::join(layout_picture_words, ", ")));
    }
    return static_cast<LayoutPicture>(at - layout_picture_words.begin());
}

DisplayList draw_layout(LayoutPicture picture, const LayoutPreview& preview, const Experiment& experiment,
                        const Theme& theme) {
    const std::string caption = layout_caption(experiment, preview);
    switch (picture) {
        case LayoutPicture::steps: {
            SheetPictureOptions options;
            options.theme = theme;
            options.title = experiment.name + ": steps";
            options.caption = caption;
            return draw_steps(preview.steps, options);
        }
        case LayoutPicture::communication: {
            SheetPictureOptions options;
            options.theme = theme;
            options.title = experiment.name + ": communication";
            options.caption = caption;
            return draw_communication(communication_matrix(preview.steps, std::nullopt), options);
        }
        case LayoutPicture::memory: {
            MemoryPictureOptions options;
            options.theme = theme;
            options.title = experiment.name + ": memory";
            options.caption = caption;
            options.rank = neediest_rank(preview.memory);
            options.budget_bytes = experiment.backend.memory_per_rank_bytes;
            options.steps = static_cast<std::int32_t>(preview.steps.steps());
            options.backward_from = preview.steps.backward_from;
            return draw_memory(preview.memory, options);
        }
    }
    throw failed("a picture that is not known");
}

}  // namespace longscope
