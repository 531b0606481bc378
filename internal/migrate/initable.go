package migrate

import (
	"fmt"
	"strings"
)

// A section of an INI file may be a table (AudioCodes):
//
//	[ ProxyIp ]
//	FORMAT ProxyIp_Index = ProxyIp_Address, ProxyIp_Transport;
//	ProxyIp 0 = "10.0.0.1:5060", 2;
//	[ \ProxyIp ]
//
// The line FORMAT is a block with the text "FORMAT ProxyIp_Index" and a line for each
// column; a row is a block with the text "ProxyIp 0" and a line for each cell:
// the column's name, a blank and the value, in double quotes where it has blanks or the like.
// After a change, cells stand in the order of the columns, those that are
// missing are empty, and columns that only cells name come last. A column is
// renamed by two rules: for the line beneath FORMAT, and for the cells. A section
// that rules make with a FORMAT in it gets the form of a table. The name is
// compared in any case, as the equipment does.

// closesTable gives the name in "[ \Name ]".
func closesTable(raw string) (string, bool) {
	inner, ok := strings.CutPrefix(strings.TrimSpace(strings.TrimPrefix(raw, "[")), `\`)
	inner, _, closed := strings.Cut(inner, "]")
	return strings.TrimSpace(inner), ok && closed
}

// format gives the line with the columns of a section; nil = it is no table.
func (n *node) format() *node {
	for c := range n.commands {
		if strings.HasPrefix(c.text, "FORMAT ") && c.tail != "" {
			return c
		}
	}
	return nil
}

// saysFormat says whether a word is the one before a table's columns.
func saysFormat(word string) bool { return word == "FORMAT" || word == "Format" || word == "format" }

// hasTables says whether there may be tables in a file.
func hasTables(src string) bool {
	return strings.Contains(src, "FORMAT") || strings.Contains(src, "ormat")
}

// isRow says whether a node is a row of a table or its FORMAT.
func isRow(n *node) bool {
	return n != nil && n.tail != "" && !strings.HasPrefix(n.raw, "[") && n.parent != nil && n.parent.parent != nil
}

// tableLine reads a line that may be FORMAT or a row of the section. False:
// it is neither.
func (d *Document) tableLine(section, n *node) (bool, error) {
	equals := strings.IndexByte(n.raw, '=')
	head := strings.Fields(n.raw[:max(equals, 0)])
	if len(head) != 2 {
		return false, nil
	}
	format := section.format()
	isFormat := saysFormat(head[0]) && format == nil
	if !isFormat && (format == nil || !strings.EqualFold(head[0], section.text)) {
		return false, nil
	}
	line := n.raw + n.rest
	start := n.offset + len(n.indent)
	at := equals + 1
	var cells []node
	for {
		from := at
		for at < len(n.raw) && isSpace(n.raw[at]) {
			at++
		}
		end, err := d.cellEnd(n.raw, at, start)
		if err != nil {
			return false, err
		}
		cells = append(cells, node{indent: line[from:at], raw: strings.TrimRight(line[at:end], " \t"), offset: start + from})
		cell := &cells[len(cells)-1]
		from = at + len(cell.raw)
		if at = end; n.raw[at] == ';' {
			n.raw, n.rest, n.tail = line[:equals+1], "", line[from:]
			break
		}
		at++
		cell.rest = line[from:at]
	}
	n.text = head[0] + " " + head[1]
	if isFormat {
		n.text = "FORMAT " + head[1]
	}
	section.append(n)
	return true, d.addCells(n, cells, format)
}

// cellEnd finds the "," or ";" behind a cell.
func (d *Document) cellEnd(raw string, at, start int) (int, error) {
	if at < len(raw) && raw[at] == '"' {
		i := strings.IndexByte(raw[at+1:], '"')
		if i < 0 {
			return 0, d.malformed(start+at, "a cell in quotes that is not closed", `"\""`)
		}
		at += i + 2
	}
	for ; at < len(raw); at++ {
		if raw[at] == ',' || raw[at] == ';' {
			return at, nil
		}
	}
	return 0, d.malformed(start+len(raw), "the row of a table has no end", `"," or ";"`)
}

// addCells hangs the cells beneath their row, each with its column's name.
func (d *Document) addCells(row *node, cells []node, format *node) error {
	var column *node
	if format != nil {
		column = format.first
	}
	seen := map[string]bool{}
	for i := range cells {
		cell := &cells[i]
		switch {
		case format == nil:
			if cell.text = quoteWord(cell.raw); seen[cell.text] {
				return d.malformed(cell.offset+len(cell.indent), fmt.Sprintf("the column %s stands twice", cell.text), "each column once")
			}
			seen[cell.text] = true
		case column == nil && cell.raw == "" && i == len(cells)-1: // a comma behind the last
			row.tail = cell.indent + row.tail
			return nil
		case column == nil:
			return d.malformed(cell.offset+len(cell.indent), "a cell without a column", fmt.Sprintf(`";" behind %d cells, as FORMAT says`, i))
		default:
			cell.text = column.text
			if value := strings.Trim(cell.raw, `"`); value != "" {
				cell.text += " " + quoteWord(value)
			}
			column = column.next
		}
		d.nodes = append(d.nodes, *cell)
		row.append(&d.nodes[len(d.nodes)-1])
	}
	return nil
}

// writeCell sets the value of a cell, or the name of a column.
func writeCell(n *node) {
	column, value := cutWord(n.text)
	if strings.HasPrefix(n.parent.text, "FORMAT ") {
		n.raw = unquoteWord(n.text)
		return
	}
	value = unquoteWord(strings.Trim(value, " \t"))
	if n.text = column; value != "" {
		n.text += " " + quoteWord(value)
	}
	if strings.HasPrefix(n.raw, `"`) || strings.ContainsAny(value, " \t,;") {
		value = `"` + value + `"`
	}
	n.raw = value
}

// writeRow sets the head of a row, and gives a new one its end.
func writeRow(d *Document, n *node) {
	between := " = "
	if i := strings.IndexByte(n.raw, '='); i >= 0 {
		between = around(n.raw, i)
		between = between[:strings.IndexByte(between, '=')+1]
	} else {
		between = strings.TrimRight(between, " ")
	}
	n.raw = n.text + between
	if n.tail == "" {
		n.rest, n.tail = "", ";"+d.eol
	}
}

// mendTable makes the rows of a table fit its FORMAT.
func (d *Document) mendTable(section, format *node) {
	d.mendFrame(section, format)
	known := map[string]*node{}
	for c := range format.commands {
		known[c.text] = c
	}
	for row := range section.commands {
		if !isRow(row) || row == format {
			continue
		}
		for cell := range row.commands {
			if cell.placed { // it was a key
				writeCell(cell)
			}
			if name, _ := cutWord(cell.text); known[name] == nil {
				column := &node{parent: format, text: name, lines: 1}
				column.decide(altered, cell.rule)
				writeCell(column)
				format.append(column)
				known[name] = column
			}
		}
	}
	d.mendCells(format)
	for row := range section.commands {
		if isRow(row) && row != format {
			d.fillRow(row, format)
			d.mendCells(row)
		}
	}
}

// mendFrame puts what rules have made of a new table into its form: the line
// with the columns before the rows, and a mark at the end.
func (d *Document) mendFrame(section, format *node) {
	if section.line == 0 && section.tail == "" {
		section.raw = "[ " + section.text + " ]"
		section.tail = `[ \` + section.text + " ]" + d.eol
	}
	if format.line != 0 {
		return
	}
	for n := range section.commands {
		if n == format {
			return
		}
		if isRow(n) {
			format.detach()
			section.insert(format, n.prev)
			return
		}
	}
}

// fillRow puts the cells into the order of the columns, and empty ones where
// there are none. A row that the input has with fewer cells stays so.
func (d *Document) fillRow(row, format *node) {
	cells, last := map[string]*node{}, row.last
	column, inOrder, n := format.first, true, 0
	for cell := range row.commands {
		name, _ := cutWord(cell.text)
		inOrder = inOrder && column != nil && column.text == name
		cells[name] = cell
		if n++; column != nil {
			column = column.next
		}
	}
	if inOrder && (column == nil || last != nil && !strings.Contains(last.rest, ",") && !last.foreign() && !format.last.foreign()) {
		return
	}
	var before *node
	for column := range format.commands {
		cell := cells[column.text]
		if cell == nil {
			cell = &node{text: column.text, lines: 1}
			cell.decide(altered, column.rule)
		} else {
			placed := cell.placed
			cell.detach()
			cell.placed = placed
		}
		row.insert(cell, before)
		before = cell
	}
}

// mendCells sets the commas of a row.
func (d *Document) mendCells(row *node) {
	last := lastCommand(row)
	for n := range row.commands {
		if n.foreign() {
			n.indent, n.rest = " ", ""
		}
		if n.indent == "" && n.prev == nil && strings.HasSuffix(row.raw, "=") && n.foreign() {
			n.indent = " "
		}
		d.comma(n, n != last)
	}
}
