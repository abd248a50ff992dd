/// The known name that a mistyped one most likely meant: the smallest Damerau-Levenshtein distance (one insertion, removal,
/// change, or swap of neighbours each), at most a third of the longer name but always one. Case does not count. Of equal
/// candidates the first in alphabetical order wins; nil where nothing is near.
package func nearestName(to text: String, in names: some Sequence<String>) -> String? {
    /// Nothing that is longer is a directive or a property, and the table grows with the square.
    let longestName = 64
    let wanted = Array(text.lowercased().unicodeScalars)
    guard !wanted.isEmpty, wanted.count <= longestName else { return nil }
    var best: (name: String, distance: Int)?
    for name in names.sorted() {
        let candidate = Array(name.lowercased().unicodeScalars)
        guard candidate.count <= longestName else { continue }
        let distance = editDistance(wanted, candidate)
        let allowed = max(1, max(wanted.count, candidate.count) / 3)
        // A name of one or two letters would be "near" to every other one.
        guard distance <= allowed, distance < min(wanted.count, candidate.count) else { continue }
        if let found = best, found.distance <= distance { continue }
        best = (name, distance)
    }
    return best?.name
}

/// " (did you mean 'X'?)" or nothing, for the end of a message.
func didYouMean(_ text: String, in names: some Sequence<String>) -> String {
    guard let name = nearestName(to: text, in: names) else { return "" }
    return " (did you mean '\(name)'?)"
}

/// The optimal string alignment distance of two words.
private func editDistance(_ left: [Unicode.Scalar], _ right: [Unicode.Scalar]) -> Int {
    var beforePrevious = [Int](repeating: 0, count: right.count + 1)
    var previous = Array(0...right.count)
    for row in left.indices {
        var current = [row + 1]
        for column in right.indices {
            var distance = min(
                previous[column + 1] + 1, current[column] + 1, previous[column] + (left[row] == right[column] ? 0 : 1))
            if row > 0, column > 0, left[row] == right[column - 1], left[row - 1] == right[column] {
                distance = min(distance, beforePrevious[column - 1] + 1)
            }
            current.append(distance)
        }
        beforePrevious = previous
        previous = current
    }
    return previous[right.count]
}
