package confset

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// An archive is a text of indented lines, so that a management system reads,
// compares and migrates it like any configuration:
//
//	config-version 2.0
//	manifest
//	 network
//	 sip
//	file port network uci 0644
//	 config interface 'wan'
//	 	option proto 'dhcp'
//	file protocol sip ini 0600
//	 [sip]
//	end
//
// A file's lines follow its head with one blank before each. Behind the mode
// stands "no-eol" where the last line has no line end, and "base64" where the
// content is no text.
const (
	endMark = "end"
	noEOL   = "no-eol"
	inCode  = "base64"
	perLine = 57 // octets that make 76 digits of base64
)

// Format writes an archive.
func Format(version string, entries []Entry) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "config-version %s\nmanifest\n", version)
	for _, e := range entries {
		fmt.Fprintf(&b, " %s\n", e.Name)
	}
	for _, e := range entries {
		fmt.Fprintf(&b, "file %s %s %s %04o", e.Category, e.Name, e.Format, e.Mode)
		if !utf8.Valid(e.Data) || bytes.IndexByte(e.Data, 0) >= 0 {
			fmt.Fprintf(&b, " %s\n", inCode)
			for part := range slices.Chunk(e.Data, perLine) {
				fmt.Fprintf(&b, " %s\n", base64.StdEncoding.EncodeToString(part))
			}
			continue
		}
		if len(e.Data) > 0 && !bytes.HasSuffix(e.Data, []byte("\n")) {
			b.WriteString(" " + noEOL)
		}
		b.WriteByte('\n')
		for line := range bytes.Lines(e.Data) {
			b.WriteByte(' ')
			b.Write(bytes.TrimSuffix(line, []byte("\n")))
			b.WriteByte('\n')
		}
	}
	b.WriteString(endMark + "\n")
	return b.Bytes()
}

// Parse reads an archive. Of the files' paths nothing is known afterwards.
func Parse(archive []byte) (version string, entries []Entry, err error) {
	p := parser{rest: string(archive)}
	if version, err = p.head(); err != nil {
		return "", nil, err
	}
	for {
		line, ok := p.next()
		switch {
		case !ok:
			return "", nil, p.wrong("the archive is not whole: its last line is not %q", endMark)
		case line == endMark && p.rest != "":
			return "", nil, p.wrong("nothing may follow the line %q", endMark)
		case line == endMark:
			return version, entries, p.complete(entries)
		}
		e, err := p.file(line)
		if err != nil {
			return "", nil, err
		}
		entries = append(entries, e)
	}
}

type parser struct {
	rest     string
	line     int
	manifest []string
}

func (p *parser) wrong(format string, args ...any) error {
	return fmt.Errorf("line %d: "+format, append([]any{p.line}, args...)...)
}

// next takes a line; one without a line end is none, for the archive was cut.
func (p *parser) next() (string, bool) {
	line, rest, ok := strings.Cut(p.rest, "\n")
	if !ok {
		return "", false
	}
	p.line++
	p.rest = rest
	return line, true
}

// body takes a line of the block that is open.
func (p *parser) body() (string, bool) {
	if !strings.HasPrefix(p.rest, " ") {
		return "", false
	}
	line, ok := p.next()
	if !ok {
		return "", false
	}
	return line[1:], true
}

func (p *parser) head() (version string, err error) {
	line, _ := p.next()
	for strings.HasPrefix(line, "!") {
		line, _ = p.next()
	}
	version, ok := strings.CutPrefix(line, "config-version ")
	if !ok {
		return "", p.wrong("an archive begins with \"config-version\", this is %q", line)
	}
	if line, _ := p.next(); line != "manifest" {
		return "", p.wrong("the manifest is missing")
	}
	for name, ok := p.body(); ok; name, ok = p.body() {
		p.manifest = append(p.manifest, name)
	}
	return version, nil
}

func (p *parser) file(head string) (e Entry, err error) {
	words := strings.Split(head, " ")
	if len(words) < 5 || words[0] != "file" {
		return e, p.wrong("%q is no head of a file; it is: file CATEGORY NAME FORMAT MODE", head)
	}
	mode, err := strconv.ParseUint(words[4], 8, 12)
	if err != nil {
		return e, p.wrong("mode %q: it is octal, such as 0644", words[4])
	}
	e = Entry{File: File{Category: words[1], Name: words[2], Format: words[3]}, Mode: fs.FileMode(mode)}
	var b bytes.Buffer
	for line, ok := p.body(); ok; line, ok = p.body() {
		b.WriteString(line)
		b.WriteByte('\n')
	}
	e.Data = b.Bytes()
	for _, flag := range words[5:] {
		switch flag {
		case noEOL:
			e.Data = bytes.TrimSuffix(e.Data, []byte("\n"))
		case inCode:
			if e.Data, err = base64.StdEncoding.DecodeString(b.String()); err != nil {
				return e, p.wrong("file %s: %v", e.Name, err)
			}
		default:
			return e, p.wrong("file %s: %q is not known", e.Name, flag)
		}
	}
	return e, nil
}

// complete compares the files with the manifest.
func (p *parser) complete(entries []Entry) error {
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = e.Name
	}
	if !slices.Equal(names, p.manifest) {
		return p.wrong("the archive has the files %v and its manifest %v", names, p.manifest)
	}
	return nil
}
