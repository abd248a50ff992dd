import CLinux
import Glibc

/// A number of datagrams received by one system call, whose answers are sent by one.
///
/// All memory is allocated once and raw: receive, slot and send neither allocate nor count references. Each datagram has its
/// slot: a buffer with the request at its start, over which the answer is written. Used by one thread at a time.
package struct DatagramBatch: ~Copyable {
    /// Slots of a batch: beyond 64 the system call's share of a query no longer falls measurably, and latency grows.
    package static let defaultCount = 64
    /// Bytes of a slot's buffer: EDNS sizes over 4096 are not honoured by any common server (RFC 6891 section 6.2.5).
    package static let defaultCapacity = 4096

    /// What a receive brought.
    package enum Received: Equatable, Sendable {
        /// So many slots, from 0 on, hold a datagram: at least 1.
        case count(Int)
        /// None came within the socket's time-out.
        case timedOut
        /// A signal came first; try again.
        case interrupted
        /// The socket can no longer receive: the error number, ESHUTDOWN after `DatagramSocket.shutdown()`.
        case closed(Int32)
    }

    private let batch: OpaquePointer
    private let slots: UnsafeMutablePointer<clinux_slot>
    /// The number of slots.
    package let count: Int
    /// The bytes of each slot's buffer.
    package let capacity: Int
    /// Datagrams that could not be sent, since the start.
    package var sendErrors: UInt64 { clinux_batch_send_errors(batch) }

    /// A batch of 1 to 1024 slots of 1 to 65536 bytes. Throws ENOMEM, or EINVAL when the numbers are out of range.
    package init(
        count: Int = Self.defaultCount, capacity: Int = Self.defaultCapacity
    ) throws(SystemError) {
        guard (1...1024).contains(count), (1...65536).contains(capacity) else {
            throw SystemError(call: "datagram batch", code: EINVAL, subject: "\(count) x \(capacity)")
        }
        // clinux_batch_slots of a batch is never NULL.
        guard let batch = clinux_batch_create(UInt32(count), UInt32(capacity)), let slots = clinux_batch_slots(batch)
        else {
            throw SystemError(call: "posix_memalign", code: ENOMEM)
        }
        self.batch = batch
        self.slots = slots
        self.count = count
        self.capacity = capacity
    }

    deinit {
        clinux_batch_destroy(batch)
    }

    /// Waits for at least one datagram and takes what else has come by then, without waiting for more.
    ///
    /// Slots of earlier receives are no longer valid afterwards.
    package func receive(from socket: borrowing DatagramSocket) -> Received {
        let result = clinux_batch_receive(batch, socket.descriptor)
        if result > 0 { return .count(Int(result)) }
        switch 0 &- result {
        case EAGAIN: return .timedOut
        case 0, EINTR: return .interrupted
        case let code: return .closed(code)
        }
    }

    /// The slot `index`, which must be below the count that the last receive returned.
    package func slot(_ index: Int) -> DatagramSlot {
        assert(index >= 0 && index < count)
        // SAFETY: the memory has `count` slots and lives as long as the batch; a slot is not used beyond it.
        return DatagramSlot(slots + index)
    }

    /// Says how many bytes of slot `index`'s buffer are the answer; 0 drops the datagram, which is what a receive sets.
    package func setResponseLength(_ index: Int, _ length: Int) {
        slot(index).setResponseLength(length)
    }

    /// Sends the answers of the slots that have one, each to its client and from the address that was asked.
    ///
    /// A datagram that cannot be sent (EAGAIN, ENOBUFS, EPERM of a packet filter) is skipped and counted; nothing blocks.
    package func send(to socket: borrowing DatagramSocket) {
        clinux_batch_send(batch, socket.descriptor)
    }
}
