import DNSWire
import LinuxIO

@testable import PluginKit

/// What steps did, in order. Belongs to one test.
final class Journal {
    var entries: [String] = []

    func take() -> [String] {
        defer { entries = [] }
        return entries
    }
}

/// A step that writes down how it is called.
final class JournalStep {
    let name: String
    let journal: Journal
    var verdict: UInt8
    /// What it does to an exchange on the way down.
    let work: (UnsafeMutablePointer<Exchange>) -> Void

    init(
        _ name: String, _ journal: Journal, _ verdict: Verdict = .next,
        work: @escaping (UnsafeMutablePointer<Exchange>) -> Void = { _ in }
    ) {
        self.name = name
        self.journal = journal
        self.verdict = verdict.rawValue
        self.work = work
    }

    deinit { journal.entries.append("\(name) gone") }

    private static func of(_ context: UnsafeMutableRawPointer) -> JournalStep {
        Unmanaged<JournalStep>.fromOpaque(context).takeUnretainedValue()
    }

    /// The step with those parts of it that are asked for.
    func step(down: Bool = true, up: Bool = true, batch: Bool = true) -> Step {
        Step(
            context: Unmanaged.passRetained(self).toOpaque(),
            down: down
                ? { context, exchange in
                    let step = JournalStep.of(context)
                    step.journal.entries.append("\(step.name) down")
                    step.work(Step.exchange(exchange))
                    return step.verdict
                } : nil,
            up: up
                ? { context, exchange in
                    let step = JournalStep.of(context)
                    let exchange = Step.exchange(exchange)
                    step.journal.entries.append(
                        "\(step.name) up \(exchange.pointee.code) \(exchange.pointee.responseLength > 0)")
                } : nil,
            beginBatch: batch
                ? { context, now in
                    let step = JournalStep.of(context)
                    step.journal.entries.append("\(step.name) begins \(now)")
                } : nil,
            endBatch: batch
                ? { context, now in
                    let step = JournalStep.of(context)
                    step.journal.entries.append("\(step.name) ends \(now)")
                } : nil,
            release: { Unmanaged<JournalStep>.fromOpaque($0).release() })
    }
}

/// An exchange with memory for its message.
final class ExchangeBench {
    static let capacity = 4096
    let exchange: UnsafeMutablePointer<Exchange>
    let buffer: UnsafeMutableRawPointer

    init() {
        exchange = .allocate(capacity: 1)
        exchange.initialize(to: Exchange(random: FastRandom(seed: 1)))
        buffer = .allocate(byteCount: Self.capacity, alignment: 8)
    }

    deinit {
        exchange.pointee.deallocate()
        exchange.deinitialize(count: 1)
        exchange.deallocate()
        buffer.deallocate()
    }

    /// Takes up a query for `www.example.org. A`.
    @discardableResult
    func take(
        flags: UInt16 = Header.recursionDesired, udpSize: UInt16? = nil, transport: Transport = .udp,
        capacity: Int = ExchangeBench.capacity
    ) -> RequestVerdict {
        var bytes: [UInt8] = [
            0xAB, 0xCD, UInt8(flags >> 8), UInt8(flags & 0xFF), 0, 1, 0, 0, 0, 0, 0, udpSize == nil ? 0 : 1,
        ]
        bytes += [3, 0x77, 0x57, 0x77, 7] + Array("Example".utf8) + [3] + Array("ORG".utf8) + [0, 0, 1, 0, 1]
        if let udpSize { bytes += [0, 0, 41, UInt8(udpSize >> 8), UInt8(udpSize & 0xFF), 0, 0, 0, 0, 0, 0] }
        for (place, octet) in bytes.enumerated() { buffer.storeBytes(of: octet, toByteOffset: place, as: UInt8.self) }
        return exchange.pointee.take(buffer, length: bytes.count, capacity: capacity, transport: transport)
    }

    /// Writes one A record into the answer section; false where it does not fit.
    static func writeAddress(_ exchange: UnsafeMutablePointer<Exchange>) -> Bool {
        let address: [UInt8] = [192, 0, 2, 1]
        return exchange.pointee.writer.answerAddress(
            owner: ResponseWriter.questionPointer, type: .a, ttl: 5, address: address, length: 4)
    }

    /// A 16-bit field of the message.
    func field(_ offset: Int) -> UInt16 { Header.field(buffer, offset) }
}
