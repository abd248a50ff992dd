/// What is wrong with a text in JSON or YAML, before it is known where the text came from.
package struct NodeFault: Error {
    /// Where; nil where it is the text as a whole.
    package let position: TextPosition?
    /// What is wrong: what was found and what was expected.
    package let problem: String
    /// The object that it is wrong in, such as `Service shop/web`; nil where that is not known.
    package var object: String?

    /// A fault at this place.
    package init(_ position: TextPosition?, _ problem: String) {
        self.position = position
        self.problem = problem
    }
}
