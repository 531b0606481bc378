package cli

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"

	"github.com/goccy/go-yaml"
)

// jsonString finds the strings of a JSON text.
var jsonString = regexp.MustCompile(`"(?:\\.|[^"\\])*"`)

// yamlOf gives JSON as YAML, with the same names. The library writes control
// characters as they are, and text with a carriage return so that it cannot be
// read back: such strings are written in JSON's form, which YAML has too.
func yamlOf(v any) ([]byte, error) {
	raw, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	stand, quoted := rand.Text(), []string(nil)
	asJSON := jsonString.ReplaceAllStringFunc(string(raw), func(literal string) string {
		var text string
		if json.Unmarshal([]byte(literal), &text) != nil || !strings.ContainsFunc(text, func(r rune) bool { return r != '\n' && isControl(r) }) {
			return literal
		}
		quoted = append(quoted, quotedJSON(text))
		return fmt.Sprintf(`"%s-%d-"`, stand, len(quoted)-1)
	})
	out, err := yaml.JSONToYAML([]byte(asJSON))
	if err != nil {
		return nil, err
	}
	text := string(out)
	for i, literal := range quoted {
		text = strings.ReplaceAll(text, fmt.Sprintf("%s-%d-", stand, i), literal)
	}
	return []byte(text), nil
}

// quotedJSON is a text as a string of JSON in which no control character stands
// as it is.
func quotedJSON(text string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range text {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case isControl(r):
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}
