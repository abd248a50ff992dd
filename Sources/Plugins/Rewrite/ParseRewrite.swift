import Corefile
import DNSWire
import PluginKit

extension RewriteRule {
    private static let fields = ["name", "type", "class", "edns0", "ttl", "rcode", "cname"]

    /// Reads one `rewrite`: the words of its line, or, where these are none or `continue` or `stop` alone, those of its block.
    init(_ directive: Directive, _ setup: BlockSetup) throws(CorefileError) {
        var words = directive.arguments
        if words.count < 2 {
            // CoreDNS: lines of the block are one rule together.
            for property in try directive.properties() {
                try property.expectNoBlock()
                words.append(property.name)
                words += property.arguments
            }
        } else {
            try directive.expectNoBlock()
        }
        guard let first = words.first else {
            throw directive.error("plugin/rewrite: no rule type specified for rewrite")
        }
        let mode = first.text.lowercased()
        let hasMode = mode == "continue" || mode == "stop"
        stops = mode != "continue"
        guard words.count > (hasMode ? 1 : 0) else {
            throw first.error("plugin/rewrite: \(mode) rule must begin with a rule type")
        }
        let field = words[hasMode ? 1 : 0]
        var rest = RewriteWords(field: field, words: words.dropFirst(hasMode ? 2 : 1))
        switch field.text.lowercased() {
        case "name":
            (names, action) = try Self.name(&rest)
        case "type":
            names = nil
            let (from, to) = try rest.pair()
            action = .type(from: try Self.type(from), to: try Self.type(to))
        case "class":
            names = nil
            let (from, to) = try rest.pair()
            action = .recordClass(from: try Self.recordClass(from), to: try Self.recordClass(to))
        case "edns0":
            names = nil
            action = .options(try OptionRewrite(&rest, setup))
        case "ttl":
            names = try rest.match(valueCount: 1)
            action = .response(try Self.ttl(try rest.next("a TTL")))
        case "rcode":
            names = try rest.match(valueCount: 2)
            let from = try Self.code(try rest.next("the response code to match"), "matching")
            let to = try Self.code(try rest.next("the response code to set"), "replacement")
            action = .response(.code(from: from, to: to))
        case "cname":
            names = nil
            action = .response(try Self.alias(&rest))
        case "answer": throw field.error("plugin/rewrite: response rewrites must begin with a name rule")
        default:
            throw field.error(
                "plugin/rewrite: invalid rule type \"\(field.text)\", expected one of "
                    + Self.fields.joined(separator: ", "))
        }
        try rest.expectEnd()
    }

    private static func type(_ token: Token) throws(CorefileError) -> RecordType {
        guard let type = RecordType(mnemonic: token.text) else {
            throw token.error("plugin/rewrite: invalid type \"\(token.text)\", expected one such as A, AAAA or ANY")
        }
        return type
    }

    private static func recordClass(_ token: Token) throws(CorefileError) -> RecordClass {
        guard let recordClass = RecordClass(mnemonic: token.text) else {
            throw token.error("plugin/rewrite: invalid class \"\(token.text)\", expected IN, CH, HS, ANY or another")
        }
        return recordClass
    }

    /// A number of at most 23, or a mnemonic.
    private static func code(_ token: Token, _ use: String) throws(CorefileError) -> ResponseCode {
        let number = token.text.utf8.allSatisfy { $0 >= 0x30 && $0 <= 0x39 } ? UInt16(token.text) : nil
        if let number, number <= 23 { return ResponseCode(rawValue: number) }
        guard let code = ResponseCode(mnemonic: token.text) else {
            throw token.error(
                "plugin/rewrite: invalid \(use) RCODE '\(token.text)' for a rcode rule, expected one such as NXDOMAIN, or "
                    + "a number from 0 to 23")
        }
        return code
    }

    /// The most that the upper end of a range without one means.
    private static let longestTTL: UInt32 = 2_147_483_647

    /// SECONDS, LEAST-MOST, -MOST or LEAST-.
    private static func ttl(_ token: Token) throws(CorefileError) -> ResponseRule {
        let parts = token.text.split(separator: "-", omittingEmptySubsequences: false)
        func number(_ part: Substring) -> UInt32? {
            part.utf8.allSatisfy { $0 >= 0x30 && $0 <= 0x39 } ? UInt32(part) : nil
        }
        if parts.count == 1, let seconds = number(parts[0]) { return .ttl(least: seconds, most: seconds) }
        if parts.count == 2, !(parts[0].isEmpty && parts[1].isEmpty),
            let least = parts[0].isEmpty ? 0 : number(parts[0]),
            let most = parts[1].isEmpty ? longestTTL : number(parts[1]), least <= most
        {
            return .ttl(least: least, most: most)
        }
        throw token.error(
            "plugin/rewrite: invalid TTL '\(token.text)' for a ttl rule, expected seconds, or a range such as 30-300, 30- or "
                + "-300")
    }

    /// `cname [exact|prefix|suffix|substring|regex] FROM TO`.
    private static func alias(_ words: inout RewriteWords) throws(CorefileError) -> ResponseRule {
        guard words.count >= 2, words.count <= 3 else {
            throw words.field.error(
                "plugin/rewrite: too \(words.count < 2 ? "few" : "many") (\(words.count)) arguments for a cname rule, "
                    + "expected [exact|prefix|suffix|substring|regex] FROM TO")
        }
        let kind = words.count == 3 ? try words.next("the kind of match") : nil
        let from = try words.next("the name to match")
        let target = try words.next("the new name").text.lowercased()
        let lowered = from.text.lowercased()
        let names: NameMatch
        switch kind?.text.lowercased() ?? "exact" {
        // CoreDNS: only an exact name is completed.
        case "exact": return .alias(.exact(lowered.qualified), to: target.qualified)
        case "prefix": names = .prefix(lowered)
        case "suffix": names = .suffix(lowered)
        case "substring": names = .substring(lowered)
        case "regex": names = .regex(try RewriteWords.pattern(from, lowered))
        default:
            throw (kind ?? from).error(
                "plugin/rewrite: unknown cname rewrite type: \(kind?.text ?? ""), expected exact, prefix, suffix, "
                    + "substring or regex")
        }
        return .alias(names, to: target)
    }
}

extension String {
    /// The name in lower case and with its final dot (CoreDNS: `plugin.Name.Normalize`).
    var qualified: String {
        let lowered = lowercased()
        let isComplete = lowered.hasSuffix(".") && (lowered.dropLast().reversed().prefix { $0 == "\\" }.count % 2 == 0)
        return isComplete ? lowered : lowered + "."
    }
}
