/// What is wrong with a snapshot's text, before it is known which file the text came from.
struct SnapshotFault: Error {
    /// Where; nil where it is the text as a whole.
    let position: SnapshotPosition?
    /// What is wrong: what was found and what was expected.
    let problem: String
    /// The object that it is wrong in, such as `Service shop/web`; nil where that is not known.
    var object: String?

    init(_ position: SnapshotPosition?, _ problem: String) {
        self.position = position
        self.problem = problem
    }
}
