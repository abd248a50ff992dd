import DNSWire
import LinuxIO
import PluginKit

/// Puts the records of a finished response into another order.
///
/// Within each section aliases come first, then all other records, then addresses, then mail exchangers: stub resolvers want
/// the aliases first (CoreDNS's rule). Which address and which exchanger comes first is the policy's matter.
struct RecordArrangement {
    /// How addresses are ordered.
    enum Policy {
        /// Every order is as likely.
        case shuffled
        /// One address is brought to the front, as likely as its weight.
        case weighted(WeightTable)
        /// The order stays, but for `preferred`.
        case kept
    }

    let policy: Policy
    /// Blocks whose addresses come first, in this order.
    let preferred: [AddressPrefix]

    /// What there is to do with a section.
    private enum Need {
        case nothing
        /// Its addresses can change places as they stand.
        case swap(AddressRun)
        /// Its records have to be written anew.
        case rewrite
    }

    /// Arranges the response of an exchange. Where it cannot be done within the response's length it stays as it is.
    func arrange(_ exchange: UnsafeMutablePointer<Exchange>) {
        // SAFETY: the response is finished: `responseLength` bytes at the writer's base.
        let message = UnsafeMutableRawBufferPointer(
            start: exchange.pointee.writer.base, count: exchange.pointee.responseLength)
        guard message.count >= Header.length, let base = message.baseAddress else { return }
        var walk = RecordWalk(
            message: UnsafeRawBufferPointer(message), offset: exchange.pointee.request.questionEnd, remaining: 0)
        var needs: (Need, Need, Need) = (.nothing, .nothing, .nothing)
        for section in 0..<3 {
            let count = Int(Header.field(base, Header.answerCountOffset + 2 * section))
            walk = RecordWalk(message: UnsafeRawBufferPointer(message), offset: walk.offset, remaining: count)
            guard let need = need(&walk, count, base) else { return }
            switch section {
            case 0: needs.0 = need
            // The weighted policy looks at answers and their addresses only.
            case 1: needs.1 = isShuffling ? need : .nothing
            default: needs.2 = need
            }
        }
        switch needs {
        case (.nothing, .nothing, .nothing): return
        case (.rewrite, _, _), (_, .rewrite, _), (_, _, .rewrite): rewrite(exchange, message)
        default:
            for need in [needs.0, needs.1, needs.2] {
                if case .swap(let run) = need { arrange(run, message, exchange) }
            }
        }
    }

    private var isShuffling: Bool {
        if case .shuffled = policy { return true }
        return false
    }

    /// The place of a type within a section; OPT stays the last record.
    private static func rank(_ type: RecordType) -> Int {
        switch type {
        case .cname: 0
        case .a, .aaaa: 2
        case .mx: 3
        case .opt: 4
        default: 1
        }
    }

    /// What is to be done with the section of `count` records that the walk stands before; nil where it is not whole.
    private func need(_ walk: inout RecordWalk, _ count: Int, _ base: UnsafeMutableRawPointer) -> Need? {
        var run = AddressRun()
        var isUniform = true
        var isOrdered = true
        var exchangers = 0
        var rank = 0
        for _ in 0..<count {
            guard let record = walk.next() else { return nil }
            let own = Self.rank(record.type)
            if own < rank { isOrdered = false }
            rank = max(rank, own)
            if own == 3 { exchangers += 1 }
            if own == 2, !run.extend(record, base) { isUniform = false }
        }
        let mayMove = run.count > 1 || (isShuffling && exchangers > 1)
        if isOrdered, !mayMove { return .nothing }
        // CoreDNS: the weighted policy leaves a section without addresses as it is.
        if !isShuffling, run.count == 0 { return .nothing }
        let isSwap = isOrdered && isUniform && (exchangers < 2 || !isShuffling) && preferred.isEmpty
        return isSwap ? .swap(run) : .rewrite
    }

    private func arrange(
        _ run: AddressRun, _ message: UnsafeMutableRawBufferPointer, _ exchange: UnsafeMutablePointer<Exchange>
    ) {
        guard let base = message.baseAddress else { return }
        switch policy {
        case .shuffled: run.shuffle(&exchange.pointee.random, base)
        case .weighted(let table):
            var offset = run.start
            guard let owner = try? DomainName.read(from: UnsafeRawBufferPointer(message), at: &offset) else { return }
            let name = owner.lowercased()
            let weights = (0..<run.count).map { table.weight(name, run.address($0, base)) }
            let top = Self.choose(weights, &exchange.pointee.random)
            if top != 0 { run.swap(0, top, base) }
        case .kept: break
        }
    }

    /// A place, as likely as its weight.
    static func choose(_ weights: [UInt32], _ random: inout FastRandom) -> Int {
        var drawn = random.below(weights.reduce(0, &+))
        for (place, weight) in weights.enumerated() {
            if drawn < weight { return place }
            drawn -= weight
        }
        return 0
    }

    /// Reads all records, arranges them and writes them again.
    private func rewrite(_ exchange: UnsafeMutablePointer<Exchange>, _ message: UnsafeMutableRawBufferPointer) {
        do throws(WireError) {
            let start = exchange.pointee.request.questionEnd
            var offset = start
            var sections: [[ResourceRecord]] = []
            for section in 0..<3 {
                let count = Int(Header.field(UnsafeRawPointer(exchange.pointee.writer.base), 6 + 2 * section))
                var records: [ResourceRecord] = []
                for _ in 0..<count {
                    records.append(try ResourceRecord.read(from: UnsafeRawBufferPointer(message), at: &offset))
                }
                sections.append(section == 1 && !isShuffling ? records : arranged(records, &exchange.pointee.random))
            }
            // Written beside the message, which stays as it is if something does not fit.
            let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: message.count, alignment: 8)
            defer { copy.deallocate() }
            copy.copyMemory(from: UnsafeRawBufferPointer(message))
            var buffer = MessageBuffer(copy, position: start)
            var compressor = NameCompressor()
            compressor.register(nameAt: Header.length, in: buffer)
            for record in sections.joined() {
                try RecordEncoder.encode(record, into: &buffer, compressor: &compressor)
            }
            let end = buffer.position
            // SAFETY: `end` is at most the length of both.
            UnsafeMutableRawBufferPointer(rebasing: message[start..<end])
                .copyMemory(from: UnsafeRawBufferPointer(rebasing: copy[start..<end]))
            exchange.pointee.responseLength = end
            exchange.pointee.writer.position = end
        } catch {
            // Something that cannot be read or does not fit: the order is not worth an answer.
        }
    }

    /// A section's records in their new order.
    func arranged(_ records: [ResourceRecord], _ random: inout FastRandom) -> [ResourceRecord] {
        var addresses = records.filter { Self.rank($0.type) == 2 }
        if !isShuffling, addresses.isEmpty { return records }
        var exchangers = records.filter { $0.type == .mx }
        switch policy {
        case .shuffled:
            addresses.shuffle(using: &random)
            exchangers.shuffle(using: &random)
        case .weighted(let table):
            let weights = addresses.map { record in
                Self.address(record).map { table.weight(record.owner.lowercased(), $0) } ?? 1
            }
            let top = Self.choose(weights, &random)
            addresses.swapAt(0, top)
        case .kept: break
        }
        if !preferred.isEmpty { addresses = preferring(addresses) }
        return records.filter { Self.rank($0.type) == 0 } + records.filter { Self.rank($0.type) == 1 } + addresses
            + exchangers + records.filter { Self.rank($0.type) == 4 }
    }

    /// The addresses of the first block, those of the next, and so on, then all others; otherwise in their order.
    private func preferring(_ addresses: [ResourceRecord]) -> [ResourceRecord] {
        let ranked = addresses.enumerated().map { place, record in
            let block = Self.address(record).flatMap { address in preferred.firstIndex { $0.contains(address) } }
            return (block: block ?? preferred.count, place: place, record: record)
        }
        return ranked.sorted { ($0.block, $0.place) < ($1.block, $1.place) }.map(\.record)
    }

    private static func address(_ record: ResourceRecord) -> SocketAddress? {
        switch record.data {
        case .a(let address): SocketAddress(ipv4: address.bits, port: 0)
        case .aaaa(let address): SocketAddress(high: address.high, low: address.low, port: 0)
        default: nil
        }
    }
}
