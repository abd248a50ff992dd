import Corefile
import LinuxIO
import PluginKit
import Plugins

/// A Corefile with all of its plugins set up and its listeners worked out. Nothing is open yet.
package struct Configuration: Sendable {
    package let blocks: [ConfiguredBlock]
    package let listeners: [ListenerPlan]
    package let process: ProcessContext

    /// Takes what is wrong, one thing at a time; where it does not throw, the rest is looked at as well.
    package typealias Report = (CorefileError) throws(CorefileError) -> Void

    /// - Parameters:
    ///   - corefile: the parsed file.
    ///   - directory: the folder that relative paths of plugins start from.
    ///   - process: what all blocks share.
    ///   - report: is told what is wrong: of each directive of a block, and of each key, one thing. Throws it, unless a
    ///     configuration without those directives and keys is wanted.
    /// - Throws: what `report` does.
    package init(
        _ corefile: Corefile, directory: String, process: ProcessContext,
        report: Report = { error throws(CorefileError) in throw error }
    ) throws(CorefileError) {
        do throws(CorefileError) {
            blocks = try Self.configure(corefile, directory: directory, process: process, report: report)
            listeners = try ListenerPlan.plan(blocks, report: report)
        } catch {
            // What plugins have left with the process may keep them, and they the process.
            process.retire()
            throw error
        }
        self.process = process
        for plan in listeners where plan.scheme == .tls && plan.tls == nil {
            // CoreDNS does so without a word.
            process.log.warning(
                "\(plan.location): \(plan.server) is served without TLS: no block there has tls CERT KEY")
        }
        // CoreDNS: `ready` asks the plugins of those blocks that have it.
        for block in blocks where block.has("ready") {
            for placed in block.plugins where placed.plugin.isReady != nil {
                let plugin = placed.plugin
                process.lifecycle.addReadiness(placed.name) { plugin.isReady ?? true }
            }
        }
    }

    /// What a start would fail with, as far as can be told without one: each with its place.
    package func startProblems() -> [CorefileError] {
        var problems: [CorefileError] = []
        for block in blocks where block.isWhole {
            for placed in block.plugins {
                do throws(StartError) {
                    try placed.plugin.checkStart()
                } catch {
                    problems.append(CorefileError(location: placed.location, message: "\(error)"))
                }
            }
        }
        return problems + endpointProblems()
    }

    /// HTTP endpoints at addresses where DNS over TCP is served: two listeners cannot share one.
    private func endpointProblems() -> [CorefileError] {
        let endpoints = process.admin
        return endpoints.addresses.compactMap { address in
            guard address.port != 0, let location = endpoints.location(of: address),
                let plan = listeners.first(where: { plan in
                    plan.address.port == address.port
                        && (plan.address == address || plan.address.isWildcard || address.isWildcard)
                })
            else { return nil }
            return CorefileError(
                location: location,
                message: "\(address) is taken by the block at \(plan.location), which is served at \(plan.server): "
                    + "expected another port")
        }
    }

    /// Reads what questions are answered from, once: of a process that explains (`ExplainedClusters`).
    package func startExplaining() throws(StartError) {
        for block in blocks {
            for placed in block.plugins {
                do throws(StartError) {
                    if placed.plugin is KubernetesPlugin {
                        try placed.plugin.start()
                    } else {
                        try placed.plugin.checkStart()
                    }
                } catch {
                    throw placed.located(error)
                }
            }
        }
    }

    private static func configure(
        _ corefile: Corefile, directory: String, process: ProcessContext, report: Report
    ) throws(CorefileError) -> [ConfiguredBlock] {
        var blocks: [ConfiguredBlock] = []
        for block in corefile.blocks {
            if block.directives.isEmpty {
                let zones = block.zones.joined(separator: " ")
                process.log.warning(
                    "\(block.location): server block \(zones) has no directives: its queries are refused")
            }
            blocks.append(try ConfiguredBlock(block, process: process, directory: directory, report: report))
        }
        return blocks
    }
}
