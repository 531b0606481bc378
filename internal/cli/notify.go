package cli

import (
	"fmt"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"drydock/client"
)

func (s *session) notifyCommand() *cobra.Command {
	return noun("notify", "How people are told: add, list, test, remove, deliveries",
		s.notifyAdd(), s.notifyList(), s.notifyTest(), s.notifyRemove(), s.notifyDeliveries())
}

func (s *session) notifyAdd() *cobra.Command {
	var in client.ChannelSettings
	c := &cobra.Command{
		Use:   "add NAME TYPE URL",
		Short: "Add a channel, or change it: webhook, email, slack, mattermost, teams or syslog",
		Long: `Add a channel, or change the one of that name; what is not given again goes back to
its default, but for the URL and the secret, which stay.

The secret (it signs a web hook, or is the password of mail) is read from
DRYDOCK_NOTIFY_SECRET; a web hook without one gets one, which is shown once.`,
		Example: `  drydock notify add ops webhook https://hooks.example.org/drydock --links login
  drydock notify add night email smtp://mail.example.org --from drydock@example.org --to night@example.org --user drydock
  drydock notify add room mattermost https://chat.example.org/hooks/abc --label site=north
  drydock notify add siem syslog tls://log.example.org:6514 --kind audit`,
		Args: cobra.RangeArgs(2, 3),
	}
	ca := channelFlags(c, &in)
	c.RunE = func(c *cobra.Command, args []string) error {
		in.Type, in.Secret = args[1], s.Env("DRYDOCK_NOTIFY_SECRET")
		if len(args) == 3 {
			in.URL = args[2]
		}
		if *ca != "" {
			raw, err := os.ReadFile(*ca)
			if err != nil {
				return usagef("--ca: %w", err)
			}
			in.CA = string(raw)
		}
		api, err := s.client()
		if err != nil {
			return err
		}
		out, err := api.PutChannel(c.Context(), args[0], in)
		if err != nil {
			return err
		}
		return s.tellChannel(out)
	}
	return c
}

// channelFlags are the settings of a channel; it gives the file of --ca.
func channelFlags(c *cobra.Command, in *client.ChannelSettings) (ca *string) {
	flags := c.Flags()
	flags.StringSliceVar(&in.Kinds, "kind", nil, "tell it of this `KIND` only; may be given more than once (docs/notifications.md names them)")
	flags.StringVar(&in.Label, "label", "", "tell it only of devices with this label, `KEY=VALUE`")
	flags.StringVar(&in.Gather, "gather", "", "tell together what comes within this `TIME` (default: 30s for mail, 5s for chats)")
	flags.StringVar(&in.GiveUp, "give-up", "", "try to deliver for this `TIME` (default: 24h)")
	flags.StringVar(&in.Links, "links", "", "links that answer a question: off, login or open (`WHICH`; open needs no login and is for web hooks only)")
	flags.StringVar(&in.User, "user", "", "`NAME` at the mail server")
	flags.StringVar(&in.From, "from", "", "sender of mail, `ADDRESS`")
	flags.StringSliceVar(&in.To, "to", nil, "receiver of mail, `ADDRESS`; may be given more than once")
	ca = flags.String("ca", "", "trust the authority in this PEM `FILE` instead of the system's")
	flags.BoolVar(&in.Disabled, "disabled", false, "keep it, but tell it nothing")
	return ca
}

// tellChannel says what was made, and its secret if the server made one.
func (s *session) tellChannel(out client.Channel) error {
	fmt.Fprintf(s.Stderr, "channel %s is told of %s; try it: drydock notify test %s\n", printable(out.Name), printable(strings.Join(out.Kinds, ", ")), printable(out.Name))
	if out.Secret != "" && s.output == "table" {
		fmt.Fprintln(s.Stderr, "its secret, for whoever receives it, is shown this once:")
		fmt.Fprintln(s.Stdout, out.Secret)
		return nil
	}
	if s.output == "table" {
		return nil
	}
	return s.print(out, nil)
}

func (s *session) notifyList() *cobra.Command {
	return &cobra.Command{Use: "list", Short: "List the channels and how they do", Args: cobra.NoArgs, RunE: func(c *cobra.Command, _ []string) error {
		api, err := s.client()
		if err != nil {
			return err
		}
		list, err := api.Channels(c.Context())
		if err != nil {
			return err
		}
		return s.print(list, func(w *tabwriter.Writer) {
			row(w, "CHANNEL", "TYPE", "ADDRESS", "TOLD OF", "LABEL", "LINKS", "WAITING", "DELIVERED", "GIVEN UP")
			for _, ch := range list {
				kinds := strings.Join(ch.Kinds, ",")
				if ch.Disabled {
					kinds = "nothing: disabled"
				}
				row(w, ch.Name, ch.Type, ch.Address, kinds, ch.Label, ch.Links, ch.Waiting, ch.Delivered, ch.GivenUp)
			}
		})
	}}
}

func (s *session) notifyTest() *cobra.Command {
	return &cobra.Command{Use: "test NAME", Short: "Send a test message now", Args: cobra.ExactArgs(1), RunE: func(c *cobra.Command, args []string) error {
		api, err := s.client()
		if err != nil {
			return err
		}
		if err := api.TestChannel(c.Context(), args[0]); err != nil {
			return err
		}
		fmt.Fprintf(s.Stderr, "channel %s has taken a test message\n", printable(args[0]))
		return nil
	}}
}

func (s *session) notifyRemove() *cobra.Command {
	return &cobra.Command{Use: "remove NAME", Short: "Forget a channel and what waits for it", Args: cobra.ExactArgs(1), RunE: func(c *cobra.Command, args []string) error {
		api, err := s.client()
		if err != nil {
			return err
		}
		return api.RemoveChannel(c.Context(), args[0])
	}}
}

func (s *session) notifyDeliveries() *cobra.Command {
	c := &cobra.Command{Use: "deliveries", Short: "List what was, and is to be, delivered; the newest first", Args: cobra.NoArgs}
	channel := c.Flags().String("channel", "", "only of this channel, `NAME`")
	state := c.Flags().String("state", "", "only in this `STATE`: waiting, delivered or given-up")
	limit := c.Flags().Int("limit", 100, "at most `N`")
	c.RunE = func(c *cobra.Command, _ []string) error {
		api, err := s.client()
		if err != nil {
			return err
		}
		list, err := api.Deliveries(c.Context(), *channel, *state, *limit)
		if err != nil {
			return err
		}
		return s.print(list, func(w *tabwriter.Writer) {
			row(w, "AT", "CHANNEL", "STATE", "TRIES", "NEXT", "TITLE", "ERROR")
			for _, d := range list {
				row(w, stamp(d.At), d.Channel, d.State, d.Tries, stamp(d.Due), d.Title, d.Error)
			}
		})
	}
	return c
}
