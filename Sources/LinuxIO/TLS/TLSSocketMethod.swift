import CLinux
import COpenSSL
import Glibc

/// How OpenSSL reads and writes a socket of ours: as its own does, but that a peer that has gone is an error and no signal.
enum TLSSocketMethod {
    /// BIO_METHOD *, made once for the process and never changed; nil where there was no memory for it.
    ///
    /// SAFETY (`nonisolated(unsafe)`): set once by Swift's lazy initialisation, and only read after that.
    nonisolated(unsafe) private static let method: OpaquePointer? = make()

    /// BIO_TYPE_SOURCE_SINK
    private static let sourceAndSink: Int32 = 0x400
    private static let readRetry = BIO_FLAGS_READ | BIO_FLAGS_SHOULD_RETRY
    private static let writeRetry = BIO_FLAGS_WRITE | BIO_FLAGS_SHOULD_RETRY

    /// A BIO * on an open descriptor, which stays the caller's.
    static func open(_ descriptor: Int32) -> OpaquePointer? {
        guard let method, let bio = BIO_new(method) else { return nil }
        // The descriptor is kept as a pointer, one above so that none is NULL.
        BIO_set_data(bio, UnsafeMutableRawPointer(bitPattern: Int(descriptor) + 1))
        BIO_set_init(bio, 1)
        return bio
    }

    private static func descriptor(_ bio: OpaquePointer?) -> Int32 {
        Int32(truncatingIfNeeded: Int(bitPattern: BIO_get_data(bio)) - 1)
    }

    private static func make() -> OpaquePointer? {
        guard let method = BIO_meth_new(BIO_get_new_index() | sourceAndSink, "socket") else { return nil }
        // SAFETY: OpenSSL calls these with a BIO of `open` and with room for (or bytes of) the length it says.
        BIO_meth_set_read(method) { bio, bytes, length in
            BIO_clear_flags(bio, TLSSocketMethod.readRetry | TLSSocketMethod.writeRetry)
            guard let bytes, length > 0 else { return 0 }
            while true {
                let count = clinux_read(TLSSocketMethod.descriptor(bio), bytes, Int(length))
                if count >= 0 { return Int32(truncatingIfNeeded: count) }
                if count == -Int(EINTR) { continue }
                if count == -Int(EAGAIN) {
                    BIO_set_flags(bio, TLSSocketMethod.readRetry)
                } else {
                    errno = Int32(-count)
                }
                return -1
            }
        }
        BIO_meth_set_write(method) { bio, bytes, length in
            BIO_clear_flags(bio, TLSSocketMethod.readRetry | TLSSocketMethod.writeRetry)
            guard let bytes, length > 0 else { return 0 }
            while true {
                let count = clinux_send(TLSSocketMethod.descriptor(bio), bytes, Int(length))
                if count >= 0 { return Int32(truncatingIfNeeded: count) }
                if count == -Int(EINTR) { continue }
                if count == -Int(EAGAIN) {
                    BIO_set_flags(bio, TLSSocketMethod.writeRetry)
                } else {
                    errno = Int32(-count)
                }
                return -1
            }
        }
        BIO_meth_set_ctrl(method) { _, command, _, _ in command == BIO_CTRL_FLUSH ? 1 : 0 }
        return method
    }
}
