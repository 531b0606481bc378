package client

import (
	"time"

	"drydock/internal/procedure"
)

// ChannelSettings is one way to tell people, as it is sent to the server.
type ChannelSettings struct {
	Type     string   `json:"type" enum:"webhook,email,slack,mattermost,teams,syslog"`
	URL      string   `json:"url,omitempty" doc:"https://..., smtp://HOST[:PORT] (STARTTLS), smtps://..., smtp+insecure://..., udp://, tcp:// or tls://HOST:PORT; absent: as it was"`
	Kinds    []string `json:"kinds,omitempty" doc:"what it is told of; none: question-asked, question-reminder, run-failed, order-ended, campaign, undelivered"`
	Label    string   `json:"label,omitempty" doc:"KEY=VALUE: only of devices that have it"`
	Gather   string   `json:"gather,omitempty" doc:"messages that come within this time are told together, as 30s"`
	GiveUp   string   `json:"giveUp,omitempty" doc:"a message is tried for so long, as 24h"`
	Links    string   `json:"links,omitempty" enum:"off,login,open" doc:"whether messages carry links that answer a question; open, for web hooks only, needs no login"`
	Disabled bool     `json:"disabled,omitempty"`
	Secret   string   `json:"secret,omitempty" doc:"signs a web hook, or the password of mail; never sent back; absent: as it was, or made for a new web hook"`
	User     string   `json:"user,omitempty" doc:"of the mail server"`
	From     string   `json:"from,omitempty" doc:"sender of mail"`
	To       []string `json:"to,omitempty" doc:"receivers of mail"`
	CA       string   `json:"ca,omitempty" doc:"certificate in PEM of the authority to trust instead of the system's"`
}

// Channel is one way to tell people, with how it does.
type Channel struct {
	Name      string   `json:"name"`
	Type      string   `json:"type"`
	Address   string   `json:"address" doc:"where it delivers; of web hooks and chats the host only, for the rest is a secret"`
	Kinds     []string `json:"kinds"`
	Label     string   `json:"label,omitempty"`
	Gather    string   `json:"gather"`
	GiveUp    string   `json:"giveUp"`
	Links     string   `json:"links"`
	Disabled  bool     `json:"disabled,omitempty"`
	HasSecret bool     `json:"hasSecret"`
	Secret    string   `json:"secret,omitempty" doc:"only in the answer to the request for which the server has made it"`
	User      string   `json:"user,omitempty"`
	From      string   `json:"from,omitempty"`
	To        []string `json:"to,omitempty"`
	Waiting   int      `json:"waiting"`
	Delivered int      `json:"delivered"`
	GivenUp   int      `json:"givenUp"`
}

// Delivery is one message on its way through one channel.
type Delivery struct {
	Channel string    `json:"channel"`
	Message string    `json:"message" doc:"its id"`
	Kind    string    `json:"kind"`
	Title   string    `json:"title"`
	At      time.Time `json:"at"`
	State   string    `json:"state" enum:"waiting,delivered,given-up"`
	Tries   int       `json:"tries"`
	Due     time.Time `json:"due,omitzero" doc:"waiting: when it is tried next"`
	Ended   time.Time `json:"ended,omitzero"`
	Error   string    `json:"error,omitempty" doc:"of the last try"`
}

// AnswerLink is what an answer link says.
type AnswerLink struct {
	Question Question         `json:"question"`
	Choice   procedure.Choice `json:"choice"`
	Open     bool             `json:"open" doc:"it needs no login"`
}
