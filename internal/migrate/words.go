package migrate

// Category is one of the four kinds of configuration data that the method
// names (claim 6).
type Category string

// The categories.
const (
	UserData      Category = "user"
	PortData      Category = "port"
	ProtocolData  Category = "protocol"
	DefaultData   Category = "default"
	Uncategorised Category = "" // headers, separators, what no path names
)

// Categories gives all categories that have a name, in the method's order.
func Categories() []Category {
	return []Category{UserData, PortData, ProtocolData, DefaultData}
}

// Severity says how much a finding asks of a person.
type Severity string

// The severities.
const (
	Info    Severity = "info"    // for the record
	Warning Severity = "warning" // should be looked at; the result stands
	Manual  Severity = "manual"  // a person has to decide before the run goes on
)

// Finding is what a rule has to say to a person about one line.
type Finding struct {
	Rule     string
	Why      string
	Severity Severity
	Category Category
	Line     int      // of the input, from 1; 0 where the line is not from there
	Path     []string // the texts of the blocks around it, and its own
	Text     string   // the line in the input
	Message  string
}

// Fate is what became of an input line.
type Fate string

// The fates.
const (
	Kept    Fate = "kept"    // its bytes are in the output
	Changed Fate = "changed" // rewritten or moved by a rule
	Dropped Fate = "dropped" // left out by a rule
	Undone  Fate = "manual"  // a person decides; its bytes stay until then
)

// LineFate is what became of one line of the input.
type LineFate struct {
	Line    int    // from 1
	Text    string // without its line end
	Fate    Fate
	Rule    string // the rule that decided; "" for kept lines
	Because string // for dropped, changed and manual lines
	Outputs []int  // lines of the output, from 1
}

// Origin is where one line of the output comes from.
type Origin struct {
	Line   int    // of the output, from 1
	Inputs []int  // lines of the input, from 1; none for an added line
	Rule   string // the rule that changed or added it; "" for kept lines
}

// RuleUse says how often a rule fired.
type RuleUse struct {
	ID       string
	Why      string
	Count    int
	Category Category
}

// Counts are numbers of lines by what became of them; Added are lines of the
// output, the others lines of the input.
type Counts struct {
	Kept, Changed, Dropped, Manual, Added int
}

// Result is a migrated configuration and the account of it.
type Result struct {
	Output   []byte
	From     string     // the version that the input had: as the caller named it, else as it tells, else as the pack assumes
	To       string     // the version that it was brought to
	Needed   bool       // the output differs from the input
	Rules    []RuleUse  // those that fired, in the pack's order
	Findings []Finding  // by input line
	Fates    []LineFate // one for each input line, in order
	Origins  []Origin   // one for each output line, in order
	Summary  map[Category]Counts
}

// NeedsPerson says whether a finding asks a person to decide.
func (r *Result) NeedsPerson() bool {
	for i := range r.Findings {
		if r.Findings[i].Severity == Manual {
			return true
		}
	}
	return false
}
