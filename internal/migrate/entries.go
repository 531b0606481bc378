package migrate

// Entry is one line or block of a document that means something, with its
// place.
type Entry struct {
	Path  []string // the texts of the blocks around it, the outermost first
	Text  string
	Line  int  // from 1
	Block bool // something stands beneath it
}

// Entries lists what means something in the document, in its order; comments
// and blank lines are left out.
func (d *Document) Entries() []Entry {
	var all []Entry
	d.root.walk(func(n *node) {
		if n.kind != command {
			return
		}
		path := n.path()
		all = append(all, Entry{Path: path[:len(path)-1], Text: n.text, Line: int(n.line), Block: n.first != nil})
	}, nil)
	return all
}

// Words cuts a text into its words as patterns do: at white space, a word in
// double quotes being one, with its quotes.
func Words(text string) (words []string) {
	for {
		var word string
		if word, text = cutWord(text); word == "" {
			return words
		}
		words = append(words, word)
	}
}
