/// The answer to one request for objects: the checks that a server makes, and then a list, a watch or an object.
struct ObjectAnswer {
    let server: ScriptedAPIServer
    let channel: Channel
    let request: ScriptedRequest
    let settings: ScriptedSettings
    let writer: ResponseWriter

    private static let acceptable =
        "only the following media types are accepted: application/json, application/yaml, application/vnd.kubernetes.protobuf"

    func send() throws(ChannelEnd) {
        let hasProtobuf = !settings.jsonOnly && (request.route?.resource.hasProtobuf ?? true)
        let negotiated = Self.format(accept: request.header("accept"), hasProtobuf: hasProtobuf)
        let format = negotiated ?? .json
        if let fault = writer.faults.status {
            var status = ScriptedStatus(code: fault.code)
            status.retryAfterSeconds = fault.retryAfterSeconds
            return try send(status, format)
        }
        guard request.method == "GET" else { return try send(ScriptedStatus(code: 405), format) }
        guard let user = settings.access.user(request) else { return try send(ScriptedStatus(code: 401), format) }
        guard let route = request.route else {
            return try sendPlain()
        }
        guard
            let selector = ScriptedSelector(
                fields: request.parameter("fieldSelector"), labels: request.parameter("labelSelector"))
        else { return try send(Self.badRequest("unable to parse the selectors"), format) }
        let verb = route.name != nil ? "get" : request.isWatch ? "watch" : "list"
        let name = route.name ?? selector.name
        if let refusal = settings.access.refusal(route, verb: verb, user: user, name: name) {
            return try send(refusal, format)
        }
        if settings.missing.contains(route.resource) { return try send(ScriptedStatus(code: 404), format) }
        guard negotiated != nil else {
            return try send(ScriptedStatus(code: 406, reason: "NotAcceptable", message: Self.acceptable), .json)
        }
        if let name = route.name {
            try sendObject(route, name, format)
        } else if request.isWatch {
            try WatchAnswer(answer: self, route: route, selector: selector, format: format).send()
        } else {
            try ListAnswer(answer: self, route: route, selector: selector, format: format).send()
        }
    }

    func send(_ status: ScriptedStatus, _ format: ScriptedFormat) throws(ChannelEnd) {
        let body = format.body(status)
        let headers = status.retryAfterSeconds.map { [(name: "retry-after", value: String($0))] } ?? []
        try writer.start(
            status: status.code, contentType: format.contentType(isWatch: false), length: body.count, headers: headers)
        try writer.write(frame: body)
        try writer.finish()
    }

    static func badRequest(_ message: String) -> ScriptedStatus {
        ScriptedStatus(code: 400, reason: "BadRequest", message: message)
    }

    /// The parameter as a number; 0 where it is none.
    func number(_ name: String) -> UInt64 { UInt64(request.parameter(name)) ?? 0 }

    private func sendPlain() throws(ChannelEnd) {
        switch request.path {
        case "/version":
            let body = Array(#"{"major":"1","minor":"35","gitVersion":"v1.35.0"}"#.utf8)
            try writer.start(status: 200, contentType: "application/json", length: body.count)
            try writer.write(frame: body)
            try writer.finish()
        case "/healthz", "/livez", "/readyz":
            try writer.start(status: 200, contentType: "text/plain", length: 2)
            try writer.write(frame: Array("ok".utf8))
            try writer.finish()
        default:
            try send(ScriptedStatus(code: 404), .json)
        }
    }

    private func sendObject(
        _ route: ScriptedRequest.Route, _ name: String, _ format: ScriptedFormat
    ) throws(ChannelEnd) {
        guard let object = server.cluster.object(route.resource, namespace: route.namespace ?? "", name: name) else {
            var status = ScriptedStatus(
                code: 404, reason: "NotFound", message: "\(route.resource.qualifiedName) \"\(name)\" not found")
            status.kind = route.resource.rawValue
            status.group = route.resource.group
            status.name = name
            return try send(status, format)
        }
        let stored = StoredObject(object, version: object.metadata.resourceVersion)
        let body = format.envelope(
            apiVersion: route.resource.apiVersion, kind: route.resource.kind, content: format.content(stored))
        try writer.start(status: 200, contentType: format.contentType(isWatch: false), length: body.count)
        try writer.write(frame: body)
        try writer.finish()
    }

    /// The first media type of Accept that is served; nil when there is none.
    private static func format(accept: String, hasProtobuf: Bool) -> ScriptedFormat? {
        if accept.isEmpty { return .json }
        for part in accept.split(separator: ",") {
            var type = part.split(separator: ";").first ?? ""
            while type.first == " " { type.removeFirst() }
            while type.last == " " { type.removeLast() }
            switch type {
            case "application/vnd.kubernetes.protobuf" where hasProtobuf: return .protobuf
            case "application/json", "application/*", "*/*": return .json
            default: continue
            }
        }
        return nil
    }
}
