// SPDX-License-Identifier: GPL-3.0-or-later
// What all kernels share: the elements of a caller's tensor as float32, and the shapes that tensors are packed in.
//
// Defined from outside: INPUT, the type of the tensor: 0 float32, 1 bfloat16, 2 float16.
//
// Products are fused with sums only where it says so: a rounded number that was taken away must be the same one everywhere.
#pragma OPENCL FP_CONTRACT OFF

#define PANEL 32      // rows of a right factor that stand side by side
#define ROW_GROUP 12  // rows of a left factor that a plan tells of together
#define LOG2_E 1.44269504088896341f
#define LN_2 0.693147180559945309f

#if INPUT == 0
typedef float element;
#define load_element(from, at) ((from)[at])
#elif INPUT == 1
typedef ushort element;
#define load_element(from, at) (as_float((uint)(from)[at] << 16))
#else
typedef half element;
#define load_element(from, at) (vload_half(at, from))
#endif
