# SPDX-License-Identifier: GPL-3.0-or-later
"""Masks to try: expressions over sequences of documents."""

import json
import random


class Case:
    def __init__(self, name, mask, documents):
        self.name = name
        self.mask = mask
        self.documents = documents

    @property
    def tokens(self):
        return sum(self.documents)

    def sequence(self):
        return ["--documents", ",".join(map(str, self.documents))]


def random_leaf(draw, tokens):
    below = draw.randrange
    return draw.choice(
        [
            lambda: {"causal": {}},
            lambda: {"documents": {}},
            lambda: {"window": {"left": below(tokens), "right": below(tokens)}},
            lambda: {"prefix": {"tokens": 1 + below(tokens)}},
            lambda: {"sink": {"tokens": 1 + below(tokens)}},
            lambda: {"shared_question": {}},
            lambda: {"causal_blockwise": {}},
            lambda: {"global_tokens": {"tokens": 1 + below(tokens), "axis": draw.choice(["rows", "columns", "both"])}},
            lambda: {"chunked_local": {"chunk": 1 + below(tokens)}},
            lambda: {"strided_columns": {"stride": 8, "first": below(6), "width": 1 + below(2)}},
            lambda: {"grid": {"stride": 16, "query_phase": below(16), "key_phase": below(16)}},
            lambda: {"random_block_sparse": {"q_block": 16, "k_block": 32, "kept": draw.random(), "seed": below(99)}},
            lambda: {"random_eviction": {"block": 1 + below(40), "seed": below(99)}},
        ]
    )()


def random_order(draw):
    return draw.choice(
        [
            lambda: {"reverse": {}},
            lambda: {"interleave": {"stride": 1 + draw.randrange(32)}},
            lambda: {"shuffle": {"block": 1 + draw.randrange(32), "seed": draw.randrange(99)}},
        ]
    )()


def random_mask(draw, tokens, depth=2):
    if depth == 0 or draw.random() < 0.3:
        return random_leaf(draw, tokens)
    inner = lambda: random_mask(draw, tokens, depth - 1)  # noqa: E731
    return draw.choice(
        [
            lambda: {"and": [inner(), inner()]},
            lambda: {"or": [inner(), inner()]},
            lambda: {"not": inner()},
            lambda: {"minus": [inner(), inner()]},
            lambda: {"permute": {"axis": draw.choice(["rows", "both"]), "order": random_order(draw), "mask": inner()}},
        ]
    )()


def random_cases(count, seed):
    draw = random.Random(seed)
    for number in range(count):
        tokens = 128 * (1 + draw.randrange(3))
        cuts = sorted(draw.sample(range(1, tokens), draw.randrange(4)))
        documents = [end - begin for begin, end in zip([0, *cuts], [*cuts, tokens])]
        yield Case(f"random {number}", json.dumps(random_mask(draw, tokens)), documents)
