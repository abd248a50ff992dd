import LinuxIO

/// Connections over TLS.
extension ForwardEngine {
    /// Leads a handshake on. False where it is not over: the loop calls again, or the channel has failed.
    func shakeHands(_ channel: StreamChannel) -> Bool {
        guard let session = channel.session else { return true }
        let outcome = session.handshake()
        channel.waitsForPeer = outcome == .needsReading
        switch outcome {
        case .done:
            channel.isConnected = true
            return true
        case .needsReading, .needsWriting:
            settle(channel)
        case .ended:
            // The server may not take the ticket; what it says then is not always an answer to it.
            channel.upstream.tls?.resumption.forget()
            failed(channel, "dial tcp \(channel.upstream.name): tls: EOF")
        case .failed(let reason):
            channel.upstream.tls?.resumption.forget()
            failed(channel, "dial tcp \(channel.upstream.name): \(reason)")
        }
        return false
    }

    /// Reads again soon what has been taken from the socket already, which says nothing more about it.
    func readMore(_ channel: StreamChannel) {
        guard !channel.readsSoon, channel.session?.hasMore == true else { return }
        channel.readsSoon = true
        loop.schedule(after: 0) { [weak self, weak channel] in
            guard let self, let channel else { return }
            channel.readsSoon = false
            if !channel.isClosed { self.read(channel) }
        }
    }
}
