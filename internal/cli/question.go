package cli

import (
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"drydock/client"
	"drydock/internal/procedure"
)

func (s *session) questionCommand() *cobra.Command {
	return noun("question", "What runs ask a person: list, answer", s.questionList(), s.questionAnswer())
}

func (s *session) questionList() *cobra.Command {
	c := &cobra.Command{Use: "list", Short: "List open questions", Args: cobra.NoArgs}
	all := c.Flags().Bool("all", false, "answered and withdrawn ones too")
	c.RunE = func(c *cobra.Command, _ []string) error {
		api, err := s.client()
		if err != nil {
			return err
		}
		list, err := api.Questions(c.Context(), *all)
		if err != nil {
			return err
		}
		return s.print(list, func(w *tabwriter.Writer) {
			row(w, "QUESTION", "DEVICE", "STEP", "ATTEMPT", "CAUSE", "WAITS", "ANSWERS", "DETAIL")
			for _, q := range list {
				row(w, q.ID, q.Device, q.Step, q.Attempt, q.Cause, waits(q), answers(q), q.Detail)
			}
		})
	}
	return c
}

func waits(q client.Question) string {
	if !q.Open {
		return "-"
	}
	return time.Since(q.AskedAt).Round(time.Second).String()
}

func answers(q client.Question) string {
	if q.Choice != "" {
		return fmt.Sprintf("%s by %s", q.Choice, q.AnsweredBy)
	}
	if !q.Open {
		return "withdrawn"
	}
	return choices(q.Choices)
}

func choices(list []procedure.Choice) string {
	texts := make([]string, 0, len(list))
	for _, c := range list {
		texts = append(texts, string(c))
	}
	return strings.Join(texts, "|")
}

func (s *session) questionAnswer() *cobra.Command {
	c := &cobra.Command{
		Use:     "answer QUESTION CHOICE | answer --all CHOICE",
		Short:   "Answer a question: repeat, stop, restore-files or proceed",
		Example: "  drydock question answer r5k2-q7 repeat\n  drydock question answer --all --step backup --cause timeout repeat",
		Args:    cobra.RangeArgs(1, 2),
	}
	all := c.Flags().Bool("all", false, "answer every open question that allows it")
	step := c.Flags().String("step", "", "with --all: only questions of this `STEP`")
	edited := c.Flags().String("configuration", "", "with proceed, to manual findings: `FILE` with the configuration that the device shall get")
	cause := c.Flags().String("cause", "", "with --all: only questions with this `CAUSE`")
	c.RunE = func(c *cobra.Command, args []string) error {
		if !*all {
			if len(args) != 2 {
				return usagef("say which question and which answer, or give --all")
			}
			return s.answerOne(c, args[0], procedure.Choice(args[1]), *edited)
		}
		if *edited != "" {
			return usagef("--configuration answers one question")
		}
		if len(args) != 1 {
			return usagef("with --all give only the answer")
		}
		return s.answerAll(c, *step, *cause, procedure.Choice(args[0]))
	}
	return c
}

func (s *session) answerOne(c *cobra.Command, id string, choice procedure.Choice, edited string) error {
	if err := checkChoice(choice); err != nil {
		return err
	}
	reply := client.Reply{Choice: choice, By: s.who()}
	if edited != "" {
		content, err := s.readInput(edited)
		if err != nil {
			return err
		}
		reply.Configuration = content
	}
	api, err := s.client()
	if err != nil {
		return err
	}
	q, err := api.Reply(c.Context(), id, reply)
	if err != nil {
		return err
	}
	fmt.Fprintf(s.Stderr, "%s: %s\n", printable(string(q.Device)), choice)
	if s.output == "table" {
		return nil
	}
	return s.print(q, nil)
}

func (s *session) answerAll(c *cobra.Command, step, cause string, choice procedure.Choice) error {
	if err := checkChoice(choice); err != nil {
		return err
	}
	api, err := s.client()
	if err != nil {
		return err
	}
	list, err := api.Questions(c.Context(), false)
	if err != nil {
		return err
	}
	answered, errs := 0, []error(nil)
	for _, q := range list {
		if step != "" && string(q.Step) != step || cause != "" && string(q.Cause) != cause || !offers(q, choice) {
			continue
		}
		if _, err := api.Answer(c.Context(), q.ID, choice, s.who()); err != nil {
			errs = append(errs, err)
			continue
		}
		answered++
	}
	fmt.Fprintf(s.Stderr, "%d of %d open questions answered with %s\n", answered, len(list), choice)
	return errors.Join(errs...)
}

// checkChoice refuses a word that answers no question.
func checkChoice(choice procedure.Choice) error {
	switch choice {
	case procedure.Repeat, procedure.Stop, procedure.Restore, procedure.Proceed:
		return nil
	}
	return usagef("%q is no answer: it is repeat, stop, restore-files or proceed, as drydock question list says", choice)
}

func offers(q client.Question, choice procedure.Choice) bool {
	for _, c := range q.Choices {
		if c == choice {
			return true
		}
	}
	return false
}
