package mib

import (
	"slices"
	"strconv"
)

// module is what one module defines.
type module struct {
	name    string
	imports map[string]string // name to module
	nodes   []*node
	types   map[string]Syntax
}

// node is a name and its place below another.
type node struct {
	name, macro, access string
	syntax              Syntax
	place               []string // "{ parent 1 2 }" without braces
}

// macros define nodes.
func macros() []string {
	return []string{"OBJECT-TYPE", "MODULE-IDENTITY", "OBJECT-IDENTITY", "NOTIFICATION-TYPE", "TRAP-TYPE", "OBJECT-GROUP",
		"NOTIFICATION-GROUP", "MODULE-COMPLIANCE", "AGENT-CAPABILITIES"}
}

// parser goes through a module's tokens.
type parser struct {
	tokens []string
	i      int
	m      *module
}

// parse reads one file; nil where it has no module.
func parse(text string) *module {
	p := &parser{tokens: tokens(text), m: &module{imports: map[string]string{}, types: map[string]Syntax{}}}
	start := slices.Index(p.tokens, "DEFINITIONS")
	if start < 1 {
		return nil
	}
	p.m.name, p.i = p.tokens[start-1], start+1
	for p.i < len(p.tokens) {
		p.definition()
	}
	return p.m
}

// at gives a token ahead; "" after the end.
func (p *parser) at(ahead int) string {
	if n := p.i + ahead; n < len(p.tokens) {
		return p.tokens[n]
	}
	return ""
}

// skipTo moves behind the next such token.
func (p *parser) skipTo(token string) {
	if n := slices.Index(p.tokens[p.i:], token); n >= 0 {
		p.i += n + 1
		return
	}
	p.i = len(p.tokens)
}

func (p *parser) definition() {
	switch name, next := p.at(0), p.at(1); {
	case name == "IMPORTS":
		p.imports()
	case next == "MACRO":
		p.skipTo("END")
	case next == "OBJECT" && p.at(2) == "IDENTIFIER" && p.at(3) == "::=":
		p.i += 4
		p.m.nodes = append(p.m.nodes, &node{name: name, place: p.braces()})
	case slices.Contains(macros(), next):
		p.i += 2
		p.m.nodes = append(p.m.nodes, p.node(name, next))
	case next == "::=" && p.at(2) == "TEXTUAL-CONVENTION":
		p.i += 3
		p.skipTo("SYNTAX")
		p.m.types[name] = p.syntax()
	case next == "::=" && p.at(2) != "BEGIN":
		p.i += 2
		p.m.types[name] = p.syntax()
	default:
		p.i++
	}
}

// imports reads "a, b FROM MODULE ... ;".
func (p *parser) imports() {
	p.i++
	var names []string
	for ; p.i < len(p.tokens) && p.at(0) != ";"; p.i++ {
		switch t := p.at(0); t {
		case ",":
		case "FROM":
			p.i++
			for _, name := range names {
				p.m.imports[name] = p.at(0)
			}
			names = nil
		default:
			names = append(names, t)
		}
	}
}

// node reads what follows a macro's name, up to the value.
func (p *parser) node(name, macro string) *node {
	n := &node{name: name, macro: macro}
	enterprise := ""
	for ; p.i < len(p.tokens) && p.at(0) != "::="; p.i++ {
		switch p.at(0) {
		case "SYNTAX":
			if n.syntax.Type == "" {
				p.i++
				n.syntax = p.syntax()
				p.i--
			}
		case "ACCESS", "MAX-ACCESS":
			if n.access == "" {
				n.access = p.at(1)
			}
		case "ENTERPRISE":
			enterprise = p.at(1)
		}
	}
	p.i++
	if macro == "TRAP-TYPE" { // RFC 2576 section 3.1: enterprise, 0, number
		n.place = []string{enterprise, "0", p.at(0)}
		p.i++
		return n
	}
	n.place = p.braces()
	return n
}

// braces reads "{ a b(1) 2 }" and leaves out the braces; of "b(1)" only the
// number counts, unless it comes first.
func (p *parser) braces() []string {
	var all []string
	if p.at(0) != "{" {
		return nil
	}
	for p.i++; p.i < len(p.tokens) && p.at(0) != "}"; p.i++ {
		if p.at(1) == "(" && len(all) > 0 {
			p.i += 2
		}
		if t := p.at(0); t != "(" && t != ")" {
			all = append(all, t)
		}
	}
	p.i++
	return all
}

// syntax reads a type, with the values of an enumeration.
func (p *parser) syntax() Syntax {
	s := Syntax{Type: p.at(0)}
	p.i++
	switch {
	case s.Type == "[": // [APPLICATION n] IMPLICIT type
		p.skipTo("]")
		if p.at(0) == "IMPLICIT" {
			p.i++
		}
		return p.syntax()
	case s.Type == "OCTET" && p.at(0) == "STRING", s.Type == "OBJECT" && p.at(0) == "IDENTIFIER":
		s.Type += " " + p.at(0)
		p.i++
	case s.Type == "SEQUENCE" && p.at(0) == "OF":
		s.Type = "SEQUENCE OF"
		p.i += 2
	case s.Type == "SEQUENCE" || s.Type == "CHOICE":
		p.skipTo("}")
		return s
	}
	if p.at(0) == "{" {
		s.Values = p.values()
	}
	return s
}

// values reads "{ name(1), other(2) }".
func (p *parser) values() map[string]int64 {
	all := map[string]int64{}
	for p.i++; p.i < len(p.tokens) && p.at(0) != "}"; p.i++ {
		if p.at(1) != "(" {
			continue
		}
		if v, err := strconv.ParseInt(p.at(2), 10, 64); err == nil {
			all[p.at(0)] = v
		}
	}
	p.i++
	return all
}
