import Corefile
import LinuxIO
import PluginKit

/// `health [ADDRESS] { lameduck DURATION }`: an HTTP endpoint that says whether the process is alive.
package final class HealthPlugin: Plugin {
    package static let directive = "health"
    package static let seesQueries = false

    /// The port without an address.
    static let defaultPort: UInt16 = 8080
    /// How nice the thread is that checks the endpoint: queries come first.
    private static let niceness: Int32 = 10

    /// Where the endpoint answers.
    let address: SocketAddress
    private let probe: HealthProbe
    private let checker = PluginTask()

    package init(_ directives: [Directive], _ setup: BlockSetup) throws(CorefileError) {
        let directive = try Self.last(directives, setup)
        address = try directive.adminAddress(.wildcard(port: Self.defaultPort))
        for property in try directive.properties() {
            guard property.name.text == "lameduck" else {
                throw directive.unknownProperty(property, known: ["lameduck"])
            }
            try property.expectNoBlock()
            let duration = try property.onlyArgument().duration()
            // CoreDNS: a duration below zero is none.
            setup.process.lifecycle.extendLameduck(to: UInt64(max(0, duration)))
        }
        probe = HealthProbe(
            address: address, process: setup.process, metrics: HealthMetrics.of(setup.process))
        setup.process.admin.add(address, path: "/health", at: directive.name.location) {
            HTTPResponse(status: 200, text: "OK")
        }
    }

    package func start() throws(StartError) {
        let probe = probe
        let schedule = IntervalSchedule(interval: HealthProbe.interval)
        try checker.start("health", name: "health", clock: probe.process.clock, niceness: Self.niceness) { now in
            schedule.run(now) { probe.check() }
        }
    }

    package func stop() {
        checker.stop()
    }
}
