// Package migrate carries a configuration from the form of one software
// version to the form of another (claims 1 and 6 of the method), says line by
// line what became of it, and compares two configurations by meaning.
//
// A configuration is parsed into a concrete tree that keeps every byte. A pack
// holds steps from version to version; each step's rules are matched on the
// tree by place, never on the whole text. The result is the new configuration,
// the fate of each input line, the origin of each output line, and findings
// for a person.
//
// The package is pure: configuration in, configuration and findings out. It
// asks no device, reads no clock, keeps no state between calls; packs come
// from an fs.FS that the caller gives. It does not decide whether a run goes
// on: it reports, and the procedure decides.
//
// Invariants:
//   - Parse then Bytes gives the same bytes.
//   - A line that no rule touches keeps its bytes, its order and its comments.
//   - An error leaves no result: the input is the only configuration there is.
//   - Applying a migration to its own result changes nothing.
//   - Every input line ends in exactly one fate.
//
// Where to change what: a new file format is one file (or a few) beside indented.go and a
// line in format.go; a new kind of rule is a type in actions.go and its keys
// in packfile.go.
package migrate
