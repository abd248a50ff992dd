/// One plugin within a chain, as a worker calls it: plain function pointers and a pointer to the plugin's memory for this
/// worker, so that a call counts no references and boxes nothing.
package struct Step {
    /// Sees the query on the way down.
    package typealias Down =
        @convention(c) (_ context: UnsafeMutableRawPointer, _ exchange: UnsafeMutableRawPointer) -> UInt8
    /// Sees the finished answer on the way up.
    package typealias Up =
        @convention(c) (_ context: UnsafeMutableRawPointer, _ exchange: UnsafeMutableRawPointer) -> Void
    /// Called around a batch of queries.
    package typealias Batch = @convention(c) (_ context: UnsafeMutableRawPointer, _ now: UInt64) -> Void
    /// Frees the context.
    package typealias Release = @convention(c) (_ context: UnsafeMutableRawPointer) -> Void

    /// The plugin's memory for one chain of one worker.
    package let context: UnsafeMutableRawPointer
    package let down: Down?
    /// A plugin that is done with a query it passes on leaves this nil, and costs nothing on the way up.
    package let up: Up?
    /// Before the first query of a batch; `now` is the monotonic time in nanoseconds.
    package let beginBatch: Batch?
    /// After the last query of a batch has been answered, before the answers leave.
    package let endBatch: Batch?
    package let release: Release
    /// Whether `down` may say `.later`.
    package let mayWait: Bool
    /// The plugin's place in the order of plugins: set by the chain.
    package internal(set) var plugin = Exchange.nobody

    /// - Parameters:
    ///   - context: memory that `release` frees; nobody else uses it.
    ///   - mayWait: whether `down` may say `.later`.
    ///   - release: called once, when the chain is given up.
    package init(
        context: UnsafeMutableRawPointer, down: Down? = nil, up: Up? = nil, beginBatch: Batch? = nil,
        endBatch: Batch? = nil, mayWait: Bool = false, release: @escaping Release
    ) {
        self.context = context
        self.down = down
        self.up = up
        self.beginBatch = beginBatch
        self.endBatch = endBatch
        self.release = release
        self.mayWait = mayWait
    }
}

extension Step {
    /// The exchange behind the pointer that a step is called with.
    @inlinable package static func exchange(_ pointer: UnsafeMutableRawPointer) -> UnsafeMutablePointer<Exchange> {
        // SAFETY: chains call steps with the address of the worker's exchange and nothing else.
        pointer.assumingMemoryBound(to: Exchange.self)
    }
}
