import CLinux
import Glibc

/// An open descriptor with one owner, closed when that goes away.
struct SocketDescriptor: ~Copyable, Sendable {
    /// The number of the descriptor.
    let number: Int32

    /// Takes over `number`.
    init(owning number: Int32) {
        self.number = number
    }

    deinit {
        _ = clinux_close(number)
    }

    /// What a socket of the wanted address must be: its family, and the address to bind.
    struct Placement {
        let family: SocketAddress.Family
        let address: SocketAddress
        /// The address stands for all addresses, so who was asked differs by datagram.
        let isWildcard: Bool
    }

    /// The placements to try in turn.
    ///
    /// A wildcard, of either family, is one dual-stack IPv6 socket as in Go's net package (and so in CoreDNS), where
    /// "0.0.0.0" and "::" both mean every address; IPv4 alone where the kernel has no IPv6.
    static func placements(_ address: SocketAddress) -> [Placement] {
        guard address.isWildcard else {
            return [Placement(family: address.family, address: address, isWildcard: false)]
        }
        return [
            Placement(family: .ipv6, address: .wildcard(port: address.port), isWildcard: true),
            Placement(family: .ipv4, address: SocketAddress(ipv4: 0, port: address.port), isWildcard: true),
        ]
    }

    /// Whether an error says that the kernel has no IPv6 (compiled out, ipv6.disable=1), so that IPv4 may do.
    static func meansNoIPv6(_ error: SystemError) -> Bool {
        error.code == EAFNOSUPPORT || error.code == EADDRNOTAVAIL
    }

    /// A socket of that kind (CLINUX_DATAGRAM or CLINUX_STREAM) with the options every server socket has, bound.
    ///
    /// - Parameter sharesPort: whether a listener may be bound beside others that allow it.
    static func bound(
        kind: Int, nonBlocking: Bool, placement: Placement, sharesPort: Bool = false
    ) throws(SystemError) -> SocketDescriptor {
        let family = Int32(placement.family.rawValue)
        let subject = placement.address.description
        let number = try SystemError.check(clinux_socket(family, Int32(kind), nonBlocking ? 1 : 0), "socket", subject)
        let descriptor = SocketDescriptor(owning: number)
        // A listener must not wait for old connections to leave TIME_WAIT; of datagram sockets each worker has one at the
        // same address. A listener shares its address with nobody, so that a second start is noticed.
        if kind == CLINUX_STREAM {
            try descriptor.set(CLINUX_REUSE_ADDRESS, 1, "setsockopt SO_REUSEADDR", subject)
        }
        if kind != CLINUX_STREAM || sharesPort {
            try descriptor.set(CLINUX_REUSE_PORT, 1, "setsockopt SO_REUSEPORT", subject)
        }
        if placement.family == .ipv6 {
            try descriptor.set(CLINUX_IPV6_ONLY, placement.isWildcard ? 0 : 1, "setsockopt IPV6_V6ONLY", subject)
        }
        var address = placement.address.encoded
        _ = try SystemError.check(clinux_bind(number, family, &address), "bind", subject)
        return descriptor
    }

    /// Sets an option of CLinux.
    func set(_ option: Int, _ value: Int32, _ call: String, _ subject: String) throws(SystemError) {
        let result = clinux_set_option(number, Int32(option), value)
        _ = try SystemError.check(result, call, subject)
    }

    /// Sets an option whose failure does not matter.
    func prefer(_ option: Int, _ value: Int32) {
        _ = clinux_set_option(number, Int32(option), value)
    }

    /// The address the socket is bound to.
    func localAddress() throws(SystemError) -> SocketAddress {
        var address = clinux_address()
        _ = try SystemError.check(clinux_local_address(number, &address), "getsockname")
        guard let decoded = SocketAddress(address) else {
            throw SystemError(call: "getsockname", code: EAFNOSUPPORT)
        }
        return decoded
    }
}
