/// Closing connections that have been waited for long enough.
extension LengthPrefixedServer {
    func armSweep() {
        let deadlines = [
            fresh.oldest.map { $0.time &+ firstTimeout }, idle.oldest.map { $0.time &+ limits.idleTimeout },
            blocked.oldest.map { $0.time &+ limits.writeTimeout },
        ]
        guard let deadline = deadlines.compactMap({ $0 }).min() else { return }
        if let sweep {
            // Deadlines move on with every frame; the timer is set again when it comes, not each time.
            if sweep.deadline <= deadline { return }
            loop.cancel(sweep.timer)
        }
        let timer = loop.schedule(at: deadline) { [weak self] in
            guard let self else { return }
            self.sweep = nil
            self.closeExpired()
            self.armSweep()
        }
        sweep = (timer, deadline)
    }

    private var firstTimeout: UInt64 { limits.firstTimeout ?? limits.idleTimeout }

    private func closeExpired() {
        while let oldest = fresh.oldest, oldest.time &+ firstTimeout <= loop.now,
            let connection = connections[oldest.member]
        {
            statistics.idleTimeouts &+= 1
            closeConnection(connection)
        }
        while let oldest = idle.oldest, oldest.time &+ limits.idleTimeout <= loop.now,
            let connection = connections[oldest.member]
        {
            // RFC 7766, section 6.2.3: a connection with queries outstanding is not idle.
            if connection.owed > 0, limits.idleTimeout > 0 {
                idle.touch(oldest.member, time: loop.now)
                continue
            }
            statistics.idleTimeouts &+= 1
            closeConnection(connection)
        }
        while let oldest = blocked.oldest, oldest.time &+ limits.writeTimeout <= loop.now,
            let connection = connections[oldest.member]
        {
            statistics.writeTimeouts &+= 1
            closeConnection(connection)
        }
    }
}
