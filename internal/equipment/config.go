package equipment

import (
	"crypto/sha256"
	"math/bits"
	"strconv"
	"strings"
	"time"
)

// Category is one of the four kinds of configuration data (claim 6 of the
// method).
type Category string

// The categories.
const (
	UserData     Category = "user"
	PortData     Category = "port"
	ProtocolData Category = "protocol"
	DefaultData  Category = "default"
)

// Configuration is one configuration as text, in the form that
// migrations/drydock-iad/README.md describes.
type Configuration struct {
	text    string
	version string // of config-version
	up      uint32 // bit n is set where port n is up
	digest  [sha256.Size]byte

	generate func() string // gives the text where it is not kept
}

// Lazily is the configuration that generate gives. Its text is made each time it
// is needed, so that thousands of pieces of equipment need no memory for it.
// generate must always give the same configuration, and a whole one.
func Lazily(generate func() string) Configuration { return Configuration{generate: generate} }

// known is c with all that is known of it but the text of a lazy one.
func (c Configuration) known() Configuration {
	if c.generate == nil || c.version != "" {
		return c
	}
	known, err := ParseConfiguration(c.generate())
	if err != nil {
		panic("equipment: a generated configuration is none: " + err.Error())
	}
	known.text, known.generate = "", c.generate
	return known
}

// ParseConfiguration reads a configuration. The error is a *Failure with
// ConfigurationRejected: the text is not whole, or no configuration at all.
func ParseConfiguration(text string) (Configuration, error) {
	c := Configuration{text: text, digest: sha256.Sum256([]byte(text))}
	ended, port := false, 0
	for number, rest := 1, text; rest != ""; number++ {
		var line string
		line, rest, _ = strings.Cut(rest, "\n")
		line = strings.TrimRight(line, "\r")
		switch {
		case strings.HasPrefix(strings.TrimSpace(line), "!"), strings.TrimSpace(line) == "":
			continue
		case ended:
			return Configuration{}, failed(ConfigurationRejected, "line %d: nothing may follow the line \"end\"", number)
		case line == "end":
			ended = true
		case strings.HasPrefix(line, "config-version "):
			c.version = strings.TrimPrefix(line, "config-version ")
		case line[0] != ' ':
			port = portOf(line)
			if categoryOf(line) == "" && !strings.HasPrefix(line, "last-saved ") {
				return Configuration{}, failed(ConfigurationRejected, "line %d: %q is no command of this equipment", number, line)
			}
		case line == " admin up" && port > 0:
			c.up |= 1 << port
		}
	}
	switch {
	case !ended:
		return Configuration{}, failed(ConfigurationRejected, "the configuration is not whole: its last line is not \"end\"")
	case c.version == "":
		return Configuration{}, failed(ConfigurationRejected, "the configuration has no line \"config-version\"")
	}
	return c, nil
}

// portOf gives N of a line "port fxs N", or 0.
func portOf(line string) int {
	number, ok := strings.CutPrefix(line, "port fxs ")
	n, err := strconv.Atoi(number)
	if !ok || err != nil || n < 1 || n > 24 {
		return 0
	}
	return n
}

// categoryOf gives the category of a line that is not indented, or "".
func categoryOf(line string) Category {
	word, _, _ := strings.Cut(line, " ")
	switch word {
	case "hostname", "location", "user-data":
		return UserData
	case "port", "interface":
		return PortData
	case "protocol", "ntp", "service", "snmp-agent":
		return ProtocolData
	case "default":
		return DefaultData
	}
	return ""
}

// Text is the configuration as backup sends it.
func (c Configuration) Text() string {
	if c.generate != nil {
		return c.generate()
	}
	return c.text
}

// Version is what its line config-version says, such as "1.4".
func (c Configuration) Version() string { return c.known().version }

// Digest is the SHA-256 of Text.
func (c Configuration) Digest() [sha256.Size]byte { return c.known().digest }

// PortsUp is the number of FXS ports that it turns on.
func (c Configuration) PortsUp() int { return bits.OnesCount32(c.known().up) }

func (c Configuration) portUp(n int) bool { return n >= 0 && n < 32 && c.known().up&(1<<n) != 0 }

// Part gives the lines of one category, in their order.
func (c Configuration) Part(category Category) []string {
	var part []string
	var of Category
	for line := range strings.Lines(c.Text()) {
		line = strings.TrimRight(line, "\r\n")
		if line == "" || line[0] == '!' {
			continue
		}
		if line[0] != ' ' {
			of = categoryOf(line)
		}
		if of == category {
			part = append(part, line)
		}
	}
	return part
}

// saved is the configuration with the time of this save in it, where it has a
// line for that.
func (c Configuration) saved(now time.Time) Configuration {
	const key = "last-saved "
	c.text, c.generate = c.Text(), nil
	start := strings.Index(c.text, "\n"+key)
	if start < 0 {
		return c
	}
	start += 1 + len(key)
	end := start + strings.IndexByte(c.text[start:], '\n')
	if end < start {
		return c
	}
	c.text = c.text[:start] + now.UTC().Format(time.RFC3339) + c.text[end:]
	c.digest = sha256.Sum256([]byte(c.text))
	return c
}

// generation tells the generation of a configuration's form: 1, 2, or 0 for
// one that this equipment never had.
func (c Configuration) generation() int {
	major, _, _ := strings.Cut(c.Version(), ".")
	switch major {
	case "1":
		return 1
	case "2":
		return 2
	}
	return 0
}

// readableBy says whether an image of that generation can run with c. A strict
// one reads its own form only; otherwise it runs with an older one as it is.
func (c Configuration) readableBy(generation int, strict bool) error {
	own := c.generation()
	if own == generation || own > 0 && own < generation && !strict {
		return nil
	}
	return failed(ConfigurationRejected, "config-version %s cannot be read by this software, which writes generation %d", c.Version(), generation)
}

// without gives the text without its last n lines of user data, as equipment
// that loses part of a configuration has it.
func (c Configuration) without(n int) string {
	lines := strings.SplitAfter(c.Text(), "\n")
	var of Category
	var user []int
	for i, line := range lines {
		if line == "" || line[0] == '!' {
			continue
		}
		if line[0] != ' ' {
			of = categoryOf(strings.TrimSuffix(line, "\n"))
		} else if of == UserData {
			user = append(user, i)
		}
	}
	for _, i := range user[max(0, len(user)-n):] {
		lines[i] = ""
	}
	return strings.Join(lines, "")
}
