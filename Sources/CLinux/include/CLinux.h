// What Swift cannot import from glibc (GNU extensions, control messages, packed structs, variadics), as plain functions.
// Every function that can fail returns a negative errno, so that nothing can run between the call and the reading of errno.
#ifndef CLINUX_H
#define CLINUX_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

// An IP address and port. IPv4 is held in its v4-mapped form (RFC 4291 section 2.5.5.2) with family 4.
typedef struct clinux_address {
    uint64_t high;    // first eight bytes, as a number in network order
    uint64_t low;     // last eight bytes, likewise
    uint32_t scope;   // interface index of a link-local IPv6 address, otherwise 0
    uint16_t port;    // host order
    uint16_t family;  // 4, 6 or 0 (none)
} clinux_address;

// Decodes a sockaddr of `length` bytes; v4-mapped IPv6 addresses become IPv4. Family 0 when it is neither IPv4 nor IPv6.
void clinux_address_decode(const void *sockaddr, size_t length, clinux_address *out);
// Encodes into at least 28 bytes for a socket of `family` (4 or 6; a family 6 socket gets IPv4 v4-mapped).
// Returns the length, or 0 when an IPv6 address is meant for an IPv4 socket.
size_t clinux_address_encode(const clinux_address *address, int family, void *sockaddr);

// One datagram of a batch: the request as received, and the response to it in the same buffer.
typedef struct clinux_slot {
    uint8_t *buffer;
    uint32_t received;         // bytes received
    uint32_t response;         // bytes to send; 0 drops the datagram
    uint16_t client_length;    // bytes of `client` in use
    uint16_t control_length;   // bytes of `control` in use; 0 when there is no packet information
    uint16_t truncated;        // 1 when the datagram was longer than the buffer
    uint16_t reserved;
    uint64_t client[4];        // struct sockaddr_in or sockaddr_in6, as received
    uint64_t control[5];       // one control message: struct in_pktinfo or in6_pktinfo
} clinux_slot;

typedef struct clinux_batch clinux_batch;

// All memory of a batch in one allocation; NULL when there is no memory.
clinux_batch *clinux_batch_create(uint32_t count, uint32_t capacity);
void clinux_batch_destroy(clinux_batch *batch);
clinux_slot *clinux_batch_slots(clinux_batch *batch);
// recvmmsg with MSG_WAITFORONE: the number of datagrams, or a negative errno (-ESHUTDOWN after clinux_shutdown).
int clinux_batch_receive(clinux_batch *batch, int fd);
// Sends every slot of the last receive that has a response; what cannot be sent is skipped and counted.
void clinux_batch_send(clinux_batch *batch, int fd);
// Datagrams that could not be sent since the batch was made.
uint64_t clinux_batch_send_errors(const clinux_batch *batch);
// The address a slot's datagram was sent to, when the kernel told; the port is not known here. 1 or 0.
int clinux_slot_local(const clinux_slot *slot, clinux_address *out);
void clinux_slot_client(const clinux_slot *slot, clinux_address *out);

// One datagram, leaving from `from` when it is not NULL. Bytes sent or a negative errno. Does not block.
ssize_t clinux_send_datagram(
    int fd, int family, const void *bytes, size_t length, const clinux_address *to, const clinux_address *from);

// One datagram of several: where to (family 0 on a connected socket) and from which address (family 0: the kernel chooses).
typedef struct clinux_outgoing {
    const uint8_t *bytes;
    size_t length;
    clinux_address to;
    clinux_address from;
} clinux_outgoing;
// Sends the datagrams from a socket of `family`, in order. Does not block; what cannot be sent is left out. 0, or the first
// error as a negative errno.
int clinux_send_datagrams(int fd, int family, const clinux_outgoing *datagrams, size_t count);
// Receives datagrams that are there, each at a multiple of `stride` within `buffer`; those that are longer count as empty.
// How many (at most 64), or a negative errno.
int clinux_receive_datagrams(int fd, uint8_t *buffer, size_t stride, size_t count, uint32_t *lengths);

// Sockets. `family` is 4 or 6. All descriptors are close-on-exec.
enum { CLINUX_DATAGRAM = 1, CLINUX_STREAM = 2 };
enum {
    CLINUX_REUSE_ADDRESS = 1,
    CLINUX_REUSE_PORT,
    CLINUX_IPV6_ONLY,
    CLINUX_PACKET_INFORMATION_4,
    CLINUX_PACKET_INFORMATION_6,
    CLINUX_RECEIVE_BUFFER,
    CLINUX_SEND_BUFFER,
    CLINUX_TCP_NO_DELAY,
    CLINUX_RECEIVE_TIMEOUT_MILLISECONDS,
    CLINUX_SEND_TIMEOUT_MILLISECONDS,
    CLINUX_PENDING_ERROR,  // only to get: the error that a connection ended with, 0 for none
};
int clinux_socket(int family, int kind, int non_blocking);
int clinux_set_option(int fd, int option, int value);
int clinux_get_option(int fd, int option);
// Has the kernel give each datagram for the sockets that share an address and port to the one whose number (in the order in
// which they were bound) is that of the processor that the datagram came in on, modulo `count`. 0 or a negative errno.
int clinux_spread_by_processor(int fd, unsigned count);
int clinux_bind(int fd, int family, const clinux_address *address);
int clinux_connect(int fd, int family, const clinux_address *address);
int clinux_listen(int fd, int backlog);
int clinux_accept(int fd, clinux_address *client);
int clinux_local_address(int fd, clinux_address *out);
int clinux_shutdown(int fd, int read, int write);
int clinux_close(int fd);

// Bytes moved or a negative errno.
ssize_t clinux_read(int fd, void *bytes, size_t length);
ssize_t clinux_write(int fd, const void *bytes, size_t length);
// send with MSG_NOSIGNAL.
ssize_t clinux_send(int fd, const void *bytes, size_t length);
// Waits until the descriptor can be written, at most `milliseconds`. Above 0 when it can.
int clinux_wait_writable(int fd, int milliseconds);

int clinux_open_read(const char *path);
int clinux_open_write(const char *path, unsigned mode);
// Opens the empty file `path` for writing, alone: -EWOULDBLOCK while another process has it so. Closing it lets it go.
int clinux_open_locked(const char *path, unsigned mode);
// Brings what was written to the disk.
int clinux_fsync(int fd);
// Gives a file the name of another, which is gone then.
int clinux_rename(const char *from, const char *to);
int clinux_unlink(const char *path);

typedef struct clinux_event {
    uint64_t token;
    uint32_t events;  // EPOLL bits
    uint32_t reserved;
} clinux_event;
enum { CLINUX_EPOLL_IN = 0x001, CLINUX_EPOLL_OUT = 0x004, CLINUX_EPOLL_ERR = 0x008, CLINUX_EPOLL_HUP = 0x010 };
enum { CLINUX_EPOLL_BATCH = 256 };
int clinux_epoll_create(void);
int clinux_epoll_add(int epoll, int fd, uint32_t events, uint64_t token);
int clinux_epoll_modify(int epoll, int fd, uint32_t events, uint64_t token);
int clinux_epoll_delete(int epoll, int fd);
// `out` has room for CLINUX_EPOLL_BATCH events; -1 milliseconds waits for ever.
int clinux_epoll_wait(int epoll, clinux_event *out, int milliseconds);

int clinux_eventfd(void);
int clinux_eventfd_signal(int fd);
int clinux_eventfd_clear(int fd);

// Processors this thread may run on, or a negative errno.
int clinux_affinity_count(void);
int clinux_set_thread_name(const char *name);
// This thread, and those that it starts, may bind to ports below 1024 if CAP_NET_BIND_SERVICE is permitted to them. 0 or a
// negative errno.
int clinux_use_bind_capability(void);
// Entropy for at most 256 bytes per call; 0 or a negative errno.
int clinux_entropy(void *bytes, size_t length);
// glibc's malloc: at most `count` arenas from now on; give free memory back to the kernel.
void clinux_malloc_limit_arenas(int count);
void clinux_malloc_trim(void);
// Lets go of the pages of programs and libraries that are the same in the file: those that are still used come back from
// the page cache one by one.
void clinux_release_clean_pages(void);

// "EADDRINUSE" and "Address already in use"; NULL when glibc does not know the number.
const char *clinux_error_name(int code);
const char *clinux_error_description(int code);

// Calls `each` with every address that the system knows for a host (getaddrinfo(3)), of family 4 or 6, with port 0. 0, a
// negative errno, or the number of an error of netdb.h (EAI_...), which is negative there, as a positive one.
int clinux_host_addresses(
    const char *name, void *context, void (*each)(void *context, const clinux_address *address));
// The words for such a positive number.
const char *clinux_host_error_description(int code);

// Calls `each` with every interface address of family 4 or 6. 0 or a negative errno.
int clinux_interface_addresses(
    void *context, void (*each)(void *context, const char *name, const clinux_address *address));

typedef struct clinux_file_stamp {
    uint64_t device;
    uint64_t inode;
    int64_t size;
    int64_t modified_seconds;
    int64_t modified_nanoseconds;
    int is_regular;
} clinux_file_stamp;
int clinux_file_stamp_of(const char *path, clinux_file_stamp *out);

// Blocks the signals for this thread and those it starts; waits for one of them; ignores one.
int clinux_signals_block(const int *signals, size_t count);
int clinux_signals_wait(const int *signals, size_t count);
// -EAGAIN when no signal came within so many nanoseconds.
int clinux_signals_wait_for(const int *signals, size_t count, uint64_t nanoseconds);
int clinux_signal_ignore(int signal);

#endif
