// Package drydock_test keeps the architecture (docs/architecture.md): which
// package may import which, what the pure ones may not touch, and where each
// library enters. It reads the source as written and compiles nothing, so it
// holds for every build tag.
package drydock_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// A ring is a layer: arrows point to the rings that it may import.
type ring string

const (
	leaf   ring = "leaf"   // the standard library, and at most the one library that it is the door of
	embed  ring = "embed"  // data that users extend
	decide ring = "decide" // pure
	speak  ring = "speak"  // bytes and dialogues
	do     ring = "do"     // the IO shell
	api    ring = "api"    // the way in
	user   ring = "user"   // those who come in by it: client and command line
	device ring = "device" // the equipment's side
	wiring ring = "wiring" // makes the parts and starts them
	probe  ring = "probe"  // measures and tests; nothing imports it
)

// imports says which rings each ring may import, besides its own.
var imports = map[ring][]ring{
	leaf:   {},
	embed:  {leaf},
	decide: {leaf, embed},
	speak:  {leaf},
	do:     {leaf, decide, speak},
	user:   {leaf, decide, embed},
	api:    {leaf, decide, do, user},
	device: {leaf, decide, speak, embed},
	wiring: {leaf, embed, decide, speak, do, user, api, device},
	probe:  {leaf, embed, decide, speak, do, user, api, device, wiring},
}

// packages is the folder list: the longest prefix counts. A package that is
// not here has no place yet: give it one.
var packages = map[string]ring{
	"internal/fault":     leaf,
	"internal/secret":    leaf,
	"internal/tracing":   leaf,
	"drivers":            embed,
	"migrations":         embed,
	"mibs":               embed,
	"web":                embed,
	"internal/procedure": decide,
	"internal/migrate":   decide,
	"internal/fleet":     decide,
	"internal/driver":    decide,
	"internal/access":    decide,
	"internal/snmp":      speak,
	"internal/transfer":  speak,
	"internal/engine":    do,
	"internal/store":     do,
	"internal/oidc":      do,
	"internal/notify":    do,
	"internal/api":       api,
	"internal/cli":       user,
	"client":             user,
	"internal/equipment": device,
	"internal/sim":       device,
	"internal/server":    wiring,
	"cmd":                wiring,
	"bench":              probe,
	"test":               probe,
	"tools":              probe,
	"examples":           probe,
	"internal/depstmp":   probe,

	"internal/strictyaml": leaf,
}

// agent is what the equipment's binary must never come to link.
var agentNever = []string{"internal/engine", "internal/store", "internal/api", "internal/server"}

// permitted are single arrows that the table of rings does not have, each with
// its reason.
var permitted = map[[2]string]string{}

// doors is where each library may be imported: the folder itself or one below.
// A library that is not here has no place yet. Tests may use any as a peer.
var doors = map[string][]string{
	"github.com/gosnmp/gosnmp":            {"internal/snmp"},
	"github.com/fclairamb/ftpserverlib":   {"internal/transfer/ftp"},
	"github.com/spf13/afero":              {"internal/transfer/ftp"},
	"github.com/danielgtaylor/huma":       {"internal/api"},
	"github.com/coreos/go-oidc":           {"internal/oidc"},
	"modernc.org/sqlite":                  {"internal/store"},
	"github.com/jackc/pgx":                {"internal/store"},
	"gocloud.dev":                         {"internal/store"},
	"github.com/spf13/cobra":              {"internal/cli"},
	"charm.land/bubbletea":                {"internal/cli"},
	"charm.land/lipgloss":                 {"internal/cli"},
	"go.opentelemetry.io/otel":            {"internal/tracing", "internal/server/tracing"},
	"go.temporal.io":                      {"internal/engine/temporal"},
	"go.starlark.net":                     {"internal/migrate"},
	"github.com/goccy/go-yaml":            {"internal/strictyaml", "internal/migrate/packtest", "internal/cli", "internal/equipment/settings"},
	"github.com/prometheus/client_golang": {"internal/server"},
	"github.com/klauspost/compress":       {"internal/equipment/install"},
	"golang.org/x":                        {"internal", "cmd", "client"},
}

// pure are the packages that only compute.
var pure = []string{"internal/procedure", "internal/migrate", "internal/fleet", "internal/driver", "internal/access", "internal/strictyaml"}

// impure are the standard library's packages that pure ones must not import,
// with all that lies below them.
var impure = []string{"net", "os", "io/ioutil", "context", "database/sql", "log", "math/rand", "crypto/rand",
	"syscall", "plugin", "expvar"}

// impureTime is what package time must not be used for in pure packages.
var impureTime = []string{"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTimer", "NewTicker"}

// file is one Go source file.
type file struct {
	path string // "internal/fleet/fleet.go"
	dir  string
	ast  *ast.File
	fset *token.FileSet
	text string
}

func (f file) isTest() bool { return strings.HasSuffix(f.path, "_test.go") }

func (f file) imports() (all []string) {
	for _, spec := range f.ast.Imports {
		name, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			continue // the parser would have refused it
		}
		all = append(all, name)
	}
	return all
}

func (f file) line(n ast.Node) string {
	return fmt.Sprintf("%s:%d", f.path, f.fset.Position(n.Pos()).Line)
}

// source parses every Go file of the module.
func source(t *testing.T) (all []file) {
	t.Helper()
	fset := token.NewFileSet()
	err := fs.WalkDir(os.DirFS("."), ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && name != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata" || d.Name() == "node_modules"):
			return fs.SkipDir
		case d.IsDir() && name != "." && exists(name+"/go.mod"):
			return fs.SkipDir // a module of its own
		case d.IsDir() || path.Ext(name) != ".go":
			return nil
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		tree, err := parser.ParseFile(fset, name, text, parser.ParseComments)
		if err != nil {
			return err
		}
		all = append(all, file{name, path.Dir(name), tree, fset, string(text)})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func exists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}

// within says whether dir is folder or lies below it.
func within(dir, folder string) bool { return dir == folder || strings.HasPrefix(dir, folder+"/") }

func ringOf(dir string) (r ring, ok bool) {
	for ; dir != "."; dir = path.Dir(dir) {
		if r, ok := packages[dir]; ok {
			return r, true
		}
	}
	return "", false
}

func TestImportsPointInward(t *testing.T) {
	for _, f := range source(t) {
		if f.isTest() {
			continue // a test may use any part as a peer
		}
		from, ok := ringOf(f.dir)
		if !ok {
			t.Errorf("%s: package %s has no ring; add it to the table in layout_test.go", f.path, f.dir)
			continue
		}
		for _, name := range f.imports() {
			dir, ours := strings.CutPrefix(name, "drydock/")
			if !ours {
				continue
			}
			to, ok := ringOf(dir)
			if permitted[[2]string{f.dir, dir}] != "" {
				continue
			}
			if ok && to != from && !slices.Contains(imports[from], to) {
				t.Errorf("%s: %s is in ring %s and must not import %s of ring %s", f.path, f.dir, from, dir, to)
			}
		}
	}
}

// TestAgentLinksLittle follows the imports of the equipment's binary.
func TestAgentLinksLittle(t *testing.T) {
	reach := map[string][]string{}
	for _, f := range source(t) {
		if !f.isTest() {
			reach[f.dir] = append(reach[f.dir], f.imports()...)
		}
	}
	seen := map[string]bool{}
	var follow func(dir string, way []string)
	follow = func(dir string, way []string) {
		if seen[dir] {
			return
		}
		seen[dir] = true
		for _, never := range agentNever {
			if within(dir, never) {
				t.Errorf("drydock-agent links %s: %s", never, strings.Join(way, " -> "))
			}
		}
		for _, name := range reach[dir] {
			if next, ours := strings.CutPrefix(name, "drydock/"); ours {
				follow(next, append(slices.Clip(way), next))
			}
		}
	}
	follow("cmd/drydock-agent", []string{"cmd/drydock-agent"})
}

func TestOneDoorPerDependency(t *testing.T) {
	for _, f := range source(t) {
		if r, _ := ringOf(f.dir); f.isTest() || r == probe || strings.HasSuffix(f.dir, "test") {
			continue
		}
		for _, name := range f.imports() {
			first, _, _ := strings.Cut(name, "/")
			if !strings.Contains(first, ".") {
				continue // the standard library, or ours
			}
			library, folders := door(name)
			switch {
			case library == "":
				t.Errorf("%s: %s has no door; a dependency is a decision (docs/decisions.md, then the table in layout_test.go)", f.path, name)
			case !slices.ContainsFunc(folders, func(folder string) bool { return within(f.dir, folder) }):
				t.Errorf("%s: %s enters by %v only", f.path, library, folders)
			}
		}
	}
}

// door gives the library that an import belongs to, and where it may enter.
func door(name string) (library string, folders []string) {
	for library, folders := range doors {
		if within(name, library) {
			return library, folders
		}
	}
	return "", nil
}

// TestPurePackagesArePure checks imports as written: what is behind them, fmt's
// os for one, is not theirs.
func TestPurePackagesArePure(t *testing.T) {
	for _, f := range source(t) {
		if f.isTest() || !slices.ContainsFunc(pure, func(p string) bool { return within(f.dir, p) }) {
			continue
		}
		for _, name := range f.imports() {
			if dir, ours := strings.CutPrefix(name, "drydock/"); ours {
				if r, _ := ringOf(dir); r != leaf && !slices.ContainsFunc(pure, func(p string) bool { return within(dir, p) }) {
					t.Errorf("%s: a pure package must not import %s", f.path, name)
				}
				continue
			}
			if name != "net/netip" && slices.ContainsFunc(impure, func(bad string) bool { return within(name, bad) }) {
				t.Errorf("%s: a pure package must not import %s", f.path, name)
			}
		}
		for _, wrong := range impureCode(f) {
			t.Error(wrong)
		}
	}
}

// impureCode finds goroutines, channels and the clock.
func impureCode(f file) (wrong []string) {
	ast.Inspect(f.ast, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			wrong = append(wrong, f.line(n)+": a pure package starts no goroutine")
		case *ast.SelectStmt, *ast.SendStmt, *ast.ChanType:
			wrong = append(wrong, f.line(n)+": a pure package has no channels")
		case *ast.SelectorExpr:
			if pkg, ok := n.X.(*ast.Ident); ok && pkg.Name == "time" && slices.Contains(impureTime, n.Sel.Name) {
				wrong = append(wrong, f.line(n)+": a pure package has no clock; time comes in as a value")
			}
		}
		return true
	})
	return wrong
}

// TestPackagesSayWhatTheyAreFor wants a package comment in one file of each.
func TestPackagesSayWhatTheyAreFor(t *testing.T) {
	commented := map[string]bool{}
	for _, f := range source(t) {
		if !f.isTest() {
			commented[f.dir] = commented[f.dir] || strings.TrimSpace(f.ast.Doc.Text()) != ""
		}
	}
	for dir, ok := range commented {
		if !ok {
			t.Errorf("package %s has no package comment: what it is for, what it does not do, its invariants", dir)
		}
	}
}

func TestNoInit(t *testing.T) {
	for _, f := range source(t) {
		for _, decl := range f.ast.Decls {
			if fn, ok := decl.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
				t.Errorf("%s: no init functions; register explicitly", f.line(fn))
			}
		}
	}
}

// TestSkipsFailWhereTold wants every function that skips a test to fail it
// where the environment says that nothing may be skipped, as CI does.
func TestSkipsFailWhereTold(t *testing.T) {
	for _, f := range source(t) {
		for _, decl := range f.ast.Decls {
			fn, ok := decl.(*ast.FuncDecl)
			if !ok || fn.Body == nil || !skips(fn) {
				continue
			}
			body := f.text[f.fset.Position(fn.Pos()).Offset:f.fset.Position(fn.End()).Offset]
			if !strings.Contains(body, "DRYDOCK_TEST_NO_SKIP") {
				t.Errorf("%s: %s skips, and does not look at DRYDOCK_TEST_NO_SKIP", f.line(fn), fn.Name.Name)
			}
		}
	}
}

func skips(fn *ast.FuncDecl) (found bool) {
	ast.Inspect(fn.Body, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok && (s.Sel.Name == "Skip" || s.Sel.Name == "Skipf" || s.Sel.Name == "SkipNow") {
			if x, ok := s.X.(*ast.Ident); ok && (x.Name == "t" || x.Name == "b" || x.Name == "tb" || x.Name == "f") {
				found = true
			}
		}
		return true
	})
	return found
}
