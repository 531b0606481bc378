package cli

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// consent asks the person before something is done. Without a terminal it must
// have been given with --yes: silence is never yes.
func (s *session) consent(format string, args ...any) error {
	what := fmt.Sprintf(format, args...)
	if s.yes {
		return nil
	}
	if !s.IsTerminal {
		return usagef("to %s, give --yes: there is no terminal to ask on", what)
	}
	reply, err := s.askLine(fmt.Sprintf("This will %s. Go on? [y/N] ", what))
	if err != nil {
		return err
	}
	if r := strings.ToLower(reply); r != "y" && r != "yes" {
		fmt.Fprintln(s.Stderr, "nothing was done")
		return exitError(4)
	}
	return nil
}

func (s *session) askLine(prompt string) (string, error) {
	fmt.Fprint(s.Stderr, prompt)
	line, err := bufio.NewReader(s.Stdin).ReadString('\n')
	if err != nil && line == "" {
		return "", usagef("no answer: %v", err)
	}
	return strings.TrimSpace(line), nil
}

// strictJSON refuses unknown keys.
func strictJSON(raw []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	return d.Decode(v)
}
