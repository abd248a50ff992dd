import Corefile
import DNSWire
import LinuxIO
import PluginKit
import Synchronization

/// `errors [stdout] { stacktrace; consolidate DURATION REGEXP [LEVEL] [show_first] }`: logs what went wrong with a query.
package final class ErrorsPlugin: Plugin {
    package static let directive = "errors"

    private let log: Log
    private let clock: Clock
    private let consolidator: Mutex<ErrorConsolidator>
    /// Writes the lines about periods that are over; nil where nothing is consolidated.
    private let ticker = PluginTask()
    private let consolidates: Bool

    package init(_ directives: [Directive], _ setup: BlockSetup) throws(CorefileError) {
        let directive = try Self.only(directives)
        try directive.expectArguments(0...1)
        if let argument = directive.arguments.first, argument.text != "stdout" {
            throw argument.error("plugin/errors: invalid log file: \(argument.text), expected stdout or nothing")
        }
        var patterns: [ErrorConsolidator.Pattern] = []
        for property in try directive.properties() {
            switch property.name.text {
            // Nothing here unwinds a stack: a plugin that fails stops the process, which prints its trace.
            case "stacktrace": try property.expectArguments(0)
            case "consolidate": patterns.append(try Self.pattern(property))
            default: throw directive.unknownProperty(property, known: ["consolidate", "stacktrace"])
            }
            try property.expectNoBlock()
        }
        log = setup.process.log
        clock = setup.process.clock
        consolidates = !patterns.isEmpty
        consolidator = Mutex(ErrorConsolidator(patterns))
    }

    private static func pattern(_ property: Property) throws(CorefileError) -> ErrorConsolidator.Pattern {
        try property.expectArguments(2...4)
        let period = try property.arguments[0].duration()
        guard period >= 0 else {
            throw property.arguments[0].error(
                "plugin/errors: '\(property.arguments[0].text)' is negative, expected a duration such as 30s")
        }
        let token = property.arguments[1]
        guard token.text.utf8.count <= RegularExpression.longestPattern else {
            throw token.error(
                "plugin/errors: regex pattern too long: \(token.text.utf8.count) > \(RegularExpression.longestPattern)")
        }
        let expression: RegularExpression
        do throws(RegularExpression.Failure) {
            expression = try RegularExpression(token.text)
        } catch {
            throw token.error("plugin/errors: '\(token.text)' is not a regular expression: \(error)")
        }
        var level: ErrorConsolidator.Level?
        var showsFirst = false
        for option in property.arguments.dropFirst(2) {
            if let named = ErrorConsolidator.Level(rawValue: option.text) {
                if level != nil {
                    throw option.error("plugin/errors: multiple log levels specified in consolidate")
                }
                if showsFirst {
                    throw option.error("plugin/errors: log level must come before show_first in consolidate")
                }
                level = named
            } else if option.text == "show_first" {
                showsFirst = true
            } else {
                throw option.error(
                    "plugin/errors: unknown option in consolidate: \(option.text), expected warning, error, info, debug "
                        + "or show_first")
            }
        }
        return ErrorConsolidator.Pattern(
            period: UInt64(period), expression: expression, level: level ?? .error, showsFirst: showsFirst)
    }

    package func start() throws(StartError) {
        guard consolidates else { return }
        try ticker.start("errors", name: "errors", clock: clock) { [weak self] now in self?.tick(now) }
    }

    package func stop() {
        ticker.stop()
        write(consolidator.withLock { $0.stop() })
    }

    /// Writes what is due at `now` and says when there is more.
    func tick(_ now: UInt64) -> UInt64? {
        let (lines, next) = consolidator.withLock { ($0.summaries(now: now), $0.nextDeadline) }
        write(lines)
        return next
    }

    package func makeStep(_ worker: WorkerContext) -> Step? {
        Step(
            context: Unmanaged.passRetained(self).toOpaque(),
            up: { context, exchange in
                guard Step.exchange(exchange).pointee.failure != nil else { return }
                // SAFETY: the context is the reference taken above, which `release` gives back.
                Unmanaged<ErrorsPlugin>.fromOpaque(context)._withUnsafeGuaranteedRef {
                    $0.report(Step.exchange(exchange))
                }
            },
            release: { Unmanaged<ErrorsPlugin>.fromOpaque($0).release() })
    }

    @inline(never)
    private func report(_ exchange: UnsafeMutablePointer<Exchange>) {
        guard let failure = exchange.pointee.failure else { return }
        let plugin = PluginTable.name(of: failure.plugin)
        let message = plugin.isEmpty ? failure.words : "plugin/\(plugin): \(failure.words)"
        var level = ErrorConsolidator.Level.error
        if consolidates {
            let now = clock.monotonic()
            let decision = consolidator.withLock { $0.take(message, now: now) }
            // The end of a period that has just begun may come before all others.
            ticker.wake()
            guard case .logged(let named) = decision else { return }
            level = named
        }
        let name = exchange.pointee.questionName
        write(level, "\(exchange.pointee.code.rawValue) \(name) \(exchange.pointee.request.type): \(message)")
    }

    private func write(_ lines: [ErrorConsolidator.Summary]) {
        for line in lines { write(line.level, line.text) }
    }

    private func write(_ level: ErrorConsolidator.Level, _ text: String) {
        switch level {
        case .warning: log.warning("plugin/errors: \(text)")
        case .error: log.error("plugin/errors: \(text)")
        case .info: log.info("plugin/errors: \(text)")
        case .debug: log.debug("plugin/errors: \(text)")
        }
    }
}
