/// Serves the requests of one connection, one after the other.
struct ConnectionWorker {
    let server: ScriptedAPIServer
    let channel: Channel
    let number: Int

    func run() {
        do throws(ChannelEnd) {
            if server.isTLS {
                guard let context = try? server.context() else { return }
                try channel.startTLS(context)
            }
            while try serveOne() {}
            channel.finish()
        } catch {
            // The connection is closed with the channel, which says no goodbye.
        }
    }

    /// False when the connection is to end.
    private func serveOne() throws(ChannelEnd) -> Bool {
        guard let request = ScriptedRequest(head: try head(), connection: number, clientName: channel.clientName) else {
            throw .malformed
        }
        let (settings, faults, answer) = server.begin(request)
        if faults.isReset { channel.resetAtEnd() }
        if faults.hangsUpBeforeHead { throw .fault }
        let writer = ResponseWriter(
            channel: channel, server: server, faults: faults, chunkBytes: settings.chunkBytes)
        if let answer {
            try play(answer, writer)
        } else {
            try ObjectAnswer(server: server, channel: channel, request: request, settings: settings, writer: writer)
                .send()
        }
        return !faults.closesAfter && request.header("connection").lowercased() != "close"
    }

    /// The next head, without its empty line.
    private func head() throws(ChannelEnd) -> [UInt8] {
        var looked = 0
        while true {
            let bytes = channel.inbound
            while looked + 4 <= bytes.count {
                if bytes[looked] == 13, bytes[looked + 1] == 10, bytes[looked + 2] == 13, bytes[looked + 3] == 10 {
                    channel.inbound.removeFirst(looked + 4)
                    return Array(bytes[..<looked])
                }
                looked += 1
            }
            try channel.receive()
            if channel.inbound.count == bytes.count { _ = try channel.wait(1 /* POLLIN */, until: nil) }
        }
    }

    private func play(_ answer: ScriptedAnswer, _ writer: ResponseWriter) throws(ChannelEnd) {
        let fault = writer.faults.status
        if let fault {
            let status = ScriptedStatus(code: fault.code)
            let body = ScriptedFormat.json.body(status)
            try writer.start(status: fault.code, contentType: "application/json", length: body.count)
            try writer.write(frame: body)
            return try writer.finish()
        }
        try writer.start(status: answer.status, contentType: answer.contentType, headers: answer.headers)
        for piece in answer.pieces {
            try writer.write(frame: piece)
            try writer.flush()
        }
        try writer.flush()
        if !answer.ends { try server.stall(channel, milliseconds: nil) }
        try writer.finish()
    }
}
