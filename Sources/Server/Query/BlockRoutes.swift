import DNSWire
import PluginKit

/// Which of a listener's blocks serves a question: that of the longest zone, and of several for one zone the first whose view
/// takes it.
final class BlockRoutes {
    /// A zone of a block with a view, or beside one.
    private struct Candidate {
        let matcher: ZoneMatcher
        /// The zone's place in the listener's plan.
        let place: Int
        let isRoot: Bool
        let view: (any View)?
    }

    private let matcher: ZoneMatcher
    /// In the order in which they are asked: longest zone first, then the order of the file. Empty where there is no view.
    private let candidates: [Candidate]

    init(_ zones: [ListenerPlan.Zone]) {
        matcher = ZoneMatcher(zones.map(\.wire))
        guard zones.contains(where: { $0.block.view != nil }) else {
            candidates = []
            return
        }
        let order = zones.indices.sorted {
            let (left, right) = (zones[$0].wire.count, zones[$1].wire.count)
            return left == right ? $0 < $1 : left > right
        }
        candidates = order.map { place in
            Candidate(
                matcher: ZoneMatcher([zones[place].wire]), place: place, isRoot: zones[place].wire.count == 1,
                view: zones[place].block.view)
        }
    }

    /// Valid for as long as the routes are kept.
    var view: BlockRoutesView {
        BlockRoutesView(
            zones: matcher.view, views: candidates.isEmpty ? nil : Unmanaged.passUnretained(self))
    }

    /// The place of the block that serves the question where there are views; -1 where none does.
    fileprivate func routeByView(_ exchange: UnsafeMutablePointer<Exchange>) -> Int {
        let request = exchange.pointee.request
        var found = -1
        for candidate in candidates {
            let match = candidate.matcher.view.longestMatch(
                exchange.pointee.name, length: request.nameLength, labelCount: request.labelCount)
            guard match.index >= 0, candidate.view?.takes(exchange) ?? true else { continue }
            guard request.type == .ds else { return candidate.place }
            // As without views: DS belongs to the parent's side, so to the shortest zone but the root.
            if !candidate.isRoot || found < 0 { found = candidate.place }
        }
        return found
    }
}

/// The asking side of `BlockRoutes`.
struct BlockRoutesView {
    fileprivate let zones: ZoneMatcherView
    fileprivate let views: Unmanaged<BlockRoutes>?

    /// The place of the block that serves the question; -1 where none does.
    ///
    /// The block of the longest zone that the name lies in. DS belongs to the parent's side of a zone cut (RFC 4035, section
    /// 3.1.4.1), so for DS it is the shortest one (CoreDNS); the block of the root is asked where no other is.
    @inline(__always)
    func route(_ exchange: UnsafeMutablePointer<Exchange>) -> Int {
        if let views { return BlockRoutesView.routeByView(views, exchange) }
        let request = exchange.pointee.request
        if request.type == .ds {
            return zones.shortestMatch(
                exchange.pointee.name, length: request.nameLength, labelCount: request.labelCount)
        }
        return zones.longestMatch(
            exchange.pointee.name, length: request.nameLength, labelCount: request.labelCount
        ).index
    }

    @inline(never)
    private static func routeByView(
        _ routes: Unmanaged<BlockRoutes>, _ exchange: UnsafeMutablePointer<Exchange>
    ) -> Int {
        routes.takeUnretainedValue().routeByView(exchange)
    }
}
