import Corefile
import DNSWire
import LinuxIO
import PluginKit
import Synchronization

@testable import Plugins

/// Log lines, as a test wants to see them.
final class Lines: Sendable {
    private let kept = Mutex<[String]>([])

    var all: [String] { kept.withLock { $0 } }

    func take() -> [String] {
        kept.withLock { lines in
            defer { lines = [] }
            return lines
        }
    }

    var log: Log { Log { line in self.kept.withLock { $0.append(line) } } }
}

/// A process with a clock that stands still, and the plugins of one block.
struct PluginBench {
    let lines = Lines()
    let clock = ManualClock()
    let process: ProcessContext
    var client = SocketAddress(ipv4: 0x7F00_0001, port: 50_759)
    var local = SocketAddress(ipv4: 0x0A00_000A, port: 53)
    var transport = Transport.udp

    init() {
        process = ProcessContext(log: lines.log, clock: clock.clock)
    }

    /// The block `. { TEXT }` of the file "Corefile", with the text from line 2 on.
    func setup(_ text: String, zone: String = ".") throws(CorefileError) -> BlockSetup {
        let corefile = try Corefile.parse(text: "\(zone) {\n\(text)\n}\n", file: "Corefile", files: MemoryFiles())
        return BlockSetup(block: corefile.blocks[0], process: process, directory: "/conf")
    }

    /// Sets up the plugin for its directives in the block.
    func plugin<P: Plugin>(_ type: P.Type, _ text: String) throws(CorefileError) -> P {
        let setup = try setup(text)
        return try P(setup.block.directives(named: P.directive), setup)
    }

    /// What the set-up fails with, "" where it does not.
    func failure<P: Plugin>(_ type: P.Type, _ text: String) -> String {
        do throws(CorefileError) {
            _ = try plugin(type, text)
            return ""
        } catch {
            return error.description
        }
    }

    /// A chain of the plugins' steps, and one that answers at its end.
    func chain(_ plugins: [any Plugin], _ answer: StubAnswer? = nil, zone: String = ".") -> Chain {
        let worker = WorkerContext(server: "dns://:53", zone: zone, transport: transport)
        var steps: [(plugin: UInt8, step: Step)] = plugins.compactMap { plugin in
            plugin.makeStep(worker).map {
                (PluginTable.number(of: Swift.type(of: plugin).directive) ?? Exchange.nobody, $0)
            }
        }
        if let answer { steps.append((PluginTable.number(of: answer.plugin) ?? Exchange.nobody, answer.step)) }
        return Chain(steps, udpSize: 1232)
    }

    /// Leads a request down a chain as a worker does; `took` nanoseconds pass before the batch ends.
    func ask(_ chain: Chain, _ query: Query, took: UInt64 = 0, capacity: Int = 65_535) -> Outcome {
        let buffer = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 8)
        defer { buffer.deallocate() }
        let bytes = query.bytes
        for (offset, octet) in bytes.enumerated() { buffer.storeBytes(of: octet, toByteOffset: offset, as: UInt8.self) }
        let exchange = UnsafeMutablePointer<Exchange>.allocate(capacity: 1)
        exchange.initialize(to: Exchange(random: FastRandom(seed: query.seed)))
        defer {
            exchange.pointee.deallocate()
            exchange.deinitialize(count: 1)
            exchange.deallocate()
        }
        exchange.pointee.client = client
        exchange.pointee.local = local
        exchange.pointee.startedAt = process.clock.monotonic()
        chain.view.beginBatch(process.clock.monotonic())
        let verdict = exchange.pointee.take(buffer, length: bytes.count, capacity: capacity, transport: transport)
        guard verdict == .answer else { return Outcome(message: [], code: exchange.pointee.code, rotation: 0) }
        clock.advance(nanoseconds: took)
        let length = chain.view.answer(exchange)
        chain.view.endBatch(process.clock.monotonic())
        return Outcome(
            message: Array(UnsafeRawBufferPointer(start: buffer, count: length)), code: exchange.pointee.code,
            rotation: exchange.pointee.rotation, deadline: exchange.pointee.deadline)
    }

    /// Has `look` see a request that no chain has seen yet.
    func inspect(_ query: Query, _ look: (UnsafeMutablePointer<Exchange>) -> Void) {
        var bytes = query.bytes
        let length = bytes.count
        let exchange = UnsafeMutablePointer<Exchange>.allocate(capacity: 1)
        exchange.initialize(to: Exchange(random: FastRandom(seed: query.seed)))
        defer {
            exchange.pointee.name.deallocate()
            exchange.deinitialize(count: 1)
            exchange.deallocate()
        }
        exchange.pointee.client = client
        exchange.pointee.local = local
        bytes.withUnsafeMutableBytes { buffer in
            guard let base = buffer.baseAddress else { return }
            let verdict = exchange.pointee.take(base, length: length, capacity: length, transport: transport)
            if verdict == .answer { look(exchange) }
        }
    }
}

/// A request.
struct Query {
    var name = "example.org."
    var type = RecordType.a
    var recordClass = RecordClass.internet
    var identifier: UInt16 = 29_008
    var flags = Header.recursionDesired
    /// Size of the OPT record, nil for none.
    var udpSize: UInt16?
    var dnssecOK = false
    /// The options of the OPT record as bytes.
    var options: [UInt8] = []
    var seed: UInt64 = 1

    var bytes: [UInt8] {
        var bytes: [UInt8] = []
        for word in [identifier, flags, 1, 0, 0, udpSize == nil ? 0 : 1] { bytes += word.octets }
        bytes += (try? DomainName(parsing: name))?.wire ?? [0]
        bytes += type.rawValue.octets + recordClass.rawValue.octets
        if let udpSize {
            bytes += [0] + RecordType.opt.rawValue.octets + udpSize.octets + [0, 0, dnssecOK ? 0x80 : 0, 0]
            bytes += UInt16(options.count).octets + options
        }
        return bytes
    }
}

extension UInt16 {
    var octets: [UInt8] { [UInt8(self >> 8), UInt8(self & 0xFF)] }
}

/// What comes out of a chain.
struct Outcome {
    var message: [UInt8]
    var code: ResponseCode
    var rotation: UInt32
    var deadline = UInt64.max

    private func count(_ section: Int) -> Int {
        guard message.count >= 12 else { return 0 }
        return Int(message[4 + 2 * section]) << 8 | Int(message[5 + 2 * section])
    }

    /// The header's flags.
    var flags: UInt16 { message.count >= 4 ? UInt16(message[2]) << 8 | UInt16(message[3]) : 0 }

    /// The records of a section in presentation form: 1 answer, 2 authority, 3 additional. OPT is left out.
    func records(_ wanted: Int) -> [String] {
        message.withUnsafeBytes { bytes in
            var offset = 12
            guard (try? DomainName.read(from: bytes, at: &offset)) != nil else { return ["no question"] }
            offset += 4
            for section in 1...3 {
                var found: [String] = []
                for _ in 0..<count(section) {
                    guard let record = try? ResourceRecord.read(from: bytes, at: &offset) else { return ["broken"] }
                    if record.type != .opt { found.append("\(record)") }
                }
                if section == wanted { return found }
            }
            return []
        }
    }

    /// The data of the OPT record; nil where there is none.
    var options: [UInt8]? {
        message.withUnsafeBytes { bytes in
            var offset = 12
            guard (try? DomainName.read(from: bytes, at: &offset)) != nil else { return nil }
            var walk = RecordWalk(message: bytes, offset: offset + 4, remaining: count(1) + count(2) + count(3))
            while let record = walk.next() {
                if record.type == .opt { return Array(bytes[record.data..<record.end]) }
            }
            return nil
        }
    }

    var hasOPT: Bool { options != nil }

    /// Whether the records fill the message exactly.
    var isWhole: Bool {
        message.withUnsafeBytes { bytes in
            var offset = 12
            guard (try? DomainName.read(from: bytes, at: &offset)) != nil else { return false }
            offset += 4
            for _ in 0..<(count(1) + count(2) + count(3)) {
                guard (try? ResourceRecord.read(from: bytes, at: &offset)) != nil else { return false }
            }
            return offset == message.count
        }
    }
}
