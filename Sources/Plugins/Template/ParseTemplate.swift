import Corefile
import DNSWire
import PluginKit

extension TemplateRule {
    private static let properties = [
        "match", "answer", "additional", "authority", "var", "expr", "ederror", "rcode", "fallthrough", "upstream",
    ]

    /// Reads `template CLASS TYPE [ZONE...] { ... }`.
    init(_ directive: Directive, _ setup: BlockSetup) throws(CorefileError) {
        try directive.expectArguments(2...)
        let arguments = directive.arguments
        guard let recordClass = RecordClass(mnemonic: arguments[0].text) else {
            throw arguments[0].error(
                "plugin/template: invalid query class \(arguments[0].text), expected IN, CH, HS, ANY or another")
        }
        guard let type = RecordType(mnemonic: arguments[1].text) else {
            throw arguments[1].error(
                "plugin/template: invalid RR class \(arguments[1].text), expected a type such as A, AAAA, PTR or ANY")
        }
        self.recordClass = recordClass
        self.type = type
        zones = arguments.count > 2 ? try Self.zones(arguments.dropFirst(2)) : setup.zones
        zoneMatcher = try Self.matcher(zones, directive)
        for property in try directive.properties() { try read(property, of: directive) }
    }

    private mutating func read(_ property: Property, of directive: Directive) throws(CorefileError) {
        try property.expectNoBlock()
        switch property.name.text {
        case "match":
            try property.expectArguments(1...)
            for token in property.arguments { patterns.append(try Self.pattern(token)) }
        case "answer": answer += try Self.templates(property)
        case "authority": authority += try Self.templates(property)
        case "additional": additional += try Self.templates(property)
        case "rcode":
            let token = try property.onlyArgument()
            guard let code = ResponseCode(mnemonic: token.text) else {
                throw token.error(
                    "plugin/template: unknown rcode \(token.text), expected one such as NOERROR, NXDOMAIN or REFUSED")
            }
            self.code = code
        case "ederror":
            try property.expectArguments(1...2)
            let number = property.arguments[0]
            guard let code = UInt16(number.text) else {
                throw number.error(
                    "plugin/template: error parsing extended DNS error code \(number.text), expected a number from 0 to "
                        + "65535 (RFC 8914)")
            }
            options = OptionBytes(
                extendedError: code, reason: property.arguments.count > 1 ? property.arguments[1].text : "")
        case "fallthrough":
            let zones = property.arguments.isEmpty ? ["."] : try Self.zones(property.arguments[...])
            fallthroughZones = try Self.matcher(zones, directive)
        // CoreDNS: of older releases, and without a meaning.
        case "upstream": break
        case "var":
            try property.expectArguments(2...)
            let name = try Self.variable(property.arguments[0])
            let (expression, type) = try Self.expression(property.arguments.dropFirst(), scope)
            variables.append((name, expression))
            scope.variables[name] = type
        case "expr":
            try property.expectArguments(1...)
            conditions.append(try Self.expression(property.arguments[...], scope).expression)
        default: throw directive.unknownProperty(property, known: Self.properties)
        }
    }

    private static func pattern(_ token: Token) throws(CorefileError) -> RegularExpression {
        guard token.text.utf8.count <= RegularExpression.longestPattern else {
            throw token.error(
                "plugin/template: regex pattern too long: \(token.text.utf8.count) > \(RegularExpression.longestPattern)"
            )
        }
        do throws(RegularExpression.Failure) {
            return try RegularExpression(token.text)
        } catch {
            throw CorefileError(
                location: token.location(ofScalar: token.text.scalars(before: error.offset)),
                message: "plugin/template: could not parse regex: \(token.text), \(error)")
        }
    }

    private static func variable(_ token: Token) throws(CorefileError) -> String {
        let name = token.text
        let isWord = name.utf8.enumerated().allSatisfy { place, octet in
            switch octet {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"): true
            case UInt8(ascii: "0")...UInt8(ascii: "9"): place > 0
            default: false
            }
        }
        guard isWord, !name.isEmpty else {
            throw token.error(
                "plugin/template: invalid variable name \"\(name)\", expected letters, digits and underscores")
        }
        guard !ExpressionScope.isReserved(name) else {
            throw token.error(
                "plugin/template: variable name \"\(name)\" is reserved, expected one that is no function and no word of "
                    + "the language")
        }
        return name
    }

    private static func expression(
        _ tokens: ArraySlice<Token>, _ scope: ExpressionScope
    ) throws(CorefileError) -> (expression: Expression, type: ExpressionType) {
        do throws(ExpressionFailure) {
            return try Expression.parse(tokens.map(\.text).joined(separator: " "), scope)
        } catch {
            guard let first = tokens.first else {
                throw CorefileError(
                    location: SourceLocation(file: "Corefile", line: 0, column: 0),
                    message: "plugin/template: no expression")
            }
            throw first.error(
                "plugin/template: could not compile expression: character \(error.place): \(error.reason)")
        }
    }

    private static func templates(_ property: Property) throws(CorefileError) -> [GoTemplate] {
        try property.expectArguments(1...)
        var templates: [GoTemplate] = []
        for token in property.arguments {
            do throws(GoTemplate.Failure) {
                templates.append(try GoTemplate(token.text, fields: TemplateData.fields))
            } catch {
                throw CorefileError(
                    location: token.location(ofScalar: error.offset),
                    message: "plugin/template: could not compile template: \(error.message)")
            }
        }
        return templates
    }

    private static func zones(_ tokens: ArraySlice<Token>) throws(CorefileError) -> [String] {
        var zones: [String] = []
        for token in tokens {
            for zone in try token.zones() where !zones.contains(zone) { zones.append(zone) }
        }
        return zones
    }

    private static func matcher(_ zones: [String], _ directive: Directive) throws(CorefileError) -> ZoneMatcher {
        var names: [[UInt8]] = []
        for zone in zones {
            do throws(NameError) {
                names.append(try DomainName(parsing: zone).wire)
            } catch {
                throw directive.error("'\(zone)' is not a zone: \(error)")
            }
        }
        return ZoneMatcher(names)
    }
}

extension String {
    /// How many Unicode scalars begin within the first `octets` bytes of UTF-8.
    fileprivate func scalars(before octets: Int) -> Int {
        utf8.prefix(max(octets, 0)).reduce(0) { $1 & 0xC0 == 0x80 ? $0 : $0 + 1 }
    }
}
