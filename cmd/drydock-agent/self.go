package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"

	"drydock/internal/equipment/agent"
	"drydock/internal/equipment/settings"
	"drydock/internal/fault"
	"drydock/internal/procedure"
)

// state reads flags and gives the state directory of the settings.
func state(flags *flag.FlagSet, args []string, errs io.Writer) (*settings.Settings, error) {
	flags.SetOutput(errs)
	path := flags.String("settings", defaultSettings, "the settings `file`")
	if err := flags.Parse(args); err != nil {
		return nil, errors.Join(flag.ErrHelp, err)
	}
	return settings.Load(*path)
}

// update leaves the order for the running agent.
func update(_ context.Context, args []string, out, errs io.Writer) error {
	flags := flag.NewFlagSet("update", flag.ContinueOnError)
	from := flags.String("from", "", "the `source`: a directory's path, ftp://ADDRESS/DIRECTORY or tftp://ADDRESS/DIRECTORY")
	s, err := state(flags, args, errs)
	if err != nil {
		return err
	}
	if *from == "" && s.Autonomous != nil {
		*from = s.Autonomous.Source
	}
	if *from == "" {
		return fault.New(fault.Invalid, "", "update", "--from SOURCE is needed")
	}
	if err := agent.OrderUpdate(s.State, *from); err != nil {
		return err
	}
	_, err = fmt.Fprintln(out, "ordered; drydock-agent status tells what becomes of it")
	return err
}

// status prints the newest run.
func status(_ context.Context, args []string, out, errs io.Writer) error {
	s, err := state(flag.NewFlagSet("status", flag.ContinueOnError), args, errs)
	if err != nil {
		return err
	}
	told, err := agent.ReadStatus(s.State)
	if err != nil {
		return err
	}
	e := json.NewEncoder(out)
	e.SetIndent("", "  ")
	return e.Encode(told)
}

// answer leaves a person's answer for the running agent.
func answer(_ context.Context, args []string, _, errs io.Writer) error {
	flags := flag.NewFlagSet("answer", flag.ContinueOnError)
	question := flags.String("question", "", "the question's `ID`; the open one where it is missing")
	choice := flags.String("choice", "", "repeat, proceed, restore-files or stop")
	by := flags.String("by", "console", "who answers")
	s, err := state(flags, args, errs)
	if err != nil {
		return err
	}
	told, err := agent.ReadStatus(s.State)
	if err != nil {
		return err
	}
	if told.Question == nil {
		return fault.New(fault.Conflict, "", "answer", "no question is open")
	}
	if *question == "" {
		*question = told.Question.ID
	}
	if !slices.Contains(told.Question.Choices, procedure.Choice(*choice)) {
		return fault.New(fault.Invalid, "", "answer", "--choice %q; the question allows %v", *choice, told.Question.Choices)
	}
	return agent.AnswerQuestion(s.State, agent.Reply{Question: *question, Choice: procedure.Choice(*choice), By: *by})
}
