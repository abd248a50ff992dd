import PluginKit

/// Marks a process that explains answers instead of giving them: its clusters keep their objects, are read once, and may be
/// taken from saved files whatever the Corefile says.
package final class ExplainedClusters: Sendable {
    /// Whether the process explains.
    let isOn: Bool
    /// Files to read in place of what the Corefile names; nil for none.
    let snapshot: [String]?
    /// How long an API server may take until everything is known, in nanoseconds.
    let timeout: Int64

    /// What `timeout` is unless somebody says otherwise: long enough for the lists of a large cluster over a slow line.
    package static let defaultTimeout: Int64 = 15_000_000_000

    private init(isOn: Bool, snapshot: [String]? = nil, timeout: Int64 = 0) {
        self.isOn = isOn
        self.snapshot = snapshot
        self.timeout = timeout
    }

    /// Has the process explain. To be called before any plugin is set up.
    ///
    /// - Parameters:
    ///   - snapshot: files to read in place of what the Corefile names.
    ///   - timeout: how long an API server may take, in nanoseconds.
    package static func turnOn(
        _ process: ProcessContext, snapshot: [String]? = nil, timeout: Int64 = defaultTimeout
    ) {
        _ = process.shared { ExplainedClusters(isOn: true, snapshot: snapshot, timeout: timeout) }
    }

    static func of(_ process: ProcessContext) -> ExplainedClusters {
        process.shared { ExplainedClusters(isOn: false) }
    }
}
