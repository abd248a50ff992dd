import Corefile
import PluginKit

extension OptionRewrite {
    private static let variables: [String: Variable] = [
        "{qname}": .questionName, "{qtype}": .questionType, "{client_ip}": .clientAddress,
        "{client_port}": .clientPort, "{protocol}": .transport, "{server_ip}": .serverAddress,
        "{server_port}": .serverPort,
    ]

    /// `edns0 local|nsid|subnet set|append|replace|unset [ARGUMENT...] [revert]`.
    init(_ words: inout RewriteWords, _ setup: BlockSetup) throws(CorefileError) {
        guard words.count >= 2 else { throw words.field.error("plugin/rewrite: too few arguments for an EDNS0 rule") }
        let kind = try words.next("local, nsid or subnet")
        let verb = try words.next("set, append, replace or unset")
        guard let action = Action(rawValue: verb.text.lowercased()) else {
            throw verb.error(
                "plugin/rewrite: invalid action: \"\(verb.text)\", expected set, append, replace or unset")
        }
        self.action = action
        reverts = action != .unset && words.takeLast("revert")
        switch kind.text.lowercased() {
        case "local":
            try Self.expect(action == .unset ? 1 : 2, words, "local", kind)
            code = try Self.code(try words.next("the option's code"))
            source = action == .unset ? .octets([]) : try Self.data(try words.next("the option's data"), setup)
            isEchoed = true
        case "nsid":
            try Self.expect(0, words, "NSID", kind)
            code = Self.nameServerIdentifier
            source = .octets([])
            isEchoed = false
        case "subnet":
            try Self.expect(action == .unset ? 0 : 2, words, "subnet", kind)
            code = Self.clientSubnet
            isEchoed = false
            if action == .unset {
                source = .octets([])
            } else {
                let ipv4 = try Self.length(try words.next("the length of an IPv4 prefix"), "IPv4", 32)
                source = .subnet(
                    ipv4: ipv4, ipv6: try Self.length(try words.next("the length of an IPv6 prefix"), "IPv6", 128))
            }
        default:
            throw kind.error("plugin/rewrite: invalid rule type \"\(kind.text)\", expected local, nsid or subnet")
        }
    }

    private static func expect(
        _ count: Int, _ words: RewriteWords, _ name: String, _ at: Token
    ) throws(CorefileError) {
        guard words.count == count else {
            throw at.error(
                "plugin/rewrite: EDNS0 \(name) rules of this action require \(count) argument\(count == 1 ? "" : "s"), found "
                    + "\(words.count)")
        }
    }

    private static func code(_ token: Token) throws(CorefileError) -> UInt16 {
        guard let code = number(token.text) else {
            throw token.error(
                "plugin/rewrite: '\(token.text)' is not the code of an option, expected a number from 0 to 65535 such as "
                    + "0xffee")
        }
        return code
    }

    private static func length(_ token: Token, _ family: String, _ most: UInt16) throws(CorefileError) -> UInt8 {
        guard let length = number(token.text), length <= most else {
            throw token.error(
                "plugin/rewrite: invalid \(family) bit mask length \(token.text), expected a number from 0 to \(most)")
        }
        return UInt8(truncatingIfNeeded: length)
    }

    /// As Go's strconv.ParseUint with base 0: 0x, 0b, 0o and 0 are prefixes.
    private static func number(_ text: String) -> UInt16? {
        let lowered = text.lowercased()
        for (prefix, radix) in [("0x", 16), ("0b", 2), ("0o", 8), ("0", 8)] where lowered.hasPrefix(prefix) {
            let digits = lowered.dropFirst(prefix.count)
            if digits.isEmpty { break }
            return digits.hasPrefix("+") || digits.hasPrefix("-") ? nil : UInt16(digits, radix: radix)
        }
        return text.hasPrefix("+") || text.hasPrefix("-") ? nil : UInt16(text)
    }

    /// A variable in braces, octets in hexadecimal behind 0x, or text.
    private static func data(_ token: Token, _ setup: BlockSetup) throws(CorefileError) -> Source {
        let text = token.text
        if text.hasPrefix("{"), text.hasSuffix("}") {
            if let variable = variables[text] { return .variable(variable) }
            let label = text.dropFirst().dropLast()
            // A label of metadata: PLUGIN/NAME.
            guard let slash = label.firstIndex(of: "/"), slash > label.startIndex,
                label.index(after: slash) < label.endIndex
            else {
                throw token.error(
                    "plugin/rewrite: unsupported variable name \"\(text)\", expected \(variables.keys.sorted().joined(separator: ", ")) or {PLUGIN/LABEL}"
                )
            }
            return .metadata(String(label), BlockMetadata(setup))
        }
        guard text.hasPrefix("0x") else { return .octets(Array(text.utf8)) }
        let digits = Array(text.utf8.dropFirst(2))
        var octets: [UInt8] = []
        for place in stride(from: 0, to: digits.count, by: 2) {
            let pair = String(decoding: digits[place..<min(place + 2, digits.count)], as: UTF8.self)
            guard pair.utf8.count == 2, pair.utf8.allSatisfy({ $0 != 0x2B && $0 != 0x2D }),
                let octet = UInt8(pair, radix: 16)
            else {
                throw token.error(
                    "plugin/rewrite: '\(text)' is not hexadecimal, expected an even number of digits 0 to f behind 0x")
            }
            octets.append(octet)
        }
        return .octets(octets)
    }
}
