package metrics

import (
	"github.com/prometheus/client_golang/prometheus"

	"drydock/internal/fleet/campaign"
	"drydock/internal/procedure"
)

// collector asks the sources at each scrape.
type collector struct {
	Sources
	runs, campaigns, questions, queues, underWay, living, grants *prometheus.Desc

	entries, commits, unfit, opened, expired, refused, traps *prometheus.Desc
}

func newCollector(s Sources) *collector {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc(name, help, labels, nil)
	}
	return &collector{Sources: s,
		runs:      desc("drydock_runs_active", "Runs that have not ended, by where they stand.", "step", "phase"),
		campaigns: desc("drydock_campaigns_active", "Campaigns that are not over.", "status"),
		questions: desc("drydock_questions_open", "Questions that wait for an answer.", "cause"),
		queues:    desc("drydock_queue_length", "What waits: events for the journal, actions for their turn, writes for the store, notifications for delivery.", "queue"),
		underWay:  desc("drydock_actions_under_way", "Actions of runs that are being carried out."),
		living:    desc("drydock_transfers_active", "Transfers that are under way."),
		grants:    desc("drydock_grants_open", "Grants that are open."),
		entries:   desc("drydock_journal_entries_total", "Entries that the runtime has written to the journal."),
		commits:   desc("drydock_journal_commits_total", "Transactions in which the runtime has written them."),
		unfit:     desc("drydock_journal_unfit_total", "Events that did not fit their run and changed nothing."),
		opened:    desc("drydock_grants_opened_total", "Grants that were opened."),
		expired:   desc("drydock_grants_expired_total", "Grants that were not used up before their deadline."),
		refused:   desc("drydock_transfer_requests_refused_total", "Requests for a file that no grant fitted (unknown) or that a cap put off (busy).", "reason"),
		traps:     desc("drydock_snmp_notifications_total", "SNMP notifications that were heard, by what became of them.", "result"),
	}
}

// Describe is part of prometheus.Collector.
func (c *collector) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{c.runs, c.campaigns, c.questions, c.queues, c.underWay, c.living, c.grants,
		c.entries, c.commits, c.unfit, c.opened, c.expired, c.refused, c.traps} {
		out <- d
	}
}

// Collect is part of prometheus.Collector.
func (c *collector) Collect(out chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, v int, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, float64(v), labels...)
	}
	count := func(d *prometheus.Desc, v float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, v, labels...)
	}
	if c.Runs != nil {
		c.collectRuns(gauge)
	}
	if c.Campaigns != nil {
		counts := c.Campaigns()
		for _, status := range []campaign.Status{campaign.Approving, campaign.Active, campaign.Soaking, campaign.Paused} {
			gauge(c.campaigns, counts[status], string(status))
		}
	}
	if c.Runtime != nil {
		s := c.Runtime()
		gauge(c.underWay, s.UnderWay)
		gauge(c.queues, s.Waiting, "actions")
		gauge(c.queues, s.Inbox, "journal")
		count(c.entries, float64(s.Entries))
		count(c.commits, float64(s.Commits))
		count(c.unfit, float64(s.Unfit))
	}
	if c.StoreWaiting != nil {
		gauge(c.queues, c.StoreWaiting(), "store")
	}
	if c.Outbox != nil {
		gauge(c.queues, c.Outbox(), "notifications")
	}
	if c.Transfers != nil {
		s := c.Transfers()
		gauge(c.living, s.Living)
		gauge(c.grants, s.Open)
		count(c.opened, float64(s.Opened))
		count(c.expired, float64(s.Expired))
		count(c.refused, float64(s.Unknown), "unknown")
		count(c.refused, float64(s.Busy), "busy")
	}
	if c.Traps != nil {
		s := c.Traps()
		for result, n := range map[string]int64{"delivered": s.Delivered, "malformed": s.Malformed, "foreign": s.Foreign,
			"out-of-window": s.OutOfWindow, "replayed": s.Replayed, "rate-limited": s.RateLimited, "queue-full": s.QueueDropped} {
			count(c.traps, float64(n), result)
		}
	}
}

func (c *collector) collectRuns(gauge func(*prometheus.Desc, int, ...string)) {
	type place struct {
		step  procedure.Step
		phase procedure.Phase
	}
	places, causes := map[place]int{}, map[procedure.Cause]int{}
	for _, cause := range procedure.Causes() {
		causes[cause] = 0 // so that it can be seen to go back to none
	}
	for p, n := range c.Runs() {
		places[place{p.Step, p.Phase}] += n
		if p.Cause != "" {
			causes[p.Cause] += n
		}
	}
	for p, n := range places {
		gauge(c.runs, n, string(p.step), string(p.phase))
	}
	for cause, n := range causes {
		gauge(c.questions, n, string(cause))
	}
}
