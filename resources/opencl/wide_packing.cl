// SPDX-License-Identifier: GPL-3.0-or-later
// Keys and values in the order in which tiles are computed, one work-item for each tile of each key/value head: keys as
// panels of 32 columns (DIM_QK_PADDED x 32), values as panels of 32 elements (K_TILE x 32), filled up with zeros.
ONE_ITEM kernel void pack_tiles(global const element* keys, const ulong key_head_stride, const ulong key_stride,
                                global const element* values, const ulong value_head_stride, const ulong value_stride,
                                const int tokens, global float* restrict packed_keys, global float* restrict packed_values,
                                global int* restrict not_finite) {
    const size_t tile = get_global_id(0);
    const size_t head = get_global_id(1);
    const size_t slot = head * get_global_size(0) + tile;
    const int first = (int)tile * K_TILE;
    const int count = min(K_TILE, tokens - first);
    global float* k = packed_keys + slot * (K_TILE * DIM_QK_PADDED);
    for (int column = 0; column < K_TILE; ++column) {
        global float* to = k + (column / PANEL) * (DIM_QK_PADDED * PANEL) + column % PANEL;
        global const element* from = keys + head * key_head_stride + (size_t)(first + column) * key_stride;
        for (int d = 0; d < DIM_QK_PADDED; ++d) {
            to[d * PANEL] = column < count && d < DIM_QK ? load_element(from, d) : 0.0f;
        }
    }
    // Values that are not finite must not meet weights of 0: their tile is computed with care.
    float sum = 0.0f;
    global float* v = packed_values + slot * (K_TILE * DIM_V_PADDED);
    for (int column = 0; column < K_TILE; ++column) {
        global const element* from = values + head * value_head_stride + (size_t)(first + column) * value_stride;
        for (int d = 0; d < DIM_V_PADDED; ++d) {
            const float value = d < DIM_V && column < count ? load_element(from, d) : 0.0f;
            v[(d / PANEL) * (K_TILE * PANEL) + column * PANEL + d % PANEL] = value;
            sum += value * 0.0f;
        }
    }
    not_finite[slot] = sum != 0.0f;
}
