import Corefile
import DNSWire
import LinuxIO
import PluginKit

extension ForwardOptions {
    private static let properties = [
        "except", "force_tcp", "prefer_udp", "expire", "max_age", "max_idle_conns", "read_timeout", "max_fails",
        "max_connect_attempts", "doh_method", "tls", "tls_servername", "policy", "health_check", "max_concurrent",
        "next",
        "next_on_nodata", "failfast_all_unhealthy_upstreams", "failover", "source_address", "resolver",
    ]

    /// Reads `forward FROM TO... { ... }`.
    init(_ directive: Directive, _ setup: BlockSetup) throws(CorefileError) {
        try directive.expectArguments(2...)
        let zone = directive.arguments[0]
        let zones = try zone.zones()
        guard let first = zones.first else { throw zone.error("plugin/forward: unable to normalize '\(zone.text)'") }
        if zones.count > 1 {
            setup.warn(
                zone.location,
                "plugin/forward: Unsupported CIDR notation: '\(zone.text)' expands to multiple zones. Using only '\(first)'."
            )
        }
        from = try Self.wire(first, zone)
        var tls = ForwardTLS()
        for property in try directive.properties() {
            try property.expectNoBlock()
            if try tls.read(property, setup) { continue }
            if try readChoice(property) { continue }
            if try readNumber(property) { continue }
            if try readDuration(property) { continue }
            if try readCodes(property) { continue }
            throw directive.unknownProperty(property, known: Self.properties)
        }
        if longestAge > 0, longestAge < expire {
            throw directive.error(
                "plugin/forward: max_age (\(longestAge / Clock.millisecond)ms) must not be less than expire "
                    + "(\(expire / Clock.millisecond)ms)")
        }
        for token in directive.arguments.dropFirst() {
            destinations.append(try ForwardDestination(token, tls, setup))
        }
        self.tls = try tls.context(isNeeded: destinations.contains { $0.peer != nil }, directive)
        try checkDestinations(directive, setup)
    }

    private static func wire(_ zone: String, _ token: Token) throws(CorefileError) -> [UInt8] {
        do throws(NameError) {
            return try DomainName(parsing: zone).wire
        } catch {
            throw token.error("plugin/forward: '\(token.text)' is no zone: \(error)")
        }
    }

    /// CoreDNS: a file without name servers counts for nothing, as long as there is something else.
    private func checkDestinations(_ directive: Directive, _ setup: BlockSetup) throws(CorefileError) {
        let (empty, used) = (destinations.filter(\.isEmpty), destinations.filter { !$0.isEmpty })
        for file in empty {
            guard let path = file.path else { continue }
            let problem = "no nameservers found in \(path), expected a line such as nameserver 10.0.0.10"
            guard !used.isEmpty else {
                throw directive.error("plugin/forward: no valid upstream addresses found: \(problem)")
            }
            if let location = file.location { setup.warn(location, "plugin/forward: \(problem)") }
        }
        guard used.count <= Self.mostTargets else {
            throw directive.error("plugin/forward: more than \(Self.mostTargets) TOs configured: \(used.count)")
        }
    }

    // MARK: Properties: each says whether it was one of its own

    private mutating func readChoice(_ property: Property) throws(CorefileError) -> Bool {
        switch property.name.text {
        case "force_tcp": forcesTCP = try Self.isSet(property)
        case "prefer_udp": prefersUDP = try Self.isSet(property)
        case "failfast_all_unhealthy_upstreams": failsFast = try Self.isSet(property)
        case "next_on_nodata": goesNextOnNoData = try Self.isSet(property)
        case "policy":
            let token = try property.onlyArgument()
            guard let named = Policy(rawValue: token.text) else {
                throw token.error(
                    "plugin/forward: unknown policy '\(token.text)', expected "
                        + Policy.allCases.map(\.rawValue).joined(separator: ", "))
            }
            policy = named
        case "except":
            try property.expectArguments(1...)
            for token in property.arguments {
                for zone in try token.zones() { except.append(try Self.wire(zone, token)) }
            }
        case "source_address":
            let token = try property.onlyArgument()
            guard let address = SocketAddress.parse(host: token.text, port: 0) else {
                throw token.error("plugin/forward: invalid IP address: \(token.text), expected one such as 10.0.0.5")
            }
            sourceAddress = address
        case "resolver":
            try property.expectArguments(1...)
            // Of several, the last one counts (as in CoreDNS).
            resolvers = []
            for token in property.arguments {
                guard let target = ForwardTarget(token.text), case .address(let address) = target.host,
                    target.text == token.text
                else {
                    throw token.error(
                        "plugin/forward: resolver must be an IP address or IP:port: \"\(token.text)\", expected one such "
                            + "as 10.0.0.10 or [2001:db8::53]:5353")
                }
                resolvers.append(address)
            }
        case "doh_method":
            let token = try property.onlyArgument()
            guard token.text == "GET" || token.text == "POST" else {
                throw token.error("plugin/forward: doh_method must be either POST or GET, not '\(token.text)'")
            }
            usesGet = token.text == "GET"
        default: return false
        }
        return true
    }

    private static func isSet(_ property: Property) throws(CorefileError) -> Bool {
        try property.expectArguments(0...0)
        return true
    }

    private mutating func readNumber(_ property: Property) throws(CorefileError) -> Bool {
        /// CoreDNS has 32 bits for these.
        let range = 0...Int(UInt32.max)
        switch property.name.text {
        case "max_fails": maxFails = try property.onlyArgument().integer(in: range)
        case "max_connect_attempts": maxAttempts = try property.onlyArgument().integer(in: range)
        case "max_concurrent": maxConcurrent = try property.onlyArgument().integer(in: 0...Int.max)
        case "max_idle_conns": mostIdle = try property.onlyArgument().integer(in: 0...Int.max)
        default: return false
        }
        return true
    }

    private mutating func readDuration(_ property: Property) throws(CorefileError) -> Bool {
        switch property.name.text {
        case "expire": expire = try Self.duration(property)
        case "max_age": longestAge = try Self.duration(property)
        case "read_timeout":
            readTimeout = try Self.duration(property)
            if readTimeout == 0 {
                throw property.error("plugin/forward: read_timeout must be positive, expected a duration such as 2s")
            }
        case "health_check": try readHealthCheck(property)
        default: return false
        }
        return true
    }

    private static func duration(_ property: Property) throws(CorefileError) -> UInt64 {
        try duration(property.onlyArgument(), property.name.text)
    }

    private static func duration(_ token: Token, _ name: String) throws(CorefileError) -> UInt64 {
        let nanoseconds = try token.duration()
        guard nanoseconds >= 0 else {
            throw token.error(
                "plugin/forward: \(name) can't be negative: \(token.text), expected a duration such as 10s")
        }
        return UInt64(nanoseconds)
    }

    private mutating func readHealthCheck(_ property: Property) throws(CorefileError) {
        try property.expectArguments(1...)
        var rest = property.arguments[...]
        guard let interval = rest.popFirst() else { return }
        checkInterval = try Self.duration(interval, "health_check")
        checkName = [0]
        while let option = rest.popFirst() {
            switch option.text {
            case "no_rec": checkDesiresRecursion = false
            case "domain":
                guard let name = rest.popFirst() else {
                    throw option.error(
                        "plugin/forward: health_check: domain has no name, expected one such as example.org")
                }
                do throws(NameError) {
                    checkName = try DomainName(parsing: name.text.lowercased()).wire
                } catch {
                    throw name.error("plugin/forward: health_check: invalid domain name \(name.text): \(error)")
                }
            default:
                throw option.error(
                    "plugin/forward: health_check: unknown option \(option.text), expected no_rec or domain")
            }
        }
    }

    private mutating func readCodes(_ property: Property) throws(CorefileError) -> Bool {
        switch property.name.text {
        case "next": nextCodes.formUnion(try Self.codes(property))
        case "failover":
            let codes = try Self.codes(property)
            if codes.contains(.noError) {
                throw property.error("plugin/forward: NoError cannot be used in failover, expected other codes")
            }
            failoverCodes.formUnion(codes)
        default: return false
        }
        return true
    }

    private static func codes(_ property: Property) throws(CorefileError) -> Set<ResponseCode> {
        try property.expectArguments(1...)
        var codes: Set<ResponseCode> = []
        for token in property.arguments {
            guard let code = ResponseCode(mnemonic: token.text) else {
                throw token.error("plugin/forward: \(token.text) is not a valid rcode, expected one such as NXDOMAIN")
            }
            codes.insert(code)
        }
        return codes
    }
}
