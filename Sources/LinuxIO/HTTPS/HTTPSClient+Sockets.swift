import CCurl
import CLinux
import Glibc

/// What libcurl calls. None of it calls libcurl, or anybody who could.
extension HTTPSClient {
    // SAFETY, for all of these: the context is a client, which lives for as long as its multi and the connections of it.

    /// CURLMOPT_SOCKETFUNCTION: a socket is to be watched, or no more.
    static let watchSocket: curl_socket_callback = { _, descriptor, what, context, _ in
        guard let context else { return 0 }
        let client = Unmanaged<HTTPSClient>.fromOpaque(context).takeUnretainedValue()
        switch what {
        case CURL_POLL_IN: client.watch(descriptor, .readable)
        case CURL_POLL_OUT: client.watch(descriptor, .writable)
        case CURL_POLL_INOUT: client.watch(descriptor, [.readable, .writable])
        case CURL_POLL_REMOVE: client.forget(descriptor)
        default: break
        }
        return 0
    }

    /// CURLMOPT_TIMERFUNCTION: something is to be done later.
    static let setTimer: curl_multi_timer_callback = { _, milliseconds, context in
        guard let context else { return 0 }
        Unmanaged<HTTPSClient>.fromOpaque(context).takeUnretainedValue().setTimer(milliseconds: milliseconds)
        return 0
    }

    /// CURLOPT_OPENSOCKETFUNCTION: a socket for a new connection, close-on-exec, and where it is connected to.
    static let openSocket: curl_opensocket_callback = { context, _, target in
        guard let context, let target else { return CURL_SOCKET_BAD }
        return Unmanaged<HTTPSClient>.fromOpaque(context).takeUnretainedValue().open(target)
    }

    /// CURLOPT_CLOSESOCKETFUNCTION: the loop has to let go of the socket before its number is another's.
    static let closeSocket: curl_closesocket_callback = { context, descriptor in
        guard let context else { return 0 }
        Unmanaged<HTTPSClient>.fromOpaque(context).takeUnretainedValue().forget(descriptor)
        return clinux_close(descriptor)
    }

    private func watch(_ descriptor: Int32, _ interest: EventLoop.Events) {
        guard let before = sockets[descriptor] else {
            // Where the kernel can watch no more, the requests fail by their time.
            do throws(SystemError) {
                try loop.register(descriptor, interest) { [unowned self] in ready(descriptor, $0) }
                sockets[descriptor] = interest
            } catch {}
            return
        }
        if before == interest { return }
        sockets[descriptor] = interest
        try? loop.modify(descriptor, interest)
    }

    private func forget(_ descriptor: Int32) {
        guard sockets.removeValue(forKey: descriptor) != nil else { return }
        loop.unregister(descriptor)
    }

    private func ready(_ descriptor: Int32, _ events: EventLoop.Events) {
        var mask: Int32 = 0
        if events.contains(.readable) { mask |= CURL_CSELECT_IN }
        if events.contains(.writable) { mask |= CURL_CSELECT_OUT }
        if !events.isDisjoint(with: [.hangup, .error]) { mask |= CURL_CSELECT_ERR }
        lead(descriptor, mask)
    }

    private func open(_ target: UnsafeMutablePointer<curl_sockaddr>) -> curl_socket_t {
        var address = server.address.encoded
        let family = Int32(server.address.family.rawValue)
        let descriptor = clinux_socket(family, Int32(CLINUX_STREAM), 1)
        guard descriptor >= 0 else {
            openError = SystemError(call: "socket", code: 0 &- descriptor)
            return CURL_SOCKET_BAD
        }
        if let source = server.source {
            var from = source.withPort(0).encoded
            let result = clinux_bind(descriptor, family, &from)
            guard result >= 0 else {
                openError = SystemError(call: "bind", code: 0 &- result)
                _ = clinux_close(descriptor)
                return CURL_SOCKET_BAD
            }
        }
        // libcurl's is the same but for the interface of a link-local address.
        // SAFETY: libcurl has room for a sockaddr_storage there.
        let length = withUnsafeMutablePointer(to: &target.pointee.addr) {
            clinux_address_encode(&address, family, $0)
        }
        target.pointee.addrlen = UInt32(length)
        return descriptor
    }
}
