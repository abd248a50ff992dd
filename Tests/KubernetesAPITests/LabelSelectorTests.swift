import KubernetesAPI
import Testing

@Suite("Label selectors")
struct LabelSelectorTests {
    private static let labels = [
        "app": "web", "tier": "front", "empty": "", "example.com/team": "a.b-c_d", "in": "notin",
    ]

    @Test(
        "what holds for app=web, tier=front, empty=, example.com/team=a.b-c_d, in=notin",
        arguments: [
            ("", true), ("  \t", true),
            ("app=web", true), ("app==web", true), ("app = web", true), (" app\t==\nweb ", true), ("app=db", false),
            ("missing=web", false), ("missing=", false), ("empty=", true), ("empty==", true), ("app=", false),
            ("app!=web", false), ("app != db", true), ("missing!=web", true), ("empty!=", false), ("missing!=", true),
            ("app in (web)", true), ("app in (db, web)", true), ("app in(db,web)", true), ("app in (db)", false),
            ("missing in (web)", false), ("empty in ()", true), ("empty in (,x)", true), ("app in (web,)", true),
            ("app in (,)", false), ("app in (db,,web)", true),
            ("app notin (db)", true), ("app notin (web, db)", false), ("missing notin (web)", true),
            ("empty notin ()", false),
            ("app", true), ("missing", false), ("!app", false), ("! missing", true), ("!missing", true),
            ("example.com/team=a.b-c_d", true), ("example.com/team", true), ("!example.com/other", true),
            ("app=web,tier=front", true), ("app=web , tier=back", false), ("app,!missing,tier notin (back)", true),
            // in and notin are words where a key or a value is expected.
            ("in", true), ("in=notin", true), ("in in (notin, in)", true), ("notin notin (in)", true), ("!notin", true),
        ])
    func matches(text: String, holds: Bool) throws {
        let selector = try LabelSelector(parsing: text)
        #expect(selector.matches(Self.labels) == holds)
        #expect(try LabelSelector(parsing: selector.description) == selector)
    }

    @Test("what a text is read as")
    func requirements() throws {
        let selector = try LabelSelector(parsing: "a=1,b!=2,c in (x,y,x),d notin (z,),e,!f")
        #expect(
            selector.requirements == [
                LabelRequirement(key: "a", condition: .oneOf(["1"])),
                LabelRequirement(key: "b", condition: .noneOf(["2"])),
                LabelRequirement(key: "c", condition: .oneOf(["x", "y"])),
                LabelRequirement(key: "d", condition: .noneOf(["z", ""])),
                LabelRequirement(key: "e", condition: .present),
                LabelRequirement(key: "f", condition: .absent),
            ])
    }

    @Test(
        "errors: where, what was found",
        arguments: [
            (",a", 0, ","), ("a,", 2, ""), ("a,,b", 2, ","), ("a b", 2, "b"), ("a=b c", 4, "c"), ("a=b=c", 3, "="),
            ("=a", 0, "="), ("!", 1, ""), ("!!a", 1, "!"), ("!a=b", 2, "="), ("a===b", 3, "="), ("a=!b", 2, "!"),
            ("a in", 4, ""), ("a in b", 5, "b"), ("a in (", 6, ""), ("a in (b", 7, ""), ("a in (b c)", 8, "c"),
            ("a in (b))", 8, ")"), ("a in (b)c", 8, "c"), ("a notin (=)", 9, "="), ("a > 1", 2, ">"), ("a<1", 1, "<"),
            ("a nott in (b)", 2, "nott"), ("a=b||c=d", 2, "b||c"), ("-a=b", 0, "-a"), ("a.=b", 0, "a."),
            ("a=-b", 2, "-b"),
            ("a/b/c", 0, "a/b/c"), ("/a", 0, "/a"), ("A/a", 0, "A/a"), ("a..b/c", 0, "a..b/c"), ("a/", 0, "a/"),
            ("a in (ok,not*ok)", 9, "not*ok"), ("(a)", 0, "("), ("a=\u{e9}", 2, "\u{e9}"),
        ])
    func errors(text: String, offset: Int, found: String) throws {
        let error = try #require(throws: LabelSelectorError.self) { try LabelSelector(parsing: text) }
        #expect(error.offset == offset)
        #expect(error.found == found)
        #expect(error.description.hasPrefix("column \(offset + 1) of the label selector: found "))
        #expect(!error.expected.isEmpty)
    }

    @Test("lengths: a key's name and a value have 63 characters, a key's prefix 253")
    func lengths() throws {
        let name = String(repeating: "a", count: 63)
        let prefix = String(repeating: "a.", count: 126) + "a"
        #expect(try LabelSelector(parsing: "\(prefix)/\(name)=\(name)").requirements.count == 1)
        #expect(throws: LabelSelectorError.self) { try LabelSelector(parsing: "a\(name)") }
        #expect(throws: LabelSelectorError.self) { try LabelSelector(parsing: "a=a\(name)") }
        #expect(throws: LabelSelectorError.self) { try LabelSelector(parsing: "a\(prefix)/b") }
    }

    @Test("an error says what it expected")
    func message() throws {
        let error = try #require(throws: LabelSelectorError.self) { try LabelSelector(parsing: "app in (web") }
        #expect(
            error.description
                == "column 12 of the label selector: found the end of the selector, expected a comma or \")\"")
    }
}
