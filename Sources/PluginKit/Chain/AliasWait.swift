/// The look-up of an alias that a step asks for in the middle of its work, where `Exchange.aliasTarget` alone (which the chain
/// looks up once the step has answered) does not do.
///
/// On the event loop's thread only.
private final class AliasWait {
    let resumption: WaitingExchange.Resumption
    let exchange: UnsafeMutablePointer<Exchange>
    let goOn: () -> Void

    init(
        _ resumption: WaitingExchange.Resumption, _ exchange: UnsafeMutablePointer<Exchange>,
        _ goOn: @escaping () -> Void
    ) {
        self.resumption = resumption
        self.exchange = exchange
        self.goOn = goOn
    }
}

extension Exchange {
    /// Looks up the alias at `aliasTarget`: what it comes to is written behind the alias.
    ///
    /// - Parameter goOn: called once the look-up is over, where it has to wait for something: on the event loop's thread, where the
    ///   step has taken a `WaitingExchange` before this call. Not called where the result is true.
    /// - Returns: whether the look-up is over. False on a worker's thread says that the query has to move to the event loop.
    package static func lookUpAlias(
        _ exchange: UnsafeMutablePointer<Exchange>, goOn: @escaping () -> Void
    ) -> Bool {
        guard let lookup = exchange.pointee.aliasLookup, let context = exchange.pointee.aliasContext else {
            return true
        }
        guard let resumption = exchange.pointee.resumption else {
            return lookup(context, UnsafeMutableRawPointer(exchange))
        }
        let waiting = Unmanaged.passRetained(AliasWait(resumption, exchange, goOn))
        exchange.pointee.resumption = WaitingExchange.Resumption(context: waiting.toOpaque()) { context, _ in
            // SAFETY: the reference taken above, which this call, the only one, gives back.
            let waiting = Unmanaged<AliasWait>.fromOpaque(context).takeRetainedValue()
            waiting.exchange.pointee.resumption = waiting.resumption
            waiting.goOn()
        }
        guard lookup(context, UnsafeMutableRawPointer(exchange)) else { return false }
        exchange.pointee.resumption = resumption
        waiting.release()
        return true
    }
}
