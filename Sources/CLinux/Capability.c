#define _GNU_SOURCE
#include "CLinux.h"

#include <errno.h>
#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>

// glibc has no wrapper for these two (capget(2)), and two calls are no reason for libcap.
int clinux_use_bind_capability(void) {
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
    struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3] = {{0}};
    if (syscall(SYS_capget, &header, sets) != 0) return -errno;
    const size_t word = CAP_TO_INDEX(CAP_NET_BIND_SERVICE);
    const uint32_t bit = CAP_TO_MASK(CAP_NET_BIND_SERVICE);
    if (!(sets[word].permitted & bit) || (sets[word].effective & bit)) return 0;
    sets[word].effective |= bit;
    if (syscall(SYS_capset, &header, sets) != 0) return -errno;
    return 0;
}
