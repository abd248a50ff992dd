/// An exchange that a plugin keeps, to complete it when something has come: an upstream's answer, a timer. Only the event loop
/// has such exchanges, and only its thread may use them.
package struct WaitingExchange {
    /// Goes on with an exchange; `verdict` is a `Verdict`.
    package typealias Resume = @convention(c) (_ context: UnsafeMutableRawPointer, _ verdict: UInt8) -> Void

    /// How an exchange goes on, set by the server for exchanges that may wait.
    package struct Resumption {
        let context: UnsafeMutableRawPointer
        let resume: Resume

        /// - Parameters:
        ///   - context: what `resume` is called with.
        ///   - resume: leads the exchange on and delivers its response.
        package init(context: UnsafeMutableRawPointer, resume: @escaping Resume) {
            self.context = context
            self.resume = resume
        }
    }

    /// The exchange. Its memory stays where it is until `resume`.
    package let exchange: UnsafeMutablePointer<Exchange>
    private let resumption: Resumption

    /// Takes an exchange that a step was called with, to answer `.later`; nil where it cannot wait: on a worker's thread,
    /// where `.later` sends the query to the event loop instead.
    package init?(_ exchange: UnsafeMutablePointer<Exchange>) {
        guard let resumption = exchange.pointee.resumption else { return nil }
        self.exchange = exchange
        self.resumption = resumption
    }

    /// Goes on as if the step that said `.later` had said this. To be called once, on the loop's thread, and not from within
    /// that step; the exchange must not be touched afterwards.
    package func resume(_ verdict: Verdict) {
        resumption.resume(resumption.context, verdict.rawValue)
    }
}
