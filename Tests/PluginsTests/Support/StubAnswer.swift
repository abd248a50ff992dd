import DNSWire
import PluginKit

@testable import Plugins

/// Stands at the end of a chain and gives a fixed answer.
///
/// `@unchecked Sendable`: the options' memory is written by `init` alone.
final class StubAnswer: @unchecked Sendable {
    /// The name of the plugin it passes for.
    let plugin: String
    let code: ResponseCode
    let flags: UInt16
    /// The records of the three sections in presentation form; the first section's are compressed as CoreDNS's are.
    let sections: [[String]]
    /// What it says went wrong.
    let failure: StaticString?
    /// The options of the response's OPT record, for clients that have sent one.
    private let options: UnsafeMutableRawBufferPointer

    init(
        plugin: String = "forward", code: ResponseCode = .noError, flags: UInt16 = 0, answer: [String] = [],
        authority: [String] = [], additional: [String] = [], failure: StaticString? = nil,
        options: [UInt8] = []
    ) {
        self.plugin = plugin
        self.code = code
        self.flags = flags
        self.failure = failure
        sections = [answer, authority, additional]
        self.options = .allocate(byteCount: options.count, alignment: 1)
        self.options.copyBytes(from: options)
    }

    deinit { options.deallocate() }

    var step: Step {
        Step(
            context: Unmanaged.passRetained(self).toOpaque(),
            down: { context, exchange in
                Unmanaged<StubAnswer>.fromOpaque(context).takeUnretainedValue().answer(Step.exchange(exchange)).rawValue
            },
            release: { Unmanaged<StubAnswer>.fromOpaque($0).release() })
    }

    private func answer(_ exchange: UnsafeMutablePointer<Exchange>) -> Verdict {
        exchange.pointee.code = code
        exchange.pointee.flags = flags
        if let failure {
            let number = PluginTable.number(of: plugin) ?? Exchange.nobody
            exchange.pointee.failure = Exchange.Failure(plugin: number, message: failure)
        }
        if options.count > 0 { exchange.pointee.attach(options: UnsafeRawBufferPointer(options)) }
        let limit = exchange.pointee.writer.limit
        let storage = UnsafeMutableRawBufferPointer(start: exchange.pointee.writer.base, count: limit)
        var buffer = MessageBuffer(storage, position: exchange.pointee.writer.position, limit: limit)
        var compressor = NameCompressor()
        compressor.register(nameAt: Header.length, in: buffer)
        var counts: [UInt16] = []
        for section in sections {
            var count: UInt16 = 0
            for text in section {
                guard let record = try? ResourceRecord.parse(text) else { fatalError("not a record: \(text)") }
                guard (try? RecordEncoder.encode(record, into: &buffer, compressor: &compressor)) != nil else { break }
                count += 1
            }
            counts.append(count)
        }
        exchange.pointee.writer.position = buffer.position
        exchange.pointee.writer.answerCount = counts[0]
        exchange.pointee.writer.authorityCount = counts[1]
        exchange.pointee.writer.additionalCount = counts[2]
        return .answered
    }
}
