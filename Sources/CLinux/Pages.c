#define _GNU_SOURCE
#include "CLinux.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

// One mapping of /proc/self/smaps (proc_pid_smaps(5)).
typedef struct mapping {
    unsigned long start;
    unsigned long end;
    int is_clean_file;  // private, of a file, and not to be written
    int is_anonymous;   // some page is no longer the file's
} mapping;

// A page that is gone is read from the page cache when it is next used. That is the same page only as long as no page of
// the mapping was ever written: what the dynamic linker relocated, and what was only then made read-only, has anonymous
// pages.
static void release(const mapping *mapping) {
    if (!mapping->is_clean_file || mapping->is_anonymous) return;
    (void)madvise((void *)mapping->start, mapping->end - mapping->start, MADV_DONTNEED);
}

void clinux_release_clean_pages(void) {
    FILE *maps = fopen("/proc/self/smaps", "re");
    if (!maps) return;
    char *line = NULL;
    size_t size = 0;
    mapping current = {0};
    while (getline(&line, &size, maps) > 0) {
        unsigned long start, end, inode, kilobytes;
        char permissions[5];
        if (sscanf(line, "%lx-%lx %4s %*x %*x:%*x %lu", &start, &end, permissions, &inode) == 4) {
            release(&current);
            current = (mapping){
                .start = start, .end = end,
                .is_clean_file = inode != 0 && permissions[1] == '-' && permissions[3] == 'p'};
        } else if (sscanf(line, "Anonymous: %lu", &kilobytes) == 1) {
            current.is_anonymous = kilobytes != 0;
        }
    }
    release(&current);
    free(line);
    fclose(maps);
}
