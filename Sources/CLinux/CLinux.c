#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "CLinux.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <malloc.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

_Static_assert(CLINUX_EPOLL_IN == EPOLLIN && CLINUX_EPOLL_OUT == EPOLLOUT, "epoll bits");
_Static_assert(CLINUX_EPOLL_ERR == EPOLLERR && CLINUX_EPOLL_HUP == EPOLLHUP, "epoll bits");

static int checked(int result) { return result < 0 ? -errno : result; }

// ---- system calls that Swift could import, kept here for the errno rule

int clinux_open_read(const char *path) { return checked(open(path, O_RDONLY | O_CLOEXEC)); }

int clinux_open_write(const char *path, unsigned mode) {
    return checked(open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, (mode_t)mode));
}

// Whoever opened the file before it got another name has the lock of a file that is no longer at `path`, and begins anew.
int clinux_open_locked(const char *path, unsigned mode) {
    for (int tries = 0; tries < 8; tries++) {
        int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, (mode_t)mode);
        if (fd < 0) return -errno;
        struct stat own, there;
        // Some file systems of networks have no locks: there, nobody is kept out.
        int failed = flock(fd, LOCK_EX | LOCK_NB) < 0 && errno != ENOLCK && errno != EOPNOTSUPP && errno != ENOSYS;
        int is_there = !failed && fstat(fd, &own) == 0 && lstat(path, &there) == 0 && own.st_dev == there.st_dev &&
                       own.st_ino == there.st_ino;
        if (is_there && ftruncate(fd, 0) == 0) return fd;
        int code = errno;
        close(fd);
        if (failed || is_there) return -code;
    }
    return -EWOULDBLOCK;
}

int clinux_fsync(int fd) { return checked(fsync(fd)); }

int clinux_rename(const char *from, const char *to) { return checked(rename(from, to)); }

int clinux_unlink(const char *path) { return checked(unlink(path)); }

int clinux_close(int fd) { return checked(close(fd)); }

ssize_t clinux_read(int fd, void *bytes, size_t length) {
    ssize_t result = read(fd, bytes, length);
    return result < 0 ? -errno : result;
}

ssize_t clinux_write(int fd, const void *bytes, size_t length) {
    ssize_t result = write(fd, bytes, length);
    return result < 0 ? -errno : result;
}

ssize_t clinux_send(int fd, const void *bytes, size_t length) {
    ssize_t result = send(fd, bytes, length, MSG_NOSIGNAL);
    return result < 0 ? -errno : result;
}

int clinux_wait_writable(int fd, int milliseconds) {
    struct pollfd entry = {.fd = fd, .events = POLLOUT};
    return checked(poll(&entry, 1, milliseconds));
}

int clinux_file_stamp_of(const char *path, clinux_file_stamp *out) {
    struct stat status;
    if (stat(path, &status) != 0) return -errno;
    out->device = (uint64_t)status.st_dev;
    out->inode = (uint64_t)status.st_ino;
    out->size = (int64_t)status.st_size;
    out->is_regular = S_ISREG(status.st_mode);
    out->modified_seconds = (int64_t)status.st_mtim.tv_sec;
    out->modified_nanoseconds = (int64_t)status.st_mtim.tv_nsec;
    return 0;
}

// ---- epoll and eventfd

int clinux_epoll_create(void) { return checked(epoll_create1(EPOLL_CLOEXEC)); }

static int epoll_change(int epoll, int operation, int fd, uint32_t events, uint64_t token) {
    struct epoll_event event = {.events = events, .data = {.u64 = token}};
    return checked(epoll_ctl(epoll, operation, fd, &event));
}

int clinux_epoll_add(int epoll, int fd, uint32_t events, uint64_t token) {
    return epoll_change(epoll, EPOLL_CTL_ADD, fd, events, token);
}

int clinux_epoll_modify(int epoll, int fd, uint32_t events, uint64_t token) {
    return epoll_change(epoll, EPOLL_CTL_MOD, fd, events, token);
}

int clinux_epoll_delete(int epoll, int fd) { return epoll_change(epoll, EPOLL_CTL_DEL, fd, 0, 0); }

int clinux_epoll_wait(int epoll, clinux_event *out, int milliseconds) {
    struct epoll_event events[CLINUX_EPOLL_BATCH];
    int count = epoll_wait(epoll, events, CLINUX_EPOLL_BATCH, milliseconds);
    if (count < 0) return -errno;
    for (int i = 0; i < count; i++) {
        out[i].token = events[i].data.u64;
        out[i].events = events[i].events;
    }
    return count;
}

int clinux_eventfd(void) { return checked(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)); }

int clinux_eventfd_signal(int fd) {
    uint64_t one = 1;
    return write(fd, &one, sizeof one) < 0 ? -errno : 0;
}

int clinux_eventfd_clear(int fd) {
    uint64_t count;
    return read(fd, &count, sizeof count) < 0 ? -errno : 0;
}

// ---- process

int clinux_affinity_count(void) {
    // The kernel refuses a set smaller than its own (EINVAL); grow until it fits, to 64 Ki processors.
    for (int processors = 1024; processors <= 65536; processors *= 2) {
        cpu_set_t *set = CPU_ALLOC((size_t)processors);
        if (set == NULL) return -ENOMEM;
        size_t size = CPU_ALLOC_SIZE((size_t)processors);
        CPU_ZERO_S(size, set);
        int result = sched_getaffinity(0, size, set);
        int code = errno;
        int count = CPU_COUNT_S(size, set);
        CPU_FREE(set);
        if (result == 0) return count;
        if (code != EINVAL) return -code;
    }
    return -EINVAL;
}

int clinux_set_thread_name(const char *name) { return -pthread_setname_np(pthread_self(), name); }

int clinux_entropy(void *bytes, size_t length) {
    uint8_t *at = bytes;
    while (length > 0) {
        size_t part = length < 256 ? length : 256;
        ssize_t result = getrandom(at, part, 0);
        if (result < 0) {
            if (errno == EINTR) continue;
            return -errno;
        }
        at += result;
        length -= (size_t)result;
    }
    return 0;
}

void clinux_malloc_limit_arenas(int count) { mallopt(M_ARENA_MAX, count); }

void clinux_malloc_trim(void) { malloc_trim(0); }

const char *clinux_error_name(int code) { return strerrorname_np(code); }

const char *clinux_error_description(int code) { return strerrordesc_np(code); }

static void fill(sigset_t *set, const int *signals, size_t count) {
    sigemptyset(set);
    for (size_t i = 0; i < count; i++) sigaddset(set, signals[i]);
}

int clinux_signals_block(const int *signals, size_t count) {
    sigset_t set;
    fill(&set, signals, count);
    return -pthread_sigmask(SIG_BLOCK, &set, NULL);
}

int clinux_signals_wait(const int *signals, size_t count) {
    sigset_t set;
    fill(&set, signals, count);
    int signal = 0;
    int result = sigwait(&set, &signal);
    return result == 0 ? signal : -result;
}

int clinux_signals_wait_for(const int *signals, size_t count, uint64_t nanoseconds) {
    sigset_t set;
    fill(&set, signals, count);
    struct timespec time = {(time_t)(nanoseconds / 1000000000u), (long)(nanoseconds % 1000000000u)};
    int signal = sigtimedwait(&set, NULL, &time);
    return signal < 0 ? -errno : signal;
}

int clinux_signal_ignore(int number) { return signal(number, SIG_IGN) == SIG_ERR ? -errno : 0; }
