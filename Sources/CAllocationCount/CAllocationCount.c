#define _GNU_SOURCE
#include "CAllocationCount.h"

#include <errno.h>
#include <malloc.h>
#include <stddef.h>

// glibc's own names for what is replaced here (malloc(3) may be replaced; these are what it is then).
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *bytes, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);
extern void __libc_free(void *bytes);

static _Thread_local uint64_t calls;
static _Thread_local int64_t held;

static void *counted(void *bytes) {
    calls += 1;
    if (bytes) held += (int64_t)malloc_usable_size(bytes);
    return bytes;
}

void *malloc(size_t size) { return counted(__libc_malloc(size)); }

void *calloc(size_t count, size_t size) { return counted(__libc_calloc(count, size)); }

void *realloc(void *bytes, size_t size) {
    int64_t before = bytes ? (int64_t)malloc_usable_size(bytes) : 0;
    void *moved = __libc_realloc(bytes, size);
    calls += 1;
    if (moved) held += (int64_t)malloc_usable_size(moved) - before;
    else if (size == 0) held -= before;
    return moved;
}

void *memalign(size_t alignment, size_t size) { return counted(__libc_memalign(alignment, size)); }

void *aligned_alloc(size_t alignment, size_t size) { return counted(__libc_memalign(alignment, size)); }

int posix_memalign(void **out, size_t alignment, size_t size) {
    void *bytes = counted(__libc_memalign(alignment, size));
    if (!bytes) return ENOMEM;
    *out = bytes;
    return 0;
}

void free(void *bytes) {
    if (bytes) held -= (int64_t)malloc_usable_size(bytes);
    __libc_free(bytes);
}

uint64_t callocationcount_calls(void) { return calls; }

int64_t callocationcount_bytes(void) { return held; }
