// Package cli tells stories of people at the command line: each script in
// testdata has its own data directory, server and simulated fleet, and runs the
// real program (DESIGN.md section 8).
package cli

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"drydock/drivers"
	"drydock/internal/sim"
)

// patience is how long a part may take to start on a busy machine.
const patience = 60 * time.Second

func TestStories(t *testing.T) {
	bin := build(t)
	fleets := &atomic.Int32{}
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("PATH", bin+string(os.PathListSeparator)+env.Getenv("PATH"))
			env.Setenv("DRYDOCK_DATA", filepath.Join(env.WorkDir, "data"))
			env.Setenv("USER", "alice")
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"serve":     serve,
			"fleet":     func(ts *testscript.TestScript, neg bool, args []string) { fleet(ts, neg, args, fleets.Add(1)) },
			"exits":     exits,
			"json":      parsesAsJSON,
			"mode":      mode,
			"capture":   capture,
			"interrupt": interrupt,
			"image":     image,
			"shipped":   shipped,
			"netbox":    netbox,
		},
	})
}

// build builds the program as it is delivered and returns its directory.
func build(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	out, err := exec.Command("go", "build", "-o", filepath.Join(dir, "drydock"), "drydock/cmd/drydock").CombinedOutput()
	if err != nil {
		t.Fatalf("build drydock: %v\n%s", err, out)
	}
	return dir
}

// serve runs the script's server, with more flags if given, until the script
// ends, and makes it the one that drydock talks to. Usage: serve [FLAG...]
func serve(ts *testscript.TestScript, neg bool, args []string) {
	refuseNegation(ts, neg, "serve")
	args = append([]string{"serve", "--http", "127.0.0.1:0", "--tftp", "127.0.0.1:0", "--ftp", "127.0.0.1:0", "--trap", "127.0.0.1:0",
		"--server-address", "127.0.0.1"}, args...)
	url := background(ts, `drydock serves at ([^;]+);`, args)
	ts.Setenv("DRYDOCK_SERVER", url)
}

// fleet simulates devices on addresses of their own until the script ends, and
// writes fleet.csv for drydock device import. Usage: fleet N [FLAG...]
func fleet(ts *testscript.TestScript, neg bool, args []string, number int32) {
	refuseNegation(ts, neg, "fleet")
	if len(args) == 0 {
		ts.Fatalf("usage: fleet N [FLAG...]")
	}
	args = append([]string{"sim", "--devices", args[0], "--first", fmt.Sprintf("127.91.%d.1", number), "--port", "0", "--speed", "200",
		"--import", ts.MkAbs("fleet.csv")}, args[1:]...)
	background(ts, `devices answer from (\S+)`, args)
}

// background starts drydock, waits for the line that says it is ready, and
// returns what the pattern's group found.
func background(ts *testscript.TestScript, ready string, args []string) string {
	c, stderr := command(ts, args)
	found := make(chan string, 1)
	lines := sync.WaitGroup{}
	var said strings.Builder
	lines.Go(func() {
		defer close(found)
		for in := bufio.NewScanner(stderr); in.Scan(); {
			said.WriteString(in.Text() + "\n")
			if m := regexp.MustCompile(ready).FindStringSubmatch(in.Text()); m != nil {
				found <- m[1]
			}
		}
	})
	ts.Defer(func() {
		_ = c.Process.Signal(os.Interrupt)
		lines.Wait()
		_ = c.Wait()
	})
	select {
	case text, ok := <-found:
		if !ok {
			ts.Fatalf("drydock %s ended before it was ready:\n%s", args[0], said.String())
		}
		return text
	case <-time.After(patience):
		ts.Fatalf("drydock %s is not ready after %s", args[0], patience)
	}
	return ""
}

// command starts drydock with the script's environment; what it prints, on
// stderr and stdout, comes from the reader.
func command(ts *testscript.TestScript, args []string) (*exec.Cmd, io.Reader) {
	c := exec.Command(filepath.Join(firstDir(ts.Getenv("PATH")), "drydock"), args...)
	c.Dir = ts.MkAbs(".")
	c.Env = []string{"PATH=" + ts.Getenv("PATH"), "HOME=" + ts.Getenv("HOME"), "USER=" + ts.Getenv("USER"),
		"DRYDOCK_DATA=" + ts.Getenv("DRYDOCK_DATA"), "DRYDOCK_SERVER=" + ts.Getenv("DRYDOCK_SERVER")}
	said, err := c.StderrPipe()
	ts.Check(err)
	c.Stdout = c.Stderr
	ts.Check(c.Start())
	return c, said
}

func firstDir(path string) string { return filepath.SplitList(path)[0] }

// exits runs a program and checks its exit code. Usage: exits CODE PROGRAM [ARG...]
func exits(ts *testscript.TestScript, neg bool, args []string) {
	refuseNegation(ts, neg, "exits")
	if len(args) < 2 {
		ts.Fatalf("usage: exits CODE PROGRAM [ARG...]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("%v", err)
		}
		got = exit.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit code %d; %d is expected", got, want)
	}
}

// parsesAsJSON checks that stdout, or a file, is one JSON value. Usage: json stdout|FILE
func parsesAsJSON(ts *testscript.TestScript, neg bool, args []string) {
	refuseNegation(ts, neg, "json")
	if text := ts.ReadFile(args[0]); !json.Valid([]byte(text)) {
		ts.Fatalf("%s is not JSON:\n%s", args[0], text)
	}
}

// mode checks a file's permissions. Usage: mode OCTAL FILE...
func mode(ts *testscript.TestScript, neg bool, args []string) {
	refuseNegation(ts, neg, "mode")
	for _, name := range args[1:] {
		info, err := os.Stat(ts.MkAbs(name))
		ts.Check(err)
		if got := fmt.Sprintf("%04o", info.Mode().Perm()); got != args[0] {
			ts.Fatalf("%s has mode %s; %s is expected", name, got, args[0])
		}
	}
}

// capture sets a variable to what the pattern's group finds in stdout or stderr.
// Usage: capture NAME stdout|stderr PATTERN
func capture(ts *testscript.TestScript, neg bool, args []string) {
	refuseNegation(ts, neg, "capture")
	if len(args) != 3 {
		ts.Fatalf("usage: capture NAME stdout|stderr PATTERN")
	}
	found := regexp.MustCompile("(?m)" + args[2]).FindStringSubmatch(ts.ReadFile(args[1]))
	if len(found) != 2 {
		ts.Fatalf("no match, or not one group, for %q in:\n%s", args[2], ts.ReadFile(args[1]))
	}
	ts.Setenv(args[0], found[1])
}

// interrupt runs drydock, interrupts it when a line that it prints matches, and
// writes all to a file. Usage: interrupt FILE PATTERN [ARG...]
func interrupt(ts *testscript.TestScript, neg bool, args []string) {
	refuseNegation(ts, neg, "interrupt")
	if len(args) < 3 {
		ts.Fatalf("usage: interrupt FILE PATTERN ARG...")
	}
	c, out := command(ts, args[2:])
	giveUp := time.AfterFunc(patience, func() { _ = c.Process.Kill() })
	defer giveUp.Stop()
	var said strings.Builder
	matched := false
	for in := bufio.NewScanner(out); in.Scan(); {
		said.WriteString(in.Text() + "\n")
		if !matched && regexp.MustCompile(args[1]).MatchString(in.Text()) {
			matched = true
			ts.Check(c.Process.Signal(os.Interrupt))
		}
	}
	err := c.Wait()
	ts.Logf("%s[%v]", said.String(), err)
	if !matched {
		ts.Fatalf("no line matched %q", args[1])
	}
	if c.ProcessState.ExitCode() == 0 {
		ts.Fatalf("an interrupted program must not exit with 0")
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(said.String()), 0o600))
}

// image writes software that the simulated devices load. Usage: image FILE VERSION
func image(ts *testscript.TestScript, neg bool, args []string) {
	refuseNegation(ts, neg, "image")
	if len(args) != 2 {
		ts.Fatalf("usage: image FILE VERSION")
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), sim.MakeImage(args[1], 2, []string{"IAD-4", "IAD-24"}, 1<<16), 0o600))
}

// shipped writes a driver that drydock brings along, one text in it perhaps
// replaced. Usage: shipped FILE DRIVER [OLD NEW]
func shipped(ts *testscript.TestScript, neg bool, args []string) {
	refuseNegation(ts, neg, "shipped")
	raw, err := fs.ReadFile(drivers.FS, args[1]+".yaml")
	ts.Check(err)
	text := string(raw)
	if len(args) == 4 {
		if !strings.Contains(text, args[2]) {
			ts.Fatalf("%s has no %q", args[1], args[2])
		}
		text = strings.ReplaceAll(text, args[2], args[3])
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(text), 0o600))
}

func refuseNegation(ts *testscript.TestScript, neg bool, name string) {
	if neg {
		ts.Fatalf("%s cannot be negated", name)
	}
}
