package engine

import (
	"bytes"
	"context"
	"io"
	"strings"

	"drydock/internal/driver"
	"drydock/internal/fault"
	"drydock/internal/migrate"
	"drydock/internal/procedure"
)

// withImageLines gives a configuration as an update delivers it: the lines that
// say which image is started are the release's. The backup has those of the old
// image, which would undo the update.
func (t *task) withImageLines(ctx context.Context, content []byte) ([]byte, error) {
	lines := t.driver.ImageLines()
	if len(lines.Match) == 0 || t.state.Plan.Goal == procedure.GoalRestore {
		return content, nil
	}
	wanted, err := t.releaseLines(ctx, lines.Role)
	if err != nil || len(wanted) == 0 {
		return content, err
	}
	old, err := linesThatFit(t.driver.Format(), content, lines)
	if err != nil {
		return nil, err
	}
	return replaceLines(content, old, wanted, t.driver.EndMarker()), nil
}

// releaseLines are the commands of a release's file: what it takes back ("no"),
// its end and its comments are for a configuration that is merged.
func (t *task) releaseLines(ctx context.Context, role string) (lines []string, err error) {
	release, err := t.Store.Release(ctx, t.state.Plan.Release)
	if err != nil {
		return nil, err
	}
	for _, f := range release.Files {
		if f.Role != role {
			continue
		}
		file, err := t.Store.ReleaseFile(ctx, release.ID, f.Name)
		if err != nil {
			return nil, err
		}
		defer file.Close()
		text, err := io.ReadAll(io.NewSectionReader(file, 0, MaxConfiguration))
		if err != nil {
			return nil, err
		}
		for line := range strings.Lines(string(text)) {
			line = strings.TrimRight(line, "\r\n")
			if first, _, _ := strings.Cut(line, " "); first != "" && first != "no" && first != "undo" && first != "end" && !strings.ContainsAny(first[:1], "!#") {
				lines = append(lines, line)
			}
		}
	}
	return lines, nil
}

// linesThatFit gives the numbers of the lines, from 1, that belong to the image.
func linesThatFit(format string, content []byte, lines driver.ImageLines) (map[int]bool, error) {
	which, err := migrate.NewCategoriser([]migrate.CategoryPaths{{Category: migrate.DefaultData, Paths: lines.Match}})
	if err != nil {
		return nil, err
	}
	d, err := migrate.Parse(format, content)
	if err != nil {
		return nil, fault.New(fault.Invalid, "", "configuration", "%w", err)
	}
	fits := map[int]bool{}
	for _, e := range d.Entries() {
		if which.Of(append(e.Path, e.Text)) == migrate.DefaultData {
			fits[e.Line] = true
		}
	}
	return fits, nil
}

// replaceLines puts lines in the place of the first of those that go; where
// none goes, before the end.
func replaceLines(content []byte, gone map[int]bool, lines []string, end string) []byte {
	var out bytes.Buffer
	placed := false
	place := func() {
		for _, l := range lines {
			out.WriteString(l + "\n")
		}
		placed = true
	}
	n := 0
	for line := range strings.Lines(string(content)) {
		n++
		switch {
		case gone[n]:
			if !placed {
				place()
			}
			continue
		case !placed && len(gone) == 0 && end != "" && strings.TrimSpace(line) == end:
			place()
		}
		out.WriteString(line)
	}
	if !placed {
		place()
	}
	return out.Bytes()
}
