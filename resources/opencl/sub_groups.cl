// SPDX-License-Identifier: GPL-3.0-or-later
// Whether work-items of a work-group reach those beside them as tiled.cl needs it: the standard leaves open which items
// make a sub-group, and how many.
#pragma OPENCL EXTENSION cl_khr_subgroups : enable
#pragma OPENCL EXTENSION cl_khr_subgroup_shuffle : enable

// out[4 * item + i]: the number of the item that item reaches at a distance of 2^i.
__attribute__((reqd_work_group_size(128, 1, 1))) kernel void reach_neighbours(global uint* out) {
    const uint item = get_local_id(0);
    for (uint i = 0; i < 4; ++i) {
        out[4 * item + i] = sub_group_shuffle_xor(item, 1u << i);
    }
}
