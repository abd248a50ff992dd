import CPCRE2

extension RegularExpression {
    /// Number of groups that capture, the whole match not counted.
    package var groupCount: Int {
        var count: UInt32 = 0
        // SAFETY: this item of information is an unsigned 32-bit number (pcre2api(3)).
        return pcre2_pattern_info_8(view.code, UInt32(PCRE2_INFO_CAPTURECOUNT), &count) == 0 ? Int(count) : 0
    }

    /// The groups that have a name, with their numbers.
    package var groupNames: [(name: String, number: Int)] {
        var count: UInt32 = 0
        var size: UInt32 = 0
        var table: UnsafePointer<UInt8>?
        // SAFETY: the types of these items are those that pcre2api(3) gives; the table lives as long as the pattern.
        guard pcre2_pattern_info_8(view.code, UInt32(PCRE2_INFO_NAMECOUNT), &count) == 0,
            pcre2_pattern_info_8(view.code, UInt32(PCRE2_INFO_NAMEENTRYSIZE), &size) == 0,
            pcre2_pattern_info_8(view.code, UInt32(PCRE2_INFO_NAMETABLE), &table) == 0, let table, size > 2
        else { return [] }
        return (0..<Int(count)).map { place in
            // Each entry: the number in two bytes, the high one first, and the name, filled up with NULs.
            let entry = UnsafeBufferPointer(start: table + place * Int(size), count: Int(size))
            let name = entry.dropFirst(2).prefix { $0 != 0 }
            return (String(decoding: name, as: UTF8.self), Int(entry[0]) << 8 | Int(entry[1]))
        }
    }

    /// The first match in `text`: the whole, then each group, "" for one that took no part (as Go's FindStringSubmatch). nil
    /// where nothing matches.
    package func groups(in text: String) -> [String]? {
        let count = groupCount + 1
        guard let data = pcre2_match_data_create_8(UInt32(truncatingIfNeeded: count), nil) else { return nil }
        defer { pcre2_match_data_free_8(data) }
        let bytes = Array(text.utf8)
        // SAFETY: PCRE2 reads the bytes during the call, as many as it is told.
        let result = bytes.withUnsafeBufferPointer {
            pcre2_match_8(view.code, $0.baseAddress, $0.count, 0, PCRE2_NO_UTF_CHECK, data, view.limits)
        }
        guard result > 0, let places = pcre2_get_ovector_pointer_8(data) else { return nil }
        return (0..<count).map { group in
            // SAFETY: the data have a pair of places for each group. Groups behind the last that took part are unset.
            let (start, end) = (places[2 * group], places[2 * group + 1])
            guard group < Int(result), start <= end, end <= bytes.count else { return "" }
            return String(decoding: bytes[start..<end], as: UTF8.self)
        }
    }
}
