package driver

import (
	"fmt"
	"slices"
	"strings"

	"drydock/internal/driver/mib"
	"drydock/internal/fault"
	"drydock/internal/procedure"
	"drydock/internal/strictyaml"
)

// maxSize is the largest driver file, in octets.
const maxSize = 1 << 20

// roleConfig is the role of configurations; it is there in every driver.
const roleConfig = "config"

// Parse reads, checks and compiles a driver file; file is its name for
// messages. The error carries fault.Invalid and Mistakes: everything that is
// wrong, each with file, line and column.
func Parse(file string, data []byte) (*Driver, error) { return ParseWith(file, data, nil) }

// ParseWith is Parse for a driver that names objects of MIB modules without
// describing them; modules may be nil.
func ParseWith(file string, data []byte, modules *mib.Library) (*Driver, error) {
	r := &reader{Reader: strictyaml.Reader{File: file}, modules: modules}
	d := r.parse(data)
	if len(r.Mistakes) > 0 {
		return nil, &fault.Error{Code: fault.Invalid, Err: r.Mistakes.Sorted(), Hint: "docs/driver-language.md describes the language"}
	}
	return d, nil
}

func (r *reader) parse(data []byte) *Driver {
	if len(data) > maxSize {
		r.Wrong(place{Line: 1, Column: 1}, "", "the file has %d octets; %d at most", len(data), maxSize)
		return nil
	}
	root, ok := r.parseTree(data)
	if !ok {
		return nil
	}
	d := &Driver{
		timeouts: defaultTimeouts(), explicitTimeout: map[Operation]bool{}, cannot: map[Operation]string{}, unable: map[string]string{},
		programs: map[Operation]*program{},
		schema: &schema{roots: map[string]string{}, objects: standardObjects(), vars: map[string]string{},
			roles: []string{roleConfig}, modules: r.modules, taken: map[string]mib.Object{}, told: map[string]bool{}},
	}
	o := r.object(root, "a driver", "driver", "description", "match", "protocols", "format", "end-marker", "categories",
		"compare", "image-lines", "provisioned", "files", "vars", "quirks", "timeouts", "reboot-after", "notifications", "index", "roots", "scalars",
		"columns", "health", "operations", "cannot")
	d.readHead(r, o)
	d.readSchema(r, o)
	d.readConfiguration(r, o)
	d.readTimings(r, o)
	d.readOperations(r, o)
	return d
}

// readHead reads what the driver is and what it is for.
func (d *Driver) readHead(r *reader, o object) {
	if n, ok := o.need("driver", "the driver's name, which devices and releases refer to"); ok {
		d.name, _ = r.text(n, "driver")
		if !isName(d.name) {
			r.Wrong(n.Place(), "use letters, digits, - and _", "%q cannot be the name of a driver", d.name)
		}
	}
	d.description = o.text("description")
	if _, ok := o.need("protocols", "tftp, ftp or both, best first"); ok {
		d.protocols = o.words("protocols", "tftp", "ftp")
	}
	if n, ok := o.need("match", "which devices the driver is for"); ok {
		d.readMatches(r, n)
	}
}

// readSchema reads what the actions may name.
func (d *Driver) readSchema(r *reader, o object) {
	s := d.schema
	if f, ok := o.fields["roots"]; ok {
		s.readRoots(r, f.value)
	}
	if f, ok := o.fields["scalars"]; ok {
		s.readObjects(r, f.value, true)
	}
	if f, ok := o.fields["columns"]; ok {
		s.readObjects(r, f.value, false)
	}
	if f, ok := o.fields["vars"]; ok {
		for _, v := range r.fields(f.value, "vars") {
			s.vars[v.key], _ = r.text(v.value, v.key)
		}
	}
	if f, ok := o.fields["notifications"]; ok {
		for _, e := range r.list(f.value, "notifications") {
			if oid, ok := s.oidOf(r, e, "notification"); ok {
				d.notifications = append(d.notifications, oid)
			}
		}
	}
	if f, ok := o.fields["files"]; ok {
		d.readFiles(r, f.value)
	}
	if f, ok := o.fields["provisioned"]; ok {
		p := r.object(f.value, "provisioned", "address", "file")
		d.provisioned = &Provisioned{Address: s.scalarOID(r, p, "address"), File: s.scalarOID(r, p, "file")}
	}
	d.index = indexRange{1, 1<<31 - 1}
	if f, ok := o.fields["index"]; ok {
		i := r.object(f.value, "index", "min", "max")
		d.index.min = uint32(i.integer("min", 0, 1<<32-1, 1))
		d.index.max = uint32(i.integer("max", 0, 1<<32-1, 1<<31-1))
		if d.index.max < d.index.min {
			r.Wrong(f.at, "", "index: max %d is below min %d", d.index.max, d.index.min)
			d.index.max = d.index.min
		}
	}
}

func (d *Driver) readFiles(r *reader, n strictyaml.Node) {
	for _, f := range r.fields(n, "files") {
		role := FileRole{Role: f.key}
		if slices.Contains(d.schema.roles, f.key) || f.key == "all" || !isName(f.key) {
			r.Wrong(f.at, "choose another name", "%q cannot be the role of a file", f.key)
			continue
		}
		if _, isMap := f.value.Fields(); isMap {
			o := r.object(f.value, "file "+f.key, "text", "optional")
			role.Text, role.Optional = o.text("text"), o.boolean("optional")
		} else {
			role.Text, _ = r.text(f.value, "file "+f.key)
		}
		d.files = append(d.files, role)
		d.schema.roles = append(d.schema.roles, f.key)
	}
}

// indexRange is the range of row indexes that the family accepts.
type indexRange struct{ min, max uint32 }

// fold maps any number into the range; one that is in it stays.
func (i indexRange) fold(n uint32) uint32 {
	if n >= i.min && n <= i.max {
		return n
	}
	return i.min + uint32(uint64(n)%(uint64(i.max)-uint64(i.min)+1))
}

// readConfiguration reads what is said of the configuration.
func (d *Driver) readConfiguration(r *reader, o object) {
	d.format, d.endMarker = o.text("format"), o.text("end-marker")
	d.file, d.formatAt = r.File, o.placeOf("format")
	if f, ok := o.fields["categories"]; ok {
		for _, e := range r.fields(f.value, "categories") {
			rule := CategoryRule{Category: e.key}
			if known := []string{"user", "port", "protocol", "default"}; !slices.Contains(known, e.key) {
				r.Wrong(e.at, didYouMean(e.key, known), "there is no category %q of configuration data", e.key)
			}
			rule.Paths = d.readPatterns(r, e.value, e.key)
			d.compare.Categories = append(d.compare.Categories, rule)
		}
	}
	if f, ok := o.fields["compare"]; ok {
		c := r.object(f.value, "compare", "ignore", "ordered", "unordered")
		for key, into := range map[string]*[]string{"ignore": &d.compare.Ignore, "ordered": &d.compare.Ordered, "unordered": &d.compare.Unordered} {
			if list, ok := c.fields[key]; ok {
				*into = d.readPatterns(r, list.value, key)
			}
		}
	}
	if f, ok := o.fields["image-lines"]; ok {
		l := r.object(f.value, "image-lines", "match", "file")
		d.image = ImageLines{Role: l.text("file")}
		if list, ok := l.fields["match"]; ok {
			d.image.Match = d.readPatterns(r, list.value, "match")
		}
		if len(d.image.Match) == 0 {
			r.Wrong(l.at, `for example match: ["boot system {image...}"]`, "image-lines has no match")
		}
		if !slices.Contains(d.schema.roles[1:], d.image.Role) {
			r.Wrong(l.at, "name one of files", "image-lines: there is no file %q", d.image.Role)
		}
	}
}

// readPatterns reads patterns of the configuration's paths.
func (d *Driver) readPatterns(r *reader, n strictyaml.Node, what string) (texts []string) {
	for _, e := range r.list(n, what) {
		if text, ok := r.text(e, what); ok {
			texts = append(texts, text)
			d.patterns = append(d.patterns, patternAt{text, e.Place()})
		}
	}
	return texts
}

// readTimings reads quirks, time-outs and which operations need a restart.
func (d *Driver) readTimings(r *reader, o object) {
	d.quirks = Quirks{FTPMode: "any", PollInterval: defaultInterval, MaxInterval: defaultMaxInterval}
	if f, ok := o.fields["quirks"]; ok {
		q := r.object(f.value, "quirks", "max-blksize", "rollover", "ftp-mode", "snmp-versions", "max-varbinds", "silent-writes",
			"poll-interval", "max-interval", "max-name-length", "engine-id-changes", "any-source", "subagent")
		d.quirks = Quirks{
			MaxBlksize: int(q.integer("max-blksize", 8, 65464, 0)), // RFC 2348
			Rollover:   int(q.integer("rollover", 0, 1, 0)),
			FTPMode:    q.word("ftp-mode", "any", "active", "passive", "any"), SNMPVersions: q.words("snmp-versions", "v1", "v2c", "v3"),
			MaxVarbinds: int(q.integer("max-varbinds", 1, 1000, 0)), SilentWrites: q.boolean("silent-writes"),
			PollInterval: q.duration("poll-interval", defaultInterval), MaxInterval: q.duration("max-interval", defaultMaxInterval),
			MaxNameLength: int(q.integer("max-name-length", 1, 255, 0)), EngineIDChanges: q.boolean("engine-id-changes"),
			AnySource: q.boolean("any-source"), Subagent: q.boolean("subagent"),
		}
	}
	if f, ok := o.fields["timeouts"]; ok {
		for _, e := range r.fields(f.value, "timeouts") {
			if op, ok := r.operation(e); ok {
				d.timeouts[op], d.explicitTimeout[op] = r.duration(e.value, e.key), true
			}
		}
	}
	known := map[string]procedure.Op{"update": procedure.OpUpdate, "recover": procedure.OpRecover,
		"modify": procedure.OpModify, "restore-files": procedure.OpRestoreFiles}
	for _, word := range o.words("reboot-after", "update", "recover", "modify", "restore-files") {
		d.rebootAfter = append(d.rebootAfter, known[word])
	}
}

// operation reads the name of an operation.
func (r *reader) operation(f field) (Operation, bool) {
	if slices.Contains(Operations(), Operation(f.key)) {
		return Operation(f.key), true
	}
	var known []string
	for _, op := range Operations() {
		known = append(known, string(op))
	}
	r.Wrong(f.at, didYouMean(f.key, known), "there is no operation %q", f.key)
	return "", false
}

// readOperations reads health, operations and cannot.
func (d *Driver) readOperations(r *reader, o object) {
	if f, ok := o.fields["health"]; ok {
		d.readHealth(r, f.value)
	}
	if f, ok := o.fields["cannot"]; ok {
		for _, e := range r.fields(f.value, "cannot") {
			if slices.Contains(Limits(), e.key) {
				d.unable[e.key], _ = r.text(e.value, e.key)
			} else if op, ok := r.operation(e); ok {
				d.cannot[op], _ = r.text(e.value, e.key)
			}
		}
	}
	n, ok := o.need("operations", "how each operation is done")
	if !ok {
		return
	}
	seen := map[Operation]place{}
	for _, f := range r.fields(n, "operations") {
		op, ok := r.operation(f)
		if !ok {
			continue
		}
		if op == Health {
			r.Wrong(f.at, `write it under the driver's "health"`, "health is not written as an operation")
			continue
		}
		if _, both := d.cannot[op]; both {
			r.Wrong(f.at, "", "operation %q is also under \"cannot\"", op)
		}
		seen[op] = f.at
		d.programs[op] = d.readProgram(r, op, f)
	}
	d.checkComplete(r, o, seen)
}

// checkComplete wants every operation of the method to be there, or to be said
// to be impossible.
func (d *Driver) checkComplete(r *reader, o object, seen map[Operation]place) {
	at := o.fields["operations"].at
	for _, op := range []Operation{Identify, Backup, Keep, Update, Recover, RestoreFiles} {
		_, there := seen[op]
		if _, said := d.cannot[op]; !there && !said {
			r.Wrong(at, fmt.Sprintf("add it, or say under \"cannot\" why the family cannot: \"%s: TEXT\"", op), "operation %q is missing", op)
		}
	}
	if len(d.rebootAfter) > 0 {
		if _, there := seen[Reboot]; !there {
			r.Wrong(o.placeOf("reboot-after"), "add it to \"operations\"", "a restart is wanted after operations, but there is no operation \"reboot\"")
		}
	}
	_, keep := seen[Keep]
	if back, restore := seen[RestoreFiles]; restore && !keep {
		r.Wrong(back, "", "there is \"restore-files\" but no \"keep\"")
	}
	if backup, ok := seen[Backup]; ok && d.format == "" {
		r.Wrong(backup, `add "format": the name of the configuration's format`, "there is a backup, but the driver has no \"format\"")
	}
}

// readMatches reads "match": a list of rules, one of which must fit.
func (d *Driver) readMatches(r *reader, n strictyaml.Node) {
	list, ok := n.Items()
	if !ok {
		r.unexpected(n, "match", "a list of rules, each begun by \"- \"")
		return
	}
	for _, e := range list {
		o := r.object(e, "a match rule", "sysObjectID", "sysDescr")
		m := match{line: o.at.Line}
		if o.has("sysObjectID") {
			m.objectID = strings.TrimPrefix(o.text("sysObjectID"), ".")
			if err := checkOID(m.objectID); err != nil {
				r.Wrong(o.placeOf("sysObjectID"), "", "sysObjectID is not an OID: %v", err)
			}
		}
		if f, ok := o.fields["sysDescr"]; ok {
			m.descr = r.pattern(f.value, "sysDescr")
		}
		if m.objectID == "" && m.descr == nil {
			r.Wrong(o.at, "", "a match rule needs sysObjectID, sysDescr or both")
		}
		d.matches = append(d.matches, m)
	}
	if len(list) == 0 {
		r.Wrong(n.Place(), "", "match has no rules")
	}
}
