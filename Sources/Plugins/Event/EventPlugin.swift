import Corefile
import LinuxIO
import PluginKit
import Synchronization

/// `on startup|shutdown|certrenew COMMAND [ARGS...] [&]`: runs a command when the server has started, or is about to end. With
/// `&` nobody waits for it. What the command says about itself is logged, and changes nothing.
package final class EventPlugin: Plugin {
    package static let directive = "on"
    package static let seesQueries = false

    private enum Event: String {
        case startup
        case shutdown
        /// Certificates that the server renews itself: there are none.
        case certrenew
    }

    private struct Hook {
        let event: Event
        let words: [String]
        let waits: Bool
    }

    private let hooks: [Hook]
    private let process: ProcessContext
    private let hasStarted = Atomic<Bool>(false)

    package init(_ directives: [Directive], _ setup: BlockSetup) throws(CorefileError) {
        var hooks: [Hook] = []
        for directive in directives { hooks.append(try Self.hook(directive, setup)) }
        self.hooks = hooks
        process = setup.process
    }

    private static func hook(_ directive: Directive, _ setup: BlockSetup) throws(CorefileError) -> Hook {
        try directive.expectArguments(2...)
        try directive.expectNoBlock()
        let name = directive.arguments[0]
        guard let event = Event(rawValue: name.text.lowercased()) else {
            throw name.error(
                "plugin/on: wrong event name or event not supported: '\(name.text)', expected startup, shutdown or "
                    + "certrenew")
        }
        var words: [String]
        do throws(CommandLine.Failure) {
            words = try CommandLine(directive.arguments.dropFirst().map(\.text).joined(separator: " ")).words
        } catch {
            throw directive.arguments[1].error("plugin/on: not a command: \(error.reason)")
        }
        let waits = words.count < 2 || words.last != "&"
        if !waits { words.removeLast() }
        guard !words.isEmpty else { throw directive.arguments[1].error("plugin/on: no command found, expected one") }
        if event == .certrenew {
            setup.warn(name.location, "plugin/on: certrenew never comes: certificates are not renewed here")
        }
        return Hook(event: event, words: words, waits: waits)
    }

    package func started() {
        guard !process.lifecycle.isStopping else { return }
        hasStarted.store(true, ordering: .releasing)
        run(.startup)
    }

    package func stop() {
        // A configuration that another replaces or has replaced, or that never started, is no end of the process.
        guard hasStarted.exchange(false, ordering: .acquiringAndReleasing), process.lifecycle.isStopping,
            !process.lifecycle.isReplaced
        else { return }
        run(.shutdown)
    }

    private func run(_ event: Event) {
        for hook in hooks where hook.event == event {
            if event == .startup, process.lifecycle.isStopping { return }
            let text = hook.words.joined(separator: " ")
            process.log.info(
                "plugin/on: \(event.rawValue): \(hook.waits ? "Blocking" : "Nonblocking") Command \"\(text)\"")
            let log = process.log
            do throws(SystemError) {
                let command = try Command(hook.words)
                let finish: @Sendable () -> Void = {
                    if let failure = command.wait() {
                        log.error("plugin/on: error on '\(event.rawValue)' hook: \(text): \(failure)")
                    }
                }
                // A child that nobody waits for would stay a zombie.
                switch (hook.waits, event) {
                case (false, _): try Thread.spawn(name: "on", body: finish).detach()
                case (true, .startup): try waitUnlessStopping(finish)
                case (true, _): finish()
                }
            } catch {
                log.error("plugin/on: error on '\(event.rawValue)' hook: \(error)")
            }
        }
    }

    /// Between two looks whether the process is to end, in milliseconds.
    private static let glance: Int32 = 50

    /// The end of something on another thread.
    private final class End: Sendable {
        let hasCome = Atomic(false)
        let stopper = Stopper()
    }

    /// Waits for a command, but no longer than until the process is to end: queries are answered by now, and the signal to stop
    /// must not wait for a command that may take for ever. The command goes on by itself then.
    private func waitUnlessStopping(_ finish: @escaping @Sendable () -> Void) throws(SystemError) {
        let end = End()
        try Thread.spawn(name: "on") {
            finish()
            end.hasCome.store(true, ordering: .releasing)
            end.stopper.stop()
        }.detach()
        while !end.hasCome.load(ordering: .acquiring), !process.lifecycle.isStopping {
            _ = end.stopper.wait(milliseconds: Self.glance)
        }
    }
}
