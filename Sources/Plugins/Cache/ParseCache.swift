import Corefile
import PluginKit

extension CacheOptions {
    private static let properties = [
        "success", "denial", "prefetch", "serve_stale", "serve_stale_policy", "servfail", "disable", "keepttl",
    ]

    /// The longest TTL that a record can have in seconds (RFC 2181, section 8).
    private static let longestTTL = Int(Int32.max)
    /// Most answers of a kind: far more than the bytes allow.
    private static let mostAnswers = Int(Int32.max)
    /// RFC 2308, section 7.1: a server failure is not kept for longer than five minutes; RFC 8767, section 5, for rechecks.
    private static let fiveMinutes: Int64 = 300_000_000_000
    private static let second: Int64 = 1_000_000_000

    /// Reads a `cache` directive as CoreDNS 1.14.7 does.
    init(_ directive: Directive, _ setup: BlockSetup) throws(CorefileError) {
        var arguments = directive.arguments[...]
        if let first = arguments.first, Int(first.text) != nil {
            let ttl = UInt32(try first.integer(in: 1...Self.longestTTL))
            success.longestTTL = ttl
            denial.longestTTL = ttl
            arguments = arguments.dropFirst()
        }
        for argument in arguments {
            if argument.text != "0", (try? parseDuration(argument.text)) != nil {
                setup.warn(
                    argument.location,
                    "plugin/cache: '\(argument.text)' is taken for a zone, as CoreDNS does; a TTL has no unit")
            }
            for zone in try argument.zones() where !zones.contains(zone) { zones.append(zone) }
        }
        if zones.isEmpty { zones = setup.zones }
        var policy: Property?
        for property in try directive.properties() {
            try property.expectNoBlock()
            switch property.name.text {
            case "success": try Self.read(property, &success)
            case "denial": try Self.read(property, &denial)
            case "prefetch": try readPrefetch(property)
            case "serve_stale": try readStale(property)
            case "serve_stale_policy":
                if policy != nil { throw property.error("plugin/cache: serve_stale_policy can only be specified once") }
                policy = property
                let name = try property.onlyArgument()
                guard name.text.lowercased() == "prefer_positive" else {
                    throw name.error(
                        "plugin/cache: invalid serve_stale_policy: '\(name.text)', expected prefer_positive")
                }
                prefersPositive = true
            case "servfail":
                let argument = try property.onlyArgument()
                let duration = try Self.span(argument, "servfail")
                guard duration <= Self.fiveMinutes else {
                    throw argument.error(
                        "plugin/cache: caching SERVFAIL responses over 5 minutes is not permitted, '\(argument.text)' found"
                    )
                }
                failureTTL = UInt32(duration / Self.second)
            case "disable": try readExceptions(property)
            case "keepttl":
                try property.expectArguments(0)
                keepsTTL = true
            default: throw directive.unknownProperty(property, known: Self.properties)
            }
        }
        if let policy, stale == nil { throw policy.error("plugin/cache: serve_stale_policy requires serve_stale") }
    }

    /// `success` or `denial`: CAPACITY [TTL] [MINTTL].
    private static func read(_ property: Property, _ bounds: inout Bounds) throws(CorefileError) {
        try property.expectArguments(1...3)
        let arguments = property.arguments
        bounds.capacity = try arguments[0].integer(in: 0...mostAnswers)
        if arguments.count > 1 { bounds.longestTTL = UInt32(try arguments[1].integer(in: 1...longestTTL)) }
        if arguments.count > 2 { bounds.shortestTTL = UInt32(try arguments[2].integer(in: 0...longestTTL)) }
    }

    /// AMOUNT [DURATION [PERCENTAGE%]].
    private mutating func readPrefetch(_ property: Property) throws(CorefileError) {
        try property.expectArguments(1...3)
        let arguments = property.arguments
        prefetchAmount = UInt32(try arguments[0].integer(in: 0...Self.mostAnswers))
        if arguments.count > 1 { prefetchSpan = UInt64(try Self.span(arguments[1], "prefetch")) }
        if arguments.count > 2 {
            let text = arguments[2].text
            guard text.hasSuffix("%"), let number = UInt32(text.dropLast()), (10...90).contains(number) else {
                throw arguments[2].error("plugin/cache: '\(text)' found, expected a percentage from 10% to 90%")
            }
            prefetchPercentage = number
        }
    }

    /// [DURATION] [immediate [RESPONSE_TTL [FAILURE_RECHECK]] | verify [VERIFY_TIMEOUT [RESPONSE_TTL [FAILURE_RECHECK]]]].
    private mutating func readStale(_ property: Property) throws(CorefileError) {
        try property.expectArguments(0...5)
        var rest = property.arguments[...]
        var stale = Stale()
        if let duration = rest.popFirst() {
            let seconds = try Self.span(duration, "serve_stale") / Self.second
            stale.longest = UInt32(clamping: seconds)
        }
        if let mode = rest.popFirst() {
            switch mode.text.lowercased() {
            case "immediate": break
            case "verify": stale.verifies = true
            default:
                throw mode.error(
                    "plugin/cache: invalid value for serve_stale refresh mode: '\(mode.text)', expected immediate or "
                        + "verify")
            }
        }
        if stale.verifies, let timeout = rest.popFirst() {
            stale.verifyTimeout = UInt64(try Self.span(timeout, "serve_stale verify"))
        }
        if let ttl = rest.popFirst() {
            let span = try Self.span(ttl, "serve_stale")
            guard span % Self.second == 0, let seconds = UInt32(exactly: span / Self.second) else {
                throw ttl.error(
                    "plugin/cache: serve_stale response TTL '\(ttl.text)' found, expected whole seconds up to "
                        + "4294967295s")
            }
            stale.responseTTL = seconds
        }
        if let recheck = rest.popFirst() {
            let span = try Self.span(recheck, "serve_stale")
            guard span <= Self.fiveMinutes else {
                throw recheck.error(
                    "plugin/cache: serve_stale failure recheck cannot exceed 5 minutes, '\(recheck.text)' found")
            }
            stale.failureRecheck = UInt64(span)
        }
        if let surplus = rest.first {
            throw surplus.error("plugin/cache: unexpected argument '\(surplus.text)' of serve_stale")
        }
        self.stale = stale
    }

    /// success|denial [ZONES...].
    private mutating func readExceptions(_ property: Property) throws(CorefileError) {
        try property.expectArguments(1...)
        var zones: [String] = []
        for argument in property.arguments.dropFirst() { zones += try argument.zones() }
        if zones.isEmpty { zones = ["."] }
        switch property.arguments[0].text {
        case "success": successExceptions = zones
        case "denial": denialExceptions = zones
        default:
            throw property.arguments[0].error(
                "plugin/cache: '\(property.arguments[0].text)' found, cache type for disable must be success or denial")
        }
    }

    /// A duration of 0 or more, in nanoseconds.
    private static func span(_ token: Token, _ what: String) throws(CorefileError) -> Int64 {
        let duration = try token.duration()
        guard duration >= 0 else {
            throw token.error(
                "plugin/cache: invalid negative duration '\(token.text)' for \(what), expected 0s or more")
        }
        return duration
    }
}
