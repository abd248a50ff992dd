/// What an index does not know yet: a name that would be there if it did must not be denied.
public struct IndexGaps: OptionSet, Hashable, Sendable {
    public let rawValue: UInt8

    @inlinable public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Which namespaces there are.
    @inlinable public static var namespaces: IndexGaps { IndexGaps(rawValue: 1) }
    /// Which services there are.
    @inlinable public static var services: IndexGaps { IndexGaps(rawValue: 2) }
    /// Which endpoints the services have.
    @inlinable public static var endpoints: IndexGaps { IndexGaps(rawValue: 4) }
    /// Which pods there are.
    @inlinable public static var pods: IndexGaps { IndexGaps(rawValue: 8) }
    /// Which imported services there are.
    @inlinable public static var imports: IndexGaps { IndexGaps(rawValue: 16) }
}
