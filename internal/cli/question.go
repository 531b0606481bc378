package cli

import (
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"drydock/client"
	"drydock/internal/fault"
	"drydock/internal/fleet/campaign"
	"drydock/internal/procedure"
)

func (s *session) questionCommand() *cobra.Command {
	return noun("question", "What runs ask a person: list, answer", s.questionList(), s.questionAnswer())
}

func (s *session) questionList() *cobra.Command {
	c := &cobra.Command{Use: "list", Short: "List open questions", Args: cobra.NoArgs}
	all := c.Flags().Bool("all", false, "answered and withdrawn ones too")
	group := c.Flags().Bool("group", false, "count open questions by step and cause, the largest group first")
	c.RunE = func(c *cobra.Command, _ []string) error {
		if *all && *group {
			return usagef("--group counts open questions; leave --all out")
		}
		api, err := s.client()
		if err != nil {
			return err
		}
		list, err := api.Questions(c.Context(), *all)
		if err != nil {
			return err
		}
		if *group {
			groups := groupQuestions(list)
			return s.print(groups, func(w *tabwriter.Writer) { printGroups(w, groups) })
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
		Use:   "answer QUESTION… CHOICE | answer --all CHOICE",
		Short: "Answer questions: repeat, stop, restore-files or proceed",
		Example: "  drydock question answer r5k2-q7 repeat\n  drydock question answer r5k2-q7 r5k3-q2 repeat\n" +
			"  drydock question answer --all --step backup --cause timeout repeat",
		Args: cobra.MinimumNArgs(1),
	}
	all := c.Flags().Bool("all", false, "answer every open question that allows it")
	step := c.Flags().String("step", "", "with --all: only questions of this `STEP`")
	edited := c.Flags().String("configuration", "", "with proceed, to manual findings: `FILE` with the configuration that the device shall get")
	cause := c.Flags().String("cause", "", "with --all: only questions with this `CAUSE`")
	of := c.Flags().String("campaign", "", "with --all: only questions of this `CAMPAIGN`'s devices")
	c.RunE = func(c *cobra.Command, args []string) error {
		questions, choice := args[:len(args)-1], procedure.Choice(args[len(args)-1])
		bulk := client.BulkAnswer{Choice: choice, Step: procedure.Step(*step), Cause: procedure.Cause(*cause), Campaign: campaign.ID(*of), Questions: questions, By: s.who()}
		switch {
		case *all && len(questions) > 0:
			return usagef("with --all give only the answer")
		case !*all && (*step != "" || *cause != "" || *of != ""):
			return usagef("--step, --cause and --campaign choose among all: give --all with them")
		case !*all && len(questions) == 0:
			return usagef("say which question and which answer, or give --all")
		case *edited != "" && len(questions) != 1:
			return usagef("--configuration answers one question")
		case len(questions) == 1:
			return s.answerOne(c, questions[0], choice, *edited)
		}
		return s.answerAll(c, bulk)
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

// answerAll answers many questions in one request, and says of each that was
// refused why.
func (s *session) answerAll(c *cobra.Command, b client.BulkAnswer) error {
	if err := checkChoice(b.Choice); err != nil {
		return err
	}
	api, err := s.client()
	if err != nil {
		return err
	}
	out, err := api.AnswerAll(c.Context(), b)
	if err != nil {
		return err
	}
	fmt.Fprintf(s.Stderr, "%s answered with %s\n", count(len(out.Answered), "question"), b.Choice)
	for _, why := range out.Refused {
		fmt.Fprintf(s.Stderr, "refused: %s\n", printable(why))
	}
	if s.output != "table" {
		if err := s.print(out, nil); err != nil {
			return err
		}
	}
	if len(out.Refused) > 0 {
		return exitError(fault.ExitFailed)
	}
	return nil
}

// checkChoice refuses a word that answers no question.
func checkChoice(choice procedure.Choice) error {
	switch choice {
	case procedure.Repeat, procedure.Stop, procedure.Restore, procedure.Proceed:
		return nil
	}
	return usagef("%q is no answer: it is repeat, stop, restore-files or proceed, as drydock question list says", choice)
}
