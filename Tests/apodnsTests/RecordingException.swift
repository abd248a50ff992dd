import DNSWire
import ServerHarness

/// Recorded answers that are not followed, each with its reason and the answer that stands instead.
struct RecordingException {
    /// The answer that stands instead.
    enum Expected {
        /// The whole answer section over TCP, without TC: so many records.
        case whole(Int)
        /// These records in the answer section and no more.
        case records([String])
        /// The name exists, with nothing of the type.
        case noData

        func holds(for response: DNSResponse) -> Bool {
            guard response.code == .noError, !response.isTruncated else { return false }
            switch self {
            case .whole(let count):
                return response.answer.count == count && Set(response.answerLines).count == count
            case .records(let lines):
                return response.answerLines == lines.sorted()
            case .noData:
                return response.answer.isEmpty && response.authority.map(\.type) == [.soa]
            }
        }
    }

    let configuration: String
    let name: String
    let type: RecordType
    /// How many rows ask this.
    var rows = 1
    let expected: Expected

    private static let dashed = "172-17-1-9.hand.zoo.svc.cluster.local."
    /// The ports of the service `hand`.
    private static func ports(_ ttl: Int) -> Expected {
        .records([53, 80, 443].map { "\(dashed) \(ttl) SRV 0 33 \($0) \(dashed)" })
    }

    static let all: [RecordingException] = [
        // TC only where the answer section was cut (RFC 2181, section 9): here the additional section was.
        RecordingException(
            configuration: "pods-insecure", name: "_http._tcp.huge.zoo.svc.cluster.local.", type: .srv,
            expected: .whole(1000)),
        RecordingException(
            configuration: "two-zones", name: "huge.zoo.svc.cluster.local.", type: .srv, expected: .whole(1000)),
        // A pod's name that is not one valid label is no name of an endpoint: the dashed address is.
        RecordingException(configuration: "ignore-empty", name: dashed, type: .aaaa, expected: .noData),
        RecordingException(
            configuration: "pod-names", name: dashed, type: .a, expected: .records(["\(dashed) 30 A 172.17.1.9"])),
        RecordingException(configuration: "pod-names", name: dashed, type: .srv, rows: 2, expected: ports(30)),
        RecordingException(
            configuration: "pods-verified", name: dashed, type: .a, expected: .records(["\(dashed) 5 A 172.17.1.9"])),
        RecordingException(configuration: "pods-verified", name: dashed, type: .aaaa, expected: .noData),
        RecordingException(configuration: "pods-verified", name: dashed, type: .srv, expected: ports(5)),
    ]
}
