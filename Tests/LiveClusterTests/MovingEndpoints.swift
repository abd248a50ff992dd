/// The endpoints of one headless service in slices that split, merge, and hand endpoints to each other, as a controller
/// makes them do: where an endpoint moves, it is in its new slice before it leaves the old one. Those of `kept` are in some
/// slice at any time, the guests come and go.
struct MovingEndpoints {
    /// What becomes of a slice in one step.
    enum Step: Equatable {
        case set(slice: String, [String])
        case delete(slice: String)
    }

    let service: String
    let kept: [String]
    let guests: [String]
    /// The addresses by slice, in their order.
    private(set) var slices: [String: [String]]
    private var lastNumber = 0
    /// Most slices at a time.
    private static let mostSlices = 6

    init(service: String, kept: [String], guests: [String]) {
        self.service = service
        self.kept = kept
        self.guests = guests
        slices = ["\(service)-0": kept]
    }

    /// The steps that lead to what is there now.
    var all: [Step] { names.map { .set(slice: $0, slices[$0] ?? []) } }
    /// All addresses that are there now.
    var addresses: Set<String> { Set(slices.values.joined()) }
    private var names: [String] { slices.keys.sorted() }

    /// Does something, in one step or two.
    mutating func change(using random: inout SplitMix64) -> [Step] {
        let names = names
        guard let one = names.randomElement(using: &random), let other = names.randomElement(using: &random) else {
            return []
        }
        switch Int.random(in: 0..<7, using: &random) {
        case 0 where names.count < Self.mostSlices: return split(one, using: &random)
        case 1 where one != other: return merge(one, into: other)
        case 2 where one != other: return move(from: one, to: other, using: &random)
        case 3: return rename(one, using: &random)
        case 4:
            let guest = guests.randomElement(using: &random) ?? kept[0]
            return slices[one]?.contains(guest) == true ? [] : [set(one, (slices[one] ?? []) + [guest])]
        case 5:
            // A guest leaves one slice; it may be in others still.
            return [set(one, (slices[one] ?? []).filter { kept.contains($0) || random.happens(50) })]
        default: return [set(one, (slices[one] ?? []).shuffled(using: &random))]
        }
    }

    private mutating func set(_ slice: String, _ addresses: [String]) -> Step {
        slices[slice] = addresses
        return .set(slice: slice, addresses)
    }

    private mutating func delete(_ slice: String) -> Step {
        slices[slice] = nil
        return .delete(slice: slice)
    }

    /// A name that sorts anywhere among the others: pages and lists show slices in the order of their names.
    private mutating func newName(using random: inout SplitMix64) -> String {
        lastNumber += 1
        return "\(service)-\(["a", "m", "z"].randomElement(using: &random) ?? "")\(lastNumber)"
    }

    private mutating func split(_ slice: String, using random: inout SplitMix64) -> [Step] {
        let addresses = slices[slice] ?? []
        let leaving = addresses.filter { _ in random.happens(50) }
        return [
            set(newName(using: &random), leaving), set(slice, addresses.filter { !leaving.contains($0) }),
        ]
    }

    private mutating func merge(_ slice: String, into other: String) -> [Step] {
        let there = slices[other] ?? []
        return [set(other, there + (slices[slice] ?? []).filter { !there.contains($0) }), delete(slice)]
    }

    private mutating func move(from slice: String, to other: String, using random: inout SplitMix64) -> [Step] {
        guard let address = slices[slice]?.randomElement(using: &random) else { return [] }
        let there = slices[other] ?? []
        return [
            set(other, there.contains(address) ? there : there + [address]),
            set(slice, (slices[slice] ?? []).filter { $0 != address }),
        ]
    }

    private mutating func rename(_ slice: String, using random: inout SplitMix64) -> [Step] {
        [set(newName(using: &random), slices[slice] ?? []), delete(slice)]
    }
}
