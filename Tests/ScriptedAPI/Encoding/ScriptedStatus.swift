/// A v1 Status: how a request failed.
package struct ScriptedStatus: Sendable {
    package var code: Int
    package var reason: String
    package var message: String
    /// `details.kind`, `details.group` and `details.name`; nil: no details.
    package var kind: String?
    package var group: String = ""
    package var name: String = ""
    package var retryAfterSeconds: Int?
    /// `details.causes[0].reason`.
    package var cause: (reason: String, message: String)?
    /// `metadata.continue`.
    package var continueToken: String = ""

    package init(code: Int, reason: String, message: String) {
        self.code = code
        self.reason = reason
        self.message = message
    }

    /// The reason that goes with a code, and a message for people.
    package init(code: Int) {
        let (reason, message) =
            switch code {
            case 400: ("BadRequest", "the server rejected our request for an unknown reason")
            case 401: ("Unauthorized", "Unauthorized")
            case 403: ("Forbidden", "forbidden")
            case 404: ("NotFound", "the server could not find the requested resource")
            case 405: ("MethodNotAllowed", "the server does not allow this method on the requested resource")
            case 406: ("NotAcceptable", "only the following media types are accepted: application/json")
            case 410: ("Expired", "The resourceVersion for the provided list is too old.")
            case 422: ("Invalid", "ListOptions.meta.k8s.io is invalid")
            case 429: ("TooManyRequests", "Too many requests, please try again later.")
            case 503: ("ServiceUnavailable", "the server is currently unable to handle the request")
            case 504: ("Timeout", "Timeout: request did not complete within the allotted timeout")
            default: ("InternalError", "Internal error occurred: scripted failure")
            }
        self.init(code: code, reason: reason, message: message)
    }

    private var hasDetails: Bool { kind != nil || retryAfterSeconds != nil || cause != nil }

    /// The message, without the envelope.
    var protobuf: [UInt8] {
        var writer = ProtobufWriter()
        writer.message(1) {
            $0.string(1, "")
            $0.string(2, "")
            $0.string(3, continueToken)
        }
        writer.string(2, "Failure")
        writer.string(3, message)
        writer.string(4, reason)
        if hasDetails {
            writer.message(5) { details in
                details.string(1, name)
                details.string(2, group)
                details.string(3, kind ?? "")
                if let cause {
                    details.message(4) {
                        $0.string(1, cause.reason)
                        $0.string(2, cause.message)
                        $0.string(3, "")
                    }
                }
                details.number(5, Int64(retryAfterSeconds ?? 0))
                details.string(6, "")
            }
        }
        writer.number(6, Int64(code))
        return writer.bytes
    }

    /// From behind `kind` and `apiVersion` to the closing brace.
    var json: [UInt8] {
        var writer = JSONWriter()
        writer.key("metadata")
        writer.object { $0.nonEmpty("continue", continueToken) }
        writer.field("status", "Failure")
        writer.field("message", message)
        writer.field("reason", reason)
        if hasDetails {
            writer.key("details")
            writer.object { details in
                details.nonEmpty("name", name)
                details.nonEmpty("group", group)
                details.nonEmpty("kind", kind)
                if let cause {
                    details.list("causes", [cause]) {
                        $0.field("reason", $1.reason)
                        $0.field("message", $1.message)
                    }
                }
                details.nonZero("retryAfterSeconds", Int64(retryAfterSeconds ?? 0))
            }
        }
        writer.number("code", Int64(code))
        writer.raw("}")
        return writer.bytes
    }
}
