package store_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"
)

const postgresBin = "/usr/lib/postgresql/15/bin"

// cluster is a PostgreSQL of the tests' own on a Unix socket, with fsync on
// and page checksums.
type cluster struct {
	dir   string
	shell *exec.Cmd
	stdin io.Closer // when it closes, even because this process died, the server stops
	next  atomic.Int64
}

func startCluster() (c *cluster, err error) {
	if _, err := os.Stat(filepath.Join(postgresBin, "initdb")); err != nil {
		return nil, err
	}
	c = &cluster{}
	if c.dir, err = os.MkdirTemp("/tmp", "pg"); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(c.dir))
		}
	}()
	var as *syscall.SysProcAttr
	if os.Getuid() == 0 { // PostgreSQL refuses to run as root
		if as, err = asPostgres(c.dir); err != nil {
			return nil, err
		}
	}
	initdb := exec.Command(postgresBin+"/initdb", "-D", c.dir+"/data", "-U", "drydock", "-A", "trust", "-k", "--no-sync", "-E", "UTF8", "--locale=C.UTF-8")
	initdb.SysProcAttr, initdb.Dir = as, c.dir
	if out, err := initdb.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w\n%s", err, out)
	}
	script := `"$1/postgres" -D data -k "$PWD" -c listen_addresses= -c fsync=on & read line; kill -INT $!; wait $!`
	c.shell = exec.Command("sh", "-c", script, "sh", postgresBin)
	c.shell.SysProcAttr, c.shell.Dir = as, c.dir
	if c.stdin, err = c.shell.StdinPipe(); err != nil {
		return nil, err
	}
	log, err := c.shell.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := c.shell.Start(); err != nil {
		return nil, err
	}
	return c, awaitReady(log)
}

func asPostgres(dir string) (*syscall.SysProcAttr, error) {
	u, err := user.Lookup("postgres")
	if err != nil {
		return nil, err
	}
	uid, err := strconv.Atoi(u.Uid)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.Atoi(u.Gid)
	if err != nil {
		return nil, err
	}
	if err := os.Chown(dir, uid, gid); err != nil {
		return nil, err
	}
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}, nil
}

// awaitReady reads the server's log until it takes connections, and on, so
// that the pipe never fills.
func awaitReady(log io.Reader) error {
	lines := bufio.NewScanner(log)
	var seen strings.Builder
	for lines.Scan() {
		fmt.Fprintln(&seen, lines.Text())
		if strings.Contains(lines.Text(), "ready to accept connections") {
			go func() { _, _ = io.Copy(io.Discard, log) }() // ends when the server does
			return nil
		}
	}
	return fmt.Errorf("postgres did not start:\n%s", seen.String())
}

func (c *cluster) stop() error {
	return errors.Join(c.stdin.Close(), ignoreExit(c.shell.Wait()), os.RemoveAll(c.dir))
}

func ignoreExit(err error) error {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return nil
	}
	return err
}

func (c *cluster) url(database string) string {
	return "postgres:///" + database + "?host=" + url.QueryEscape(c.dir) + "&user=drydock"
}

// fresh makes an empty database and gives its address. Its collation is not C,
// so that order by octets is not an accident.
func (c *cluster) fresh(t testing.TB) string {
	t.Helper()
	name := fmt.Sprintf("d%d", c.next.Add(1))
	conn, err := pgx.Connect(t.Context(), c.url("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Exec(t.Context(), "CREATE DATABASE "+name+" TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'de' LOCALE 'C.UTF-8'"); err != nil {
		t.Fatal(err)
	}
	if err := conn.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	return c.url(name)
}
