// SPDX-License-Identifier: GPL-3.0-or-later
// What a device does at most: its peak of multiply-adds in float32, and how fast it reads memory.
//
// Defined from outside: WIDTH, the floats of a vector (16 for processors, 4 for others); CHAINS, sums that do not wait
// for each other.
#define JOIN(a, b) a##b
#define VECTOR_OF(width) JOIN(float, width)
typedef VECTOR_OF(WIDTH) vector;

#ifdef __has_attribute
#if __has_attribute(min_vector_width)
#define WHOLE_VECTORS __attribute__((min_vector_width(512)))
#endif
#endif
#ifndef WHOLE_VECTORS
#define WHOLE_VECTORS
#endif

// out holds a factor and a summand, and receives what keeps the loop from being left out.
WHOLE_VECTORS kernel void multiply_add(global float* out, const int rounds) {
    const vector a = out[0];
    const vector b = out[1];
    vector sums[CHAINS];
    _Pragma("unroll") for (int i = 0; i < CHAINS; ++i) {
        sums[i] = (vector)((float)(get_global_id(0) + i));
    }
    for (int round = 0; round < rounds; ++round) {
        _Pragma("unroll") for (int i = 0; i < CHAINS; ++i) {
            sums[i] = fma(sums[i], a, b);
        }
    }
    vector sum = sums[0];
    _Pragma("unroll") for (int i = 1; i < CHAINS; ++i) {
        sum += sums[i];
    }
    out[2 + get_global_id(0)] = sum.s0 + sum.s3;
}

// Work-item i of n reads every n-th part of `count` vectors: one piece after the other on processors, whose work-items are
// few; side by side on others.
WHOLE_VECTORS kernel void read_all(global const vector* restrict from, const ulong count, const int side_by_side,
                                   global float* out) {
    const ulong items = get_global_size(0);
    const ulong piece = count / items;
    const ulong begin = side_by_side ? get_global_id(0) : get_global_id(0) * piece;
    const ulong step = side_by_side ? items : 1;
    vector sums[4];
    _Pragma("unroll") for (int i = 0; i < 4; ++i) {
        sums[i] = (vector)(0.0f);
    }
    for (ulong i = 0; i + 4 <= piece; i += 4) {
        _Pragma("unroll") for (int j = 0; j < 4; ++j) {
            sums[j] += from[begin + (i + j) * step];
        }
    }
    const vector sum = sums[0] + sums[1] + sums[2] + sums[3];
    out[2 + get_global_id(0)] = sum.s0 + sum.s3;
}
