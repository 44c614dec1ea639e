// SPDX-License-Identifier: GPL-3.0-or-later
// The results of parts of the keys as one (FlashDecoding): one work-item for each element of the output, in the order of
// the parts. Of each part there are the output, normalised, the base of its weights and their sum, which a logarithm of
// both would lose beside a base as large as numbers go.
//
// Defined from outside: DIM_V; SCORED (scoring.cl); SIGMOID, whether results are sums (engine/kernel/partial.h).
kernel void merge_parts(global const float* restrict outputs, global const float* restrict bases,
                        global const float* restrict part_sums, const int parts, const ulong rows,
                        global float* restrict output, global float* restrict lse) {
    const int d = get_global_id(0);
    const ulong row = get_global_id(1);
    float sum = 0.0f;
#if SIGMOID
    for (int part = 0; part < parts; ++part) {
        sum += outputs[(part * rows + row) * DIM_V + d];
    }
    const float of_row = -INFINITY;
#else
    float largest = -INFINITY;
    for (int part = 0; part < parts; ++part) {
        largest = fmax(largest, bases[part * rows + row]);
    }
    // A row that has seen nothing has weights of 0.
    const float base = largest == -INFINITY ? 0.0f : largest;
    float weights = 0.0f;
    for (int part = 0; part < parts; ++part) {
        const float weight = exp2(EXPONENT_OF_BASE(bases[part * rows + row], base)) * part_sums[part * rows + row];
        weights += weight;
        sum = fma(weight, outputs[(part * rows + row) * DIM_V + d], sum);
    }
    sum = weights == 0.0f ? 0.0f : sum / weights;
    const float of_row = weights == 0.0f ? -INFINITY : base * (SCORED ? 1.0f : LN_2) + log(weights);
#endif
    output[row * DIM_V + d] = sum;
    if (d == 0) {
        lse[row] = of_row;
    }
}
