import Corefile
import Glibc
import LinuxIO
import PluginKit
import Plugins
import Server

/// The program: loads the Corefile, serves it, and ends when a signal says so.
struct RunServer {
    /// What the main thread waits for once it serves, and `StartSignals` before that.
    private static let signals = [SIGINT, SIGTERM, SIGQUIT, SIGHUP, SIGUSR1, SIGUSR2]

    private let arguments: Arguments

    init(_ arguments: Arguments) { self.arguments = arguments }

    /// Runs to the end and returns the exit status: 0 after SIGINT or SIGTERM, 1 where the server could not start.
    func run() -> Int32 {
        if arguments.showsHelp {
            Output.error.writeLine(Arguments.usage)
            return 0
        }
        if arguments.showsVersion {
            Output.standard.writeLine(Version.text)
            return 0
        }
        if arguments.listsPlugins {
            Output.standard.writeLine("Server types:\n  dns\n\nOther plugins:")
            for name in PluginTable.implementedNames.sorted() { Output.standard.writeLine("  dns.\(name)") }
            return 0
        }
        do {
            let file = LoadCorefile(arguments)
            guard let (server, reloader) = try start(file) else { return 1 }
            // From here on nobody keeps the configuration that the server started with.
            return serve(server, reloader, server.configuration.process.log, canReload: !file.isStandardInput)
        } catch {
            Output.error.writeLine("\(error)")
            return 1
        }
    }

    /// Starts the server, and what reads its Corefile again; nil where there is nothing to serve.
    private func start(_ file: LoadCorefile) throws -> (Server, Reloader)? {
        let version = file.version()
        let loaded = try version.outcome.get()
        let process = ProcessContext(log: Log())
        for warning in loaded.corefile.warnings { process.log.warning("\(warning)") }
        QueryMetrics.of(process).setBuild(version: Version.number, revision: "")
        let configuration = try Configuration(loaded.corefile, directory: loaded.directory, process: process)
        if configuration.listeners.isEmpty {
            Output.error.writeLine("\(file.name): no server block found, expected at least one")
            return nil
        }
        let server = Server(configuration)
        try Signals.block(Self.signals)
        let startSignals = try StartSignals { signal in
            if signal != SIGQUIT, server.isServing {
                // All that is left of the start is `on startup`.
                shutDown(server, signal, process.log)
            } else {
                process.log.info("\(Self.name(signal)): Shutting down before the start is over")
            }
            server.stop()
            removePidFile()
        }
        do throws(StartError) {
            try server.start()
        } catch {
            // A start that is broken off is not one that failed.
            startSignals.end()
            throw error
        }
        startSignals.end()
        writePidFile(process)
        showBanner(configuration, server)
        ProgramPages.release()
        let reloader = try Reloader(server, version: version.hash, random: FastRandom()) { file.version() }
        try reloader.start()
        return (server, reloader)
    }

    /// CoreDNS: a pid file that cannot be written is said, and no reason to stop.
    private func writePidFile(_ process: ProcessContext) {
        guard let path = arguments.pidFile else { return }
        do {
            try PidFile.write(path)
        } catch {
            process.log.error("pid file: \(error)")
        }
    }

    private func removePidFile() {
        if let path = arguments.pidFile { unlink(path) }
    }

    /// CoreDNS's banner: a line for each zone and address, then name and version.
    private func showBanner(_ configuration: Configuration, _ server: Server) {
        guard !arguments.isQuiet else { return }
        for (plan, address) in zip(configuration.listeners, server.addresses) {
            for zone in plan.zones.map(\.name).sorted() {
                if !PreferredSyntax.isFollowed(by: zone) {
                    Output.standard.writeLine("Warning: Domain \"\(zone)\" does not follow RFC1035 preferred syntax")
                }
                let at = plan.address.isWildcard ? "" : " on \(address.host)"
                let scheme = plan.scheme == .dns ? "" : "\(plan.scheme)://"
                Output.standard.writeLine("\(scheme)\(zone):\(address.port)\(at)")
            }
        }
        Output.standard.writeLine(Version.text)
    }

    /// Waits for a signal to stop, then goes on answering through lameduck. What each signal does is CoreDNS's way.
    private func serve(_ server: Server, _ reloader: Reloader, _ log: Log, canReload: Bool) -> Int32 {
        while true {
            guard let signal = try? Signals.wait(Self.signals) else { continue }
            switch signal {
            case SIGINT, SIGTERM:
                log.info(Self.farewell(signal))
                // `ready` says so at once; what is just being read again is not waited for.
                server.configuration.process.lifecycle.isStopping = true
                reloader.forbid()
                if let second = waitThroughLameduck(server, log), second == SIGINT { return forceQuit(log) }
                end(server, reloader, log)
                removePidFile()
                return 0
            case SIGQUIT:
                log.info("SIGQUIT: Quitting process immediately")
                removePidFile()
                return 0
            case SIGHUP:
                // Sent when a terminal goes away; not meant for a server.
                continue
            case SIGUSR1 where canReload:
                reloader.reloadNow()
            case SIGUSR1:
                log.error("SIGUSR1: the Corefile came from standard input, which cannot be read again")
            default:
                log.warning("\(Self.name(signal)): ignored: there is no upgrade of a program that runs")
            }
        }
    }

    /// What SIGINT and SIGTERM do while `on startup` is at work: the same as later, but that there is no reload to forbid.
    private func shutDown(_ server: Server, _ signal: Int32, _ log: Log) {
        log.info(Self.farewell(signal))
        server.configuration.process.lifecycle.isStopping = true
        if let second = waitThroughLameduck(server, log), second == SIGINT { _exit(forceQuit(log)) }
    }

    private static func farewell(_ signal: Int32) -> String {
        signal == SIGINT ? "SIGINT: Shutting down" : "SIGTERM: Shutting down servers then terminating"
    }

    /// Lets queries be answered for as long as `health` says; a second signal ends the wait.
    ///
    /// - Returns: that signal; nil where none came.
    private func waitThroughLameduck(_ server: Server, _ log: Log) -> Int32? {
        let lameduck = server.configuration.process.lifecycle.lameduck
        guard lameduck > 0 else { return nil }
        let duration = describeDuration(Int64(clamping: lameduck))
        log.info("plugin/health: Going into lameduck mode for \(duration)")
        log.info("a second signal ends it")
        return Signals.wait([SIGINT, SIGTERM, SIGQUIT], nanoseconds: lameduck)
    }

    /// Stops the server, which gives queries that wait for upstreams their time. Another signal ends the process meanwhile.
    private func end(_ server: Server, _ reloader: Reloader, _ log: Log) {
        let impatience = try? StartSignals { signal in
            if signal == SIGINT { _exit(forceQuit(log)) }
            log.info("\(Self.name(signal)): Quitting before all queries are answered")
            removePidFile()
        }
        reloader.stop()
        server.stop()
        impatience?.end()
    }

    private func forceQuit(_ log: Log) -> Int32 {
        log.info("SIGINT: Force quit")
        removePidFile()
        return 2
    }

    private static func name(_ signal: Int32) -> String {
        switch signal {
        case SIGINT: "SIGINT"
        case SIGTERM: "SIGTERM"
        case SIGQUIT: "SIGQUIT"
        case SIGUSR1: "SIGUSR1"
        default: "SIGUSR2"
        }
    }
}
