package cli

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"drydock/internal/fault"
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
		return exitError(fault.ExitStopped)
	}
	return nil
}

func (s *session) askLine(prompt string) (string, error) {
	fmt.Fprint(s.Stderr, prompt)
	line, err := s.unlessInterrupted(func() (string, error) { return bufio.NewReader(s.Stdin).ReadString('\n') })
	if errors.As(err, new(exitError)) {
		return "", err
	}
	if err != nil && line == "" {
		return "", usagef("no answer: %v", err)
	}
	return strings.TrimSpace(line), nil
}

// unlessInterrupted waits for a person's line, or for Ctrl-C, which is a no. The
// read that is left behind ends with the process.
func (s *session) unlessInterrupted(read func() (string, error)) (string, error) {
	type answer struct {
		text string
		err  error
	}
	got := make(chan answer, 1)
	go func() {
		text, err := read()
		got <- answer{text, err}
	}()
	select {
	case a := <-got:
		return a.text, a.err
	case <-s.interrupted:
		return "", s.refused()
	}
}

// refused is a Ctrl-C instead of an answer.
func (s *session) refused() error {
	fmt.Fprintln(s.Stderr, "\nnothing was done")
	return exitError(fault.ExitStopped)
}

// strictJSON refuses unknown keys.
func strictJSON(raw []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	return d.Decode(v)
}
