/// How much a text in JSON or YAML may ask of the process.
enum NodeLimits {
    /// How deep lists and mappings may nest. Objects of the API stay below 30, schemas of custom resources below 100;
    /// each level costs a stack frame here.
    static let maximumDepth = 256
    /// How much of a wrong value an error message shows, in characters.
    static let maximumShownCharacters = 64
}
