package docs

import (
	"bufio"
	"bytes"
	"cmp"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// part is one block of the drivers' tutorial.
type part struct {
	line   int
	kind   string // "file", "sh", "terminal"
	name   string // of the file
	append bool
	exit   int
	text   string
	output string
}

// tutorial reads the blocks of a page, in order, each with its output.
func tutorial(t *testing.T, page string) (parts []part) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", page))
	if err != nil {
		t.Fatal(err)
	}
	var into *string
	var none string
	for i, line := range strings.Split(string(text), "\n") {
		info, fence := strings.CutPrefix(line, "```")
		switch words := strings.Fields(info); {
		case fence && into != nil:
			into = nil
		case fence && len(words) == 0:
			into = &none
		case fence && words[0] == "output":
			into = &parts[len(parts)-1].output
		case fence:
			p := part{line: i + 1, kind: "sh"}
			switch rest := strings.Join(words[1:], " "); {
			case words[0] != "sh":
				p.kind, p.name, p.append = "file", words[1], strings.HasSuffix(rest, " append")
			case rest == "terminal":
				p.kind = rest
			case rest != "":
				p.exit, err = strconv.Atoi(strings.TrimPrefix(rest, "exit="))
				if err != nil {
					t.Fatalf("%s:%d: %q", page, i+1, line)
				}
			}
			parts = append(parts, p)
			into = &parts[len(parts)-1].text
		case into != nil:
			*into += line + "\n"
		}
	}
	return parts
}

// user sits at a desk with a terminal or more.
type user struct {
	t    *testing.T
	page string
	dir  string
	vars []string
	free *strings.Replacer // the page's ports, which may be taken, for free ones
}

// freePort finds a port that nothing listens on.
func freePort(t *testing.T, network string) string {
	t.Helper()
	if network == "udp" {
		c, err := net.ListenPacket(network, "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		return strconv.Itoa(c.LocalAddr().(*net.UDPAddr).Port)
	}
	l, err := net.Listen(network, "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
}

func newUser(t *testing.T, page string) *user {
	t.Helper()
	bin, dir, http := t.TempDir(), t.TempDir(), freePort(t, "tcp")
	if out, err := exec.Command("go", "build", "-o", filepath.Join(bin, "drydock"), "drydock/cmd/drydock").CombinedOutput(); err != nil {
		t.Fatalf("build drydock: %v\n%s", err, out)
	}
	return &user{t: t, page: page, dir: dir, free: strings.NewReplacer("10069", freePort(t, "udp"), "8480", http, "1161", freePort(t, "udp")),
		vars: []string{"PATH=" + bin + string(os.PathListSeparator) + os.Getenv("PATH"), "HOME=" + dir, "DRYDOCK_SERVER=http://127.0.0.1:" + http}}
}

func (u *user) command(p part) *exec.Cmd {
	c := exec.CommandContext(u.t.Context(), "bash", "-euc", u.free.Replace(p.text))
	c.Dir, c.Env = u.dir, u.vars
	return c
}

func (u *user) holds(p part, out string) {
	u.t.Helper()
	if want := u.free.Replace(p.output); want != "" && !pattern(want).MatchString(strings.TrimSpace(out)) {
		u.t.Fatalf("%s:%d gives\n%s\nand the page shows\n%s", u.page, p.line, out, want)
	}
}

// types types a block and holds what comes to what the page shows.
func (u *user) types(p part) {
	u.t.Helper()
	out, err := u.command(p).CombinedOutput()
	code := 0
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		code = exit.ExitCode()
	} else if err != nil {
		u.t.Fatal(err)
	}
	if code != p.exit {
		u.t.Fatalf("%s:%d: exit code %d, not %d:\n%s", u.page, p.line, code, p.exit, out)
	}
	u.holds(p, string(out))
}

// opens opens a terminal and waits for the line that the page shows.
func (u *user) opens(p part) {
	u.t.Helper()
	p.text = "exec " + p.text
	c := u.command(p)
	stderr, err := c.StderrPipe()
	if err == nil {
		err = c.Start()
	}
	if err != nil {
		u.t.Fatal(err)
	}
	var said bytes.Buffer
	ready := make(chan struct{})
	var lines sync.WaitGroup
	lines.Go(func() { // it ends with the command
		found := false
		for in := bufio.NewScanner(stderr); in.Scan(); {
			if !found {
				said.WriteString(in.Text() + "\n")
			}
			if !found && pattern(u.free.Replace(p.output)).MatchString(in.Text()) {
				found = true
				close(ready)
			}
		}
	})
	u.t.Cleanup(func() {
		_ = c.Process.Signal(os.Interrupt)
		lines.Wait()
		_ = c.Wait()
	})
	select {
	case <-ready:
	case <-time.After(60 * time.Second):
		u.t.Fatalf("%s:%d is not ready:\n%s", u.page, p.line, cmp.Or(said.String(), "nothing was said"))
	}
}

// sharedMIBs is the folder with the makers' MIB files.
func sharedMIBs(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		if found := filepath.Join(dir, "shared", "mibs"); isDir(found) {
			return found
		}
	}
	if found := filepath.Join(os.Getenv("DRYDOCK_SHARED"), "mibs"); isDir(found) {
		return found
	}
	if os.Getenv("DRYDOCK_TEST_NO_SKIP") == "1" {
		t.Fatal("there is no folder shared/mibs")
	}
	t.Skip("there is no folder shared/mibs with the makers' files")
	return ""
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// TestDriversTutorial follows docs/drivers.md as a new user would, from a MIB
// that drydock has no driver for to an update.
func TestDriversTutorial(t *testing.T) {
	mibs := sharedMIBs(t)
	parts := tutorial(t, "drivers.md")
	u := newUser(t, "drivers.md")
	for _, module := range []string{"HUAWEI-LOAD-BACKUP-MIB", "HUAWEI-DEVICE-MIB", "HUAWEI-MIB"} {
		raw, err := os.ReadFile(filepath.Join(mibs, "huawei", module+".mib"))
		if err != nil {
			t.Fatal(err)
		}
		desk{t, u.dir}.write(block{name: "mibs/" + module + ".mib", text: string(raw)})
	}
	terminals := 0
	for _, p := range parts {
		switch p.kind {
		case "file":
			desk{t, u.dir}.write(block{name: p.name, append: p.append, text: p.text})
		case "terminal":
			terminals++
			u.opens(p)
		default:
			u.types(p)
		}
	}
	if terminals != 2 || len(parts) < 10 {
		t.Errorf("%d blocks, %d terminals in the page", len(parts), terminals)
	}
}
