// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/workload/packing.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <numeric>

#include "tests/support/message_of.h"

namespace longscope {
namespace {

using Lengths = std::vector<std::int64_t>;

std::int64_t sum(const Lengths& lengths) {
    return std::accumulate(lengths.begin(), lengths.end(), std::int64_t{0});
}

// A histogram of one to five bins without overlap.
LengthSource any_histogram() {
    std::vector<LengthBin> bins;
    std::int64_t begin = *rc::gen::inRange<std::int64_t>(0, 50);
    const int count = *rc::gen::inRange(1, 6);
    for (int i = 0; i < count; ++i) {
        const std::int64_t end = begin + *rc::gen::inRange<std::int64_t>(2, 200);
        bins.push_back({begin, end, static_cast<double>(*rc::gen::inRange(i == 0 ? 1 : 0, 10))});
        begin = end + *rc::gen::inRange<std::int64_t>(0, 20);
    }
    return LengthSource::histogram(bins, "any");
}

LengthSource any_list() {
    return LengthSource::list(*rc::gen::nonEmpty(rc::gen::container<Lengths>(rc::gen::inRange<std::int64_t>(1, 300))),
                              "any");
}

bool can_draw(const LengthSource& source, std::int64_t length) {
    if (source.kind() == LengthSource::Kind::list) {
        return std::count(source.lengths().begin(), source.lengths().end(), length) > 0;
    }
    return std::any_of(source.bins().begin(), source.bins().end(), [&](const LengthBin& bin) {
        return bin.weight > 0 && bin.shortest() <= length && length <= bin.longest();
    });
}

TEST(Packing, FillsTheSequenceExactlyWithLengthsOfTheSource) {
    EXPECT_TRUE(rc::check([] {
        const LengthSource source = *rc::gen::arbitrary<bool>() ? any_histogram() : any_list();
        const auto tokens = *rc::gen::inRange<std::int64_t>(1, 5000);
        const auto seed = *rc::gen::arbitrary<std::uint64_t>();
        const auto draw = *rc::gen::inRange<std::int64_t>(0, 1000);
        const Lengths documents = draw_documents(source, tokens, seed, draw);
        RC_ASSERT(sum(documents) == tokens);
        RC_ASSERT(documents.back() >= 1);
        RC_ASSERT(documents.back() <= source.longest());
        for (std::size_t i = 0; i + 1 < documents.size(); ++i) {
            RC_ASSERT(can_draw(source, documents[i]));
        }
        RC_ASSERT(draw_documents(source, tokens, seed, draw) == documents);
    }));
}

TEST(Packing, CutsOnlyTheLastDocument) {
    EXPECT_TRUE(rc::check([] {
        const LengthSource source = any_histogram();
        const auto seed = *rc::gen::arbitrary<std::uint64_t>();
        const auto tokens = *rc::gen::inRange<std::int64_t>(2, 2000);
        const auto longer = tokens + *rc::gen::inRange<std::int64_t>(1, 500);
        const Lengths documents = draw_documents(source, tokens, seed, 0);
        const Lengths more = draw_documents(source, longer, seed, 0);
        RC_ASSERT(more.size() >= documents.size());
        RC_ASSERT(std::equal(documents.begin(), documents.end() - 1, more.begin()));
        RC_ASSERT(more[documents.size() - 1] >= documents.back());
    }));
}

TEST(Packing, DiffersBetweenDrawsAndBetweenSeeds) {
    const LengthSource source = LengthSource::histogram({{1, 1000, 1.0}}, "f");
    const Lengths documents = draw_documents(source, 1 << 20, 1, 0);
    EXPECT_NE(draw_documents(source, 1 << 20, 1, 1), documents);
    EXPECT_NE(draw_documents(source, 1 << 20, 2, 0), documents);
    EXPECT_NE(draw_documents(source, 1 << 20, 1, 1), draw_documents(source, 1 << 20, 2, 0));
}

TEST(Packing, GivesTheSameDocumentsOnEveryMachine) {
    // Computed by a second implementation: a change of the random numbers or of the convention changes stored
    // experiments.
    const LengthSource histogram = LengthSource::histogram({{0, 32, 0.25}, {32, 4096, 0.75}}, "f");
    EXPECT_EQ(draw_documents(histogram, 8192, 1, 0), (Lengths{2867, 3379, 17, 1213, 1, 715}));
    EXPECT_EQ(draw_documents(LengthSource::list({10, 20, 30}, "f"), 100, 1, 2), (Lengths{30, 20, 10, 10, 10, 20}));
}

TEST(Packing, CutsADocumentThatIsLongerThanTheSequence) {
    EXPECT_EQ(draw_documents(LengthSource::list({max_length}, "f"), 4096, 1, 0), (Lengths{4096}));
    EXPECT_EQ(draw_documents(LengthSource::histogram({{max_length - 2, max_length, 1.0}}, "f"), 1, 1, 0), (Lengths{1}));
}

TEST(Packing, KeepsFixedDocumentsInEveryDraw) {
    const LengthSource source = LengthSource::fixed({5, 1, 2});
    EXPECT_EQ(draw_documents(source, 8, 1, 0), (Lengths{5, 1, 2}));
    EXPECT_EQ(draw_documents(source, 8, 7, 3), (Lengths{5, 1, 2}));
    EXPECT_EQ(message_of([&] { (void)draw_documents(source, 9, 1, 0); }),
              "fixed: a sum of 8 is less than the sequence; accepted: lengths that sum to 9");
    EXPECT_EQ(message_of([&] { (void)draw_documents(source, 7, 1, 0); }),
              "fixed: the sum of the lengths is more than the sequence; accepted: lengths that sum to 7");
    // Sums that do not fit in 64 bits.
    EXPECT_EQ(message_of([&] {
                  (void)draw_documents(LengthSource::fixed({max_length, max_length, 4}), 4, 1, 0);
              }),
              "fixed: the sum of the lengths is more than the sequence; accepted: lengths that sum to 4");
}

TEST(Packing, RefusesMoreDocumentsThanFitInMemory) {
    EXPECT_EQ(message_of([&] { (void)draw_documents(LengthSource::list({1}, "f"), max_documents + 1, 1, 0); }),
              "f: a mean of 1.0 tokens a document is too short for 4,194,305 tokens; accepted: lengths that pack into "
              "at most 4,194,304 documents");
}

TEST(CuSeqlens, AreTheSumsBeforeEachDocument) {
    EXPECT_EQ(cu_seqlens({3, 1, 4}), (Lengths{0, 3, 4, 8}));
    EXPECT_EQ(cu_seqlens({}), (Lengths{0}));
}

}  // namespace
}  // namespace longscope
