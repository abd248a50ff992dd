#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "CLinux.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <linux/filter.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

static int checked(int result) { return result < 0 ? -errno : result; }

static uint64_t load64(const uint8_t *bytes) {
    uint64_t value;
    memcpy(&value, bytes, 8);
    return __builtin_bswap64(value);
}

static void store64(uint8_t *bytes, uint64_t value) {
    value = __builtin_bswap64(value);
    memcpy(bytes, &value, 8);
}

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "load64 and store64 swap");

static void from_v6(const struct in6_addr *bytes, clinux_address *out) {
    out->high = load64(bytes->s6_addr);
    out->low = load64(bytes->s6_addr + 8);
    out->family = (out->high == 0 && out->low >> 32 == 0xffff) ? 4 : 6;
}

void clinux_address_decode(const void *sockaddr, size_t length, clinux_address *out) {
    memset(out, 0, sizeof *out);
    sa_family_t family = 0;
    if (length < sizeof family) return;
    memcpy(&family, sockaddr, sizeof family);
    if (family == AF_INET && length >= sizeof(struct sockaddr_in)) {
        struct sockaddr_in v4;
        memcpy(&v4, sockaddr, sizeof v4);
        out->low = 0xffff00000000ull | ntohl(v4.sin_addr.s_addr);
        out->port = ntohs(v4.sin_port);
        out->family = 4;
    } else if (family == AF_INET6 && length >= sizeof(struct sockaddr_in6)) {
        struct sockaddr_in6 v6;
        memcpy(&v6, sockaddr, sizeof v6);
        from_v6(&v6.sin6_addr, out);
        out->port = ntohs(v6.sin6_port);
        if (out->family == 6) out->scope = v6.sin6_scope_id;
    }
}

size_t clinux_address_encode(const clinux_address *address, int family, void *sockaddr) {
    if (family == 4) {
        if (address->family != 4) return 0;
        struct sockaddr_in v4;
        memset(&v4, 0, sizeof v4);
        v4.sin_family = AF_INET;
        v4.sin_port = htons(address->port);
        v4.sin_addr.s_addr = htonl((uint32_t)address->low);
        memcpy(sockaddr, &v4, sizeof v4);
        return sizeof v4;
    }
    struct sockaddr_in6 v6;
    memset(&v6, 0, sizeof v6);
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(address->port);
    store64(v6.sin6_addr.s6_addr, address->high);
    store64(v6.sin6_addr.s6_addr + 8, address->low);
    v6.sin6_scope_id = address->scope;
    memcpy(sockaddr, &v6, sizeof v6);
    return sizeof v6;
}

int clinux_socket(int family, int kind, int non_blocking) {
    int type = (kind == CLINUX_DATAGRAM ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC;
    if (non_blocking) type |= SOCK_NONBLOCK;
    return checked(socket(family == 4 ? AF_INET : AF_INET6, type, 0));
}

static int option_place(int option, int *level, int *name) {
    switch (option) {
    case CLINUX_REUSE_ADDRESS: *level = SOL_SOCKET, *name = SO_REUSEADDR; return 0;
    case CLINUX_REUSE_PORT: *level = SOL_SOCKET, *name = SO_REUSEPORT; return 0;
    case CLINUX_IPV6_ONLY: *level = IPPROTO_IPV6, *name = IPV6_V6ONLY; return 0;
    case CLINUX_PACKET_INFORMATION_4: *level = IPPROTO_IP, *name = IP_PKTINFO; return 0;
    case CLINUX_PACKET_INFORMATION_6: *level = IPPROTO_IPV6, *name = IPV6_RECVPKTINFO; return 0;
    case CLINUX_RECEIVE_BUFFER: *level = SOL_SOCKET, *name = SO_RCVBUF; return 0;
    case CLINUX_SEND_BUFFER: *level = SOL_SOCKET, *name = SO_SNDBUF; return 0;
    case CLINUX_TCP_NO_DELAY: *level = IPPROTO_TCP, *name = TCP_NODELAY; return 0;
    case CLINUX_PENDING_ERROR: *level = SOL_SOCKET, *name = SO_ERROR; return 0;
    default: return -EINVAL;
    }
}

int clinux_set_option(int fd, int option, int value) {
    if (option == CLINUX_RECEIVE_TIMEOUT_MILLISECONDS || option == CLINUX_SEND_TIMEOUT_MILLISECONDS) {
        struct timeval timeout = {.tv_sec = value / 1000, .tv_usec = (value % 1000) * 1000};
        int name = option == CLINUX_RECEIVE_TIMEOUT_MILLISECONDS ? SO_RCVTIMEO : SO_SNDTIMEO;
        return checked(setsockopt(fd, SOL_SOCKET, name, &timeout, sizeof timeout));
    }
    int level, name;
    int result = option_place(option, &level, &name);
    return result < 0 ? result : checked(setsockopt(fd, level, name, &value, sizeof value));
}

int clinux_get_option(int fd, int option) {
    int level, name, value = 0;
    int result = option_place(option, &level, &name);
    if (result < 0) return result;
    socklen_t length = sizeof value;
    return getsockopt(fd, level, name, &value, &length) < 0 ? -errno : value;
}

int clinux_spread_by_processor(int fd, unsigned count) {
    if (count == 0) return -EINVAL;
    struct sock_filter steps[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)(SKF_AD_OFF + SKF_AD_CPU)),
        BPF_STMT(BPF_ALU | BPF_MOD | BPF_K, count),
        BPF_STMT(BPF_RET | BPF_A, 0),
    };
    struct sock_fprog program = {.len = sizeof steps / sizeof *steps, .filter = steps};
    return checked(setsockopt(fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &program, sizeof program));
}

int clinux_bind(int fd, int family, const clinux_address *address) {
    struct sockaddr_storage storage;
    size_t length = clinux_address_encode(address, family, &storage);
    if (length == 0) return -EAFNOSUPPORT;
    return checked(bind(fd, (struct sockaddr *)&storage, (socklen_t)length));
}

int clinux_connect(int fd, int family, const clinux_address *address) {
    struct sockaddr_storage storage;
    size_t length = clinux_address_encode(address, family, &storage);
    if (length == 0) return -EAFNOSUPPORT;
    return checked(connect(fd, (struct sockaddr *)&storage, (socklen_t)length));
}

int clinux_listen(int fd, int backlog) { return checked(listen(fd, backlog)); }

int clinux_accept(int fd, clinux_address *client) {
    struct sockaddr_storage storage;
    socklen_t length = sizeof storage;
    int result = accept4(fd, (struct sockaddr *)&storage, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (result < 0) return -errno;
    clinux_address_decode(&storage, length, client);
    return result;
}

int clinux_local_address(int fd, clinux_address *out) {
    struct sockaddr_storage storage;
    socklen_t length = sizeof storage;
    if (getsockname(fd, (struct sockaddr *)&storage, &length) < 0) return -errno;
    clinux_address_decode(&storage, length, out);
    return 0;
}

int clinux_shutdown(int fd, int read, int write) {
    return checked(shutdown(fd, read ? (write ? SHUT_RDWR : SHUT_RD) : SHUT_WR));
}

int clinux_host_addresses(
    const char *name, void *context, void (*each)(void *context, const clinux_address *address)) {
    // One kind of socket, so that each address comes once.
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_DGRAM};
    struct addrinfo *list = NULL;
    int result = getaddrinfo(name, NULL, &hints, &list);
    if (result == EAI_SYSTEM) return errno > 0 ? -errno : -EIO;
    if (result != 0) return -result;
    for (struct addrinfo *entry = list; entry != NULL; entry = entry->ai_next) {
        if (entry->ai_addr == NULL) continue;
        clinux_address address;
        clinux_address_decode(entry->ai_addr, entry->ai_addrlen, &address);
        if (address.family != 0) each(context, &address);
    }
    freeaddrinfo(list);
    return 0;
}

const char *clinux_host_error_description(int code) { return gai_strerror(-code); }

int clinux_interface_addresses(
    void *context, void (*each)(void *context, const char *name, const clinux_address *address)) {
    struct ifaddrs *list = NULL;
    if (getifaddrs(&list) < 0) return -errno;
    for (struct ifaddrs *entry = list; entry != NULL; entry = entry->ifa_next) {
        if (entry->ifa_addr == NULL || entry->ifa_name == NULL) continue;
        size_t length = entry->ifa_addr->sa_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
        if (entry->ifa_addr->sa_family != AF_INET && entry->ifa_addr->sa_family != AF_INET6) continue;
        clinux_address address;
        clinux_address_decode(entry->ifa_addr, length, &address);
        each(context, entry->ifa_name, &address);
    }
    freeifaddrs(list);
    return 0;
}
