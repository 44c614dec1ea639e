// SPDX-License-Identifier: GPL-3.0-or-later
// A tensor in the orders in which tiles are computed, one work-item for each tile of each head, filled up with zeros.
//
// Defined from outside beside what lanes.cl reads: DIM, the elements of a row; DIM_PADDED, these filled up; TILE, the
// rows of a tile.

// As panels of 32 rows, each DIM_PADDED x 32: the right factor of a product that sums over the elements.
ONE_ITEM kernel void pack_panels(global const element* from, const ulong head_stride, const ulong row_stride,
                                 const int first, const int rows, global float* restrict packed) {
    const size_t slot = get_global_id(1) * get_global_size(0) + get_global_id(0);
    const int begin = (int)get_global_id(0) * TILE;
    for (int row = 0; row < TILE; ++row) {
        global float* to = packed + slot * (TILE * DIM_PADDED) + (row / PANEL) * (DIM_PADDED * PANEL) + row % PANEL;
        global const element* source = from + get_global_id(1) * head_stride + (size_t)(first + begin + row) * row_stride;
        const int present = begin + row < rows ? DIM : 0;
        for (int d = 0; d < present; ++d) {
            to[d * PANEL] = load_element(source, d);
        }
        for (int d = present; d < DIM_PADDED; ++d) {
            to[d * PANEL] = 0.0f;
        }
    }
}

// As panels of 32 elements, each TILE x 32: the right factor of a product that sums over the rows. Says of each tile
// whether there is a number in it that is not finite.
ONE_ITEM kernel void pack_rows(global const element* from, const ulong head_stride, const ulong row_stride,
                               const int first, const int rows, global float* restrict packed,
                               global int* restrict not_finite) {
    const size_t slot = get_global_id(1) * get_global_size(0) + get_global_id(0);
    const int begin = (int)get_global_id(0) * TILE;
    float sum = 0.0f;
    for (int row = 0; row < TILE; ++row) {
        global float* to = packed + slot * (TILE * DIM_PADDED) + row * PANEL;
        global const element* source = from + get_global_id(1) * head_stride + (size_t)(first + begin + row) * row_stride;
        const int present = begin + row < rows ? DIM : 0;
        for (int d = 0; d < present; ++d) {
            const float value = load_element(source, d);
            to[(d / PANEL) * (TILE * PANEL) + d % PANEL] = value;
            sum += value * 0.0f;
        }
        for (int d = present; d < DIM_PADDED; ++d) {
            to[(d / PANEL) * (TILE * PANEL) + d % PANEL] = 0.0f;
        }
    }
    not_finite[slot] = sum != 0.0f;
}
