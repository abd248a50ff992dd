// Counts what malloc gives and takes back, for benchmarks only: a program that links this has these counters in its
// malloc. They are this thread's own.
#ifndef CALLOCATIONCOUNT_H
#define CALLOCATIONCOUNT_H

#include <stdint.h>

// Allocations of this thread since it started.
uint64_t callocationcount_calls(void);
// Bytes that this thread allocated (as malloc_usable_size(3) counts them), less those that it freed.
int64_t callocationcount_bytes(void);

#endif
