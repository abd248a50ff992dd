import PluginKit
import Testing

@testable import Plugins

struct PluginTableTests {
    @Test func eachEntryHasItsOwnDirective() {
        #expect(Set(PluginTable.entries.map(\.name)).count == PluginTable.entries.count)
        #expect(PluginTable.entries.count < Int(Exchange.nobody))
        for entry in PluginTable.entries {
            if let type = entry.type { #expect(type.directive == entry.name) }
        }
    }

    @Test func looksUpByNameAndNumber() {
        for (number, entry) in PluginTable.entries.enumerated() {
            #expect(PluginTable.number(of: entry.name) == UInt8(number))
            #expect(PluginTable.name(of: UInt8(number)) == entry.name)
        }
        #expect(PluginTable.name(of: Exchange.nobody).isEmpty)
        #expect(PluginTable.type(named: "log") == LogPlugin.self)
        #expect(PluginTable.type(named: "nomad") == nil)
        #expect(PluginTable.type(named: "nothing") == nil)
        #expect(PluginTable.missingNames.contains("geoip"))
        #expect(PluginTable.implementedNames.isDisjoint(with: PluginTable.missingNames))
    }

    /// CoreDNS's order, for the plugins whose places are seen from outside.
    @Test func theOrderIsThatOfCoreDNS() {
        let order = [
            "root", "bind", "debug", "ready", "health", "prometheus", "errors", "log", "loadbalance", "cache",
            "kubernetes", "whoami",
        ]
        let numbers = order.compactMap { PluginTable.number(of: $0) }
        #expect(numbers.count == order.count)
        #expect(numbers == numbers.sorted())
    }
}
