package cli

import (
	"fmt"
	"os"
	"text/tabwriter"

	"github.com/goccy/go-yaml"
	"github.com/spf13/cobra"

	"drydock/client"
)

func (s *session) oidcCommand() *cobra.Command {
	return noun("oidc", "Log in at the organisation's OpenID Connect provider: set, show, remove", s.oidcSet(), s.oidcShow(), s.oidcRemove())
}

func (s *session) oidcSet() *cobra.Command {
	c := &cobra.Command{
		Use:   "set FILE.yaml",
		Short: "Set the provider, and what its groups may; the provider is asked at once",
		Long: `Set the provider from a YAML file:

  issuer: https://login.example.org        # as its configuration names it
  clientID: drydock
  url: https://drydock.example.org         # of this server, as browsers reach it
  scopes: [profile, groups]                # beside openid
  nameClaim: preferred_username
  groupsClaim: groups
  groups:                                  # who is in none may not come in
    - {group: noc, grants: [{role: viewer}, {role: operator, scope: site=north}]}

The provider must know URL/api/v1/oidc/return. The client's secret comes from
DRYDOCK_OIDC_SECRET, or from the key clientSecret; it is kept sealed.`,
		Args: cobra.ExactArgs(1),
	}
	c.RunE = func(c *cobra.Command, args []string) error {
		raw, err := os.ReadFile(args[0])
		if err != nil {
			return &usageError{err}
		}
		asJSON, err := yaml.YAMLToJSON(raw)
		if err != nil {
			return usagef("%s: %w", args[0], err)
		}
		var in client.OIDC
		if err := strictJSON(asJSON, &in); err != nil {
			return usagef("%s: %w", args[0], err)
		}
		if secret := s.Env("DRYDOCK_OIDC_SECRET"); secret != "" {
			in.ClientSecret = secret
		}
		api, err := s.client()
		if err != nil {
			return err
		}
		set, err := api.PutOIDC(c.Context(), in)
		if err != nil {
			return err
		}
		fmt.Fprintf(s.Stderr, "people log in at %s; it must send them back to %s\n", set.Issuer, set.ReturnURL())
		return s.printUnlessTable(set)
	}
	return c
}

func (s *session) oidcShow() *cobra.Command {
	c := &cobra.Command{Use: "show", Short: "Show the settings, without the secret", Args: cobra.NoArgs}
	c.RunE = func(c *cobra.Command, _ []string) error {
		api, err := s.client()
		if err != nil {
			return err
		}
		o, err := api.OIDC(c.Context())
		if err != nil {
			return err
		}
		return s.print(o, func(w *tabwriter.Writer) {
			row(w, "issuer", o.Issuer)
			row(w, "client", o.ClientID)
			row(w, "return URL", o.ReturnURL())
			row(w, "claims", o.NameClaim+", "+o.GroupsClaim)
			for _, g := range o.Groups {
				row(w, "group "+g.Group, grantTexts(g.Grants))
			}
		})
	}
	return c
}

func (s *session) oidcRemove() *cobra.Command {
	c := &cobra.Command{Use: "remove", Short: "Let nobody log in at a provider any more; its users stay, without a way in", Args: cobra.NoArgs}
	c.RunE = func(c *cobra.Command, _ []string) error {
		if err := s.consent("let nobody log in at the provider any more"); err != nil {
			return err
		}
		api, err := s.client()
		if err != nil {
			return err
		}
		return api.RemoveOIDC(c.Context())
	}
	return c
}
