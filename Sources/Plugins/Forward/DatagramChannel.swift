import LinuxIO

/// A UDP socket with a port of its own. Each is used for some questions and then for none: who wants to answer in the upstream's
/// place has to guess a new port together with the id.
final class DatagramChannel: SocketChannel {
    /// Questions asked from one port.
    static let mostQuestions = 128
    /// Sockets of an upstream that take questions; each question goes out from one drawn at random. More are harder to guess
    /// and cost more: fewer questions share a call to the kernel.
    static let mostOpen = 32
    /// Sockets of an upstream that are still waited on but take no more questions. Beyond, ports are used for longer: an
    /// upstream that does not answer must not cost ever more sockets.
    static let mostRetired = 64

    var questions = 0
    /// What is sent at the end of the turn.
    var outgoing: OutgoingDatagrams?
}
