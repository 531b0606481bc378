package migrate

import (
	"fmt"
	"slices"
	"strings"
)

// oneLine refuses what a format of lines cannot hold.
func oneLine(i *item, forbidden string) error {
	if strings.ContainsAny(i.key, "\r\n") || strings.ContainsAny(i.value, "\r\n") {
		return fmt.Errorf("%q has several lines", i.key)
	}
	if i.key == "" || strings.ContainsAny(i.key, forbidden) || strings.TrimSpace(i.key) != i.key {
		return fmt.Errorf("%q cannot be a key", i.key)
	}
	if strings.TrimSpace(i.value) != i.value {
		return fmt.Errorf("the white space about the value of %q would be lost", i.key)
	}
	return nil
}

// ini writes the keys of the file, then a section for each block; one within
// another is the section "outer.inner".
func (w *converter) ini(items []*item) error {
	if err := w.iniKeys(items); err != nil {
		return err
	}
	return w.iniSections(items, "")
}

func (w *converter) iniKeys(items []*item) error {
	for _, i := range items {
		switch {
		case i.comment:
			w.line(0, "; "+i.key, i.lines...)
		case i.leaf:
			if err := oneLine(i, "=[];#\"\\"); err != nil {
				return err
			}
			w.line(0, strings.TrimRight(i.key+" = "+i.value, " "), i.all()...)
		}
	}
	return nil
}

func (w *converter) iniSections(items []*item, outer string) error {
	for _, i := range items {
		if i.comment || i.leaf {
			continue
		}
		i.value = ""
		if err := oneLine(i, "[];#=\"\\"); err != nil {
			return err
		}
		name := outer + i.key
		if len(i.below) == 0 || slices.ContainsFunc(i.below, func(b *item) bool { return b.leaf || b.comment }) {
			w.line(0, "["+name+"]", i.all()...)
			if err := w.iniKeys(i.below); err != nil {
				return err
			}
		} else {
			w.pass(i)
		}
		if err := w.iniSections(i.below, name+"."); err != nil {
			return err
		}
	}
	return nil
}

// pass gives the lines of a block without a line of its own to the first
// block in it.
func (w *converter) pass(i *item) {
	first := i.below[0]
	first.lines = append(i.all(), first.lines...)
}

// keyValue writes every value with the path to it: "outer.inner.key".
func (w *converter) keyValue(items []*item, outer string) error {
	for _, i := range items {
		if i.comment {
			w.line(0, "# "+i.key, i.lines...)
			continue
		}
		name := *i
		if err := oneLine(&name, "=:#;!\\ \t\""); err != nil {
			return err
		}
		if i.leaf {
			if strings.HasSuffix(i.value, `\`) {
				return fmt.Errorf("the value of %q ends in a backslash", i.key)
			}
			w.line(0, outer+i.key+"="+i.value, i.all()...)
			continue
		}
		if len(i.below) > 0 {
			w.pass(i)
		}
		if err := w.keyValue(i.below, outer+i.key+"."); err != nil {
			return err
		}
	}
	return nil
}

// uci writes a block as a section of its type, and a block in one as a named
// section. Keys of the file are in the section of type "main".
func (w *converter) uci(items []*item) error {
	if slices.ContainsFunc(items, func(i *item) bool { return i.leaf }) {
		w.line(0, "config main")
		options := slices.DeleteFunc(slices.Clone(items), func(i *item) bool { return i.comment })
		if err := w.uciOptions(options); err != nil {
			return err
		}
	}
	for _, i := range items {
		if i.comment {
			w.line(0, "# "+i.key, i.lines...)
		}
		if i.leaf || i.comment {
			continue
		}
		inner := slices.ContainsFunc(i.below, func(b *item) bool { return !b.leaf && !b.comment })
		options := slices.ContainsFunc(i.below, func(b *item) bool { return b.leaf })
		if options || !inner {
			if err := w.uciSection("", i); err != nil {
				return err
			}
		} else {
			w.pass(i)
		}
		for _, b := range i.below {
			if b.leaf || b.comment {
				continue
			}
			if err := w.uciSection(i.key, b); err != nil {
				return err
			}
		}
	}
	return nil
}

func (w *converter) uciSection(kind string, i *item) error {
	named := item{key: i.key}
	if err := oneLine(&named, "\"'\\#"); err != nil {
		return err
	}
	head := "config " + uciQuoted(quoteWord(i.key), "")
	if kind != "" {
		head = "config " + uciQuoted(quoteWord(kind), "") + " " + uciQuoted(quoteWord(i.key), "'")
		if slices.ContainsFunc(i.below, func(b *item) bool { return !b.leaf && !b.comment }) {
			return fmt.Errorf("%q has blocks in it, in the third level", i.key)
		}
	}
	w.line(0, head, i.all()...)
	return w.uciOptions(i.below)
}

func (w *converter) uciOptions(items []*item) error {
	count := map[string]int{}
	for _, i := range items {
		if i.leaf {
			count[i.key]++
		}
	}
	for _, i := range items {
		if i.comment {
			w.line(1, "# "+i.key, i.lines...)
			continue
		}
		if !i.leaf {
			continue
		}
		if err := oneLine(i, " \t\"'\\#"); err != nil {
			return err
		}
		keyword := "option "
		if count[i.key] > 1 {
			keyword = "list "
		}
		w.line(1, keyword+i.key+" "+uciQuoted(quoteWord(i.value), "'"), i.all()...)
	}
	return nil
}
