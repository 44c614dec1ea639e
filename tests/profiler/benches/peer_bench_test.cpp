// SPDX-License-Identifier: GPL-3.0-or-later
// Peers are measured in turns with ours, and their results compared; whatever goes wrong is their own row's.
#include "profiler/benches/peer_bench.h"

#include <gtest/gtest.h>

#include <fstream>

#include "engine/base/error.h"
#include "engine/kernel/kernel.h"
#include "profiler/benches/mask_bench.h"
#include "profiler/peers/backend_peer.h"
#include "tests/support/temporary_folder.h"

namespace longscope {
namespace {

// The plain reference backend as a peer: right, unless it is told to be wrong by a factor.
class ReferencePeer : public Peer {
  public:
    explicit ReferencePeer(float factor) : factor_(factor) {}
    [[nodiscard]] PeerFacts facts() const override { return {"1.0", "scalar", 1}; }
    void prepare(const PeerTask& task) override { task_ = task; }
    [[nodiscard]] Nanoseconds repeat() override {
        const Nanoseconds begin_ns = now_ns();
        const TokenSet rows({{0, task_.queries.tokens}});
        const TokenSet columns({{0, task_.keys.tokens}});
        const LocalMask local(*task_.mask, rows, columns);
        Partial out(task_.shape.query_heads, task_.queries.tokens, task_.shape.head_dim_v);
        make_reference_kernel(1)->attend({task_.queries, task_.keys, task_.values, &local, task_.scale}, out, {});
        output_.assign(out.output().data, out.output().data + out.heads() * out.rows() * out.dim());
        for (float& value : output_) {
            value *= factor_;
        }
        return now_ns() - begin_ns;
    }
    [[nodiscard]] PeerResults results() override { return {output_}; }
    void release() noexcept override { output_.clear(); }

  private:
    float factor_;
    PeerTask task_;
    std::vector<float> output_;
};

class FailingPeer : public ReferencePeer {
  public:
    explicit FailingPeer(int good) : ReferencePeer(1.0F), left_(good) {}
    void prepare(const PeerTask& task) override {
        if (left_ < 0) {
            throw Error(ErrorKind::unsupported, "not this mask");
        }
        ReferencePeer::prepare(task);
    }
    [[nodiscard]] Nanoseconds repeat() override {
        if (left_-- == 0) {
            throw failed("it broke");
        }
        return ReferencePeer::repeat();
    }

  private:
    int left_;
};

template <int percent>
std::unique_ptr<Peer> reference_peer(const PeerSettings& /*settings*/) {
    return std::make_unique<ReferencePeer>(static_cast<float>(percent) / 100.0F);
}
template <int good>
std::unique_ptr<Peer> failing_peer(const PeerSettings& /*settings*/) {
    return std::make_unique<FailingPeer>(good);
}
std::unique_ptr<Peer> missing_peer(const PeerSettings& /*settings*/) {
    throw Error(ErrorKind::unsupported, "not installed");
}

AttentionBenchCase small_case() {
    AttentionBenchCase one;
    one.name = "small";
    one.shape = {1, 4, 2, 32, 32, DType::float32};
    one.mask = R"({"and": [{"documents": {}}, {"causal": {}}]})";
    one.tokens = 150;
    one.document_seed = 3;
    return one;
}

const AttentionBenchOptions options{bench_lengths(), 1, 3, nullptr, {}};

TEST(PeerBench, MeasuresPairsAndComparesResults) {
    const std::vector<PeerEntry> registry{
        {"right", "", true, true, reference_peer<100>}, {"wrong", "", true, true, reference_peer<101>},
        {"missing", "", true, true, missing_peer},      {"refuses", "", true, true, failing_peer<-1>},
        {"breaks", "", true, true, failing_peer<2>},    {"backward only", "", false, true, reference_peer<100>}};
    std::vector<OpenPeer> open = open_peers(registry, {});
    ASSERT_EQ(open.size(), registry.size());
    EXPECT_EQ(open[0].facts.dispatch, "scalar");
    EXPECT_EQ(open[2].outcome, BenchOutcome::unsupported);
    EXPECT_EQ(open[2].message, "not installed");

    const std::vector<PeerComparison> rows = compare_with_peers(small_case(), options, open);
    ASSERT_EQ(rows.size(), 4U) << "what is missing, and what does not compute this direction, has no row";
    EXPECT_EQ(rows[0].outcome, BenchOutcome::measured) << rows[0].message;
    EXPECT_EQ(rows[0].ratio.count, 3);
    EXPECT_GT(rows[0].ratio.min, 0.0);
    EXPECT_GT(rows[0].share.median, 0.0);
    EXPECT_LE(rows[0].relative_error, 1e-6);
    EXPECT_EQ(rows[1].outcome, BenchOutcome::wrong);
    EXPECT_NEAR(rows[1].relative_error, 0.01, 1e-5);
    EXPECT_NE(rows[1].message.find("differs from ours by 1.0e-02"), std::string::npos) << rows[1].message;
    EXPECT_EQ(rows[2].outcome, BenchOutcome::unsupported);
    EXPECT_EQ(rows[2].message, "not this mask");
    EXPECT_EQ(rows[3].outcome, BenchOutcome::failed);
    EXPECT_EQ(rows[3].message, "it broke");
    EXPECT_EQ(rows[3].ratio.count, 0) << "half of a measurement is none";
}

TEST(PeerBench, BackendsOfOursReadPagesAndValuesThatArePartOfTheKeysOthersDoNot) {
    PeerSettings settings;
    settings.backend = "reference";
    const std::vector<PeerEntry> registry{backend_as_peer("reference"), {"other", "", true, true, reference_peer<100>}};
    std::vector<OpenPeer> open = open_peers(registry, settings);
    AttentionBenchCase paged = small_case();
    paged.document_seed.reset();
    paged.mask = R"({"causal": {}})";
    paged.tokens = 160;
    paged.queries = 2;
    paged.page_tokens = 16;
    AttentionBenchCase latent = paged;
    latent.shape = {1, 4, 1, 48, 32, DType::float32};
    latent.values_in_keys = true;
    for (const AttentionBenchCase& asked : {paged, latent}) {
        const std::vector<PeerComparison> rows = compare_with_peers(asked, options, open);
        ASSERT_EQ(rows.size(), 2U);
        EXPECT_EQ(rows[0].outcome, BenchOutcome::measured) << rows[0].message;
        EXPECT_LE(rows[0].relative_error, 1e-6);
        EXPECT_EQ(rows[1].outcome, BenchOutcome::unsupported);
        EXPECT_NE(rows[1].message.find("in one piece"), std::string::npos) << rows[1].message;
    }
}

TEST(PeerBench, PythonThatDoesNotWhatItShouldIsOneLineEach) {
    const TemporaryFolder folder;
    const auto script = [&](const char* name, const std::string& commands) {
        const std::filesystem::path path = folder.path() / name;
        std::ofstream(path) << "while read -r line; do case $line in\n"
                            << "*describe*) echo '{\"ok\": true, \"version\": \"fake 1\", \"dispatch\": \"none\", "
                               "\"threads\": 1}';;\n"
                            << commands << "esac; done\n";
        return path;
    };
    PeerSettings settings;
    settings.python = "/bin/sh";
    settings.prepare_seconds = 60;
    settings.repeat_seconds = 0.2;
    std::vector<PeerEntry> torch;
    for (const PeerEntry& entry : peers()) {
        if (entry.name == "PyTorch flash") {
            torch.push_back(entry);
        }
    }
    ASSERT_EQ(torch.size(), 1U);
    // Keeps the folder that the request names.
    const std::string good =
        R"sh(*prepare*) folder=$(printf '%s' "$line" | sed 's/.*"folder":"\([^"]*\)".*/\1/'); echo '{"ok": true}';;
)sh";
    for (const auto& [commands, outcome, message] :
         {std::tuple{std::string("*prepare*) echo 'Segmentation fault' >&2; kill -11 $$;;\n"), BenchOutcome::failed,
                     "was ended by signal 11; its last words: Segmentation fault"},
          {std::string("*prepare*) echo '{\"ok\": false, \"unsupported\": true, \"why\": \"no kernel\"}';;\n"),
           BenchOutcome::unsupported, "no kernel"},
          {good + "*repeat*) sleep 1000;;\n", BenchOutcome::failed, "gave no answer within 0.2 s"},
          {good + "*repeat*) echo nonsense;;\n", BenchOutcome::failed, "answered what is no JSON: nonsense"},
          {good + "*repeat*) echo '{\"ok\": true, \"ns\": -5}';;\n", BenchOutcome::failed, "answer.ns: -5"},
          // The queries instead of the output: a tensor of the same shape.
          {good + "*repeat*) echo '{\"ok\": true, \"ns\": 5}';;\n"
                  "*results*) cp \"$folder/q.npy\" \"$folder/o.npy\"; echo '{\"ok\": true}';;\n",
           BenchOutcome::wrong, "its result differs from ours by "}}) {
        settings.script = script("fake.sh", commands);
        std::vector<OpenPeer> open = open_peers(torch, settings);
        ASSERT_NE(open[0].peer, nullptr) << open[0].message;
        EXPECT_EQ(open[0].facts.version, "fake 1");
        const std::vector<PeerComparison> rows = compare_with_peers(small_case(), options, open);
        ASSERT_EQ(rows.size(), 1U);
        EXPECT_EQ(rows[0].outcome, outcome) << rows[0].message;
        EXPECT_NE(rows[0].message.find(message), std::string::npos) << rows[0].message;
    }
    settings.python = "/bin/false";
    EXPECT_EQ(open_peers(torch, settings)[0].message, "ended with exit code 1");
    settings.python = "";
    EXPECT_EQ(open_peers(torch, settings)[0].outcome, BenchOutcome::unsupported);
}

TEST(PeerBench, NamesAreDifferent) {
    for (std::size_t i = 0; i < peers().size(); ++i) {
        for (std::size_t j = 0; j < i; ++j) {
            EXPECT_NE(peers()[i].name, peers()[j].name);
        }
    }
}

}  // namespace
}  // namespace longscope
