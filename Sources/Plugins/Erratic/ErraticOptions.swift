import Corefile
import LinuxIO

/// How erratic `erratic` is. Amounts of 0 are never.
struct ErraticOptions {
    /// One of so many queries is not answered.
    var drop: UInt64 = 2
    /// One of so many has TC set.
    var truncate: UInt64 = 0
    /// One of so many is answered late.
    var delay: UInt64 = 0
    /// How late, in nanoseconds.
    var duration = 100 * Clock.millisecond
    /// Whether answers for A have many records.
    var isLarge = false

    /// Without an amount.
    private static let defaultAmount: UInt64 = 2
    /// Longest delay: a configuration that is replaced stays until the last answer, and clients give up after five seconds.
    static let longestDelay = 10 * Clock.second

    init(_ directives: [Directive]) throws(CorefileError) {
        var hasDrop = false
        for directive in directives {
            try directive.expectArguments(0)
            for property in try directive.properties() {
                try property.expectNoBlock()
                switch property.name.text {
                case "drop":
                    try property.expectArguments(0...1)
                    drop = try Self.amount(property)
                    // CoreDNS: without an amount it counts only where nothing else is asked for.
                    if !property.arguments.isEmpty { hasDrop = true }
                case "truncate":
                    try property.expectArguments(0...1)
                    truncate = try Self.amount(property)
                case "delay":
                    try property.expectArguments(0...2)
                    delay = try Self.amount(property)
                    if property.arguments.count > 1 { duration = try Self.duration(property.arguments[1]) }
                case "large":
                    try property.expectArguments(0)
                    isLarge = true
                default:
                    throw directive.unknownProperty(property, known: ["delay", "drop", "large", "truncate"])
                }
            }
        }
        if delay > 0 || truncate > 0, !hasDrop { drop = 0 }
    }

    private static func amount(_ property: Property) throws(CorefileError) -> UInt64 {
        UInt64(try property.arguments.first?.integer(in: 0...Int(Int32.max)) ?? Int(defaultAmount))
    }

    private static func duration(_ token: Token) throws(CorefileError) -> UInt64 {
        let duration = try token.duration()
        guard duration >= 0, duration <= Int64(longestDelay) else {
            throw token.error("plugin/erratic: delay '\(token.text)' found, expected 0s to 10s")
        }
        return UInt64(duration)
    }
}
