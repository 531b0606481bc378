package store

import (
	"context"
	"database/sql"
	"embed"
	"strconv"
	"strings"
)

//go:embed schema
var schemas embed.FS

// dialect is what differs between the two databases. Everything else is the
// same SQL, written with ? for parameters.
type dialect struct {
	name      string
	schema    string // folder of the numbered migrations
	preparing bool   // a query that is repeated is worth preparing here: the driver does not do it
	begin     string // starts a transaction that may write
	share     string // makes a SELECT wait for whoever changes the row
	tables    string // lists the tables by name
	bind      func(query string) string
	diagnose  func(error) trouble
}

// pools are the connections to the database: one that writes and a few that
// read.
type pools struct {
	write, read *sql.DB
}

func (p pools) close() error {
	err := p.read.Close()
	if e := p.write.Close(); err == nil {
		err = e
	}
	return err
}

// hold is the right of this process to use the store, kept outside of the
// schema: it is taken before anything is read.
type hold interface {
	// lost gives an error once the hold may be somebody else's; it returns nil
	// when ctx ends. It is called once.
	lost(ctx context.Context) error
	release() error
}

// asWritten leaves the parameters as they are.
func asWritten(query string) string { return query }

// numbered turns ? into $1, $2 and so on. No query of this package has a ? in
// a literal.
func numbered(query string) string {
	var b strings.Builder
	n := 0
	for part := range strings.SplitSeq(query, "?") {
		if n > 0 {
			b.WriteString("$")
			b.WriteString(strconv.Itoa(n))
		}
		b.WriteString(part)
		n++
	}
	return b.String()
}
