/// The numbers that `apodns-bench gate` holds against what it measures. A number goes down when the code gets better; one that
/// goes up needs a reason in the change that raises it.
enum GateLimits {
    /// What one answer may cost at most.
    struct Answer {
        let name: String
        /// Instructions on x86-64, a tenth more than were counted: compilers differ, too.
        let instructions: Double
        /// Steps of the reference loop, by time: three times what was measured, as processors differ and others may be at work.
        let steps: Double
        /// Why it costs that much.
        let reason: String
    }

    /// Calls of malloc of an answer, of whatever kind: the answer path writes over the request and reads compiled blocks.
    static let allocations = 0.0

    static let answers: [Answer] = [
        Answer(
            name: "read a request", instructions: 760, steps: 0.4,
            reason: "Header, question and OPT record, with the name in lower case."),
        Answer(
            name: "read a request, find its service", instructions: 980, steps: 0.7,
            reason: "One hash of the key, one probe, and the key compared within the block."),
        Answer(
            name: "A of a service", instructions: 1_910, steps: 1.2,
            reason: "The rules of the zone's names, the block, one record of 16 bytes."),
        Answer(
            name: "A of a headless service, 10 endpoints", instructions: 2_140, steps: 1.4,
            reason: "16 bytes more for each endpoint, from the pool of addresses."),
        Answer(
            name: "SRV of a headless service, 10 records, 10 additional", instructions: 12_800, steps: 6.1,
            reason: "Each target is a whole name, as targets are not compressed (RFC 2782); then the addresses."),
        Answer(
            name: "PTR of an endpoint", instructions: 2_330, steps: 1.5,
            reason: "One probe by address, and the place of the address within the block."),
        Answer(
            name: "AAAA of a service: NODATA", instructions: 1_960, steps: 1.3,
            reason: "As A, and the SOA record."),
        Answer(
            name: "A of no service: NXDOMAIN", instructions: 1_840, steps: 1.2,
            reason: "As A without a block, and the SOA record."),
        Answer(
            name: "A, 1,000 endpoints, TCP", instructions: 24_600, steps: 12.4,
            reason: "16,000 bytes."),
        Answer(
            name: "A, 1,000 endpoints, UDP: TC", instructions: 3_620, steps: 1.8,
            reason: "What fits into 1,232 bytes, whatever the number of endpoints."),
        Answer(
            name: "SRV, 1,000 endpoints, UDP: TC", instructions: 11_200, steps: 5.3,
            reason: "The same; the weights come from counts in the block, not from a walk through its rows."),
        Answer(
            name: "A, 10,000 endpoints, TCP", instructions: 96_500, steps: 48.0,
            reason: "65,535 bytes, as many as there can be."),
        Answer(
            name: "A, 10,000 endpoints, UDP: TC", instructions: 3_620, steps: 1.7,
            reason: "As with 1,000 endpoints."),
        Answer(
            name: "SRV, 10,000 endpoints, UDP: TC", instructions: 11_200, steps: 4.9,
            reason: "As with 1,000 endpoints."),
    ]

    /// Bytes of the index for each endpoint without its name, as malloc hands them out: 4 of its address, 4 of its row, 2 of the
    /// order by address, 11 of the reverse table; and a tenth of what a service of ten endpoints takes: a header of 64 bytes,
    /// the key, ports, attributes, zones, entries of the tables, the object that owns the block.
    static let bytesBeyondName = 48.0
    /// Bytes of the objects for each endpoint, packed, from which the index is made: address, zone, flags, slice.
    static let stateBytes = 42.0
    /// The same with pods and the names of pods: there is a pod for every fifth endpoint.
    static let stateBytesWithPods = 104.0
    /// Instructions for each endpoint to compile and publish the whole index, on x86-64: most are for labels, their order,
    /// and the reverse table.
    static let compileInstructions = 10_900.0

    /// Microseconds of processor time that a change of one endpoint may take: goal of the project, well under a millisecond. A
    /// service of 5,000 endpoints is compiled anew, which takes a third of it.
    static let changeMicroseconds = 1000.0
    /// How many times as much a change in the cluster of 55,000 endpoints may cost as in one of 500: one shard of each table is
    /// rebuilt, which is 1/256 of it, and one chunk of 256 services.
    static let changeGrowth = 2.5
}
