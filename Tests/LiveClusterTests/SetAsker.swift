import DNSWire
import Glibc
import LinuxIO
import ServerHarness
import Synchronization

/// Asks for one name in a tight loop, as nodes of a cluster do that look for each other, and counts what they would take for
/// the end of it: a name that does not exist, a failure, a set with somebody missing.
final class SetAsker: Sendable {
    /// A question, and who is in its answer.
    struct Row: Sendable {
        let name: String
        var type = RecordType.a
        /// Over TCP: a set of SRV records fits into no datagram.
        var isStream = false
        /// The last word of each record's data: addresses, or targets. These are there at any time.
        let kept: Set<String>
        /// These come and go.
        var guests: Set<String> = []
    }

    /// What has come of the questions.
    struct Outcome: Sendable {
        var answered = 0
        /// Of them, those with a guest in them, and those without any.
        var withGuests = 0
        /// Questions without an answer.
        var unanswered = 0
        /// What was wrong with answers: the first few of them.
        var wrong: [String] = []
    }

    /// How long an answer may take, in milliseconds, before the question is put anew.
    private static let patience: Int32 = 2000
    private static let mostWrong = 5

    private let address: SocketAddress
    private let row: Row
    private let isEnding = Atomic(false)
    private let outcome = Mutex(Outcome())
    private let thread = Mutex<Thread?>(nil)

    init(_ address: SocketAddress, _ row: Row) throws {
        self.address = address
        self.row = row
        let spawned = try Thread.spawn(name: "asker") { self.run() }
        thread.withLock { $0 = spawned }
    }

    var answered: Int { outcome.withLock { $0.answered } }

    /// Ends, and says what has come of it.
    func finish() -> Outcome {
        isEnding.store(true, ordering: .sequentiallyConsistent)
        thread.withLock { $0 }?.join()
        return outcome.withLock { $0 }
    }

    private func run() {
        var datagrams: DatagramClient?
        var stream: StreamClient?
        var identifier: UInt16 = 0
        while !isEnding.load(ordering: .sequentiallyConsistent) {
            identifier &+= 1
            var question = DNSQuestion(row.name, row.type)
            question.identifier = identifier
            do {
                let bytes: [UInt8]?
                if row.isStream {
                    let client = try stream ?? StreamClient(address)
                    stream = client
                    try client.send(StreamClient.frame(question.bytes))
                    bytes = try client.receive(milliseconds: Self.patience)
                } else {
                    let client = try datagrams ?? DatagramClient(address)
                    datagrams = client
                    try client.send(question.bytes)
                    bytes = try client.receive(milliseconds: Self.patience)
                }
                guard let bytes else { throw ClientError(description: "no answer") }
                let response = try DNSResponse(bytes)
                // An answer that came late is looked at like any other.
                look(response)
            } catch {
                // The server is away: another socket for the next question.
                (datagrams, stream) = (nil, nil)
                outcome.withLock { $0.unanswered += 1 }
                usleep(1000)
            }
        }
    }

    private func look(_ response: DNSResponse) {
        let found = Set(response.answer.compactMap { "\($0.data)".split(separator: " ").last.map(String.init) })
        let isRight =
            response.code == .noError && !response.isTruncated && found.isSuperset(of: row.kept)
            && found.isSubset(of: row.kept.union(row.guests))
        outcome.withLock { outcome in
            outcome.answered += 1
            if !found.isDisjoint(with: row.guests) { outcome.withGuests += 1 }
            guard !isRight, outcome.wrong.count < Self.mostWrong else { return }
            outcome.wrong.append(
                "\(row.name) \(row.type): \(response.code)\(response.isTruncated ? " TC" : "") "
                    + "without \(row.kept.subtracting(found).sorted()), number \(outcome.answered)")
        }
    }
}
