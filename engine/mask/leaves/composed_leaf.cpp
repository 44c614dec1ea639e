// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/mask/leaves/composed_leaf.h"

#include "engine/mask/expression.h"

namespace longscope {

namespace {

class Composed final : public MaskLeaf {
  public:
    explicit Composed(ComposedLeaf leaf) : leaf_(std::move(leaf)) {}

    [[nodiscard]] ZoneList zones(const MaskDomain& domain, const std::string& path) const override {
        return disjoint_zones(tree(domain, path), domain.box());
    }
    [[nodiscard]] ZoneTree tree(const MaskDomain& domain, const std::string& path) const override {
        leaf_.check(domain, path);
        return zone_tree(parse_mask(leaf_.expression(domain.head, domain.layer, path), path), domain, path);
    }
    [[nodiscard]] Json parameters() const override { return leaf_.parameters; }
    [[nodiscard]] HeadDependence depends() const override { return leaf_.depends; }
    [[nodiscard]] Json at_head(std::int64_t head, std::int64_t layer, const std::string& path) const override {
        return leaf_.expression(head, layer, path);
    }

  private:
    ComposedLeaf leaf_;
};

}  // namespace

std::shared_ptr<const MaskLeaf> make_composed_leaf(ComposedLeaf leaf) {
    return std::make_shared<Composed>(std::move(leaf));
}

}  // namespace longscope
