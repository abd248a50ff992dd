import Glibc
import LinuxIO

/// Asks again and again until a condition holds.
///
/// - Returns: whether it did within ten seconds, which is far more than anything here takes.
package func holdsInTime(_ condition: () throws -> Bool) rethrows -> Bool {
    let deadline = Clock.system.monotonic() + 10 * Clock.second
    while true {
        if try condition() { return true }
        if Clock.system.monotonic() > deadline { return false }
        // Leaves the processor to what is waited for; being right does not depend on it.
        usleep(2000)
    }
}
