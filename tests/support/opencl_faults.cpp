// SPDX-License-Identifier: GPL-3.0-or-later
// Stands before the loader of OpenCL (LD_PRELOAD) and makes one function fail as drivers do, all others being those of
// the real driver. LONGSCOPE_TEST_OPENCL_FAULT is "FUNCTION CODE AFTER": the call number AFTER and all later ones give
// CODE; for clEnqueueNDRangeKernel the word "hang" in place of a code leaves kernels without an end. A function that
// the programs themselves call may also crash ("abort"), and clGetPlatformIDs and clBuildProgram never come back
// ("hang").
#define CL_TARGET_OPENCL_VERSION 120
#include <CL/cl.h>
#include <dlfcn.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <sstream>
#include <string>

namespace {

struct Fault {
    std::string function;
    std::string code;
    int after = 0;
};

const Fault& fault() {
    static const Fault asked = [] {
        Fault read;
        const char* text = std::getenv("LONGSCOPE_TEST_OPENCL_FAULT");  // NOLINT(concurrency-mt-unsafe)
        std::istringstream words(text == nullptr ? "" : text);
        words >> read.function >> read.code >> read.after;
        return read;
    }();
    return asked;
}

// Does this call of the function fail?
bool fails(const char* function) {
    static std::atomic<int> calls{0};
    const bool does = fault().function == function && calls++ >= fault().after;
    if (does && fault().code == "abort") {
        std::abort();
    }
    return does;
}

// What a function that fails gives, where it comes back.
cl_int code() {
    while (fault().code == "hang") {
        pause();
    }
    return std::stoi(fault().code);
}

template <typename Function>
Function* real(const char* name) {
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): what dlsym is for
    return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

}  // namespace

// The names and parameters are those of the standard. NOLINTBEGIN(readability-identifier-naming)
extern "C" {

cl_int clGetPlatformIDs(cl_uint count, cl_platform_id* platforms, cl_uint* found) {
    if (fails("clGetPlatformIDs")) {
        return code();
    }
    return real<decltype(clGetPlatformIDs)>("clGetPlatformIDs")(count, platforms, found);
}

cl_mem clCreateBuffer(cl_context context, cl_mem_flags flags, size_t size, void* host, cl_int* error) {
    if (fails("clCreateBuffer")) {
        if (error != nullptr) {
            *error = code();
        }
        return nullptr;
    }
    return real<decltype(clCreateBuffer)>("clCreateBuffer")(context, flags, size, host, error);
}

cl_int clBuildProgram(cl_program program, cl_uint count, const cl_device_id* devices, const char* options,
                      void(CL_CALLBACK* done)(cl_program, void*), void* data) {
    if (fails("clBuildProgram")) {
        return code();
    }
    return real<decltype(clBuildProgram)>("clBuildProgram")(program, count, devices, options, done, data);
}

cl_int clEnqueueNDRangeKernel(cl_command_queue queue, cl_kernel kernel, cl_uint dimensions, const size_t* offset,
                              const size_t* global, const size_t* local, cl_uint count, const cl_event* events,
                              cl_event* event) {
    if (fails("clEnqueueNDRangeKernel")) {
        if (fault().code != "hang") {
            return code();
        }
        if (event != nullptr) {
            cl_context context = nullptr;
            clGetCommandQueueInfo(queue, CL_QUEUE_CONTEXT, sizeof(cl_context), static_cast<void*>(&context), nullptr);
            cl_int created = CL_SUCCESS;
            *event = clCreateUserEvent(context, &created);
            return created;
        }
        return CL_SUCCESS;
    }
    return real<decltype(clEnqueueNDRangeKernel)>("clEnqueueNDRangeKernel")(queue, kernel, dimensions, offset, global,
                                                                            local, count, events, event);
}

}  // extern "C"
// NOLINTEND(readability-identifier-naming)
