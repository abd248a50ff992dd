import Corefile
import DNSWire
import LinuxIO
import PluginKit

/// `log [NAMES...] [FORMAT] { class success|denial|error|all... }`: a line for each query. May stand several times in a block.
package final class LogPlugin: Plugin {
    package static let directive = "log"

    private let rules: LogRules
    private let log: Log
    private let metadata: BlockMetadata
    private let clock: Clock

    package init(_ directives: [Directive], _ setup: BlockSetup) throws(CorefileError) {
        log = setup.process.log
        metadata = BlockMetadata(setup)
        clock = setup.process.clock
        var rules: [LogRules.Rule] = []
        for directive in directives { rules += try Self.rules(directive, setup) }
        self.rules = LogRules(rules)
    }

    private static func rules(_ directive: Directive, _ setup: BlockSetup) throws(CorefileError) -> [LogRules.Rule] {
        var names = directive.arguments
        var format = LogFormat(LogFormat.common)
        // CoreDNS: the last of several arguments is a format if it has a brace; a single argument is a name.
        if let last = names.last, last.text.contains("{") {
            if names.count > 1 {
                format = LogFormat(last.text)
                names.removeLast()
            } else {
                setup.warn(
                    last.location,
                    "plugin/log: '\(last.text)' is taken as a name, as CoreDNS does: a format needs a name before it, "
                        + "such as '.'")
            }
        }
        var classes: UInt8 = 0
        for property in try directive.properties() {
            guard property.name.text == "class" else { throw directive.unknownProperty(property, known: ["class"]) }
            try property.expectArguments(1...)
            try property.expectNoBlock()
            for argument in property.arguments {
                guard let bits = ResponseClass.bits(named: argument.text) else {
                    throw argument.error(
                        "plugin/log: invalid Class: \(argument.text), expected success, denial, error or all")
                }
                classes |= bits
            }
        }
        if classes == 0 { classes = ResponseClass.bits(named: "all") ?? .max }
        var rules: [LogRules.Rule] = []
        for name in names { rules.append(.init(scope: try scope(name), classes: classes, format: format)) }
        if rules.isEmpty { rules.append(.init(scope: .root, classes: classes, format: format)) }
        return rules
    }

    private static func scope(_ token: Token) throws(CorefileError) -> DomainName {
        do throws(NameError) {
            return try DomainName(parsing: token.text)
        } catch {
            throw token.error("plugin/log: '\(token.text)' is not a domain name: \(error)")
        }
    }

    /// The memory of a step: what is needed to find out that a query is not to be logged.
    private struct Context {
        let entries: UnsafeMutablePointer<LogRules.Entry>
        let count: Int
        let plugin: Unmanaged<LogPlugin>
    }

    package func makeStep(_ worker: WorkerContext) -> Step? {
        let context = UnsafeMutablePointer<Context>.allocate(capacity: 1)
        context.initialize(
            to: Context(entries: rules.entries, count: rules.count, plugin: .passRetained(self)))
        return Step(
            context: UnsafeMutableRawPointer(context),
            up: { context, exchange in
                // SAFETY: the context is the one allocated above, which `release` frees.
                let context = context.assumingMemoryBound(to: Context.self)
                let exchange = Step.exchange(exchange)
                let place = LogRules.first(context.pointee.entries, context.pointee.count, exchange)
                guard place >= 0 else { return }
                let plugin = context.pointee.plugin
                let wanted = context.pointee.entries[place].classes
                let found = ResponseClass.of(exchange) { plugin._withUnsafeGuaranteedRef { $0.wall() } }
                guard wanted & found.rawValue != 0 else { return }
                plugin._withUnsafeGuaranteedRef { $0.write(exchange, rule: place) }
            },
            release: { context in
                // SAFETY: the context made above; this is its last use.
                let context = context.assumingMemoryBound(to: Context.self)
                context.pointee.plugin.release()
                context.deallocate()
            })
    }

    @inline(never)
    private func wall() -> Clock.Wall { clock.wall() }

    @inline(never)
    private func write(_ exchange: UnsafeMutablePointer<Exchange>, rule: Int) {
        log.info(
            rules.format(rule).line(exchange.pointee, now: clock.monotonic()) { metadata.value($0, exchange) })
    }
}

extension LogPlugin: MetadataProvider {
    /// `log/class` and `log/type`: what the finished response is.
    package func metadata(_ label: String, _ exchange: UnsafeMutablePointer<Exchange>) -> String? {
        switch label {
        case "log/class": "\(ResponseClass.of(exchange) { clock.wall() })"
        case "log/type": ResponseClass.typeName(exchange) { clock.wall() }
        default: nil
        }
    }
}
