// Package oidc logs people in at their organisation's OpenID Connect provider:
// authorization code flow with PKCE, state and nonce (OpenID Connect Core 1.0
// section 3.1, RFC 7636). It finds out who somebody is and which groups they
// are in; what they may is not its matter (package access).
//
// It keeps nothing: the three random texts of a login (state, nonce, PKCE
// verifier) are the caller's to keep with the browser that began it.
package oidc

import (
	"context"
	"crypto/subtle"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"drydock/internal/fault"
	"drydock/internal/secret"
)

// Settings say which provider, and as what drydock is known there.
type Settings struct {
	Issuer       string // URL, as the provider's configuration names it
	ClientID     string
	ClientSecret secret.String // zero: a public client
	Return       string        // URL that the provider sends the browser back to; registered there
	Scopes       []string      // beside openid
	NameClaim    string        // claim with the user's name
	GroupsClaim  string        // claim with the names of the user's groups
	CA           string        // PEM of the CA of the provider's certificate; empty: the machine's CAs
}

// Person is somebody whom the provider vouches for.
type Person struct {
	ID     string // issuer and subject: never given to somebody else (section 5.7)
	Name   string
	Groups []string
}

// Provider is an OpenID Connect provider that has been asked for its
// configuration. It may be used by many goroutines.
type Provider struct {
	settings Settings
	client   *http.Client
	provider *oidc.Provider
	config   oauth2.Config
}

// patience bounds each request to the provider.
const patience = 10 * time.Second

// Open asks the provider for its configuration. fault.Invalid for settings that
// cannot be, fault.Unavailable if the provider does not answer as one.
func Open(ctx context.Context, s Settings) (*Provider, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	client, err := httpClient(s.CA)
	if err != nil {
		return nil, err
	}
	// the provider's keys are fetched with this context, long after this request
	ctx = oidc.ClientContext(context.WithoutCancel(ctx), client)
	provider, err := oidc.NewProvider(ctx, s.Issuer)
	if err != nil {
		return nil, fault.New(fault.Unavailable, "", "OIDC provider "+s.Issuer, "%w", err).
			WithHint("is the issuer spelled as in its /.well-known/openid-configuration, and can this machine reach it?")
	}
	return &Provider{settings: s, client: client, provider: provider, config: oauth2.Config{ClientID: s.ClientID, ClientSecret: s.ClientSecret.Reveal(),
		Endpoint: provider.Endpoint(), RedirectURL: s.Return, Scopes: append([]string{oidc.ScopeOpenID}, s.Scopes...)}}, nil
}

func (s Settings) check() error {
	for what, text := range map[string]string{"issuer": s.Issuer, "return URL": s.Return} {
		u, err := url.Parse(text)
		if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
			return fault.New(fault.Invalid, "", what, "%q is not a URL", text)
		}
		if u.Scheme == "http" && !slices.Contains([]string{"localhost", "127.0.0.1", "::1"}, u.Hostname()) {
			return fault.New(fault.Invalid, "", what, "%q: without TLS anybody on the way can log in as somebody else; https is needed", text)
		}
	}
	for what, text := range map[string]string{"client id": s.ClientID, "name claim": s.NameClaim, "groups claim": s.GroupsClaim} {
		if text == "" {
			return fault.New(fault.Invalid, "", what, "there is none")
		}
	}
	return nil
}

func httpClient(ca string) (*http.Client, error) {
	if ca == "" {
		return &http.Client{Timeout: patience}, nil
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM([]byte(ca)) {
		return nil, fault.New(fault.Invalid, "", "CA", "there is no certificate in PEM in it")
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	return &http.Client{Timeout: patience, Transport: transport}, nil
}

// Login is one person's way to the provider and back. Its texts are random,
// and known to drydock and this person's browser alone.
type Login struct {
	State    string `json:"state"`
	Nonce    string `json:"nonce"`
	Verifier string `json:"verifier"` // RFC 7636 section 4.1: 43 to 128 characters
}

// Begin gives the URL to send the browser to.
func (p *Provider) Begin(l Login) string {
	return p.config.AuthCodeURL(l.State, oidc.Nonce(l.Nonce), oauth2.S256ChallengeOption(l.Verifier))
}

// Finish takes what the browser came back with. fault.Denied if the provider
// does not vouch for anybody, or not in answer to this login.
func (p *Provider) Finish(ctx context.Context, l Login, state, code string) (Person, error) {
	if l.State == "" || subtle.ConstantTimeCompare([]byte(l.State), []byte(state)) != 1 {
		return Person{}, denied("the login was begun elsewhere, or too long ago")
	}
	ctx = oidc.ClientContext(ctx, p.client)
	token, err := p.config.Exchange(ctx, code, oauth2.VerifierOption(l.Verifier))
	if err != nil {
		return Person{}, p.explain("the provider does not take the code", err)
	}
	raw, ok := token.Extra("id_token").(string)
	if !ok {
		return Person{}, denied("the provider gave no ID token")
	}
	id, err := p.provider.Verifier(&oidc.Config{ClientID: p.settings.ClientID}).Verify(ctx, raw)
	if err != nil {
		return Person{}, p.explain("the ID token is not good", err)
	}
	if subtle.ConstantTimeCompare([]byte(l.Nonce), []byte(id.Nonce)) != 1 {
		return Person{}, denied("the ID token is another login's")
	}
	if id.Subject == "" {
		return Person{}, denied("the ID token names nobody")
	}
	if id.AccessTokenHash != "" {
		if err := id.VerifyAccessToken(token.AccessToken); err != nil {
			return Person{}, p.explain("the access token is not the ID token's", err)
		}
	}
	claims := map[string]any{}
	if err := id.Claims(&claims); err != nil {
		return Person{}, p.explain("the ID token is not good", err)
	}
	if err := p.askMore(ctx, claims, id.Subject, token); err != nil {
		return Person{}, err
	}
	return p.person(id, claims)
}

// askMore asks the provider for the claims that the ID token does not have
// (section 5.3); those in the ID token win.
func (p *Provider) askMore(ctx context.Context, claims map[string]any, subject string, token *oauth2.Token) error {
	_, name := claims[p.settings.NameClaim]
	_, groups := claims[p.settings.GroupsClaim]
	if name && groups || p.provider.UserInfoEndpoint() == "" {
		return nil
	}
	info, err := p.provider.UserInfo(ctx, oauth2.StaticTokenSource(token))
	if err != nil {
		return p.explain("the provider does not say more about the user", err)
	}
	if info.Subject != subject { // section 5.3.2
		return denied("the provider speaks of another user than the ID token")
	}
	more := map[string]any{}
	if err := info.Claims(&more); err != nil {
		return p.explain("the provider's answer about the user is not good", err)
	}
	for key, value := range more {
		if _, known := claims[key]; !known {
			claims[key] = value
		}
	}
	return nil
}

func (p *Provider) person(id *oidc.IDToken, claims map[string]any) (Person, error) {
	name, ok := claims[p.settings.NameClaim].(string)
	if !ok || name == "" {
		return Person{}, denied("the provider gives no claim " + p.settings.NameClaim).WithHint("choose another claim, or another scope, in the settings of OIDC")
	}
	return Person{ID: id.Issuer + " " + id.Subject, Name: name, Groups: texts(claims[p.settings.GroupsClaim])}, nil
}

// texts reads a claim with one text or many.
func texts(claim any) (all []string) {
	switch claim := claim.(type) {
	case string:
		return []string{claim}
	case []any:
		for _, one := range claim {
			if text, ok := one.(string); ok {
				all = append(all, text)
			}
		}
	}
	return all
}

func denied(why string) *fault.Error { return fault.New(fault.Denied, "", "OIDC login", "%s", why) }

// explain tells a provider that is not there from one that says no.
func (p *Provider) explain(what string, err error) error {
	var refused *oauth2.RetrieveError
	var network *url.Error
	if errors.As(err, &network) && !errors.As(err, &refused) {
		return fault.New(fault.Unavailable, "", "OIDC provider "+p.settings.Issuer, "%s: %w", what, err)
	}
	return fault.New(fault.Denied, "", "OIDC login", "%s: %w", what, err)
}
