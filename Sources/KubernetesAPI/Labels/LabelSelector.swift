/// A Kubernetes label selector: requirements that must all hold.
///
/// Meaning as in k8s.io/apimachinery: `!=` and `notin` also hold where the label is missing; the empty selector holds
/// for everything.
package struct LabelSelector: Sendable, Hashable {
    /// The requirements, in the order of the text.
    package let requirements: [LabelRequirement]

    /// The selector that holds where all of `requirements` hold.
    package init(requirements: [LabelRequirement]) {
        self.requirements = requirements
    }

    /// Reads the text of a selector, such as `app=web, tier notin (test, ci), !draft`. The empty text selects
    /// everything.
    package init(parsing text: some StringProtocol) throws(LabelSelectorError) {
        var parser = LabelSelectorParser(Array(text.utf8))
        requirements = try parser.parse()
    }

    /// Whether every requirement holds for these labels.
    package func matches(_ labels: [String: String]) -> Bool {
        requirements.allSatisfy { $0.matches(labels) }
    }
}

extension LabelSelector: CustomStringConvertible {
    /// The selector as text that parses to an equal selector.
    package var description: String {
        requirements.map(\.description).joined(separator: ",")
    }
}
