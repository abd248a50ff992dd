/// One consistent state of the index: it never changes, and what it shares with its neighbours in time is shared memory.
///
/// `@unchecked Sendable`: everything is written by `init` and only read afterwards.
package final class IndexSnapshot: @unchecked Sendable {
    /// The places of up to `IndexView.chunkSize` blocks.
    ///
    /// `@unchecked Sendable`: written by `init` only.
    final class Chunk: @unchecked Sendable {
        let blocks: [ServiceBlockMemory?]
        let base: UnsafeRawPointer

        init(_ blocks: [ServiceBlockMemory?], empty: ServiceBlockMemory) {
            self.blocks = blocks
            let memory = UnsafeMutableRawPointer.allocate(byteCount: IndexView.chunkSize * 8, alignment: 8)
            // SAFETY: one pointer for each place of the chunk; places without a block point at the empty one.
            for place in 0..<IndexView.chunkSize {
                let block = place < blocks.count ? blocks[place] ?? empty : empty
                memory.storeBytes(of: block.base, toByteOffset: place * 8, as: UnsafeRawPointer.self)
            }
            base = UnsafeRawPointer(memory)
        }

        deinit { base.deallocate() }
    }

    let services: [ServiceTable]
    let reverse: [AddressTable]
    let pods: [AddressTable]
    let namespaces: NameTable
    let chunks: [Chunk]
    /// What free places point at: a block without anything in it.
    let empty: ServiceBlockMemory
    private let tables: UnsafeRawPointer
    private let hash: SeededHash
    package let serial: UInt32
    /// What is not known yet.
    package let gaps: IndexGaps

    init(
        services: [ServiceTable], reverse: [AddressTable], pods: [AddressTable], namespaces: NameTable, chunks: [Chunk],
        empty: ServiceBlockMemory, hash: SeededHash, serial: UInt32, gaps: IndexGaps
    ) {
        self.services = services
        self.reverse = reverse
        self.pods = pods
        self.namespaces = namespaces
        self.chunks = chunks
        self.empty = empty
        self.hash = hash
        self.serial = serial
        self.gaps = gaps
        let bases =
            services.map(\.base) + reverse.map(\.base) + pods.map(\.base) + [namespaces.base] + chunks.map(\.base)
        let memory = UnsafeMutableRawPointer.allocate(byteCount: bases.count * 8, alignment: 8)
        // SAFETY: one pointer for each table, in the order that IndexView names.
        for (index, base) in bases.enumerated() {
            memory.storeBytes(of: base, toByteOffset: index * 8, as: UnsafeRawPointer.self)
        }
        tables = UnsafeRawPointer(memory)
    }

    deinit { tables.deallocate() }

    /// What to read the snapshot through: valid for as long as the caller keeps the snapshot.
    package var view: IndexView { IndexView(tables: tables, hash: hash, serial: serial, gaps: gaps) }

    /// Bytes that the compiled blocks and the tables take.
    package var size: Int {
        services.reduce(0) { $0 + $1.size } + reverse.reduce(0) { $0 + $1.size } + pods.reduce(0) { $0 + $1.size }
            + namespaces.size
            + chunks.reduce(0) { $0 + $1.blocks.reduce(IndexView.chunkSize * 8) { $0 + ($1?.size ?? 0) } }
    }

    /// Bytes that the endpoints' labels take within the blocks, for measuring.
    package var labelBytes: Int {
        var bytes = 0
        for chunk in chunks {
            for case let block? in chunk.blocks {
                for label in 0..<block.block.labelCount {
                    bytes += 1 + Int(block.block.label(label).load(as: UInt8.self))
                }
            }
        }
        return bytes
    }
}
