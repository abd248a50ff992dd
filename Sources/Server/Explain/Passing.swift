import Corefile
import DNSWire
import PluginKit

/// What one plugin did with a question on its way down the chain.
package struct Passing: Sendable {
    package let plugin: String
    /// Where the Corefile names it.
    package let location: SourceLocation
    package let instance: any Plugin
    /// The question as it came to the plugin, and as it left it.
    package let name: DomainName
    package let type: RecordType
    package let nameBehind: DomainName
    package let typeBehind: RecordType
    package let verdict: Verdict
    /// The upstreams that `forward` would ask.
    package let upstreams: [String]
    /// The records that the plugin answered with, before aliases were looked up elsewhere and plugins above changed them.
    package let answer: [ResourceRecord]
    /// The response code that it answered with.
    package let code: ResponseCode
}
