import PluginKit

/// The directives of CoreDNS in the order of its plugin.cfg, which is the order of every chain whatever the order of the
/// Corefile, each with what implements it here. `import` is not among them: the parser resolves it.
///
/// A plugin's number, as exchanges and steps have it, is its place in this table.
package enum PluginTable {
    /// One directive.
    package struct Entry: Sendable {
        /// The directive's name.
        package let name: String
        /// What implements it; nil where CoreDNS has it and apodns has it not yet.
        package let type: (any Plugin.Type)?

        fileprivate init(_ name: String, _ type: (any Plugin.Type)? = nil) {
            self.name = name
            self.type = type
        }
    }

    /// All directives in order.
    package static let entries: [Entry] = [
        Entry("root", RootPlugin.self),
        Entry("metadata", MetadataPlugin.self),
        Entry("geoip"),
        Entry("cancel", CancelPlugin.self),
        Entry("proxyproto"),
        Entry("quic"),
        Entry("grpc_server"),
        Entry("https"),
        Entry("https3"),
        Entry("timeouts", TimeoutsPlugin.self),
        Entry("multisocket", MultiSocketPlugin.self),
        Entry("reload", ReloadPlugin.self),
        Entry("nsid", NSIDPlugin.self),
        Entry("bufsize", BufferSizePlugin.self),
        Entry("bind", BindPlugin.self),
        Entry("debug", DebugPlugin.self),
        Entry("trace"),
        Entry("ready", ReadyPlugin.self),
        Entry("health", HealthPlugin.self),
        Entry("pprof", ProfilingPlugin.self),
        Entry("shed"),
        Entry("prometheus", PrometheusPlugin.self),
        Entry("errors", ErrorsPlugin.self),
        Entry("log", LogPlugin.self),
        Entry("dnstap"),
        Entry("local", LocalPlugin.self),
        Entry("dns64", DNS64Plugin.self),
        Entry("any", AnyPlugin.self),
        Entry("chaos", ChaosPlugin.self),
        Entry("loadbalance", LoadBalancePlugin.self),
        Entry("tsig"),
        Entry("rewrite", RewritePlugin.self),
        Entry("autopath", AutoPathPlugin.self),
        Entry("acl", AccessControlPlugin.self),
        Entry("cache", CachePlugin.self),
        Entry("header", HeaderPlugin.self),
        Entry("dnssec"),
        Entry("tls", TLSPlugin.self),
        Entry("minimal", MinimalPlugin.self),
        Entry("template", TemplatePlugin.self),
        Entry("transfer"),
        Entry("hosts", HostsPlugin.self),
        Entry("route53"),
        Entry("azure"),
        Entry("clouddns"),
        Entry("k8s_external", ExternalZonePlugin.self),
        Entry("kubernetes", KubernetesPlugin.self),
        Entry("file", FilePlugin.self),
        Entry("auto"),
        Entry("secondary"),
        Entry("etcd"),
        Entry("loop", LoopPlugin.self),
        Entry("forward", ForwardPlugin.self),
        Entry("grpc"),
        Entry("erratic", ErraticPlugin.self),
        Entry("whoami", WhoamiPlugin.self),
        Entry("on", EventPlugin.self),
        Entry("sign"),
        Entry("view", ViewPlugin.self),
        Entry("nomad"),
    ]

    /// What is implemented, in order.
    package static let implemented: [any Plugin.Type] = entries.compactMap(\.type)

    /// The names that a Corefile may use.
    package static let implementedNames = Set(implemented.map { $0.directive })

    /// The names that CoreDNS has and apodns has not yet.
    package static let missingNames = Set(entries.filter { $0.type == nil }.map(\.name))

    private static let numbers: [String: UInt8] = Dictionary(
        uniqueKeysWithValues: entries.enumerated().map { ($1.name, UInt8(truncatingIfNeeded: $0)) })

    /// What implements a directive; nil where nothing does.
    package static func type(named name: String) -> (any Plugin.Type)? {
        number(of: name).flatMap { entries[Int($0)].type }
    }

    /// A directive's number: its place in the order of plugins.
    package static func number(of name: String) -> UInt8? { numbers[name] }

    /// The directive with a number; "" for `Exchange.nobody`.
    package static func name(of number: UInt8) -> String {
        Int(number) < entries.count ? entries[Int(number)].name : ""
    }
}
