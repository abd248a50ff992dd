import Corefile

extension RewriteRule {
    /// `name [exact|prefix|suffix|substring|regex] FROM TO [answer ...]`.
    static func name(_ words: inout RewriteWords) throws(CorefileError) -> (NameMatch, Action) {
        guard words.count >= 2 else { throw words.field.error("plugin/rewrite: too few arguments for a name rule") }
        let kind = words.count == 2 ? nil : try words.next("the kind of match")
        let from = try words.next("the name to match")
        let to = try words.next("the new name")
        let replacement = to.text.qualified
        let names: NameMatch
        switch kind?.text.lowercased() ?? "exact" {
        case "exact": names = .exact(from.text.qualified)
        case "prefix": names = .prefix(from.text.qualified)
        case "suffix": names = .suffix(from.text.qualified)
        case "substring": names = .substring(from.text.qualified)
        case "regex": names = .regex(try RewriteWords.pattern(from, for: to))
        default:
            throw (kind ?? from).error(
                "plugin/rewrite: name rule supports only exact, prefix, suffix, substring, and regex name matching, "
                    + "received: \(kind?.text ?? "")")
        }
        var (isAuto, rules) = try answerRules(&words)
        switch names {
        // CoreDNS: the answer to an exact name is always made one to the old name.
        case .exact: isAuto = true
        case .suffix(let suffix) where isAuto:
            // The same the other way round is better than what is known of one name.
            let back = TextRewrite.suffix(from: replacement, to: suffix)
            rules = [.names(back), .values(back)] + rules
            isAuto = false
        default: break
        }
        return (names, .name(NameRewrite(replacement: replacement, restores: isAuto, responseRules: rules)))
    }

    /// `answer (auto | (name|value FROM TO)) { [answer] (auto | (name|value FROM TO)) }`
    private static func answerRules(
        _ words: inout RewriteWords
    ) throws(CorefileError) -> (isAuto: Bool, rules: [ResponseRule]) {
        var isAuto = false
        var named: Token?
        var rules: [ResponseRule] = []
        var isFirst = true
        while let word = words.upcoming {
            if word.text == "answer" {
                _ = try words.next("answer")
            } else if isFirst {
                throw word.error(
                    "plugin/rewrite: exceeded the number of arguments for a non-answer rule argument for name rule, "
                        + "'\(word.text)' found, expected answer or nothing")
            }
            isFirst = false
            guard let kind = words.upcoming else {
                throw word.error(
                    "plugin/rewrite: type missing for answer rule for name rule, expected auto, name or value")
            }
            _ = try words.next("auto, name or value")
            switch kind.text {
            case "auto": isAuto = true
            case "name", "value":
                guard words.count >= 2 else {
                    throw kind.error("plugin/rewrite: \(kind.text) answer rule for name rule: 2 arguments required")
                }
                let from = try words.next("FROM")
                let to = try words.next("TO")
                let rewrite = TextRewrite.regex(try RewriteWords.pattern(from, for: to), to.text.qualified)
                rules.append(kind.text == "name" ? .names(rewrite) : .values(rewrite))
                if kind.text == "name" { named = kind }
            default:
                throw kind.error(
                    "plugin/rewrite: invalid type \"\(kind.text)\" for answer rule for name rule, expected auto, name or "
                        + "value")
            }
        }
        if isAuto, let named {
            throw named.error(
                "plugin/rewrite: auto name answer rule cannot be combined with explicit name answer rules")
        }
        return (isAuto, rules)
    }
}
