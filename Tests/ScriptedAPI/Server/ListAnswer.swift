/// A list, or a page of one.
struct ListAnswer {
    let answer: ObjectAnswer
    let route: ScriptedRequest.Route
    let selector: ScriptedSelector
    let format: ScriptedFormat

    private static let expiredContinue =
        "The provided continue parameter is too old to display a consistent list result. You can start a new list without "
        + "the continue parameter, or use the continue token in this response to retrieve the remainder of the results. "
        + "Continuing with the provided token results in an inconsistent list - objects that were created, modified, or "
        + "deleted between the time the first chunk was returned and now may show up in the list."

    func send() throws(ChannelEnd) {
        let cluster = answer.server.cluster
        let request = answer.request
        let text = request.parameter("resourceVersion")
        let match = request.parameter("resourceVersionMatch")
        let token = request.parameter("continue")
        let version = UInt64(text)
        guard text.isEmpty || version != nil else {
            return try refuse(ObjectAnswer.badRequest("Invalid value: \"\(text)\": resource version"))
        }
        guard request.parameter("sendInitialEvents").isEmpty else {
            return try refuse(ObjectAnswer.badRequest("sendInitialEvents is forbidden for list"))
        }
        guard match.isEmpty || !text.isEmpty else {
            return try refuse(
                ObjectAnswer.badRequest("resourceVersionMatch is forbidden unless resourceVersion is provided"))
        }
        var query = ScriptedCluster.ListQuery(resource: route.resource, namespace: route.namespace, selector: selector)
        query.limit = Int(clamping: answer.number("limit"))
        if !token.isEmpty {
            guard text.isEmpty || text == "0" else {
                return try refuse(
                    ObjectAnswer.badRequest("specifying resource version is not allowed when using continue"))
            }
            guard let place = ContinueToken(text: token) else {
                return try refuse(ObjectAnswer.badRequest("continue key is not valid: illegal base64 data"))
            }
            query.exactVersion = place.version
            query.start = route.namespace.map { $0 + "/" + place.start } ?? place.start
        } else if let version, version > 0 {
            if version > cluster.version { return try refuse(Self.tooLarge(version, current: cluster.version)) }
            // A limit makes it exact where nothing else is said (Kubernetes API concepts, "resource versions").
            if match == "Exact" || (match.isEmpty && query.limit > 0) { query.exactVersion = version }
        } else if version == 0, !answer.settings.pagesAtVersionZero {
            query.limit = 0
        }
        guard let list = cluster.list(query) else {
            var status = ScriptedStatus(code: 410)
            if !token.isEmpty, let place = ContinueToken(text: token) {
                status.message = Self.expiredContinue
                status.continueToken = ContinueToken(version: nil, start: place.start).text
            }
            return try refuse(status)
        }
        try send(list, isWhole: query.limit == 0 && query.start.isEmpty && query.exactVersion == nil)
    }

    private func refuse(_ status: ScriptedStatus) throws(ChannelEnd) { try answer.send(status, format) }

    static func tooLarge(_ version: UInt64, current: UInt64) -> ScriptedStatus {
        var status = ScriptedStatus(
            code: 504, reason: "Timeout",
            message: "Timeout: Too large resource version: \(version), current: \(current)")
        status.cause = ("ResourceVersionTooLarge", "Too large resource version")
        status.retryAfterSeconds = 1
        return status
    }

    private func send(_ list: ScriptedCluster.ListResult, isWhole: Bool) throws(ChannelEnd) {
        let request = answer.request
        let make = { format.items(list.objects, route.resource) }
        let items: [UInt8]
        if isWhole {
            let key = EncodedItems.Key(
                resource: route.resource, format: format, namespace: route.namespace,
                fields: request.parameter("fieldSelector"), labels: request.parameter("labelSelector"))
            items = answer.server.cluster.encodedItems.bytes(key, changed: list.changed, make)
        } else {
            items = make()
        }
        var token = ""
        if let next = list.next {
            let prefix = route.namespace.map { $0.utf8.count + 1 } ?? 0
            token = ContinueToken(version: list.version, start: String(next.dropFirst(prefix))).text
        }
        let (head, tail) = format.listFrame(
            route.resource, version: list.version, continueToken: token,
            // With a selector nobody knows how many there are.
            remaining: list.next != nil && selector.isEmpty ? list.remaining : nil, itemBytes: items.count)
        let writer = answer.writer
        try writer.start(status: 200, contentType: format.contentType(isWatch: false))
        if format == .json, isForPeople {
            try writer.write(frame: JSONIndentation.indented(head + items + tail))
        } else if writer.faults.halfFrames != nil {
            try writer.write(frame: head + items + tail)
        } else {
            writer.begin(frameOf: head.count + items.count + tail.count)
            try writer.write(head[...])
            try writer.write(items[...])
            try writer.write(tail[...])
        }
        try writer.finish()
    }

    /// JSON is indented for those who seem to look at it themselves.
    private var isForPeople: Bool {
        let pretty = answer.request.parameter("pretty")
        if !pretty.isEmpty { return pretty == "1" || pretty == "true" }
        let agent = answer.request.header("user-agent")
        return agent.hasPrefix("curl") || agent.hasPrefix("Wget") || agent.hasPrefix("Mozilla")
    }
}

/// Where the next page of a list starts, and at which version: base64 of JSON, as the server makes it.
struct ContinueToken {
    /// Nil: of whatever there is then ("inconsistent").
    let version: UInt64?
    let start: String

    init(version: UInt64?, start: String) {
        self.version = version
        self.start = start
    }

    init?(text: String) {
        guard let bytes = Base64.decode(text) else { return nil }
        let json = String(decoding: bytes, as: UTF8.self)
        let parts = json.split(separator: "\"", omittingEmptySubsequences: false)
        // {"v":"meta.k8s.io/v1","rv":35620,"start":"/kube-node-lease"}
        guard parts.count == 11, parts[1] == "v", parts[5] == "rv", parts[7] == "start" else { return nil }
        let number = parts[6].dropFirst().dropLast()
        guard parts[9].hasPrefix("/"), number == "-1" || UInt64(number) != nil else { return nil }
        version = UInt64(number)
        start = String(parts[9].dropFirst())
    }

    var text: String {
        let number = version.map(String.init) ?? "-1"
        return Base64.encode(Array("{\"v\":\"meta.k8s.io/v1\",\"rv\":\(number),\"start\":\"/\(start)\"}".utf8))
    }
}
