package migrate

import (
	"fmt"
	"strings"
)

// xmlFormat is XML. An element that has only text, or nothing, is a line "name
// value" or "name"; any other is a block "name", with its attributes as lines
// "@name value", then its elements, and text as lines "= value". Values are
// words, in double quotes where they have blanks or the like; white space
// about a text is no part of it.
//
// Comments, processing instructions and the document type are kept as they
// are. The five entities of XML and character references are read, others
// stay as they are written: nothing is expanded. The order of elements has a
// meaning in a block where a name stands several times.
type xmlFormat struct{}

func (xmlFormat) name() string { return "xml" }

func (xmlFormat) nests(...string) bool { return true }

func (xmlFormat) parse(d *Document) error {
	tags := strings.Count(d.src, "<") + strings.Count(d.src, "=")
	if tags > maxLines {
		return fmt.Errorf("it has %d tags and attributes; at most %d are read", tags, maxLines)
	}
	d.nodes, d.unit = make([]node, 0, cap(d.nodes)+3*tags+1), "  "
	p := xmlParser{jsonParser: jsonParser{d: d, src: d.src, block: &d.root}}
	p.at = len(p.src) - len(strings.TrimPrefix(p.src, "\ufeff"))
	d.root.indent = p.src[:p.at]
	for {
		p.blanks()
		from := p.at
		p.space()
		if p.at == len(p.src) {
			d.root.tail = p.src[from:]
			break
		}
		if err := p.next(from); err != nil {
			return err
		}
	}
	if p.block != &d.root {
		return p.fail(fmt.Sprintf("</%s>, the end of the element in line %d", p.name(p.block), 1+strings.Count(p.src[:p.block.offset], "\n")))
	}
	if lastCommand(&d.root) == nil {
		return p.fail("an element")
	}
	d.number()
	return nil
}

// xmlParser reads pieces of content; white space is read as in JSON.
type xmlParser struct {
	jsonParser
	unitSet bool
}

// next reads what stands in the open element.
func (p *xmlParser) next(from int) error {
	s := p.src[p.at:]
	switch {
	case strings.HasPrefix(s, "<!--"):
		return p.aside(from, "<!--", "-->", "the comment")
	case strings.HasPrefix(s, "<![CDATA["):
		if p.block == &p.d.root {
			return p.fail("an element")
		}
		return p.cdata(from)
	case strings.HasPrefix(s, "<?"):
		return p.aside(from, "<?", "?>", "the processing instruction")
	case strings.HasPrefix(s, "<!DOCTYPE"):
		if i := strings.IndexAny(s, "[>"); i > 0 && s[i] == '[' {
			return p.aside(from, "<!DOCTYPE", "]>", "the document type")
		}
		return p.aside(from, "<!DOCTYPE", ">", "the document type")
	case strings.HasPrefix(s, "</"):
		return p.end(from)
	case s[0] == '<':
		return p.element(from)
	}
	if p.block == &p.d.root {
		return p.fail(`"<"`)
	}
	end := len(p.src)
	if i := strings.IndexByte(s, '<'); i >= 0 {
		end = p.at + i
	}
	raw := strings.TrimRight(p.src[p.at:end], " \t\r\n")
	p.text(from, raw, "= "+quoteWord(xmlDecode(raw)))
	return nil
}

func (p *xmlParser) text(from int, raw, text string) *node {
	start := p.at
	p.at += len(raw)
	n := p.add(p.src[from:start], start, text)
	n.rest = p.lineEnd()
	return n
}

// aside keeps what is no data.
func (p *xmlParser) aside(from int, opener, closer, what string) error {
	i := strings.Index(p.src[p.at+len(opener):], closer) + len(opener)
	if i < len(opener) {
		return p.d.malformed(p.at, what+" that begins here is not closed", fmt.Sprintf("%q", closer))
	}
	p.text(from, p.src[p.at:p.at+i+len(closer)], "").kind = comment
	return nil
}

func (p *xmlParser) cdata(from int) error {
	i := strings.Index(p.src[p.at:], "]]>")
	if i < 0 {
		return p.d.malformed(p.at, "the CDATA that begins here is not closed", `"]]>"`)
	}
	raw := p.src[p.at : p.at+i+3]
	p.text(from, raw, "= "+quoteWord(raw[len("<![CDATA["):i]))
	return nil
}

// name gives the name of an open element.
func (p *xmlParser) name(n *node) string { return xmlName(n.raw) }

// xmlName gives the name in a start tag.
func xmlName(raw string) string {
	raw = strings.TrimPrefix(raw, "<")
	if i := strings.IndexAny(raw, " \t\r\n/>"); i >= 0 {
		raw = raw[:i]
	}
	return raw
}

// end reads an end tag.
func (p *xmlParser) end(from int) error {
	i := strings.IndexByte(p.src[p.at:], '>')
	if i < 0 {
		return p.d.malformed(p.at, "the end tag that begins here is not closed", `">"`)
	}
	name := strings.TrimSpace(p.src[p.at+2 : p.at+i])
	if p.block == &p.d.root {
		return p.d.malformed(p.at, fmt.Sprintf("found </%s>, but no element is open", name), "an element or the end of the file")
	}
	if open := p.name(p.block); open != name {
		return p.d.malformed(p.at, fmt.Sprintf("found </%s>", name), fmt.Sprintf("</%s>", open))
	}
	p.at += i + 1
	p.leave(from)
	return nil
}

// leave ends the open element, whose closing mark has been read.
func (p *xmlParser) leave(from int) {
	n := p.block
	p.lineEnd()
	n.tail, p.block = p.src[from:p.at], n.parent
}

// element reads a start tag, and the whole of an element that has only text.
func (p *xmlParser) element(from int) error {
	if p.block == &p.d.root && lastCommand(p.block) != nil {
		return p.d.malformed(p.at, "a second element", "the end of the file: one element is a configuration")
	}
	start := p.at
	p.at++
	for p.at < len(p.src) && strings.IndexByte(" \t\r\n/><=\"'&", p.src[p.at]) < 0 {
		p.at++
	}
	name := p.src[start+1 : p.at]
	if name == "" {
		return p.fail("a name")
	}
	if p.peek() == '>' {
		return p.plain(from, start, name)
	}
	if strings.HasPrefix(p.src[p.at:], "/>") {
		p.at = start
		p.hang(p.text(from, "<"+name+"/>", quoteWord(name)))
		return nil
	}
	n := p.add(p.src[from:start], start, quoteWord(name))
	p.hang(n)
	p.block = n
	return p.attributes()
}

// plain reads an element without attributes.
func (p *xmlParser) plain(from, start int, name string) error {
	p.at++
	content := p.src[p.at:]
	i := strings.IndexByte(content, '<')
	closer := "</" + name + ">"
	if i >= 0 && strings.HasPrefix(content[i:], closer) {
		end := p.at + i + len(closer)
		text := quoteWord(name)
		if value := strings.TrimSpace(content[:i]); value != "" {
			text += " " + quoteWord(xmlDecode(value))
		}
		p.at = start
		p.hang(p.text(from, p.src[start:end], text))
		return nil
	}
	n := p.add(p.src[from:start], start, quoteWord(name))
	p.hang(n)
	n.rest = p.lineEnd()
	p.block = n
	return nil
}

// hang notes how deep the file indents.
func (p *xmlParser) hang(n *node) {
	outer := n.parent
	if !p.unitSet && outer != &p.d.root && len(n.indent) > len(outer.indent) && strings.HasPrefix(n.indent, outer.indent) && strings.HasSuffix(p.src[:n.offset], "\n") {
		p.d.unit, p.unitSet = n.indent[len(outer.indent):], true
	}
}

// attributes reads the rest of a start tag.
func (p *xmlParser) attributes() error {
	for {
		from := p.at
		p.space()
		start := p.at
		switch {
		case p.peek() == '>':
			p.text(from, ">", "").kind = comment
			return nil
		case strings.HasPrefix(p.src[p.at:], "/>"):
			p.at += 2
			p.leave(from)
			return nil
		case p.at == len(p.src) || from == start:
			return p.fail(`an attribute, ">" or "/>"`)
		}
		for p.at < len(p.src) && strings.IndexByte(" \t\r\n/><=\"'&", p.src[p.at]) < 0 {
			p.at++
		}
		name := p.src[start:p.at]
		p.space()
		if name == "" || p.peek() != '=' {
			return p.fail(`an attribute: name="value"`)
		}
		p.at++
		p.space()
		quote := p.peek()
		if quote != '"' && quote != '\'' {
			return p.fail(`a value in quotes`)
		}
		i := strings.IndexByte(p.src[p.at+1:], quote)
		if i < 0 {
			return p.d.malformed(p.at, "the value that begins here is not closed", fmt.Sprintf("%q", string(quote)))
		}
		value := p.src[p.at+1 : p.at+1+i]
		p.at += i + 2
		p.add(p.src[from:start], start, "@"+quoteWord(name)+" "+quoteWord(xmlDecode(value)))
	}
}
