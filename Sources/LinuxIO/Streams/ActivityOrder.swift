/// Small numbers (descriptors) in the order of their last activity: a doubly linked list within an array.
///
/// All operations cost O(1); the oldest is found at once, for time-outs that are the same for all.
struct ActivityOrder {
    private struct Link {
        var previous: Int32 = -1
        var next: Int32 = -1
        var time: UInt64 = 0
        var isMember = false
    }

    private var links: [Link] = []
    private var first: Int32 = -1
    private var last: Int32 = -1

    /// Members.
    private(set) var count = 0

    /// The member with the oldest activity, and when that was.
    var oldest: (member: Int32, time: UInt64)? {
        first >= 0 ? (first, links[Int(first)].time) : nil
    }

    /// Whether `member` is in the list.
    func contains(_ member: Int32) -> Bool {
        member >= 0 && Int(member) < links.count && links[Int(member)].isMember
    }

    /// Makes `member` the latest, at `time`, which must not be before that of others. Negative numbers are ignored.
    mutating func touch(_ member: Int32, time: UInt64) {
        guard member >= 0 else { return }
        remove(member)
        let index = Int(member)
        if index >= links.count {
            links.append(contentsOf: repeatElement(Link(), count: index + 1 - links.count))
        }
        links[index] = Link(previous: last, next: -1, time: time, isMember: true)
        if last >= 0 { links[Int(last)].next = member } else { first = member }
        last = member
        count += 1
    }

    /// Takes `member` out if it is in.
    mutating func remove(_ member: Int32) {
        guard contains(member) else { return }
        let link = links[Int(member)]
        if link.previous >= 0 { links[Int(link.previous)].next = link.next } else { first = link.next }
        if link.next >= 0 { links[Int(link.next)].previous = link.previous } else { last = link.previous }
        links[Int(member)] = Link()
        count -= 1
    }
}
