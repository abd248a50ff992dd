import LinuxIO
import PluginKit

/// Checking upstreams that something went wrong with, until they answer.
extension ForwardEngine {
    func check(_ upstream: Upstream, stage place: Int) {
        guard stages[place].options.maxFails > 0, !upstream.isChecking, !isClosed else { return }
        upstream.isChecking = true
        beginCheck(upstream, place)
    }

    private func beginCheck(_ upstream: Upstream, _ place: Int) {
        let options = stages[place].options
        let now = loop.now
        let flight = flights.next()
        flight.question = Question(checking: options.checkName, recursionDesired: options.checkDesiresRecursion)
        flight.begin(
            ticket: flights.take(), stage: place, needsStream: options.forcesTCP, startedAt: now,
            deadline: now + Self.longestQuery, upstreams: [upstream], first: 0, mostAttempts: 1, checked: upstream)
        proceed(flight)
    }

    func checkSucceeded(_ flight: Flight) {
        remove(flight)
        flight.checked?.isChecking = false
    }

    /// An upstream has answered.
    func recovered(_ upstream: Upstream) {
        upstream.fails = 0
        upstream.checksWhileDown = 0
        if upstream.wasDown {
            upstream.wasDown = false
            log.info("plugin/forward: upstream \(upstream.name) answers again")
        }
    }

    /// Longest pause between two checks, as a multiple of the interval.
    private static let longestPause: UInt64 = 16
    /// Longest interval that is multiplied: beyond, nobody waits for checks.
    private static let longestInterval = 86_400 * Clock.second

    func checkFailed(_ flight: Flight) {
        guard let upstream = flight.checked else { return }
        upstream.metrics.countCheckFailure()
        upstream.fails += 1
        let options = stages[flight.stage].options
        if upstream.isDown(options.maxFails) {
            if !upstream.wasDown {
                upstream.wasDown = true
                log.warning(
                    "plugin/forward: upstream \(upstream.name) is down: \(upstream.fails) health checks have failed, "
                        + "the last with: \(flight.failure)")
            }
            upstream.checksWhileDown += 1
        }
        guard upstream.isInUse, !isClosed else {
            upstream.isChecking = false
            return
        }
        // Until it is down checks keep their interval; then each pause is twice the one before, less up to a quarter, so that
        // those who check the same upstream do not do it in step.
        let factor = min(Self.longestPause, 1 << UInt64(min(upstream.checksWhileDown, 10)))
        let interval = min(max(options.checkInterval, 10 * Clock.millisecond), Self.longestInterval)
        let pause = interval * (upstream.checksWhileDown == 0 ? 1 : factor)
        let jitter = pause / 4 / 65_536 * UInt64(numbers.next())
        let place = flight.stage
        loop.schedule(after: pause - jitter) { [self] in
            guard !isClosed else { return }
            // It has answered somebody in the meantime.
            if upstream.fails == 0 || !upstream.isInUse {
                upstream.isChecking = false
            } else {
                self.beginCheck(upstream, place)
            }
        }
    }
}
