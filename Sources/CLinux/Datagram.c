#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "CLinux.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

_Static_assert(sizeof(struct sockaddr_in6) <= sizeof(((clinux_slot *)0)->client), "a client address fits");
_Static_assert(CMSG_SPACE(sizeof(struct in6_pktinfo)) <= sizeof(((clinux_slot *)0)->control), "packet information fits");
_Static_assert(CMSG_SPACE(sizeof(struct in_pktinfo)) <= sizeof(((clinux_slot *)0)->control), "packet information fits");

struct clinux_batch {
    uint32_t count;
    uint32_t capacity;
    uint32_t received;  // slots filled by the last receive
    uint32_t dirty;     // headers of `in` that the last receive may have changed
    uint64_t send_errors;
    clinux_slot *slots;
    struct mmsghdr *in;
    struct iovec *in_parts;
    struct mmsghdr *out;
    struct iovec *out_parts;
    uint8_t *buffers;
};

static size_t rounded(size_t size) { return (size + 127) & ~(size_t)127; }

clinux_batch *clinux_batch_create(uint32_t count, uint32_t capacity) {
    if (count == 0 || count > 1024 || capacity == 0 || capacity > 65536) return NULL;
    size_t slots = rounded(sizeof(clinux_batch));
    size_t in = slots + rounded(count * sizeof(clinux_slot));
    size_t out = in + rounded(count * sizeof(struct mmsghdr));
    size_t in_parts = out + rounded(count * sizeof(struct mmsghdr));
    size_t out_parts = in_parts + rounded(count * sizeof(struct iovec));
    size_t buffers = out_parts + rounded(count * sizeof(struct iovec));
    // Only the headers are touched here: a buffer costs memory once a datagram has arrived in it.
    uint8_t *memory = NULL;
    if (posix_memalign((void **)&memory, 4096, buffers + (size_t)count * capacity) != 0) return NULL;
    memset(memory, 0, buffers);
    clinux_batch *batch = (clinux_batch *)memory;
    batch->count = count;
    batch->capacity = capacity;
    batch->dirty = count;
    batch->slots = (clinux_slot *)(memory + slots);
    batch->in = (struct mmsghdr *)(memory + in);
    batch->out = (struct mmsghdr *)(memory + out);
    batch->in_parts = (struct iovec *)(memory + in_parts);
    batch->out_parts = (struct iovec *)(memory + out_parts);
    batch->buffers = memory + buffers;
    for (uint32_t i = 0; i < count; i++) {
        clinux_slot *slot = &batch->slots[i];
        slot->buffer = batch->buffers + (size_t)i * capacity;
        batch->in_parts[i] = (struct iovec){.iov_base = slot->buffer, .iov_len = capacity};
        struct msghdr *header = &batch->in[i].msg_hdr;
        header->msg_name = slot->client;
        header->msg_iov = &batch->in_parts[i];
        header->msg_iovlen = 1;
        header->msg_control = slot->control;
        header = &batch->out[i].msg_hdr;
        header->msg_iov = &batch->out_parts[i];
        header->msg_iovlen = 1;
    }
    return batch;
}

void clinux_batch_destroy(clinux_batch *batch) { free(batch); }

clinux_slot *clinux_batch_slots(clinux_batch *batch) { return batch->slots; }

int clinux_batch_receive(clinux_batch *batch, int fd) {
    for (uint32_t i = 0; i < batch->dirty; i++) {
        struct msghdr *header = &batch->in[i].msg_hdr;
        header->msg_namelen = sizeof batch->slots[i].client;
        header->msg_controllen = sizeof batch->slots[i].control;
        header->msg_flags = 0;
    }
    batch->received = 0;
    int count = recvmmsg(fd, batch->in, batch->count, MSG_WAITFORONE, NULL);
    if (count < 0) {
        int code = errno;
        batch->dirty = 1;
        return -code;
    }
    batch->dirty = (uint32_t)count < batch->count ? (uint32_t)count + 1 : batch->count;
    // After a shutdown the kernel hands out nothing, from nobody, at once; a real empty datagram has a sender.
    if (count > 0 && batch->in[0].msg_len == 0 && batch->in[0].msg_hdr.msg_namelen == 0) return -ESHUTDOWN;
    for (int i = 0; i < count; i++) {
        const struct mmsghdr *message = &batch->in[i];
        clinux_slot *slot = &batch->slots[i];
        slot->received = message->msg_len;
        slot->response = 0;
        slot->client_length = (uint16_t)message->msg_hdr.msg_namelen;
        slot->control_length = (uint16_t)message->msg_hdr.msg_controllen;
        slot->truncated = (message->msg_hdr.msg_flags & MSG_TRUNC) != 0;
        // A control message that was cut is no packet information.
        if (message->msg_hdr.msg_flags & MSG_CTRUNC) slot->control_length = 0;
    }
    batch->received = (uint32_t)count;
    return count;
}

// The packet information of a slot, of one of the two kinds, or neither.
static void packet_information(clinux_slot *slot, struct in_pktinfo **v4, struct in6_pktinfo **v6) {
    *v4 = NULL;
    *v6 = NULL;
    if (slot->control_length < CMSG_LEN(0)) return;
    struct cmsghdr *message = (struct cmsghdr *)slot->control;
    if (message->cmsg_len > slot->control_length) return;
    if (message->cmsg_level == IPPROTO_IP && message->cmsg_type == IP_PKTINFO
        && message->cmsg_len >= CMSG_LEN(sizeof(struct in_pktinfo))) {
        *v4 = (struct in_pktinfo *)CMSG_DATA(message);
    } else if (message->cmsg_level == IPPROTO_IPV6 && message->cmsg_type == IPV6_PKTINFO
               && message->cmsg_len >= CMSG_LEN(sizeof(struct in6_pktinfo))) {
        *v6 = (struct in6_pktinfo *)CMSG_DATA(message);
    }
}

int clinux_slot_local(const clinux_slot *slot, clinux_address *out) {
    struct in_pktinfo *v4;
    struct in6_pktinfo *v6;
    packet_information((clinux_slot *)slot, &v4, &v6);
    if (v4 != NULL) {
        struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = v4->ipi_spec_dst};
        clinux_address_decode(&address, sizeof address, out);
        return 1;
    }
    if (v6 != NULL) {
        struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_addr = v6->ipi6_addr};
        if (IN6_IS_ADDR_LINKLOCAL(&v6->ipi6_addr)) address.sin6_scope_id = v6->ipi6_ifindex;
        clinux_address_decode(&address, sizeof address, out);
        return 1;
    }
    return 0;
}

void clinux_slot_client(const clinux_slot *slot, clinux_address *out) {
    clinux_address_decode(slot->client, slot->client_length, out);
}

// Makes received packet information fit for sending: same source address, no interface forced (RFC 3542 section 6.1: an
// interface index of 0 leaves the choice to routing), because the way back may be another than the way in. A link-local
// source means nothing without its interface. A group address cannot be a source: the kernel chooses.
static size_t source_control(clinux_slot *slot) {
    struct in_pktinfo *v4;
    struct in6_pktinfo *v6;
    packet_information(slot, &v4, &v6);
    if (v4 != NULL) {
        v4->ipi_ifindex = 0;
        return slot->control_length;
    }
    if (v6 != NULL) {
        if (IN6_IS_ADDR_MULTICAST(&v6->ipi6_addr)) return 0;
        if (IN6_IS_ADDR_V4MAPPED(&v6->ipi6_addr) && v6->ipi6_addr.s6_addr[12] >= 224) return 0;
        if (!IN6_IS_ADDR_LINKLOCAL(&v6->ipi6_addr)) v6->ipi6_ifindex = 0;
        return slot->control_length;
    }
    return 0;
}

void clinux_batch_send(clinux_batch *batch, int fd) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < batch->received; i++) {
        clinux_slot *slot = &batch->slots[i];
        if (slot->response == 0) continue;
        struct msghdr *header = &batch->out[count].msg_hdr;
        batch->out_parts[count] = (struct iovec){
            .iov_base = slot->buffer,
            .iov_len = slot->response <= batch->capacity ? slot->response : batch->capacity,
        };
        header->msg_name = slot->client;
        header->msg_namelen = slot->client_length;
        header->msg_controllen = slot->control_length == 0 ? 0 : source_control(slot);
        header->msg_control = header->msg_controllen == 0 ? NULL : slot->control;
        header->msg_flags = 0;
        count++;
    }
    batch->received = 0;
    // MSG_DONTWAIT: neighbours that do not answer ARP fill the send buffer, and a worker must not wait for them.
    uint32_t at = 0;
    while (at < count) {
        int sent;
        if (count - at == 1) {
            sent = sendmsg(fd, &batch->out[at].msg_hdr, MSG_DONTWAIT) < 0 ? -1 : 1;
        } else {
            sent = sendmmsg(fd, batch->out + at, count - at, MSG_DONTWAIT);
        }
        if (sent > 0) {
            at += (uint32_t)sent;
        } else if (sent == 0 || errno != EINTR) {
            batch->send_errors++;
            at++;
        }
    }
}

uint64_t clinux_batch_send_errors(const clinux_batch *batch) { return batch->send_errors; }

// Fills the header of one datagram; `slot` and `part` have to last as long as it. 0 or a negative errno.
static int outgoing_header(
    struct msghdr *header, clinux_slot *slot, struct iovec *part, int family, const void *bytes, size_t length,
    const clinux_address *to, const clinux_address *from) {
    memset(header, 0, sizeof *header);
    *part = (struct iovec){.iov_base = (void *)bytes, .iov_len = length};
    header->msg_iov = part;
    header->msg_iovlen = 1;
    if (to == NULL || to->family == 0) return 0;
    memset(slot, 0, sizeof *slot);
    size_t name_length = clinux_address_encode(to, family, slot->client);
    if (name_length == 0) return -EAFNOSUPPORT;
    header->msg_name = slot->client;
    header->msg_namelen = (socklen_t)name_length;
    if (from == NULL || from->family == 0) return 0;
    struct sockaddr_in6 source;
    if (clinux_address_encode(from, family, &source) == 0) return -EAFNOSUPPORT;
    struct cmsghdr *message = (struct cmsghdr *)slot->control;
    if (family == 4) {
        struct sockaddr_in v4;
        memcpy(&v4, &source, sizeof v4);
        message->cmsg_level = IPPROTO_IP;
        message->cmsg_type = IP_PKTINFO;
        message->cmsg_len = CMSG_LEN(sizeof(struct in_pktinfo));
        struct in_pktinfo information = {.ipi_spec_dst = v4.sin_addr};
        memcpy(CMSG_DATA(message), &information, sizeof information);
        slot->control_length = CMSG_SPACE(sizeof information);
    } else {
        message->cmsg_level = IPPROTO_IPV6;
        message->cmsg_type = IPV6_PKTINFO;
        message->cmsg_len = CMSG_LEN(sizeof(struct in6_pktinfo));
        struct in6_pktinfo information = {.ipi6_addr = source.sin6_addr, .ipi6_ifindex = source.sin6_scope_id};
        memcpy(CMSG_DATA(message), &information, sizeof information);
        slot->control_length = CMSG_SPACE(sizeof information);
    }
    header->msg_controllen = source_control(slot);
    header->msg_control = header->msg_controllen == 0 ? NULL : slot->control;
    return 0;
}

ssize_t clinux_send_datagram(
    int fd, int family, const void *bytes, size_t length, const clinux_address *to, const clinux_address *from) {
    clinux_slot slot;
    struct iovec part;
    struct msghdr header;
    int failure = outgoing_header(&header, &slot, &part, family, bytes, length, to, from);
    if (failure < 0) return failure;
    ssize_t result;
    do {
        result = sendmsg(fd, &header, MSG_DONTWAIT | MSG_NOSIGNAL);
    } while (result < 0 && errno == EINTR);
    return result < 0 ? -errno : result;
}

enum { several = 64 };

// Bytes of a datagram that may be sent together with others of its length: that goes only for what no link fragments.
enum { longest_segment = 1200 };

// Whether the kernel takes several datagrams as one message (UDP_SEGMENT, Linux 4.18): until it has said no. Some devices and
// tunnels cannot do it either.
static atomic_bool takes_segments = true;

// Sends `count` datagrams, at most `several`, to a connected socket's peer. Those of one length go together: the way through the
// kernel is gone once for all of them. The order among different lengths changes, which for datagrams it may.
static int send_connected(int fd, const clinux_outgoing *datagrams, size_t count) {
    struct mmsghdr headers[several];
    struct iovec parts[several];
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(sizeof(uint16_t))];
    } controls[several];
    bool is_placed[several] = {false};
    bool may_join = atomic_load_explicit(&takes_segments, memory_order_relaxed);
    unsigned filled = 0, placed = 0;
    for (size_t first = 0; first < count; first++) {
        if (is_placed[first]) continue;
        size_t length = datagrams[first].length;
        struct msghdr *header = &headers[filled].msg_hdr;
        memset(header, 0, sizeof *header);
        header->msg_iov = &parts[placed];
        bool joins = may_join && length > 0 && length <= longest_segment;
        // 64 of them, the kernel's limit, would be too long for one message.
        size_t room = joins ? 65000 / length : 1;
        for (size_t i = first; i < count && header->msg_iovlen < room; i++) {
            if (is_placed[i] || datagrams[i].length != length) continue;
            is_placed[i] = true;
            parts[placed++] = (struct iovec){.iov_base = (void *)datagrams[i].bytes, .iov_len = length};
            header->msg_iovlen++;
        }
        if (header->msg_iovlen > 1) {
            struct cmsghdr *control = &controls[filled].header;
            control->cmsg_level = SOL_UDP;
            control->cmsg_type = UDP_SEGMENT;
            control->cmsg_len = CMSG_LEN(sizeof(uint16_t));
            uint16_t segment = (uint16_t)length;
            memcpy(CMSG_DATA(control), &segment, sizeof segment);
            header->msg_control = control;
            header->msg_controllen = CMSG_SPACE(sizeof segment);
        }
        filled++;
    }
    int failure = 0;
    for (unsigned at = 0; at < filled;) {
        int sent = sendmmsg(fd, headers + at, filled - at, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent > 0) {
            at += (unsigned)sent;
            continue;
        }
        if (sent < 0 && errno == EINTR) continue;
        struct msghdr *header = &headers[at++].msg_hdr;
        bool is_refused = sent < 0 && (errno == EIO || errno == EINVAL || errno == EOPNOTSUPP || errno == EMSGSIZE);
        if (header->msg_iovlen == 1 || !is_refused) {
            if (failure == 0) failure = sent == 0 ? -EIO : -errno;
            continue;
        }
        atomic_store_explicit(&takes_segments, false, memory_order_relaxed);
        for (size_t i = 0; i < header->msg_iovlen; i++) {
            if (send(fd, header->msg_iov[i].iov_base, header->msg_iov[i].iov_len, MSG_DONTWAIT | MSG_NOSIGNAL) < 0) {
                if (failure == 0) failure = -errno;
            }
        }
    }
    return failure;
}

int clinux_send_datagrams(int fd, int family, const clinux_outgoing *datagrams, size_t count) {
    bool is_connected = count > 0;
    for (size_t i = 0; i < count && is_connected; i++) is_connected = datagrams[i].to.family == 0;
    if (is_connected) {
        int first_failure = 0;
        for (size_t start = 0; start < count; start += several) {
            size_t together = count - start < several ? count - start : several;
            int result = send_connected(fd, datagrams + start, together);
            if (first_failure == 0) first_failure = result;
        }
        return first_failure;
    }
    struct mmsghdr headers[several];
    struct iovec parts[several];
    clinux_slot slots[several];
    int failure = 0;
    for (size_t start = 0; start < count; start += several) {
        unsigned filled = 0;
        for (size_t i = start; i < count && i < start + several; i++) {
            const clinux_outgoing *one = &datagrams[i];
            int result = outgoing_header(
                &headers[filled].msg_hdr, &slots[filled], &parts[filled], family, one->bytes, one->length, &one->to,
                &one->from);
            if (result == 0) filled++;
            else if (failure == 0) failure = result;
        }
        unsigned at = 0;
        while (at < filled) {
            int sent = sendmmsg(fd, headers + at, filled - at, MSG_DONTWAIT | MSG_NOSIGNAL);
            if (sent > 0) {
                at += (unsigned)sent;
            } else if (sent == 0 || errno != EINTR) {
                if (failure == 0) failure = sent == 0 ? -EIO : -errno;
                at++;
            }
        }
    }
    return failure;
}

int clinux_receive_datagrams(int fd, uint8_t *buffer, size_t stride, size_t count, uint32_t *lengths) {
    struct mmsghdr headers[several];
    struct iovec parts[several];
    if (count > several) count = several;
    for (size_t i = 0; i < count; i++) {
        parts[i] = (struct iovec){.iov_base = buffer + i * stride, .iov_len = stride};
        headers[i].msg_hdr = (struct msghdr){.msg_iov = &parts[i], .msg_iovlen = 1};
    }
    int received;
    do {
        received = recvmmsg(fd, headers, (unsigned)count, MSG_DONTWAIT, NULL);
    } while (received < 0 && errno == EINTR);
    if (received < 0) return -errno;
    for (int i = 0; i < received; i++) {
        lengths[i] = headers[i].msg_hdr.msg_flags & MSG_TRUNC ? 0 : headers[i].msg_len;
    }
    return received;
}
