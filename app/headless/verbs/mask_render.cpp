// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <memory>

#include "app/headless/mask_source.h"
#include "app/headless/picture_options.h"
#include "app/headless/verbs/mask_verbs.h"

namespace longscope {

namespace {

struct Options {
    MaskSourceOptions source;
    PictureOptions picture;
};

int render(const Options& options) {
    MaskPictureOptions picture = picture_options(options.picture);
    const MaskSource source = resolve(options.source);
    picture.title = source.title;
    picture.cu_seqlens = source.domain.cu_seqlens;
    picture.ranks = source.ranks;
    paint_picture(draw_mask(*source.mask(), picture), options.picture);
    fmt::print("{}\n", options.picture.output);
    return 0;
}

}  // namespace

void declare_mask_render(CLI::App& verb, VerbAction& action) {
    const auto options = std::make_shared<Options>();
    declare_mask_source(verb, options->source);
    declare_picture(verb, options->picture)->required();
    verb.callback([options, &action] { action = [options] { return render(*options); }; });
}

}  // namespace longscope
