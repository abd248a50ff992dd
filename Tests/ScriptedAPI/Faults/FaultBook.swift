/// Which faults and made-up answers come next.
struct FaultBook: Sendable {
    private struct Planned: Sendable {
        let match: ScriptedRequestMatch
        let faults: [ScriptedFault]
        var left: Int
    }

    private struct Random: Sendable {
        let match: ScriptedRequestMatch
        let choices: [ScriptedFault]
        let probability: Double
        var generator: SplitMix64
    }

    private struct Answer: Sendable {
        let match: ScriptedRequestMatch
        let answer: ScriptedAnswer
        var left: Int
    }

    private var planned: [Planned] = []
    private var random: [Random] = []
    private var answers: [Answer] = []

    mutating func plan(_ faults: [ScriptedFault], times: Int, _ match: ScriptedRequestMatch) {
        planned.append(Planned(match: match, faults: faults, left: times))
    }

    mutating func plan(
        anyOf choices: [ScriptedFault], probability: Double, seed: UInt64, _ match: ScriptedRequestMatch
    ) {
        let generator = SplitMix64(seed: seed)
        random.append(Random(match: match, choices: choices, probability: probability, generator: generator))
    }

    mutating func plan(_ answer: ScriptedAnswer, times: Int, _ match: ScriptedRequestMatch) {
        answers.append(Answer(match: match, answer: answer, left: times))
    }

    mutating func clear() { self = FaultBook() }

    /// What goes wrong with this request: the first plan for it that is not used up, otherwise what chance says.
    mutating func faults(for request: ScriptedRequest) -> [ScriptedFault] {
        if let index = planned.firstIndex(where: { $0.match.matches(request) }) {
            let faults = planned[index].faults
            planned[index].left -= 1
            if planned[index].left <= 0 { planned.remove(at: index) }
            return faults
        }
        var faults: [ScriptedFault] = []
        for index in random.indices where random[index].match.matches(request) {
            guard Double.random(in: 0..<1, using: &random[index].generator) < random[index].probability,
                let fault = random[index].choices.randomElement(using: &random[index].generator)
            else { continue }
            faults.append(fault)
        }
        return faults
    }

    mutating func answer(for request: ScriptedRequest) -> ScriptedAnswer? {
        guard let index = answers.firstIndex(where: { $0.match.matches(request) }) else { return nil }
        let answer = answers[index].answer
        answers[index].left -= 1
        if answers[index].left <= 0 { answers.remove(at: index) }
        return answer
    }
}
