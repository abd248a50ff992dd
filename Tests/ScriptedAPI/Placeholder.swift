/// A scripted API server for tests and benchmarks.
package enum ScriptedAPI {}
