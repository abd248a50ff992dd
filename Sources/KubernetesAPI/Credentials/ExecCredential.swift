import LinuxIO

/// What a credential plugin printed: an ExecCredential with its status.
struct ExecCredential: Sendable, Equatable {
    /// The bearer token; nil: none.
    let token: String?
    /// The client's certificate, PEM; nil: none.
    let certificate: String?
    /// The certificate's key, PEM.
    let key: String?
    /// When it ends, in seconds since 1970-01-01 UTC; nil: when the server says 401.
    let expiresAt: Int64?

    init(token: String?, certificate: String?, key: String?, expiresAt: Int64?) {
        self.token = token
        self.certificate = certificate
        self.key = key
        self.expiresAt = expiresAt
    }

    /// Reads what the plugin printed, which must be of its configured version.
    init(output: [UInt8], version: ExecPlugin.Version) throws(NodeFault) {
        var source = JSONSource(output)
        guard try source.nextDocument() else {
            throw NodeFault(nil, "nothing, expected an ExecCredential in JSON")
        }
        let fields = try ObjectFields(
            try source.node(
                .only([
                    "apiVersion": .everything, "kind": .everything,
                    "status": .only([
                        "token": .everything, "clientCertificateData": .everything, "clientKeyData": .everything,
                        "expirationTimestamp": .everything,
                    ]),
                ])))
        let kind = try fields.requiredText("kind")
        guard kind == "ExecCredential" else {
            throw fields.refused("kind", expected: "ExecCredential")
        }
        guard try fields.requiredText("apiVersion") == version.rawValue else {
            throw fields.refused("apiVersion", expected: "\(version.rawValue), as in the kubeconfig")
        }
        let status = try fields.requiredFields("status")
        func filled(_ name: String) throws(NodeFault) -> String? {
            guard let text = try status.text(name), !text.isEmpty else { return nil }
            return text
        }
        token = try filled("token")
        certificate = try filled("clientCertificateData")
        key = try filled("clientKeyData")
        guard (certificate == nil) == (key == nil) else {
            throw NodeFault(nil, "status has a client certificate or a key without the other, expected both or neither")
        }
        guard token != nil || certificate != nil else {
            throw NodeFault(nil, "status has neither token nor clientCertificateData, expected at least one")
        }
        guard let text = try filled("expirationTimestamp") else {
            expiresAt = nil
            return
        }
        guard let time = Self.seconds(ofTimestamp: text) else {
            throw status.refused("expirationTimestamp", expected: "a time such as 2030-01-31T12:00:00Z")
        }
        expiresAt = time
    }

    /// Seconds since 1970-01-01 UTC of an RFC 3339 section 5.6 date-time, fractions cut; nil where it is none.
    static func seconds(ofTimestamp text: String) -> Int64? {
        var rest = text.utf8[...]
        func number(_ digits: Int) -> Int64? {
            guard rest.count >= digits else { return nil }
            var value: Int64 = 0
            for byte in rest.prefix(digits) {
                guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
                value = value * 10 + Int64(byte - UInt8(ascii: "0"))
            }
            rest = rest.dropFirst(digits)
            return value
        }
        func take(_ characters: Unicode.Scalar...) -> Bool {
            guard let first = rest.first, characters.contains(Unicode.Scalar(first)) else { return false }
            rest = rest.dropFirst()
            return true
        }
        guard let year = number(4), take("-"), let month = number(2), take("-"), let day = number(2),
            take("T", "t", " "), let hour = number(2), take(":"), let minute = number(2), take(":"),
            let second = number(2)
        else { return nil }
        guard year > 0, (1...12).contains(month), (1...31).contains(day), hour < 24, minute < 60, second <= 60 else {
            return nil
        }
        if take(".") {
            let digits = rest.prefix { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }
            guard !digits.isEmpty else { return nil }
            rest = rest.dropFirst(digits.count)
        }
        var offset: Int64 = 0
        if !take("Z", "z") {
            let isEast = rest.first == UInt8(ascii: "+")
            guard take("+", "-"), let hours = number(2), take(":"), let minutes = number(2), hours < 24, minutes < 60
            else { return nil }
            offset = (hours * 60 + minutes) * (isEast ? 60 : -60)
        }
        guard rest.isEmpty else { return nil }
        // Days since the epoch of a date of the Gregorian calendar, counted in years that begin in March.
        let shifted = month > 2 ? year : year - 1
        let monthFromMarch = (month + 9) % 12
        let days =
            365 * shifted + shifted / 4 - shifted / 100 + shifted / 400 + (153 * monthFromMarch + 2) / 5 + day - 1
            - 719_468
        return days * 86_400 + hour * 3_600 + minute * 60 + second - offset
    }
}
