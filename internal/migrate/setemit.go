package migrate

import (
	"fmt"
	"strings"

	"drydock/internal/fault"
)

// maxSet bounds the bytes of set commands: each repeats the blocks around it.
const maxSet = 8 * maxBytes

// SetCommand is a command that makes one line of a configuration in braces.
type SetCommand struct {
	Command string
	Line    int // of the document, from 1; 0 = a rule has added it
}

// SetLines gives the commands that make the configuration, without where they
// come from: see SetCommands.
func (d *Document) SetLines() ([]string, error) {
	commands, err := d.SetCommands()
	if err != nil {
		return nil, err
	}
	lines := make([]string, len(commands))
	for i := range commands {
		lines[i] = commands[i].Command
	}
	return lines, nil
}

// SetCommands gives the commands that make a configuration in braces, in its
// order, as the equipment itself lists them: VyOS with each value in single
// quotes, a block only where nothing is in it; Junos with quotes where they
// are needed, a command for each element of a list, and "deactivate" or
// "protect" behind what is marked so. Comments are left out. The error is
// fault.Invalid: the document is not in braces, or so deep that its commands
// were out of all proportion.
func (d *Document) SetCommands() ([]SetCommand, error) {
	if d.format.name() != (braces{}).name() {
		return nil, fault.New(fault.Invalid, "migrate.SetCommands", "", "a configuration of format %s has no set commands", d.format.name()).
			WithHint("only format braces has them")
	}
	e := setEmitter{junos: d.style == junosStyle, commands: make([]SetCommand, 0, len(d.nodes))}
	d.root.walk(e.enter, e.leave)
	if e.size > maxSet {
		return nil, fault.New(fault.Invalid, "migrate.SetCommands", "", "the set commands of the configuration have more than %d bytes", maxSet).
			WithHint("its blocks are too deep in one another")
	}
	return e.commands, nil
}

// setEmitter has the words of the open blocks, each with a blank before it.
type setEmitter struct {
	junos    bool
	commands []SetCommand
	place    []byte
	open     []int // how long place was before each open block
	size     int
}

func (e *setEmitter) emit(n *node, verb, last string) {
	if e.size += len(verb) + len(e.place) + len(last); e.size <= maxSet {
		e.commands = append(e.commands, SetCommand{verb + string(e.place) + last, int(n.line)})
	}
}

func (e *setEmitter) enter(n *node) {
	if n.kind != command {
		return
	}
	before := len(e.place)
	if n.tail != "" {
		e.open = append(e.open, before)
		e.words(n.text)
		for range n.commands {
			return
		}
		e.emit(n, "set", "")
		return
	}
	if e.junos {
		e.junosLine(n)
	} else {
		e.vyosLine(n)
	}
	e.place = e.place[:before]
}

// leave tells what is marked, and closes blocks.
func (e *setEmitter) leave(n *node) {
	if n.kind != command {
		return
	}
	marks := 0
	if e.junos {
		marks = braceMarks(n.raw)
	}
	before := len(e.place)
	if n.tail != "" {
		last := len(e.open) - 1
		before, e.open = e.open[last], e.open[:last]
	} else if marks > 0 {
		e.words(strings.Split(n.text, " [ ")[0])
	}
	for _, mark := range strings.Fields(n.raw[:marks]) {
		switch mark {
		case "inactive:":
			e.emit(n, "deactivate", "")
		case "protect:":
			e.emit(n, "protect", "")
		}
	}
	e.place = e.place[:before]
}

// words adds words to the place.
func (e *setEmitter) words(text string) {
	for text != "" {
		var word string
		if word, text = cutWord(text); word == "" {
			return
		}
		e.place = append(e.place, ' ')
		switch value := unquoteWord(word); {
		case e.junos:
			e.place = append(e.place, braceQuoted(value, true)...)
		case value == "" || strings.ContainsAny(value, " \t\n'"):
			e.place = append(e.place, setWord(value, "'")...)
		default:
			e.place = append(e.place, value...)
		}
	}
}

// vyosLine: the last of two words or more is a value.
func (e *setEmitter) vyosLine(n *node) {
	head, value := n.text, ""
	if first, rest := cutWord(n.text); rest != "" {
		head, value = lastWord(first, rest)
		value = " " + setWord(unquoteWord(value), "'")
	}
	e.words(head)
	e.emit(n, "set", value)
}

// lastWord parts a text at its last word.
func lastWord(first, rest string) (head, last string) {
	at := len(first) + 1
	text := first + rest
	for {
		word, more := cutWord(text[at:])
		if more == "" {
			return text[:at-1], word
		}
		at = len(text) - len(more) + 1
	}
}

// junosLine: a list is a command for each element.
func (e *setEmitter) junosLine(n *node) {
	words := Words(n.text)
	open := len(words) - 1
	for open >= 0 && words[open] != "[" {
		open--
	}
	if open < 0 || words[len(words)-1] != "]" {
		e.words(n.text)
		e.emit(n, "set", "")
		return
	}
	e.words(strings.Join(words[:open], " "))
	for _, word := range words[open+1 : len(words)-1] {
		e.emit(n, "set", " "+braceQuoted(unquoteWord(word), true))
	}
}

// String gives the command and its line, for reports.
func (c SetCommand) String() string { return fmt.Sprintf("%s (line %d)", c.Command, c.Line) }
