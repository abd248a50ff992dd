import CInstructionCount
import Glibc

/// Counts the instructions that this thread runs outside of the kernel.
final class InstructionCounter {
    private let descriptor: Int32

    /// Nil where the system has or gives no such counter: many virtual machines, and sandboxes.
    init?() {
        descriptor = cinstructioncount_open()
        guard descriptor >= 0 else { return nil }
        // Where the processor has none that can be used, it can be opened and stays at 0.
        guard cinstructioncount_read(descriptor) > 0 else {
            close(descriptor)
            return nil
        }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// Instructions since this was made.
    var count: UInt64 { cinstructioncount_read(descriptor) }

    /// Why there is none, in words.
    static let absence = "instructions are not counted here: the system gives no counter (perf_event_open)"
}
