import Corefile
import DNSWire
import PluginKit

extension AccessControlPlugin {
    /// Reads `acl [ZONES...] { ACTION [type QTYPE...] [net SOURCE...] }`.
    static func rule(_ directive: Directive, _ setup: BlockSetup) throws(CorefileError) -> AccessRules.Rule {
        var rule = AccessRules.Rule(zones: [], policies: [])
        for argument in directive.arguments { rule.zones += try argument.zones() }
        if directive.arguments.isEmpty { rule.zones = setup.zones }
        for property in try directive.properties() {
            try property.expectNoBlock()
            rule.policies.append(try policy(property))
        }
        return rule
    }

    private static func policy(_ property: Property) throws(CorefileError) -> AccessPolicy {
        var policy: AccessPolicy
        switch property.name.text.lowercased() {
        case "allow": policy = AccessPolicy(action: .allow)
        case "block": policy = AccessPolicy(action: .block)
        case "filter": policy = AccessPolicy(action: .filter)
        case "drop": policy = AccessPolicy(action: .drop)
        default:
            throw property.error(
                "plugin/acl: unexpected token '\(property.name.text)', expected allow, block, filter or drop")
        }
        var rest = property.arguments[...]
        var types: Set<UInt16>?
        var addresses: AddressRanges?
        while let section = rest.popFirst() {
            guard isSection(section) else {
                throw section.error("plugin/acl: unexpected token '\(section.text)', expected type or net")
            }
            let end = rest.firstIndex(where: isSection) ?? rest.endIndex
            let words = rest[rest.startIndex..<end]
            rest = rest[end...]
            guard !words.isEmpty else {
                throw section.error("plugin/acl: no token in the section '\(section.text)', expected at least one")
            }
            if section.text.lowercased() == "type" {
                // Several sections add up; `*` is all types, whatever stands beside it.
                types = try read(types: words, (types ?? []))
            } else {
                addresses = try read(addresses: words, addresses ?? AddressRanges())
            }
        }
        // No type is number 0, which stands for all of them.
        if let types, !types.contains(0) { policy.types = types }
        if let addresses { policy.addresses = addresses }
        return policy
    }

    private static func isSection(_ token: Token) -> Bool {
        ["type", "net"].contains(token.text.lowercased())
    }

    private static func read(
        types words: ArraySlice<Token>, _ before: Set<UInt16>
    ) throws(CorefileError) -> Set<UInt16> {
        var types = before
        for word in words {
            if word.text == "*" {
                types.insert(0)
                break
            }
            guard let type = RecordType(mnemonic: word.text) else {
                throw word.error("plugin/acl: unexpected token '\(word.text)', expected a type such as A, or *")
            }
            types.insert(type.rawValue)
        }
        return types
    }

    private static func read(
        addresses words: ArraySlice<Token>, _ before: AddressRanges
    ) throws(CorefileError) -> AddressRanges {
        var addresses = before
        for word in words {
            if word.text == "*" { return .all }
            guard addresses.add(word.text) else {
                throw word.error(
                    "plugin/acl: illegal CIDR notation '\(word.text)', expected one such as 10.0.0.0/8, an address, or *"
                )
            }
        }
        return addresses
    }
}
