/// Why a benchmark cannot be run, in a sentence for people.
struct BenchFailure: Error, CustomStringConvertible {
    let description: String
    /// The status the program ends with.
    let status: Int32

    /// - Parameter status: 1: it failed; 2: it was asked for wrongly.
    init(_ description: String, status: Int32 = 1) {
        self.description = description
        self.status = status
    }
}
