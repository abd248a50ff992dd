import DNSWire
import PluginKit

/// What a question's name is to `local`.
enum LocalName: UInt8 {
    /// Nothing: the next plugin's matter.
    case elsewhere
    /// A name below `localhost`, or one that begins with it.
    case below
    /// `localhost` itself.
    case apex
    /// 0, 127 or 255 in in-addr.arpa.
    case reverseApex
    /// 1.0.0.127.in-addr.arpa.
    case loopback
    /// Another name below one of the reverse zones.
    case reverseOther
}

/// The names that `local` knows, in raw memory.
final class LocalNames: Sendable {
    private let zones: ZoneMatcher
    private let loopback: ZoneMatcher

    init() {
        zones = ZoneMatcher(["localhost", "0.in-addr.arpa", "127.in-addr.arpa", "255.in-addr.arpa"].map(Self.wire))
        loopback = ZoneMatcher([Self.wire("1.0.0.127.in-addr.arpa")])
    }

    private static func wire(_ name: String) -> [UInt8] {
        name.split(separator: ".").flatMap { [UInt8(truncatingIfNeeded: $0.utf8.count)] + Array($0.utf8) } + [0]
    }

    /// Valid for as long as the names are kept.
    var view: LocalNamesView { LocalNamesView(zones: zones.view, loopback: loopback.view) }
}

/// The reading side of `LocalNames`.
struct LocalNamesView {
    fileprivate let zones: ZoneMatcherView
    fileprivate let loopback: ZoneMatcherView

    private static var label: StaticString { "localhost" }

    /// What the question's name is.
    func kind(_ exchange: UnsafeMutablePointer<Exchange>, answersPrefix: Bool) -> LocalName {
        let name = exchange.pointee.name
        let length = exchange.pointee.request.nameLength
        let labelCount = exchange.pointee.request.labelCount
        if answersPrefix, labelCount > 1, Int(name.bytes[0]) == LocalNamesView.label.utf8CodeUnitCount,
            equalBytes(name.bytes + 1, LocalNamesView.label.utf8Start, LocalNamesView.label.utf8CodeUnitCount)
        {
            return .below
        }
        let match = zones.longestMatch(name, length: length, labelCount: labelCount)
        switch match.index {
        case ..<0: return .elsewhere
        case 0: return match.labelsLeft == 0 ? .apex : .below
        default:
            if match.labelsLeft == 0 { return .reverseApex }
            let found = loopback.longestMatch(name, length: length, labelCount: labelCount)
            return found.index >= 0 && found.labelsLeft == 0 ? .loopback : .reverseOther
        }
    }
}
